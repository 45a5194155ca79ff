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
# # 8. Exercises
#
# Try first, then unfold the answer. The cells below give you data and a network to begin with.

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

# %%
data = load("sample")


def make(*hidden):
    """A network with so many neurons in each hidden layer: make(32, 32) is the original."""
    keras.utils.set_random_seed(1)
    middle = [keras.layers.Dense(n, activation="relu") for n in hidden]
    network = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            *middle,
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def try_it(network, epochs=5, images=data.train_images, labels=data.train_labels):
    """Train it and give the share of the test images that it reads right."""
    network.fit(images, labels, epochs=epochs, batch_size=32, verbose=0)
    return network.evaluate(data.test_images, data.test_labels, verbose=0)[1]


print(f"the original, five epochs: {try_it(make(32, 32)):.1%}")

# %% [markdown]
# **1.** How many weights has `make(16)`? Count with pencil and paper.
#
# <details><summary>Answer</summary>
#
# 784 x 16 + 16 = 12,560 in the hidden layer, 16 x 10 + 10 = 170 in the last: 12,730.
# `make(16).count_params()` says so, too.
# </details>

# %% [markdown]
# **2.** What does `make()` learn, a network without a hidden layer? Is it much worse?
#
# <details><summary>Answer</summary>
#
# `try_it(make())`. Each of the ten neurons weighs all pixels. It is worse, but far better than guessing,
# and its weights look like blurred digits: plot `network.layers[-1].get_weights()[0]` as in chapter 3.
# </details>

# %% [markdown]
# **3.** Train `make(32, 32)` on the first 100, 400, 1,600 images. Draw accuracy against the number of
# images.
#
# <details><summary>Answer</summary>
#
# `[try_it(make(32, 32), 20, data.train_images[:n], data.train_labels[:n]) for n in (100, 400, 1600)]`.
# It rises steeply at first and then more and more slowly. Each further point costs many more images.
# </details>

# %% [markdown]
# **4.** Swap the labels of 3 and 8 in the training images. What does the network say to a 3?
#
# <details><summary>Answer</summary>
#
# It says 8. A network learns what it is told, wrong labels too:
#
# ```python
# wrong = data.train_labels.copy()
# wrong[data.train_labels == 3], wrong[data.train_labels == 8] = 8, 3
# ```
# </details>

# %% [markdown]
# **5.** Shuffle the 784 pixels of all images, each image in the same way
# (`order = np.random.default_rng(0).permutation(784)`). Can you still read them? Can the network?
#
# <details><summary>Answer</summary>
#
# You cannot. The network with dense layers learns as well as before: to it a pixel is only a number with
# a place in a line. A convolutional network loses what it is good at, for neighbours are no longer
# neighbours. It would be about as good as the dense one, or worse.
# </details>

# %% [markdown]
# **6.** Two networks read 1,000 images. One gets 921 right, the other 928. Is the second one better?
#
# <details><summary>Answer</summary>
#
# It cannot be told from that. With 1,000 images, chance alone moves such a number by about 17 either way.
# Compare them on the same images, and count those on which only one is right: `digits compare` does
# it. Or take more images.
# </details>

# %% [markdown]
# **7.** Your network gets 100 % of the training images right. Are you done?
#
# <details><summary>Answer</summary>
#
# No: it may have learned them by heart. Only images that it has not seen tell. And if you
# try many networks and keep the one that does best on the test images, the test images have
# chosen, and no longer tell the truth: keep some apart until the end.
# </details>
