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
# # 6. Teach it your hand
#
# Everybody writes a little differently. A network that learned from thousands of people can learn your
# hand from a page. It takes about fifteen minutes, most of which you write.

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
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import cv2
from PIL import Image

from digit_classifier import DigitReader, train

# %% [markdown]
# **Your own page.** In a terminal:
#
# ```
# digits sheet                                 # sheet.pdf: print it, write on it, photograph it
# digits sheet photo.jpg --out my-digits       # reads it: a folder of labelled pictures
# ```
#
# Then put its path here. With `None` a hand is made up: narrow digits that lean to the left, made of
# images from the sample.

# %%
MY_DIGITS = None  # or "my-digits"

# %%
if MY_DIGITS is None:
    data = load("sample")
    folder = Path(tempfile.mkdtemp()) / "my-digits"
    lean = np.float32([[0.5, 0.45, 1.0], [0, 1, 0]])  # half as wide, and sheared
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
        for at, image in enumerate(data.test_images[data.test_labels == digit][:16]):
            large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
            mine = cv2.warpAffine(large, lean, (120, 112))
            Image.fromarray(255 - mine).save(folder / str(digit) / f"{at}.png")
else:
    folder = Path(MY_DIGITS)
files = sorted(folder.rglob("*.png"))
print(len(files), "pictures")
figure, places = plt.subplots(2, 5, figsize=(8.5, 3.9), layout="constrained")
for axes, digit in zip(places.flat, range(10), strict=True):
    plotting.frame(axes)
    file = next(file for file in files if file.parent.name == str(digit))
    axes.imshow(np.asarray(Image.open(file).convert("L")), cmap="gray", vmin=0, vmax=255)
    axes.set_title(str(digit), loc="center", pad=4)

# %% [markdown]
# How does the small network read them now? A `?` counts as not right.


# %%
def read_all(model):
    """What a model says of each picture, "?" where it is not sure."""
    reader = DigitReader(model)
    return [reading.text for reading in reader.read_many(files, single=True)]


meant = [file.parent.name for file in files]
before = read_all("mlp")
count = sum(said == digit for said, digit in zip(before, meant, strict=True))
print(f"right before: {count} of {len(files)}")

# %% [markdown]
# Now it learns. It goes on from where it is (`start="mlp"`), in small steps, and it sees images of the
# sample among yours, so that it does not forget the others. Some of your pictures are held out: it
# never learns from them, and they tell what it gained. (Where MNIST is not on your computer, it warns
# that the sample takes its place. Without `offline=True` it fetches MNIST.)

# %%
run = train(
    start="mlp", dataset=str(folder), out=str(folder.with_name("run")), offline=True, quiet=True
)
print(run)

# %% [markdown]
# Read the table: your held-out pictures, before and after; and what it cost on the images of all the
# others. Both matter. Here are some pictures that it read wrongly or was not sure of (`?`) before, and
# what it says now, in orange where that is still not right. Some of them it learned from: for the truth,
# go by the table.

# %%
after = read_all(run.folder)
changed = [i for i in range(len(files)) if before[i] != meant[i]][:12]
figure, places = plt.subplots(2, 6, figsize=(9, 3.7), layout="constrained")
for axes, i in zip(places.flat, changed, strict=False):
    plotting.frame(axes)
    axes.imshow(np.asarray(Image.open(files[i]).convert("L")), cmap="gray", vmin=0, vmax=255)
    good = after[i] == meant[i]
    colour = plotting.GREEN if good else plotting.ORANGE
    axes.set_title(f"{before[i]}  →  {after[i]}", loc="center", size=12, pad=4, color=colour)
for axes in places.flat[len(changed) :]:
    axes.axis("off")

# %% [markdown]
# **What you have seen.** What a network has learned can be kept and added to: this is *fine-tuning*. It
# needs few pictures and little time. And it has a price, which must be measured.
#
# In a terminal: `digits train --from mlp --dataset my-digits`, then `digits predict photo.jpg --model
# runs/latest`.
