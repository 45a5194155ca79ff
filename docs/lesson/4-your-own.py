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
# # 4. Why your own digit is misread
#
# A network that reads 98 of 100 MNIST digits may well misread the digit that you photograph. It has
# never seen a photograph. In this chapter a photograph becomes what the network knows, step by step.
# It takes about ten minutes.

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

import cv2

from digit_classifier import DigitReader
from digit_classifier.picture import ink, redraw

# %% [markdown]
# We make a photograph, so that this runs everywhere: a 5 on paper, with light from one side, a
# little grain, and the digit not in the middle. To try your own, photograph one digit and write
# `photo = np.asarray(Image.open("mine.jpg").convert("L"))` after `from PIL import Image`.

# %%
data = load("sample")
rng = np.random.default_rng(7)


def photograph(image):
    """A digit of MNIST's as dark ink on unevenly lit paper, somewhere on it; uint8, 280 x 280."""
    large = cv2.resize(image, (140, 140), interpolation=cv2.INTER_CUBIC)
    covered = np.zeros((280, 280))
    top, left = rng.integers(5, 135, 2)
    covered[top : top + 140, left : left + 140] = large / 255
    y, x = np.mgrid[0:280, 0:280] / 280
    light = 120 + 100 * (x + y) / 2
    grey = light * (1 - 0.75 * covered) + rng.normal(0, 3, (280, 280))
    return np.clip(grey, 0, 255).astype(np.uint8)


fives = data.test_images[data.test_labels == 5]
photo = photograph(fives[4])


def show(*pictures):
    """Pictures side by side, each with its title."""
    _, places = plt.subplots(
        1, len(pictures), figsize=(2.9 * len(pictures), 3.2), layout="constrained", squeeze=False
    )
    for axes, (title, picture) in zip(places.flat, pictures, strict=True):
        plotting.frame(axes)
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
        axes.set_title(title, size=11)


show(("A photograph", photo), ("What the network knows", fives[4]))

# %% [markdown]
# What is different? Say it before you read on.
#
# 1. In MNIST paper is 0 and ink is 255. In the photograph paper is bright and ink is dark.
# 2. Paper is not one colour: the light falls from one side, and there is grain.
# 3. The digit is small, and it is not in the middle.
#
# A computer program can mend each of them. First the easy way, which many take: shrink the picture,
# and turn dark into bright.

# %%
shrunk = cv2.resize(photo, (28, 28), interpolation=cv2.INTER_AREA)
turned = 255 - shrunk
show(("Shrunk to 28 x 28", shrunk), ("Dark and bright swapped", turned))

# %% [markdown]
# The paper is still grey, and the digit is still in its corner. **Step 1: take the light away.** What
# would the paper look like without ink? Fill the dark strokes with what is around them. The difference
# to the photograph is the ink.


# %%
def take_light_away(photo):
    """The ink alone, and where it is: 1 there."""
    depth = cv2.subtract(ink.background(photo, reach=40), photo)  # 40 pixels: wider than a stroke
    return depth, ink.trace(depth, ink.contrast(depth))


depth, where = take_light_away(photo)
show(
    ("The paper alone", ink.background(photo, reach=40)),
    ("The ink alone", depth),
    ("Where ink is", 255 * where),
)

# %% [markdown]
# **Step 2: cut it out. Step 3: shrink it so that its longer side is 20 pixels. Step 4: put its centre
# of mass in the middle of 28 x 28.** (The centre of mass is where you could balance the digit on a
# finger, if ink had weight.) This is what the makers of MNIST did with theirs.

# %%
cut = redraw.crop(depth * where)
cut = cv2.convertScaleAbs(cut, alpha=255 / cut.max())
side = 20 / max(cut.shape)
small = cv2.resize(cut, None, fx=side, fy=side, interpolation=cv2.INTER_AREA)
placed = redraw.place(small)
show(("2. Cut out", cut), ("3. 20 pixels", small), ("4. Centred", placed))

# %% [markdown]
# Does it matter? We photograph 300 digits, stop after each step, and let the same network read them.
# (It is the small network that ships with this project. It saw these 300 digits when it learned, as
# MNIST made them, so the last bar is a little too high.)

# %%
network = DigitReader("mlp").model
chosen = rng.choice(len(data.test_images), 300, replace=False)
photos = [photograph(data.test_images[i]) for i in chosen]


def centred(photo):
    """All steps."""
    depth, where = take_light_away(photo)
    return redraw.redraw(cv2.convertScaleAbs(depth * where, alpha=255 / ink.contrast(depth)))


def cut_out(photo):
    """Light taken away and cut out, but stretched to all of the 28 x 28 pixels."""
    depth, where = take_light_away(photo)
    piece = redraw.crop(depth * where)
    return cv2.resize(piece, (28, 28), interpolation=cv2.INTER_AREA)


def shrink(photo):
    """Only made smaller."""
    return cv2.resize(photo, (28, 28), interpolation=cv2.INTER_AREA)


ways = {
    "shrunk": shrink,
    "dark and bright swapped": lambda photo: 255 - shrink(photo),
    "light taken away": lambda photo: shrink(take_light_away(photo)[0]),
    "cut out": cut_out,
    "20 pixels and centred": centred,
}
right = []
for name, way in ways.items():
    answers = network.predict(np.array([way(photo) for photo in photos])).argmax(axis=1)
    right.append(100 * (answers == data.test_labels[chosen]).mean())
    print(f"{name:24} {right[-1]:5.1f} % right")

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
bars = axes.barh(list(ways), right, color=plotting.BLUE)
axes.bar_label(bars, fmt="%.0f %%", padding=4)
axes.set(xlim=(0, 112), xticks=range(0, 101, 20), title="Right of 300 photographs, %")
axes.invert_yaxis()
axes.grid(False, axis="y")

# %% [markdown]
# **What you have seen.** The network was not at fault. It got pictures unlike those it learned from.
# Much of the work of reading real pictures is to make them alike. `digits predict photo.jpg --show
# seen.png` does all these steps and draws what the network saw.
