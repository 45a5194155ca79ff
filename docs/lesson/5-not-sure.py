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
# # 5. How sure is it?
#
# The network gives ten probabilities. May you believe them? And when should it say "I am not sure"?
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

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras

# %%
data = load("sample")
x_train, y_train, x_test, y_test = (
    data.train_images,
    data.train_labels,
    data.test_images,
    data.test_labels,
)
keras.utils.set_random_seed(2)
network = keras.Sequential(
    [
        keras.layers.Input((28, 28)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10),  # no softmax here: we do it ourselves, below
    ]
)
network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
network.fit(x_train, y_train, epochs=40, batch_size=32, verbose=0)


def softmax(numbers):
    """Ten numbers a row to ten probabilities that add up to 1."""
    powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


numbers = network.predict(x_test, verbose=0)
answers = softmax(numbers)
confidence = answers.max(axis=1)
right = answers.argmax(axis=1) == y_test
print(f"right: {right.mean():.1%}; mean confidence: {confidence.mean():.1%}")

# %% [markdown]
# The largest of the ten probabilities is the *confidence*. If it is honest, then of all answers with a
# confidence of about 80 %, about 80 % are right. Here the mean confidence is above the share that is
# right: the network thinks too well of itself. Group by group:


# %%
def groups(confidence, right, edges=(0, 0.5, 0.7, 0.9, 0.98, 1.0001)):
    """Mean confidence, share right and number of the answers of each group."""
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = (confidence >= low) & (confidence < high)
        if inside.sum() >= 5:
            rows.append((confidence[inside].mean(), right[inside].mean(), inside.sum()))
    return np.array(rows).T


def show_groups(axes, confidence, title):
    mean, share, count = groups(confidence, right)
    axes.plot([0, 100], [0, 100], color=plotting.GREY, linewidth=1)
    axes.plot(100 * mean, 100 * share, color=plotting.ORANGE, marker="o")
    for x, y, n in zip(mean, share, count, strict=True):
        axes.annotate(f"{n:.0f}", (100 * x, 100 * y), (7, -13), textcoords="offset points", size=9)
    axes.set(xlim=(25, 103), ylim=(25, 103), xlabel="confidence, %", ylabel="right, %", title=title)
    axes.set_aspect("equal")


figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
show_groups(axes, confidence, "Too sure below the line")

# %% [markdown]
# The small numbers count the answers of a group. A small group can be off by chance, so look at the
# trend. To mend it, divide the ten numbers by a *temperature* before the softmax. Above 1, it makes
# every answer more modest; which digit is the likeliest stays. The best temperature is the one with the
# lowest loss. We look for it on half of the test images, and look at the other half.


# %%
def loss(numbers, labels, temperature):
    return -np.log(softmax(numbers / temperature)[np.arange(len(labels)), labels] + 1e-12).mean()


half = len(x_test) // 2
temperatures = np.linspace(0.8, 4, 65)
losses = [loss(numbers[:half], y_test[:half], t) for t in temperatures]
best = temperatures[int(np.argmin(losses))]
before, after = loss(numbers[half:], y_test[half:], 1), loss(numbers[half:], y_test[half:], best)
print(f"temperature {best:.2f}: loss on the other half {before:.3f} before, {after:.3f} after")

cooler = softmax(numbers / best).max(axis=1)
figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
show_groups(axes[0], confidence, "As it was trained")
show_groups(axes[1], cooler, f"With temperature {best:.2f}")

# %% [markdown]
# **When to say "not sure".** Refuse the answers with the least confidence. The more you refuse, the
# fewer errors are among the rest. Where to stop is a choice: what does an error cost, and what does a
# question to a person cost?

# %%
order = np.argsort(-cooler)
errors = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
refused = 100 * (1 - np.arange(1, len(order) + 1) / len(order))
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
axes.plot(refused[50:], 100 * errors[50:], color=plotting.BLUE)
axes.set(xlabel="refused, %", ylabel="errors among the rest, %", ylim=0, xlim=0)
axes.set_title("What a question mark buys")
for share in (0, 5, 10, 20):
    kept = len(order) - round(len(order) * share / 100)
    print(f"{share:3} % refused: {int((~right[order[:kept]]).sum()):3} errors in {kept:,} answers")

# %% [markdown]
# **What is no digit at all?** The ten probabilities add up to 1 whatever the image shows. There is no
# eleventh answer. So we show it noise, a frame, a cross and half a digit:

# %%
rng = np.random.default_rng(0)
odd = np.zeros((4, 28, 28), np.uint8)
odd[0] = rng.integers(0, 256, (28, 28))
odd[1, 4:24, 4:24], odd[1, 7:21, 7:21] = 255, 0
for at in range(5, 23):
    odd[2, at, at - 1 : at + 2] = odd[2, at, 26 - at : 29 - at] = 255
odd[3, :14] = x_test[0][:14]
said = softmax(network.predict(odd, verbose=0) / best)
figure, places = plt.subplots(1, 4, figsize=(8.5, 2.7), layout="constrained")
for axes, image, answer in zip(places, odd, said, strict=True):
    plotting.show_digit(axes, image)
    axes.set_title(f"{answer.argmax()}, {answer.max():.0%} sure", loc="center", size=11, pad=4)

# %% [markdown]
# It must give an answer, and some of these may well be confident. A high confidence says "most like this
# digit, of the ten". It does not say "this is a digit".
#
# **What you have seen.** Confidence has to be measured, like accuracy. `digits evaluate` draws
# these plots for any model; `digits predict` prints a `?` where its model is not sure.
