"""`digits sheet`: what it prints, writes and refuses."""

import re

import numpy as np
import pytest
from PIL import Image

from digit_classifier.cli import main
from digit_classifier.dataset import folder, load
from picture import filled_forms as filled


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `digits sheet` in an empty folder: exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def start(*words):
        with pytest.raises(SystemExit) as stopped:
            main(["sheet", *words])
        return int(stopped.value.code or 0), *capsys.readouterr()

    return start


@pytest.fixture(scope="module")
def page():
    data = load("sample")
    return filled.fill(np.random.default_rng(5), data.train_images, data.train_labels)


@pytest.mark.parametrize(
    ("paper", "box"), [("A4", "595.27559055 841.88976378"), ("letter", "612 792")]
)
def test_the_page_is_a_pdf_of_the_papers_exact_size_without_a_raster_image(
    run, tmp_path, paper, box
):
    code, out, _ = run("--paper", paper)
    pdf = (tmp_path / "sheet.pdf").read_bytes()
    size = re.search(rb"/MediaBox \[ 0 0 ([\d.]+ [\d.]+) \]", pdf)[1].decode()
    assert code == 0
    assert "digits sheet photo.jpg --out my-digits" in out
    assert [float(n) for n in size.split()] == pytest.approx([float(n) for n in box.split()])
    assert b"/Subtype /Image" not in pdf


def test_a_filled_page_becomes_a_folder_that_a_training_reads(run, tmp_path, page):
    pixels, truth = page
    Image.fromarray(pixels).save("anna.png")
    code, out, err = run("anna.png", "--out", "own")
    (arrays, notes, writers) = folder.read(tmp_path / "own")
    n = sum(isinstance(what, np.ndarray) for what in truth.values())
    empty = sum(what is None for what in truth.values())
    assert (code, err) == (0, "")
    assert f"anna.png: {n} digits; {empty} empty (row 0" in out
    assert f"own: {n} pictures of 1 writer." in out
    assert len(arrays.train_images) + len(arrays.test_images) == n
    assert set(writers) == {"anna"}
    assert not [note for note in notes if "left out" in note]


def test_of_five_sheets_in_one_call_whole_writers_are_tested_on(run, tmp_path, page):
    names = ["1.png", "test.png", "carl.png", "dora.png", "emil.png"]
    for name in names:
        Image.fromarray(page[0]).save(name)
    code, out, _ = run(*names, "--out", "class")
    data = load(str(tmp_path / "class"), warn=False)
    assert code == 0
    assert "of 5 writers" in out
    assert {path.name for path in (tmp_path / "class").iterdir()} == {
        "writer-1", "writer-test", "carl", "dora", "emil",
    }  # fmt: skip
    assert any("tested on whole writers, 1 of 5 writers" in note for note in data.notes)


def test_a_page_that_cannot_be_read_is_told_and_the_others_are_kept(run, tmp_path, page):
    good, blank = Image.fromarray(page[0]), Image.new("L", (600, 800), 255)
    good.save("scan.tif", save_all=True, append_images=[blank, good])
    code, out, err = run("scan.tif", "missing.png")
    assert code == 1
    assert "scan.tif, page 2: 0 of the sheet's 6 black marks" in err
    assert "no file missing.png" in err
    assert "of 2 writers" in out
    assert {path.name for path in (tmp_path / "my-digits").iterdir()} == {"scan", "scan-3"}


def test_what_was_read_before_is_not_replaced(run, tmp_path, page):
    Image.fromarray(page[0]).save("anna.png")
    run("anna.png")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "my-digits").rglob("*.png")}
    code, out, err = run("anna.png")
    assert (code, out) == (1, "")
    assert "anna.png was read before" in err
    assert before == {f: f.stat().st_mtime_ns for f in (tmp_path / "my-digits").rglob("*.png")}


def test_sheets_of_one_writer_share_a_folder(run, tmp_path, page):
    for name in ("first.png", "second.png"):
        Image.fromarray(page[0]).save(name)
    code, out, _ = run("first.png", "second.png", "--writer", "../anna")
    assert code == 0
    assert "of 1 writer." in out
    assert [path.name for path in (tmp_path / "my-digits").iterdir()] == ["-anna"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "sheet.png"], "does not end in .pdf"),
        (["--writer", "anna"], "Name a picture"),
        (["a.png", "--paper", "A4"], "read of any paper"),
        (["nothing.png"], "no file nothing.png"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(run, words, told):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert told in err
