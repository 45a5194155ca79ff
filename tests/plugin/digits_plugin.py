"""An example plugin: a network, a corruption, a report section and an exporter of its own.

A package adds such a module by entry points; `digits_plugin-1.0.dist-info/entry_points.txt` is what
its pyproject.toml would make:

    [project.entry-points."digit_classifier.networks"]
    wide = "digits_plugin:wide"
"""

import json
from pathlib import Path

import numpy as np

from digit_classifier.evaluation.corruptions import corruption
from digit_classifier.evaluation.section import Section, report_section
from digit_classifier.export.exporter import exporter
from digit_classifier.training.networks import network
from digit_classifier.training.recipes import Recipe


@network("wide", "one layer of 64 neurons", {"fast": Recipe(epochs=1, batch_size=128)}, xla=True)
def wide():
    from keras import layers

    return [layers.Flatten(), layers.Dense(64, activation="relu")]


@corruption("negative")
def negative(x: np.ndarray, strength: float, _rng: np.random.Generator) -> np.ndarray:
    share = min(strength, 1.0)
    return (1 - share) * x + share * (1 - x)


@report_section("ink", seconds=0.1)
def ink(evaluation, _tell):
    share = float(evaluation.dataset.test_images.mean() / 255)
    return Section(
        key="ink",
        title="How much ink is there?",
        sentences=[f"{share:.1%} of the pixels are ink."],
        metrics={"share": share},
        tiles=[(f"{share:.1%}", "ink")],
    )


@exporter("weights", "the sum of each array of weights", ".json")
def sums(source, path: Path, _options):
    path.write_text(json.dumps([float(np.sum(w)) for w in source.network.get_weights()]))
