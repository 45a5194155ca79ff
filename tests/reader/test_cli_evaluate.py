from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from digit_classifier.cli import main
from digit_classifier.drawn import nondigits, styles
from digit_classifier.evaluation.ood_sets import measure
from reader import drawing


def evaluate(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, text in (("a", "3"), ("b", "12/5"), ("c", "7")):
        Image.fromarray(drawing.page(text)).save(pictures / f"{name}.png")
    (pictures / "manifest.csv").write_text(
        "file,text,style\na.png,3,pen\nb.png,12/5,pen\nc.png,9,brush\n"
    )
    return pictures


def test_pictures_are_measured_by_kind_and_mistakes_are_drawn(
    model: Path, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = known.parent / "mistakes.png"
    assert evaluate(model, "--pictures", known, "--out", sheet) == 0
    out = capsys.readouterr().out
    assert "model linear, its own rule, 3 pictures" in out
    single = next(line for line in out.splitlines() if line.startswith("single"))
    assert single.split()[:4] == ["single", "2", "1", "50.0%"]
    assert "c.png: 9, read 7" in out
    assert "1 mistake drawn in" in out
    with Image.open(sheet) as drawn:
        assert drawn.format == "PNG"
        assert drawn.height > 84  # what was seen, enlarged three times, is below the picture


def test_a_picture_that_cannot_be_read_is_named_and_no_mistake(
    model: Path, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (known / "a.png").write_bytes(b"\x89PNG\r\n")
    assert evaluate(model, "--pictures", known) == 0
    out, err = capsys.readouterr()
    assert "2 pictures" in out
    assert "a.png" not in out
    assert "a.png: not counted, cannot be read: a.png begins as PNG and is damaged" in err
    for name in ("b.png", "c.png"):
        (known / name).write_bytes(b"")
    assert evaluate(model, "--pictures", known) == 2
    assert "none of the 3 pictures" in capsys.readouterr().err


def test_mistakes_are_never_drawn_among_the_pictures(
    model: Path, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (known / "a.png").read_bytes()
    for out in ("a.png", "new.png", "deep/new.png"):
        assert evaluate(model, "--pictures", known, "--out", known / out) == 2
        assert f"lies in {known}, which is read" in capsys.readouterr().err
    assert (known / "a.png").read_bytes() == before
    assert not (known / "new.png").exists()


def test_a_folder_that_says_nothing_of_its_pictures_is_a_mistake(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(model, "--pictures", tmp_path) == 2
    assert "without a manifest.csv" in capsys.readouterr().err


def test_refusals_of_drawn_nondigits_are_measured_with_what_they_cost(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = styles.generate(60, seed=9)
    known = SimpleNamespace(test_images=images, test_labels=labels, name="drawn", notes=())
    monkeypatch.setattr("digit_classifier.dataset.load", lambda *_, **__: known)
    monkeypatch.setattr(
        "digit_classifier.evaluation.ood_sets.measure", partial(measure, per_kind=5)
    )
    assert evaluate("--nondigits", model) == 0
    out = capsys.readouterr().out
    assert "test images of drawn               60" in out
    # blank, noise and joined halves are kinds of their own, and all of these together one row more
    assert out.count("(never trained on)") == 4 + len(nondigits.HELD_OUT)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nondigits", "--pictures", "folder"], "choose one of"),
        (["--pictures", "folder", "--quick"], "--quick has no meaning for --pictures"),
        (["--nondigits", "--single"], "--single has no meaning for --nondigits"),
        (["--pictures", "folder", "--out", "x.jpg"], "x.jpg does not end in .png"),
        (["--threshold", "0.5"], "--threshold has no meaning for the report"),
    ],
)
def test_a_flag_that_makes_no_sense_is_a_mistake(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(*arguments) == 2
    assert words in capsys.readouterr().err
