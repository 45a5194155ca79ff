"""A user's own digits: a folder of pictures, sorted into sub-folders or named by their digit."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digit_classifier.dataset.labelled import (
    Arrays,
    Pixels,
    Progress,
    check,
    reading,
    untested,
)
from digit_classifier.errors import DataError, MissingExtraError, NoInkError, PictureError
from digit_classifier.picture.decode import SUFFIXES
from digit_classifier.shell import option
from digit_classifier.words import count, listed

_SHOWN = 20  # names in one sentence
_DEEPEST = 5  # folders around the one that holds the digits

_WORDS = {word: digit for digit, word in enumerate(
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)}  # fmt: skip
_NOISE = {"digit", "digits", "class", "label", "number", "num"}
_ROLES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
}
_IGNORED = ("thumbs.db", "desktop.ini", "__macosx")


class Labelled(NamedTuple):
    """A picture, its digit, and the folder of whoever wrote it; "" where none says so."""

    path: Path
    digit: int
    writer: str = ""


@dataclass
class Found:
    """Which pictures a folder holds and what each shows, before any is opened.

    Attributes:
        parts: under "train", "test" and "validation" the pictures with their digits; what is not
            sorted into such parts is under "train".
        left_out: a sentence each on files and folders whose digit is not known.
        notes: how the digits were known, where that is not plain.
    """

    parts: dict[str, list[Labelled]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def all(self) -> list[Labelled]:
        """The pictures of all parts."""
        return [picture for pictures in self.parts.values() for picture in pictures]


def digit_of(name: str) -> int | None:
    """The digit that a folder's name says: 3, 03, three, digit_3, class3, "3 - three"."""
    tokens = re.findall(r"[^\W\d_]+|\d+", name.casefold())
    said = {
        int(token) if token.isdecimal() else _WORDS.get(token, -1)
        for token in tokens
        if token not in _NOISE
    }
    return said.pop() if len(said) == 1 and said <= set(range(10)) else None


def digit_of_file(name: str) -> int | None:
    """The digit that a file's name begins with: 7.png, 7-anna.jpg, 3_001.png; not 10.png."""
    begun = re.match(r"(\d)(?!\d)", name)
    return int(begun[1]) if begun else None


def is_part(name: str) -> bool:
    """Whether a folder's name says that it is for training, testing or validation."""
    return name.casefold() in _ROLES


def read(
    folder: Path, progress: Progress | None = None, *, strict: bool = False
) -> tuple[Arrays, tuple[str, ...], NDArray[np.str_]]:
    """Read every picture, redrawn as MNIST would have drawn it.

    Sub-folders `train` and `test` (or `training`, `testing`, `validation`) are the two parts; where
    there are none the test part is empty.

    Args:
        folder: see `find`.
        progress: called with ("pictures", done, total).
        strict: refuse what would else be left out with a note.
    Returns:
        The arrays; notes: what was left out, and how the parts were made; and who wrote each
        training image, "" where that is not known.
    Raises:
        DataError: no picture can be read, or `strict` and some are left out.
    """
    found = find(folder)
    notes = [*found.notes, *_settle_parts(found, folder)]
    total = sum(map(len, found.parts.values()))
    opened = _Opened(folder, total, progress)
    read_parts = {part: opened.read(pictures) for part, pictures in found.parts.items()}
    left_out = [*found.left_out, *opened.left_out()]
    if strict and left_out:
        flag = option("strict", True)
        raise DataError(f"{folder}: with {flag} nothing may be left out. {_joined(left_out)}")
    for part, (images, *_) in read_parts.items():
        if not len(images):
            why = _joined(left_out) or "Its folders are empty."
            raise DataError(f"{folder}: no {part} pictures that can be used. {why}")
    images, labels, writers = read_parts["train"]
    if "test" in read_parts:
        arrays = check(Arrays(images, labels, *read_parts["test"][:2]), folder)
    else:
        arrays = untested(images, labels, folder)
    return arrays, (*left_out, *notes, *opened.notes()), writers


def find(folder: Path) -> Found:
    """Find the pictures of a folder by the names of its sub-folders or files; none is opened.

    Args:
        folder: with sub-folders named by their digit (see `digit_of`), in which pictures may lie
            deeper down; or with a folder for each writer, and such sub-folders in it; or with files
            that begin with their digit (see `digit_of_file`); or with one of these in `train` and
            `test`; or with nothing but one folder that is such.
    Raises:
        DataError: nothing of this, and why.
    """
    return _find(folder, folder, _DEEPEST)


