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
# # 3. What the first layer looks for
#
# Each neuron of the first layer has 784 weights, one for each pixel. So its weights are a picture, too.
# It takes about five minutes.

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

# %% [markdown]
# The network of chapter 2 again. We look at its first layer before it learns, and after.

# %%
data = load("sample")
keras.utils.set_random_seed(1)
first = keras.layers.Dense(32, activation="relu")
network = keras.Sequential(
    [
        keras.layers.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        first,
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
before = first.get_weights()[0]
network.fit(data.train_images, data.train_labels, epochs=20, batch_size=32, verbose=0)
after = first.get_weights()[0]
print(after.shape, "weights: one row for each pixel, one column for each neuron")


# %%
def show_weights(weights, title):
    """A picture for each neuron: pink where ink excites it, green where ink calms it."""
    figure, places = plt.subplots(4, 8, figsize=(8.5, 4.6), layout="constrained")
    for axes, one in zip(places.flat, weights.T, strict=True):
        reach = np.abs(one).max()
        picture = one.reshape(28, 28)
        axes.imshow(picture, cmap=plotting.two_sided(), vmin=-reach, vmax=reach)
        plotting.frame(axes)
    figure.suptitle(title)


show_weights(before, "Before: chance")

# %%
show_weights(after - before, "What 20 epochs added: pieces of strokes")

# %% [markdown]
# Before it learns, the weights are chance. We take this beginning away from the end: what is left is what
# was learned. Many pictures show a stroke or an arc in one colour, with the other colour beside it.
# Such a neuron answers to ink *here* and *not there*. At the border nothing was learned, for no image
# has ink there.
#
# What does one neuron answer to? Below is the one whose answers differ most from digit to digit: what
# it learned, the test images that excite it most, and some that leave it calm.

# %%
hidden = keras.Model(network.inputs, first.output)
answers = hidden.predict(data.test_images, verbose=0)
by_digit = np.array([answers[data.test_labels == digit].mean(axis=0) for digit in range(10)])
neuron = int(by_digit.std(axis=0).argmax())
order = answers[:, neuron].argsort()

figure, places = plt.subplots(2, 9, figsize=(9.5, 2.9), layout="constrained")
for row, (chosen, colour) in enumerate(((order[::-1], plotting.ORANGE), (order, plotting.BLUE))):
    picture = (after - before)[:, neuron].reshape(28, 28)
    reach = np.abs(picture).max()
    places[row, 0].imshow(picture, cmap=plotting.two_sided(), vmin=-reach, vmax=reach)
    plotting.frame(places[row, 0])
    for axes, i in zip(places[row, 1:], chosen, strict=False):
        plotting.show_digit(axes, data.test_images[i])
        axes.set_title(f"{answers[i, neuron]:.1f}", loc="center", size=11, pad=3, color=colour)
figure.suptitle(f"Neuron {neuron + 1}: what it learned, and how strongly it answers")
plt.show()

# %%
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.bar(range(10), by_digit[:, neuron], color=plotting.BLUE)
axes.set(xticks=range(10), xlabel="digit in the image")
axes.set_title(f"Mean answer of neuron {neuron + 1}")
axes.grid(False, axis="x")

# %% [markdown]
# No neuron is "the neuron for 7". Each answers to several digits, each digit excites several neurons,
# and the layers above put this together.
#
# **What you have seen.** The first layer looks for pieces of strokes *in fixed places*. Move a digit
# by four pixels, and its strokes are elsewhere. Remember this for the next chapter.
