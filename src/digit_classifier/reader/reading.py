"""What was read in one picture."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from digit_classifier.picture.decode import Source

Box = tuple[int, int, int, int]


def percent(share: float) -> str:
    """A confidence for people: `99.8%`, never rounded up to certainty or down to none."""
    if share >= 0.9995:
        return ">99.9%"
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


class _Answer(Mapping[str, Any]):
    """Something that was read: attributes in Python, and a mapping of what `to_dict` gives.

    So `dict(reading)`, `reading["text"]`, a row of pandas, and a FastAPI route that returns it have
    the keys and the plain values of the JSON. No dataclass: FastAPI would take that apart field by
    field, down to arrays that have no JSON.
    """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""

    def __getitem__(self, key: str) -> Any:
        return self.to_dict()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __len__(self) -> int:
        return len(self.to_dict())

    def __eq__(self, other: object) -> bool:
        """Whether both were read alike: of one kind, with the same `to_dict`."""
        return (
            isinstance(other, _Answer)
            and type(self) is type(other)
            and self.to_dict() == other.to_dict()
        )

    def __hash__(self) -> int:
        return hash(str(self.to_dict()))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> dict[str, Any]:
        """For pydantic, and so for a FastAPI route that says `-> Reading`."""
        to_dict = {"type": "function-plain", "function": cls.to_dict}
        return {"type": "is-instance", "cls": cls, "serialization": to_dict}

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        """An object; its keys are in `to_dict`."""
        return {"type": "object", "title": cls.__name__, "description": cls.to_dict.__doc__}


class Digit(_Answer):
    """One digit that was accepted.

    Attributes:
        digit: 0 to 9.
        confidence: probability of `digit`.
        probabilities: float32, shape (10,), summing to 1.
        box: x, y, width, height in pixels of the upright picture.
        line: which line of `Reading.text` it stands on, from 0.
        image: uint8, shape (28, 28): what the network saw; paper 0, ink 255.
    """

    def __init__(
        self,
        digit: int,
        confidence: float,
        probabilities: np.ndarray,
        box: Box,
        line: int,
        image: np.ndarray,
    ) -> None:
        self.digit, self.confidence, self.probabilities = digit, confidence, probabilities
        self.box, self.line, self.image = box, line, image

    def to_dict(self) -> dict[str, Any]:
        """All but the image; numbers rounded to six decimals."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 6),
            "probabilities": _rounded(self.probabilities),
            "box": list(self.box),
            "line": self.line,
        }

    def __repr__(self) -> str:
        return f"<Digit {self.digit}, {percent(self.confidence)}, box {self.box}>"

    def __str__(self) -> str:
        """As `7 99.8%`."""
        return f"{self.digit} {percent(self.confidence)}"


class Rejected(_Answer):
    """Ink that was not taken for a digit.

    Attributes:
        box: x, y, width, height in pixels of the upright picture.
        reason: in words.
        image: uint8, shape (28, 28): what the network saw; None where it was not asked.
        probabilities: float32, shape (10,), what it answered; None where it was not asked.
    """

    def __init__(
        self,
        box: Box,
        reason: str,
        image: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
    ) -> None:
        self.box, self.reason, self.image, self.probabilities = box, reason, image, probabilities

    def to_dict(self) -> dict[str, Any]:
        """All but the image; numbers rounded to six decimals."""
        answered = self.probabilities
        return {
            "box": list(self.box),
            "reason": self.reason,
            "probabilities": None if answered is None else _rounded(answered),
        }

    def __repr__(self) -> str:
        return f"<Rejected {self.reason!r}, box {self.box}>"

    def __str__(self) -> str:
        """`?`, and where the network was asked the likeliest digit."""
        if self.probabilities is None:
            return "?"
        likeliest = int(np.argmax(self.probabilities))
        return f"? {likeliest} {percent(float(self.probabilities[likeliest]))}"


class Reading(_Answer):
    r"""What was read in one picture; prints as a line, and in a notebook as a picture.

    Attributes:
        text: one line per line of writing; digits that stand clearly apart are separated by a
            space; `?` for a mark that it is not sure of. Empty when no digit is there.
        digits: in reading order.
        rejected: ink that was not taken for a digit, and why.
        model: name of the model that read.
        file: where the picture came from; None for arrays, images and bytes.
        notes: what a person should know, such as that only the first frame was read.
        error: why the picture could not be read; None when it could.
        way: how its digits were looked for, in words: "by its pieces of ink" or "searched by the
            finder"; "" where that is not known.
        confidences: for each line of `text`, how sure it is that all of it is right; None where it
            holds a `?`.
    """

    def __init__(
        self,
        text: str,
        digits: tuple[Digit, ...] = (),
        rejected: tuple[Rejected, ...] = (),
        model: str = "",
        file: str | None = None,
        notes: tuple[str, ...] = (),
        error: str | None = None,
        way: str = "",
        confidences: tuple[float | None, ...] = (),
    ) -> None:
        self.text, self.digits, self.rejected, self.model = text, digits, rejected, model
        self.file, self.notes, self.error, self.way = file, notes, error, way
        self.confidences = confidences

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON: the object that `digits predict --json` prints and `/v1/read` answers.

        `file`, `text`, `lines`, `digits`, `rejected`, `model`, `error`, and `notes` where there are
        some. Each of `lines` has its `text` and, for the whole of it, its `confidence`.
        """
        result: dict[str, Any] = {
            "file": self.file,
            "text": self.text,
            "lines": [
                {"text": text, "confidence": None if sure is None else round(sure, 6)}
                for text, sure in zip(self.text.split("\n"), self.confidences, strict=False)
            ],
            "digits": [digit.to_dict() for digit in self.digits],
            "rejected": [mark.to_dict() for mark in self.rejected],
            "model": self.model,
            "error": self.error,
        }
        if self.notes:
            result["notes"] = list(self.notes)
        return result

    @property
    def marks(self) -> list[Digit | Rejected]:
        """What the letters of the text stand for, in its order: a digit, or what `?` is for."""
        letters = "".join(self.text.split())
        asked = [mark for mark in self.rejected if mark.image is not None]
        unsure = iter(asked[max(0, len(asked) - letters.count("?")) :])  # words come before
        digits = iter(self.digits)
        found = [next(unsure if letter == "?" else digits, None) for letter in letters]
        return [mark for mark in found if mark]

    def replace(self, **changes: Any) -> "Reading":
        """A copy with some attributes changed."""
        return Reading(**{**vars(self), **changes})

    def draw(self, picture: "Source | None" = None) -> "Image.Image":
        """What `digits predict --show` writes: boxes in the picture, below it what was seen.

        Args:
            picture: what was read. A file is opened again where this is left out; of other
                pictures a notebook keeps the last few, and nothing else keeps any.
        Returns:
            RGB; what the network saw alone where the picture is not to be had.
        Raises:
            PictureError: `picture` cannot be read.
        """
        from digit_classifier.reader import overlay

        return overlay.draw(overlay.pixels_of(self, picture), self)

    def __repr__(self) -> str:
        parts = [f"<Reading {self.text!r}"]
        if self.digits:
            parts.append(" ".join(percent(digit.confidence) for digit in self.digits[:8]))
            parts[-1] += " ..." if len(self.digits) > 8 else ""
        parts += [self.error] if self.error else self.notes
        parts += [f"from {self.file}"] if self.file else []
        return ", ".join(parts) + ">"

    def _repr_html_(self) -> str:
        from digit_classifier.reader import overlay

        return overlay.html(self)


def _rounded(probabilities: np.ndarray) -> list[float]:
    return [round(float(p), 6) for p in probabilities]
