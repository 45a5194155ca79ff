"""What the distortions of a recipe look like: rows for a contact sheet."""

from dataclasses import asdict

import numpy as np

from digit_classifier.dataset.sheet import Row
from digit_classifier.errors import OptionError
from digit_classifier.training import networks
from digit_classifier.training.distortions import Distortions, distort

COPIES = 16
_UNITS = {"rotation": "°", "shift": " px", "elastic": " px"}
_SHARES = ("pen", "blur", "contrast", "erasure")  # of the images; the others are amounts


def find(model: str, name: str | None) -> tuple[str, Distortions]:
    """A recipe's name, the network's usual one where none is given, and its distortions.

    Raises:
        OptionError: no such network or recipe, or one that distorts nothing.
    """
    network = networks.find(model)
    name = name or network.usual_recipe
    found = network.recipe(name).distortions
    if found is None:
        known = [
            f"{n.name} {r}"
            for n in networks.NETWORKS.values()
            for r, e in n.recipes.items()
            if e.distortions
        ]
        raise OptionError(
            f"the recipe {name} of {model} distorts nothing. These do: {', '.join(known)}."
        )
    return name, found


def rows(images: np.ndarray, labels: np.ndarray, distortions: Distortions, seed: int) -> list[Row]:
    """One image of each class, and after it copies as a training step would see them.

    Keras must be running: see `backend.start`.

    Args:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        distortions: the recipe's.
        seed: chooses the images, and seeds their distortions.
    Returns:
        A row of 1 + `COPIES` images, uint8, for each class that occurs.
    """
    rng = np.random.default_rng(seed)
    classes = np.unique(labels)
    originals = images[[rng.choice(np.flatnonzero(labels == digit)) for digit in classes]]
    bent = np.asarray(distort(np.repeat(originals, COPIES, axis=0), distortions, (seed, 1)))
    bent = np.rint(bent).clip(0, 255).astype(np.uint8).reshape(len(classes), COPIES, 28, 28)
    together = np.concatenate([originals[:, None], bent], axis=1)
    return [Row(str(digit), line) for digit, line in zip(classes, together, strict=True)]


def describe(distortions: Distortions) -> str:
    """The largest amounts, in words: "at most rotation 15°, scale 12 %, pen in 50 % of images"."""
    words = []
    for name, value in asdict(distortions).items():
        if not value:
            continue
        if name in _SHARES:
            words.append(f"{name} in {100 * value:g} %")
        elif name in _UNITS:
            words.append(f"{name} {value:g}{_UNITS[name]}")
        else:
            words.append(f"{name} {100 * value:g} %")
    return "at most " + ", ".join(words)