def _find(folder: Path, top: Path, deepest: int) -> Found:
    found = Found()
    folders, pictures, others = _list(folder)
    roles = {path: role for path in folders if (role := _ROLES.get(path.name.casefold()))}
    of_digit = {path: digit for path in folders if (digit := digit_of(path.name)) is not None}
    writers = _find_writers([path for path in folders if path not in roles])
    if of_digit or writers or "train" in roles.values():
        for path, role in roles.items():
            inner = _find(path, top, deepest)
            found.parts.setdefault(role, []).extend(inner.all())
            found.left_out += inner.left_out
        if "train" in found.parts:
            of_digit, writers = {}, []
        elif writers:
            of_digit, found.parts["train"] = {}, []
            for path in writers:
                inner = _find(path, top, deepest)
                own = [each._replace(writer=path.name) for each in inner.all()]
                found.parts["train"] += own
                found.left_out += inner.left_out
        else:
            found.parts["train"] = _inside(of_digit, others)
        folders = [path for path in folders if path not in (*roles, *of_digit, *writers)]
    elif pictures:
        found.parts["train"] = _named(pictures, folder)
        found.notes.append(f"{folder}: a picture's digit is what its file's name begins with.")
        pictures = []
    else:
        full = [path for path in folders if _walk(path)[0]]
        if len(full) == 1 and deepest:
            return _find(full[0], top, deepest - 1)
        there = f" There are {listed([_names(full, folder)])}." if full else ""
        raise DataError(
            f"{folder} holds no data set: needed the four IDX files, or pictures in sub-folders 0 "
            "to 9, which may lie in `train` and `test` or in a folder for each writer, or pictures "
            f"named by their digit, or a CSV, .npz, .npy or .mat file.{there}"
        )
    found.left_out += _leave_out(folders, pictures, others, top)
    return found


def digits_inside(folder: Path) -> set[int]:
    """Which digits a folder has sub-folders of, with pictures in them."""
    named = {path: digit_of(path.name) for path in _list(folder)[0]}
    return {digit for path, digit in named.items() if digit is not None and _walk(path)[0]}


def _find_writers(folders: list[Path]) -> list[Path]:
    """Those folders that hold one writer's digits each, in sub-folders; none where they are digits.

    Folders 1, 2 and so on may be pupils or digits. They are pupils where one of them is called what
    no digit is, or where each holds a folder 0 to 9 of its own and there are more digits in them
    than they would be themselves: else what lies in 3/1 is a 3.
    """
    inside = {path: found for path in folders if (found := digits_inside(path))}
    named = {path: digit_of(path.name) for path in folders if path in inside or _walk(path)[0]}
    if any(digit is not None and path not in inside for path, digit in named.items()):
        return []
    inner = set().union(*inside.values())
    beyond = any(named[path] is None for path in inside)
    return list(inside) if beyond or (0 in inner and inner > set(named.values())) else []


def _inside(of_digit: dict[Path, int], others: list[Path]) -> list[Labelled]:
    """The pictures inside folders of digits; what is no picture there is added to `others`."""
    found = []
    for path, digit in of_digit.items():
        pictures, odd = _walk(path)
        found += [Labelled(picture, digit) for picture in pictures]
        others += odd
    return found


def _named(pictures: list[Path], folder: Path) -> list[Labelled]:
    found = [(path, digit_of_file(path.name)) for path in pictures]
    if odd := [path for path, digit in found if digit is None]:
        raise DataError(
            f"{folder} has no sub-folders 0 to 9, and of {count(len(pictures), 'picture')} these "
            f"do not begin with their one digit, as 7.png and 7-anna.png do: {_names(odd, folder)}."
        )
    return [Labelled(path, digit) for path, digit in found if digit is not None]


def _leave_out(
    folders: list[Path], pictures: list[Path], others: list[Path], top: Path
) -> list[str]:
    """What is not taken, a sentence each; folders without a picture are nothing to speak of."""
    sentences = []
    for path in folders:
        if inside := _walk(path)[0]:
            n = count(len(inside), "picture")
            sentences.append(
                f"left out: {n} in the folder {path.relative_to(top)}, whose name is no digit."
            )
    if pictures:
        n = count(len(pictures), "picture")
        sentences.append(f"left out: {n} beside the digits' folders: {_names(pictures, top)}.")
    if others:
        n = count(len(others), "file")
        sentences.append(f"left out: {n}, no pictures by name: {_names(others, top)}.")
    return sentences


def _settle_parts(found: Found, folder: Path) -> list[str]:
    """Bring training, validation and test pictures down to one or two parts; how, in words."""
    parts = found.parts
    validation = parts.pop("validation", None)
    if validation is None:
        return []
    if "test" in parts:
        parts["train"] += validation
        return [
            f"{folder}: validation pictures ({len(validation):,}) are trained on; what is held out "
            "is drawn from all training pictures."
        ]
    parts["test"] = validation
    return [f"{folder}: no `test` folder, so its validation pictures are what is tested on."]


