"""Readers of other make are asked for digits alone, and named where they are not installed."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from digit_classifier.errors import OptionError
from digit_classifier.evaluation import pictures


def box(x: float, y: float) -> np.ndarray:
    return np.array([[x, y], [x + 50, y], [x + 50, y + 20], [x, y + 20]], float)


def test_pieces_of_text_are_put_in_lines_and_only_digits_are_kept() -> None:
    found = [(box(200, 13), "34"), (box(0, 10), "No. 12"), (box(0, 60), "5"), (box(90, 60), "six")]
    assert pictures._in_lines(found) == "1234\n5"
    assert pictures._in_lines([(box(0, 0), "word")]) == ""


def test_what_a_program_says_is_taken_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho '12 3'\necho\necho 45\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert pictures.peer("tesseract")(Path("any.png")) == "123\n45"


@pytest.mark.parametrize("name", pictures.PEERS)
def test_one_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(pictures.importlib.util, "find_spec", lambda package: None)
    with pytest.raises(OptionError, match=f"--beside {name}: "):
        pictures.peer(name)
