"""One training of this project with its compilation timed apart, and the test set answered once.

Run by benchmarks/time_to_99.py in a process of its own:

    python this_project.py MNIST.npz RESULT.json SEED NETWORK [EPOCHS]

It is the training that `digits train --model NETWORK --recipe fast --seed SEED` runs, to the same
weights: the last twelfth of the training images is held out, and each epoch's validation on them is
inside the time.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from digit_classifier.dataset.labelled import HELD_OUT_SHARE
from digit_classifier.training import backend, networks, recipes
from digit_classifier.training.export import versions
from digit_classifier.training.loop import Loop, score
from digit_classifier.training.steps import make_objective

archive, result, seed, name = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
recipe = networks.find(name).recipe("fast")
if len(sys.argv) > 5:
    recipe = replace(recipe, epochs=int(sys.argv[5]))
if not recipe.holds_out or recipe.nondigits or recipe.styles:
    sys.exit("this benchmark knows recipes that hold images out and draw none, only")

with np.load(archive) as data:
    images, labels = data["x_train"], data["y_train"]
    test = data["x_test"], data["y_test"]
kept = len(labels) - len(labels) // HELD_OUT_SHARE

backend.start("tensorflow", lean=True)
import keras  # noqa: E402  after the backend is chosen

keras.utils.set_random_seed(seed)
model = networks.build(name, logits=True, precision=recipe.precision)
loop = Loop(
    model,
    networks.build(name),
    recipes.optimiser(recipe, -(-kept // recipe.batch_size) * recipe.epochs),
    make_objective(recipe),
    (images[:kept], labels[:kept]),
    (images[kept:], labels[kept:]),
    batch_size=recipe.batch_size,
    seed=seed,
    xla=networks.NETWORKS[name].xla,
)
compiled = loop.compile()
numbers = range(1, recipe.epochs + 1)
seconds = sum(loop.run_epoch(number).seconds for number in numbers)
accuracy = score(loop.answer(test[0]), test[1])[1]
version = f"keras {versions()['keras']} on tensorflow {versions()['tensorflow']}"
Path(result).write_text(
    json.dumps({"points": [(seconds, accuracy)], "compile": compiled, "version": version})
)