class _Opened:
    """Opens pictures, and remembers those that are of no use."""

    def __init__(self, folder: Path, total: int, progress: Progress | None) -> None:
        self._folder, self._total, self._progress = folder, total, progress
        self._done = 0
        self._broken: dict[Path, str] = {}
        self._blank: list[Path] = []
        self._pages: dict[Path, int] = {}
        self._remarks: Counter[str] = Counter()
        self._known: dict[bytes, tuple[Path, int]] = {}
        self._twins: list[str] = []

    def read(self, pictures: Sequence[Labelled]) -> tuple[Pixels, Pixels, NDArray[np.str_]]:
        """Images, labels and writers of those that can be read and show something."""
        images = np.zeros((len(pictures), 28, 28), np.uint8)
        labels: list[int] = []
        writers: list[str] = []
        for path, digit, writer in pictures:
            image = self._redraw(path)
            if image is not None:
                images[len(labels)] = image
                labels.append(digit)
                writers.append(writer)
                twin, other = self._known.setdefault(image.tobytes(), (path, digit))
                if other != digit:
                    both = (str(each.relative_to(self._folder)) for each in (twin, path))
                    self._twins.append(" and ".join(both))
            self._done += 1
            if self._progress:
                self._progress("pictures", self._done, self._total)
        return images[: len(labels)], np.array(labels, np.uint8), np.array(writers, np.str_)

    def left_out(self) -> list[str]:
        """What could not be used, a sentence each."""
        sentences = []
        if self._broken:
            sentences.append(
                f"left out: {self._of(self._broken)} that cannot be read: "
                f"{_names(self._broken, self._folder)}. The first: "
                f"{next(iter(self._broken.values())).rstrip('.')}."
            )
        if self._pages:
            marks = next(iter(self._pages.values()))
            sentences.append(
                f"left out: {self._of(self._pages)} that show a page, and a training picture holds "
                f"one digit: {_names(self._pages, self._folder)}. The first shows about "
                f"{count(marks, 'mark')}."
            )
        if self._blank:
            sentences.append(
                f"left out: {self._of(self._blank)} that show nothing: "
                f"{_names(self._blank, self._folder)}."
            )
        return sentences

    def notes(self) -> list[str]:
        """Pictures that are the same under two labels, and how those were read that hold more."""
        named = [f"the same picture under two labels: {'; '.join(self._twins[:_SHOWN])}."]
        return (named if self._twins else []) + [
            f"{what} ({count(n, 'picture')})." for what, n in self._remarks.items()
        ]

    def _of(self, some: Collection[Path]) -> str:
        return f"{len(some):,} of {count(self._total, 'picture')}"

    def _redraw(self, path: Path) -> Pixels | None:
        from digit_classifier.picture import decode, normalise, page_marks

        try:
            picture = decode(path)
            image = normalise(picture)
            marks = page_marks(picture)
        except NoInkError:
            self._blank.append(path)
        except (PictureError, MissingExtraError) as error:
            self._broken[path] = str(error)
        else:
            if not marks:
                self._remarks.update(picture.notes)
                return image
            self._pages[path] = marks
        return None


def _list(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Sub-folders, pictures, and other files directly inside, each sorted; hidden ones left out."""
    with reading(folder):
        inside = sorted(path for path in folder.iterdir() if not _is_hidden(path.name))
    folders = [path for path in inside if path.is_dir()]
    files = [path for path in inside if not path.is_dir()]
    pictures = [path for path in files if _is_picture(path)]
    return folders, pictures, [path for path in files if not _is_picture(path)]


def _walk(folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures and other files to any depth, each sorted; links are followed, but not upwards."""
    pictures: list[Path] = []
    others: list[Path] = []
    above = {str(path) for path in Path(os.path.realpath(folder)).parents}
    for path in _files(folder, above):
        (pictures if _is_picture(path) else others).append(path)
    return pictures, others


def _files(folder: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    folders, pictures, others = _list(folder)
    yield from sorted([*pictures, *others])
    for inner in folders:
        yield from _files(inner, seen)


def _is_picture(path: Path) -> bool:
    """By its name; a link that leads nowhere is one that cannot be read, a pipe is none."""
    return path.suffix.lower() in SUFFIXES and (path.is_file() or not path.exists())


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _IGNORED


def _names(paths: Iterable[Path], folder: Path) -> str:
    names = [str(path.relative_to(folder)) for path in paths]
    more = len(names) - _SHOWN
    return listed([*names[:_SHOWN], f"{more:,} more"] if more > 0 else names)


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)
