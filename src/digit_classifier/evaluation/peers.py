"""Readers of other make, asked for the digits of the same pictures, where they are installed."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digit_classifier.errors import OptionError

PEERS = ("rapidocr", "tesseract")
SECONDS = 120  # for one picture


def peer(name: str) -> Callable[[Path], str]:
    """A reader of other make, kept to digits: from a file to lines of digits.

    Args:
        name: "rapidocr", the Python package, with the models that it carries; or "tesseract", the
            program, for a block of text (`--psm 6`) of digits.
    Raises:
        OptionError: it is not installed here.
    """
    if name == "rapidocr":
        if importlib.util.find_spec("rapidocr") is None:
            raise OptionError("--beside rapidocr: it is not installed. pip install rapidocr")
        return _rapidocr()
    if not shutil.which("tesseract"):
        raise OptionError("--beside tesseract: no such program here. Install tesseract first.")
    return _tesseract


def _rapidocr() -> Callable[[Path], str]:
    from rapidocr import RapidOCR

    engine = RapidOCR()

    def read(path: Path) -> str:
        result = engine(str(path))
        boxes = [] if result.boxes is None else list(result.boxes)
        return _in_lines(list(zip(boxes, result.txts or (), strict=False)))

    return read


def _in_lines(found: list[tuple[Any, str]]) -> str:
    """Pieces of text put in lines: those whose middles lie within half a height of each other."""
    places = sorted(
        (
            float(box[:, 1].mean()),
            float(box[:, 0].min()),
            float(box[:, 1].max() - box[:, 1].min()),
            text,
        )
        for box, text in found
    )
    lines: list[tuple[float, list[tuple[float, str]]]] = []
    for y, x, height, text in places:
        if lines and abs(y - lines[-1][0]) < height / 2:
            lines[-1][1].append((x, text))
        else:
            lines.append((y, [(x, text)]))
    said = ("".join(text for _, text in sorted(line)) for _, line in lines)
    return "\n".join(filter(None, (re.sub(r"\D", "", text) for text in said)))


def _tesseract(path: Path) -> str:
    command = ["tesseract", str(path), "-", "--psm", "6", "-c"]
    command.append("tessedit_char_whitelist=0123456789")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return "\n".join(line.replace(" ", "") for line in done.stdout.splitlines() if line.strip())
