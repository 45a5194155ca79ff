from pathlib import Path

import pytest
from PIL import Image

from digit_classifier.cli import main
from reader import drawing


def evaluate(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    for name, text in (("a", "3"), ("b", "12/5"), ("c", "7")):
        Image.fromarray(drawing.page(text)).save(tmp_path / f"{name}.png")
    (tmp_path / "manifest.csv").write_text(
        "file,text,style\na.png,3,pen\nb.png,12/5,pen\nc.png,9,brush\n"
    )
    return tmp_path


def test_pictures_are_measured_by_kind_and_mistakes_are_drawn(
    model: Path, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = known / "mistakes" / "sheet.png"
    assert evaluate("--model", model, "--pictures", known, "--out", sheet) == 0
    out = capsys.readouterr().out
    assert "model linear, threshold 0.500, 3 pictures" in out
    single = next(line for line in out.splitlines() if line.startswith("single"))
    assert single.split()[:4] == ["single", "2", "1", "50.0%"]
    assert "c.png: 9, read 7" in out
    assert "1 mistakes drawn in" in out
    with Image.open(sheet) as drawn:
        assert drawn.format == "PNG"


def test_a_folder_that_says_nothing_of_its_pictures_is_a_mistake(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--model", model, "--pictures", tmp_path) == 2
    assert "has no manifest.csv" in capsys.readouterr().err
