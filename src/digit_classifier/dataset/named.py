"""Arrays as people name, shape and scale them, made into `Arrays`."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from digit_classifier.dataset.labelled import Arrays, Pixels, check, untested
from digit_classifier.errors import DataError

Read = tuple[Arrays, tuple[str, ...]]

_SIDES = ((28, 28), (784,), (28, 28, 1), (1, 28, 28))
_ROLE = re.compile(r"train(ing)?|test(ing)?|t10k|valid(ation)?|val(?!ue)")
_IMAGES = {"x", "image", "images", "img", "imgs", "data", "pixels", "features", "inputs"}
_OF_DIGIT = re.compile(r"(train|test)_?(\d)", re.IGNORECASE)  # mnist_all.mat: train0 to test9
_LABELS = {"y", "label", "labels", "target", "targets", "class", "classes"}
# PyTorch's example subtracts MNIST's mean and divides by its standard deviation.
_MEAN, _DEVIATION = 0.1307, 0.3081


def role(name: str) -> str:
    """Which part a name speaks of: "train", "test" or "validation"; "train" where it is silent."""
    found = _ROLE.search(name.lower())
    if not found:
        return "train"
    return {"tr": "train", "te": "test", "t1": "test", "va": "validation"}[found[0][:2]]


def kind(name: str) -> str | None:
    """What a name such as `x_train`, `trainX` or `test/labels` speaks of: "images" or "labels"."""
    if _OF_DIGIT.fullmatch(name):
        return "images"
    word = re.sub("[^a-z]", "", _ROLE.sub("", name.lower().rpartition("/")[2]))
    return "images" if word in _IMAGES else "labels" if word in _LABELS else None


def settle(found: Mapping[str, np.ndarray], where: Path) -> Read:
    """Make a data set of named arrays.

    Args:
        found: arrays by name; what comes before a slash may tell the part, too. Images are
            (n, 28, 28), with or without a channel, or (n, 784); their pixels 0 to 255, 0 to 1, -1
            to 1, or standardised as PyTorch's example does. Labels are whole numbers, or one-hot.
            NumPy's `arr_0` and so on are told apart by their shapes; train0 to train9 and test0 to
            test9 hold the images of one digit each. Other names are left alone.
        where: what errors call it.
    Returns:
        The arrays, their test part empty where there is none, and notes on what was changed.
        Validation images are tested on if nothing else is, or trained on.
    Raises:
        DataError: images or labels are missing, or not digits.
    """
    parts = _sort(_join_digits(found, where), where)
    notes: dict[str, None] = {}
    ready: dict[str, tuple[Pixels, Pixels]] = {}
    for part, arrays in parts.items():
        if "images" in arrays and "labels" in arrays:
            labels = _labels(*arrays["labels"], where, notes)
            ready[part] = _images(*arrays["images"], len(labels), where, notes), labels
        elif part != "train" and "images" in arrays:
            notes[f"{where}: the {part} images have no labels, so they are left out."] = None
    if "train" not in ready:
        shown = ", ".join(f"{name} {array.shape}" for name, array in list(found.items())[:8])
        raise DataError(
            f"{where} lacks images or labels to train on: found {shown or 'nothing'}; needed "
            "images and labels, called x_train, y_train, x_test, y_test, or images and labels."
        )
    if validation := ready.pop("validation", None):
        if "test" in ready:
            pairs = zip(ready["train"], validation, strict=True)
            ready["train"] = tuple(map(np.concatenate, pairs))  # type: ignore[assignment]
            notes[f"{where}: validation images ({len(validation[1]):,}) are trained on."] = None
        else:
            ready["test"] = validation
            notes[f"{where}: no test part, so its validation images are tested on."] = None
    if "test" in ready:
        return check(Arrays(*ready["train"], *ready["test"]), where), tuple(notes)
    return untested(*ready["train"], where), tuple(notes)


def settle_images(found: Mapping[str, np.ndarray], where: Path) -> tuple[Pixels, tuple[str, ...]]:
    """Images alone, those to test on where there are such, and notes; arguments as `settle`.

    Raises:
        DataError: no images of 28 x 28 pixels, or their pixels are of no known scale.
    """
    rows = [row for row in _roles(_join_digits(found, where)) if row[1] == "images"]
    if not rows:
        raise DataError(f"{where} holds no images; found {', '.join(found) or 'nothing'}.")
    name, _, _, array = min(rows, key=lambda row: row[2])  # test, train, validation
    notes: dict[str, None] = {}
    return _images(name, array, len(array), where, notes), tuple(notes)


def _join_digits(found: Mapping[str, np.ndarray], where: Path) -> Mapping[str, np.ndarray]:
    """The arrays, those that hold one digit each joined, with labels made of their names."""
    of_digit = {name: said for name in found if (said := _OF_DIGIT.fullmatch(name))}
    joined = {name: array for name, array in found.items() if name not in of_digit}
    for part in {said[1] for said in of_digit.values()}:
        mine = {int(said[2]): found[name] for name, said in of_digit.items() if said[1] == part}
        try:
            joined[f"{part}/images"] = np.concatenate(list(mine.values()))
        except ValueError as error:
            raise DataError(f"{where}: {part}0 and so on cannot be joined: {error}.") from error
        joined[f"{part}/labels"] = np.repeat(list(mine), [len(array) for array in mine.values()])
    return joined


def _sort(
    found: Mapping[str, np.ndarray], where: Path
) -> dict[str, dict[str, tuple[str, np.ndarray]]]:
    parts: dict[str, dict[str, tuple[str, np.ndarray]]] = {}
    for name, what, part, array in _roles(found):
        there = parts.setdefault(part, {})
        if what in there:
            raise DataError(
                f"{where}: {there[what][0]} and {name} both seem to be the {part} {what}; needed "
                "one. Rename or remove the other."
            )
        there[what] = name, array
    return parts


def _roles(found: Mapping[str, np.ndarray]) -> list[tuple[str, str, str, np.ndarray]]:
    """Name, kind, part and array of all that are of use."""
    rows = []
    unnamed = {"images": ["train", "test"], "labels": ["train", "test"]}
    for name, array in found.items():
        what, part = kind(name), role(name)
        if re.fullmatch(r"(.*/)?arr_\d", name):
            what = "images" if array.ndim > 1 and array[0].size >= 784 else "labels"
            part = unnamed[what].pop(0) if unnamed[what] else part
        if what:
            rows.append((name, what, part, array))
    return rows


def _images(name: str, array: np.ndarray, n: int, where: Path, notes: dict[str, None]) -> Pixels:
    """Images as uint8 (n, 28, 28)."""
    if array.shape[1:] not in _SIDES and array.shape[:-1] in _SIDES and array.shape[-1] == n:
        array = np.moveaxis(array, -1, 0)  # MATLAB's order
    if array.shape[1:] not in _SIDES or array.dtype.kind not in "buif":
        raise DataError(
            f"{where}: {name} is {array.dtype} of shape {array.shape}; needed grey images of 28 x "
            "28 pixels, such as uint8 (n, 28, 28). Images of other sizes or in colour can be given "
            "as picture files in folders 0 to 9, which are redrawn as MNIST's are."
        )
    return _scaled(array.reshape(len(array), 28, 28), f"{where}: {name}", notes)


def _scaled(array: np.ndarray, what: str, notes: dict[str, None]) -> Pixels:
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    paper, ink = (0 - _MEAN) / _DEVIATION, (1 - _MEAN) / _DEVIATION
    if low >= 0 and (1 < high <= 255 or high == 0):
        return np.ascontiguousarray(array if array.dtype == np.uint8 else np.rint(array), np.uint8)
    if 0 <= low <= high <= 1:
        shift, factor, how = 0.0, 255.0, "1 is full ink"
    elif -1 <= low < -0.9 and high <= 1:
        shift, factor, how = 1.0, 127.5, "-1 is paper and 1 full ink"
    elif abs(low - paper) < 0.01 and high <= ink + 0.01:
        shift, factor = _MEAN / _DEVIATION, 255 * _DEVIATION
        how = "they are standardised as in PyTorch's example"
    else:
        raise DataError(
            f"{what} has pixels from {low:g} to {high:g}; needed 0 for paper to 255 for ink (or 0 "
            "to 1, or -1 to 1). Rescale them."
        )
    if array.dtype != np.bool_:
        notes[f"{what}: pixels from {low:.4g} to {high:.4g} were scaled to 0 to 255; {how}."] = None
    # In slices: whole, the floats of a large set would be there twice.
    scaled = np.empty(array.shape, np.uint8)
    for at in range(0, len(array), 5_000):
        part = (array[at : at + 5_000].astype(np.float32) + shift) * factor
        scaled[at : at + 5_000] = np.rint(part).clip(0, 255)
    return scaled


def _labels(name: str, array: np.ndarray, where: Path, notes: dict[str, None]) -> Pixels:
    """Labels as uint8 (n,)."""
    what = f"{where}: {name}"
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    if array.dtype.kind in "US" and array.ndim == 1:
        try:
            array = array.astype(np.float64)
        except ValueError:
            raise DataError(
                f"{what} holds {array[0]!r} and the like; labels must be 0 to 9."
            ) from None
    values = array
    if array.ndim == 2 and array.shape[1] == 10 and array.dtype.kind in "buif":
        if not (((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()):
            raise DataError(f"{what}: its rows of ten are not one-hot; needed integers (n,).")
        values = array.argmax(axis=1)
    if values.ndim != 1 or values.dtype.kind not in "buif":
        raise DataError(
            f"{what} is {array.dtype} of shape {array.shape}; needed integers (n,) or one-hot rows."
        )
    if not len(values):
        return np.zeros(0, np.uint8)
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise DataError(f"{what} holds labels that are no whole numbers; labels must be 0 to 9.")
    low, high = int(values.min()), int(values.max())
    if high == 10 and low == 1:
        notes[f"{what}: labels from 1 to 10; 10 was taken for the digit 0."] = None
        values = values % 10
    elif not 0 <= low <= high <= 9:
        raise DataError(f"{what} goes from {low} to {high}; labels must be 0 to 9.")
    return np.ascontiguousarray(values, dtype=np.uint8)
