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
# # 2. The network
#
# This is the network that this project began with, line by line, in plain Keras. It has three layers:
# 32, 32 and 10 *neurons*. It takes about ten minutes.

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

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow has much to say
import keras

# %% [markdown]
# First the data. The network learns from the training images. It never learns from the test images:
# they tell how well it reads what it has not seen.

# %%
data = load("sample")
x_train, y_train = data.train_images, data.train_labels
x_test, y_test = data.test_images, data.test_labels
print(len(x_train), "to learn from,", len(x_test), "to test with")

# %% [markdown]
# Now the network. Read it from top to bottom: an image goes in above, ten numbers come out below.
#
# - `Rescaling` divides by 255: numbers from 0 to 1 are easier to learn from.
# - `Flatten` puts the 28 rows behind one another: 784 numbers in a line.
# - A `Dense` neuron multiplies each number by a *weight* of its own, and adds them all up.
# - `relu` turns what is below zero into zero. Without it, three layers could do no more than one.
# - `softmax` turns the last ten numbers into probabilities that add up to 1.

# %%
keras.utils.set_random_seed(1)  # so that you get nearly the same numbers
network = keras.Sequential(
    [
        keras.layers.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
print(f"{network.count_params():,} weights to learn")

# %% [markdown]
# Count them yourself: 784 x 32 + 32, then 32 x 32 + 32, then 32 x 10 + 10. The lone 32 and 10 are
# *biases*: a number that each neuron adds.
#
# `compile` says how to learn. The *loss* is a number that is large when the network is wrong and sure
# of it. `adam` is a way to change the weights, a little at a time, so that the loss falls.

# %%
network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# %% [markdown]
# Before it has learned, it guesses:

# %%
loss, accuracy = network.evaluate(x_test, y_test, verbose=0)
print(f"before: loss {loss:.2f}, {accuracy:.1%} right")

# %% [markdown]
# `fit` shows it 32 images at a time. All the training images once is an *epoch*. It takes ten, and
# tries the test images after each.

# %%
history = network.fit(
    x_train, y_train, epochs=10, batch_size=32, validation_data=(x_test, y_test), verbose=0
).history
print(f"after: loss {history['val_loss'][-1]:.2f}, {history['val_accuracy'][-1]:.1%} right")

# %% [markdown]
# These are the two plots of the original project: how the loss falls, and how the accuracy grows.

# %%
epochs = np.arange(1, 11)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
for name, colour, key in (
    ("training images", plotting.BLUE, ""),
    ("test images", plotting.ORANGE, "val_"),
):
    left.plot(epochs, history[key + "loss"], color=colour, marker="o", label=name)
    right.plot(epochs, 100 * np.array(history[key + "accuracy"]), color=colour, marker="o")
left.set(title="Loss", xlabel="epoch", ylim=0)
right.set(title="Accuracy, %", xlabel="epoch")
left.legend()
plt.show()
# %% [markdown]
# The two lines part: on images that it knows, the network becomes better and better; on new ones, more
# slowly. It has begun to learn its training images by heart. This is called *overfitting*. With the
# 60,000 images of all of MNIST the lines stay closer together.
#
# Which images does it get wrong? Over each one: what it says, and what was meant.

# %%
answers = network.predict(x_test, verbose=0)
wrong = np.flatnonzero(answers.argmax(axis=1) != y_test)
print(f"{len(wrong)} of {len(x_test):,} are wrong")
figure, places = plt.subplots(2, 6, figsize=(8.5, 3.6), layout="constrained")
for axes, i in zip(places.flat, wrong, strict=False):
    plotting.show_digit(axes, x_test[i])
    axes.set_title(f"{answers[i].argmax()}, not {y_test[i]}", loc="center", size=11, pad=4)

# %% [markdown]
# **What you have seen.** A network is a rule with many weights. Learning changes the weights, so that
# the loss on the training images falls. Only images that it has not seen tell how good it is.
#
# The same on all of MNIST, with the plots drawn while it learns: `digits train`.
