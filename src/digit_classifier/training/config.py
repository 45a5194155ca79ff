"""Everything a training can be told, in one place: the flags of `digits train` are made from it."""

import difflib
import math
import operator
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from numbers import Real
from typing import Any, get_args

from digit_classifier.errors import OptionError
from digit_classifier.training.networks import NETWORKS
from digit_classifier.words import kind_of


def option(default: Any, text: str, **more: Any) -> Any:
    """Declare a field with its help text; `more` may hold choices, least, above, below, metavar."""
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True)
class TrainConfig:
    """What to train, on what, and how; saved with the run as config.json.

    Paths may be `Path` objects, numbers numpy's; they are kept as plain Python.

    Raises:
        OptionError: a value of the wrong kind or out of its range; begins with the field's name.
    """

    dataset: str = option(
        "auto",
        "auto: MNIST from --data-dir, the cache, a copy that Keras or torchvision keeps here, or "
        "the network, and the built-in sample where there is no network. mnist: the same without "
        "the sample. sample: the built-in 5,000 images. Or a PATH: a CSV, .npz, .npy, .mat or IDX "
        "file, a folder of such, or a folder of pictures in sub-folders 0 to 9, which may lie in a "
        "folder for each writer.",
        metavar="NAME|PATH",
    )
    strict: bool = option(
        False, "Refuse a folder of which anything would else be left out with a warning."
    )
    transpose: bool = option(False, "Swap rows and columns of every image, as EMNIST's files need.")
    invert: bool = option(False, "Swap ink and paper of every image: ink must be light.")
    data_dir: str | None = option(
        None, "A folder with the four MNIST files. Also: MNIST_DATA_DIR.", metavar="FOLDER"
    )
    offline: bool = option(False, "Never use the network.")
    model: str = option(
        "mlp",
        "The network: mlp, the original; quick, for 99 % in seconds; small; cnn, which reads best; "
        "finder, which finds digits for the others.",
        choices=NETWORKS,
    )
    start: str | None = option(
        None,
        "Go on from a trained network, with your own pictures (--dataset): a shipped model, or a "
        "run folder such as runs/latest. Its network and the recipe tune are taken.",
        metavar="MODEL",
    )
    mix: float | None = option(
        None,
        "With --from: how much of what it sees is MNIST, so that it forgets nothing; a share from "
        "0 to below 1.  [default: the recipe's]",
        least=0,
        below=1,
        metavar="SHARE",
    )
    recipe: str | None = option(
        None,
        "How it is trained. classic: the original's, 10 epochs of Adam. best: the most accurate. "
        "fast: soonest to 99 %. long: cnn with AdamW, in three times the epochs of best. tune: "
        "what --from takes.  "
        "[default: classic for mlp, fast for quick, best for the others]",
        metavar="NAME",
    )
    epochs: int | None = option(
        None, "Times every image is seen.  [default: the recipe's]", least=1
    )
    batch_size: int | None = option(None, "Images per step.  [default: the recipe's]", least=1)
    learning_rate: float | None = option(
        None, "Size of the optimiser's steps.  [default: the recipe's]", above=0
    )
    early_stop: int | None = option(
        None,
        "Stop after this many epochs in which the loss on held-out images did not fall, and keep "
        "the best epoch. classic then holds images out, too.  [default: train all epochs, keep "
        "the last]",
        least=1,
        metavar="EPOCHS",
    )
    seed: int = option(
        0, "Same seed, same machine, same weights. Any whole number from 0.", least=0
    )
    backend: str = option("tensorflow", "What Keras runs on.", choices=("tensorflow", "jax"))
    out: str | None = option(
        None, "The run folder; new, or empty.  [default: runs/<time>-<model>]", metavar="FOLDER"
    )
    tensorboard: bool = option(
        False, "Also write TensorBoard logs into the run folder: tensorboard --logdir runs."
    )
    mlflow: str | None = option(
        None,
        "Also log to MLflow: a tracking server (http://host:5000) or a file (sqlite:///mlflow.db).",
        metavar="URI",
    )

    def __post_init__(self) -> None:
        """Check the kinds and ranges that the fields declare."""
        for entry in fields(self):
            name, limits = entry.name, entry.metadata
            value = _plain(getattr(self, name), entry.type, name)
            object.__setattr__(self, name, value)
            if "choices" in limits and value not in limits["choices"]:
                choices = ", ".join(limits["choices"])
                raise OptionError(f"{name} {value!r} is not known. Choose one of: {choices}.")
            if value is not None and not _within(value, limits):
                least, above, below = map(limits.get, ("least", "above", "below"))
                words = f"{least} or more" if above is None else f"above {above} and finite"
                words = words if below is None else f"from {least} to below {below}"
                raise OptionError(f"{name} is {value}; it must be {words}.")

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values for JSON."""
        return asdict(self)


def check_names(names: Iterable[str]) -> None:
    """Refuse a keyword that is no field of `TrainConfig`.

    Raises:
        OptionError: with the nearest field, or all of them where none is near.
    """
    known = [entry.name for entry in fields(TrainConfig)]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            raise OptionError(f"there is no setting {name}. {hint}")


def _within(value: Any, limits: Mapping[str, Any]) -> bool:
    """Whether a number is finite, at least `least`, above `above` and below `below`."""
    if not {"least", "above"} & set(limits):
        return True
    least, above = limits.get("least", -math.inf), limits.get("above", -math.inf)
    return bool(least <= value < limits.get("below", math.inf) and value > above)


_KINDS = {bool: "True or False", int: "a whole number", float: "a number", str: "a name or a path"}


def _plain(value: Any, kinds: Any, name: str) -> Any:
    """The value as plain Python of its field's kind."""
    kind, *optional = get_args(kinds) or (kinds,)
    if value is None and optional:
        return None
    try:
        if kind is bool or isinstance(value, bool):
            if type(value) is kind:
                return value
        elif kind is int:
            return operator.index(value)
        elif kind is str:
            return str.__str__(os.fspath(value))
        elif isinstance(value, Real):
            return float(value)
    except TypeError:
        pass
    shown = repr(value) if isinstance(value, (str, Real, type(None))) else kind_of(value)
    raise OptionError(f"{name} is {shown}; it must be {_KINDS[kind]}.")
