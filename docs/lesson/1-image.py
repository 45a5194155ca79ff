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
# # 1. What an image is
#
# A computer does not see a 7. It has numbers. In this chapter you look at these numbers.
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

# %% [markdown]
# MNIST is a set of 70,000 handwritten digits. Here we take a sample of 5,000 of them, which needs no
# download. Write `load("mnist")` in place of `load("sample")` to have all of them.

# %%
data = load("sample")
images, labels = data.train_images, data.train_labels
print(images.shape, images.dtype)

# %% [markdown]
# That says: so many images, each with 28 rows of 28 points. A point is called a *pixel*. `uint8` means
# that each pixel is a whole number from 0 to 255. Here is one image, as numbers.

# %%
seven = images[np.flatnonzero(labels == 7)[3]]
for row in seven[::2, ::2]:
    print(" ".join(f"{value:3}" for value in row))

# %% [markdown]
# (We print every second row and column, so that it fits.) 0 is paper, 255 is ink. The numbers between
# are the edges of the stroke. The same numbers as a picture:

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 4.2), layout="constrained")
left.imshow(seven, cmap="gray_r", vmin=0, vmax=255)
left.set_title("As a picture")
zoom = seven[8:16, 15:23]
right.imshow(zoom, cmap="gray_r", vmin=0, vmax=255)
for y, x in np.ndindex(zoom.shape):
    colour = "white" if zoom[y, x] > 120 else "black"
    right.text(x, y, zoom[y, x], color=colour, ha="center", va="center", size=9)
right.set_title("A part of it, with its numbers")
for axes in (left, right):
    plotting.frame(axes)

# %% [markdown]
# Each image has a *label*: the digit that the writer meant. The computer learns from both together.
# Look at twelve of them.

# %%
figure, places = plt.subplots(2, 6, figsize=(8.5, 3.4), layout="constrained")
for axes, i in zip(places.flat, np.random.default_rng(4).permutation(len(images)), strict=False):
    plotting.show_digit(axes, images[i])
    axes.set_title(str(labels[i]), loc="center", pad=4)

# %% [markdown]
# Are there as many of each digit? How do they look on average? The mean of all images of a digit is a
# blurred digit. Where it is dark, most people put ink.

# %%
figure, places = plt.subplots(2, 5, figsize=(8.5, 4.1), layout="constrained")
for digit, axes in enumerate(places.flat):
    mine = images[labels == digit]
    plotting.show_digit(axes, mine.mean(axis=0).astype(np.uint8))
    axes.set_title(f"{digit}: {len(mine)} images", loc="center", size=11, pad=4)

# %% [markdown]
# These means are already a simple reader. To read an image, take the digit whose mean is nearest. How
# many of the test images does that get right?

# %%
means = np.array([images[labels == digit].mean(axis=0) for digit in range(10)])
tests = data.test_images.astype(float)
distances = ((tests[:, None] - means) ** 2).sum(axis=(2, 3))
right = (distances.argmin(axis=1) == data.test_labels).mean()
print(f"right: {right:.1%} of {len(tests):,} test images. Guessing gets about 10 %.")

# %% [markdown]
# **What you have seen.** An image is a table of numbers. Reading a digit means to find a rule from
# 784 numbers to one of ten answers. The next chapter lets a network find the rule.
