"""What was read in one picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Box = tuple[int, int, int, int]


def percent(share: float) -> str:
    """A confidence for people: `99.8%`, never rounded up to certainty or down to none."""
    if share >= 0.9995:
        return ">99.9%"
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that the reader vouches for.

    Attributes:
        digit: 0 to 9.
        confidence: probability of `digit`.
        probabilities: float32, shape (10,), summing to 1.
        box: x, y, width, height in pixels of the upright picture.
        line: which line of `Reading.text` it stands on, from 0.
        image: uint8, shape (28, 28): what the network saw; paper 0, ink 255.
    """

    digit: int
    confidence: float
    probabilities: np.ndarray
    box: Box
    line: int
    image: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Without the image; numbers rounded to six decimals."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 6),
            "probabilities": _rounded(self.probabilities),
            "box": list(self.box),
            "line": self.line,
        }


@dataclass(frozen=True, eq=False)
class Rejected:
    """Ink that was not taken for a digit.

    Attributes:
        box: x, y, width, height in pixels of the upright picture.
        reason: in words.
        image: uint8, shape (28, 28): what the network saw; None where it was not asked.
        probabilities: float32, shape (10,), what it answered; None where it was not asked.
    """

    box: Box
    reason: str
    image: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Without the image; numbers rounded to six decimals."""
        answered = self.probabilities
        return {
            "box": list(self.box),
            "reason": self.reason,
            "probabilities": None if answered is None else _rounded(answered),
        }


@dataclass(frozen=True, eq=False)
class Reading:
    r"""What was read in one picture.

    Attributes:
        text: one line per line of writing; digits that stand clearly apart are separated by a
            space; `?` for a mark that the reader will not vouch for. Empty when no digit is there.
        digits: in reading order.
        rejected: ink that was not taken for a digit, and why.
        model: name of the model that read.
        file: where the picture came from; None for arrays, images and bytes.
        notes: what a person should know, such as that only the first frame was read.
        error: why the picture could not be read; None when it could.
    """

    text: str
    digits: tuple[Digit, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    model: str = ""
    file: str | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON: the object that `digits predict --json` prints."""
        result: dict[str, Any] = {
            "file": self.file,
            "text": self.text,
            "digits": [digit.to_dict() for digit in self.digits],
            "rejected": [mark.to_dict() for mark in self.rejected],
            "model": self.model,
            "error": self.error,
        }
        if self.notes:
            result["notes"] = list(self.notes)
        return result


def _rounded(probabilities: np.ndarray) -> list[float]:
    return [round(float(p), 6) for p in probabilities]
