# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7. A convolutional network
#
# In chapter 3 each neuron looked for a stroke in one fixed place. A *convolution* looks for a small
# pattern in every place. What does that buy? It takes about ten minutes.

# %%
# Run this first. On your own computer, with the package installed, it only sets up the plots.
# On Colab it installs the package: put the address of the repository in place of the words.
import importlib.util
import subprocess
import sys

REPOSITORY = "<this repository>"
if importlib.util.find_spec("digit_classifier") is None:
    package = f"mnist-digit-classifier[train] @ git+{REPOSITORY}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", package], check=True)

import matplotlib.pyplot as plt
import numpy as np

from digit_classifier import load, plotting

plt.rcParams.update(plotting.STYLE)

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
from keras import layers

from digit_classifier.stats import wilson

# %% [markdown]
# First by hand. A filter of 3 x 3 numbers is laid on every place of the image. There it multiplies and
# adds up. The first one below is large at the upper edges of strokes (pink) and below zero at lower ones
# (green). The second one does the same for left and right.

# %%
data = load("sample")
image = data.test_images[data.test_labels == 5][2] / 255
filters = {"upper edges": np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])}
filters["left edges"] = filters["upper edges"].T
figure, places = plt.subplots(1, 3, figsize=(8.5, 3), layout="constrained")
plotting.show_digit(places[0], (255 * image).astype(np.uint8))
places[0].set_title("the image", size=11)
for axes, (name, pattern) in zip(places[1:], filters.items(), strict=True):
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    answer = (windows * pattern).sum(axis=(2, 3))
    axes.imshow(answer, cmap=plotting.two_sided(), vmin=-3, vmax=3)
    plotting.frame(axes)
    axes.set_title(name, size=11)

# %% [markdown]
# A convolutional network learns its filters. `MaxPooling2D` keeps the largest of each 2 x 2 answers:
# the exact place matters less, and the picture is half as large.


# %%
def make(name):
    """One of the two networks, ready to learn."""
    keras.utils.set_random_seed(3)
    if name == "dense":
        middle = [layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(32, "relu")]
    else:
        middle = [
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(12, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, "relu"),
        ]
    network = keras.Sequential(
        [layers.Input((28, 28)), layers.Rescaling(1 / 255), *middle, layers.Dense(10, "softmax")]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


networks, histories = {}, {}
for name in ("dense", "convolutional"):
    networks[name] = make(name)
    histories[name] = networks[name].fit(
        data.train_images, data.train_labels, epochs=10, batch_size=32, verbose=0,
        validation_data=(data.test_images, data.test_labels),
    ).history  # fmt: skip

# %%
n = len(data.test_labels)
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for (name, history), colour in zip(
    histories.items(), (plotting.ORANGE, plotting.BLUE), strict=True
):
    shares = np.array(history["val_accuracy"])
    axes.plot(range(1, 11), 100 * shares, color=colour, marker="o", label=name)
    low, high = wilson(round(shares[-1] * n), n)
    print(
        f"{name:14} {networks[name].count_params():6,} weights: {shares[-1]:.1%} right "
        f"(95 % interval {low:.1%} to {high:.1%})"
    )
axes.set(xlabel="epoch", xticks=range(1, 11), title="Accuracy on test images, %")
axes.legend(loc="lower right")
plt.show()
# %% [markdown]
# About as many weights, and far fewer errors. The interval says how far chance may have moved the
# number, as there are only 1,000 test images.
#
# **Move the digits.** We shift every test image by a few pixels and ask both again.

# %%
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
steps = range(7)
for (name, network), colour in zip(networks.items(), (plotting.ORANGE, plotting.BLUE), strict=True):
    shares = []
    for step in steps:
        moved = np.roll(data.test_images, step, axis=2)  # MNIST's borders are empty
        answers = network.predict(moved, verbose=0, batch_size=250).argmax(axis=1)
        shares.append(100 * (answers == data.test_labels).mean())
    axes.plot(steps, shares, color=colour, marker="o", label=name)
axes.set(xlabel="moved to the right, pixels", title="Accuracy on moved images, %", ylim=(0, 102))
axes.legend()
plt.show()
# %% [markdown]
# Both lose, as neither has seen moved digits, but the convolutional network loses later. (Networks that
# ship with this project have seen moved, turned and scaled digits while they learned.)
#
# What do the first filters answer to our 5?

# %%
network = networks["convolutional"]
convolution = next(layer for layer in network.layers if isinstance(layer, layers.Conv2D))
maps = keras.Model(network.inputs, convolution.output).predict(
    (255 * image).astype(np.uint8)[None], verbose=0
)[0]
figure, places = plt.subplots(2, 6, figsize=(8.5, 3.2), layout="constrained")
for axes, number in zip(places.flat, range(12), strict=True):
    axes.imshow(maps[..., number], cmap="gray_r", vmin=0, vmax=maps.max())
    plotting.frame(axes)
figure.suptitle("Twelve filters, one image: where each finds its pattern")
plt.show()

# %% [markdown]
# **What you have seen.** A filter is learned once and used everywhere. So a convolutional network needs
# fewer images to learn the same, and minds less where a digit stands. It pays with time: it computes
# more for each image.
