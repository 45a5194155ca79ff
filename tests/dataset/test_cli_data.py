import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dataset import stand_in
from digit_classifier import cache
from digit_classifier.cli import main
from digit_classifier.cli.opening import load_aloud, progress_bars


def digits(*arguments: str | Path) -> int:
    """Run the command line in this process; return what it exits with."""
    with pytest.raises(SystemExit) as caught:
        main(["data", *map(str, arguments)])
    return int(caught.value.code or 0)


def test_what_is_where_is_shown_without_a_sub_command(published_folder, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DATA_DIR", str(published_folder))
    assert digits() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        f"MNIST_DATA_DIR: verified: {published_folder} (240 training and 40 test images)"
    )
    assert [line.split(": ")[:2] for line in lines[1:]] == [
        [label, "not there"] for label in ("cache", "Keras", "torchvision")
    ]


def test_pages_that_are_drawn_without_fonts_say_so_once(
    published_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("DIGITS_FONTS", str(tmp_path))
    out = tmp_path / "pages.png"
    assert digits("show", "--pages", "2", "--data-dir", published_folder, "--out", out) == 0
    assert out.is_file()
    assert capsys.readouterr().err.count("python tools/fonts.py") == 1


def test_where_nothing_is_the_next_step_is_named(capsys):
    assert digits() == 0
    out = capsys.readouterr().out
    assert "digits data download" in out
    assert "--dataset sample" in out


def test_download_fills_the_cache_and_says_where(server, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_MIRRORS", server.url("good"))
    assert digits("download") == 0
    said = capsys.readouterr()
    assert f"MNIST is in {cache.folder() / 'mnist'}" in said.out
    assert "240 training and 40 test images, verified" in said.out
    assert "train-images-idx3-ubyte.gz: 0." in said.err
    assert digits("verify") == 0


def test_download_into_a_folder_names_the_next_command(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_MIRRORS", server.url("good"))
    assert digits("download", "--data-dir", tmp_path / "here") == 0
    assert f"digits train --data-dir {tmp_path / 'here'}" in capsys.readouterr().out
    assert not (cache.folder() / "mnist").exists()


def test_download_without_network_exits_with_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_MIRRORS", "http://127.0.0.1:9/")
    assert digits("download") == 1
    said = capsys.readouterr()
    assert said.err.startswith("Error: no mirror gave MNIST (127.0.0.1:9: connection refused")
    assert said.err.count("\n") == 1


def test_two_places_for_one_download_are_refused(tmp_path, capsys):
    assert digits("download", "--cache", "--data-dir", tmp_path) == 2
    assert "give one" in capsys.readouterr().err


def test_download_does_not_touch_other_data(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_MIRRORS", server.url("good"))
    stand_in.write_idx(tmp_path / "own", stand_in.make_arrays(20, 10))
    before = {path.name: path.read_bytes() for path in (tmp_path / "own").iterdir()}
    assert digits("download", "--data-dir", tmp_path / "own") == 2
    assert "in the way" in capsys.readouterr().err
    after = {path.name: path.read_bytes() for path in (tmp_path / "own").iterdir()}
    assert {name: after[name] for name in before} == before


def test_verify_finds_the_damaged_copy_and_exits_with_2(published_folder, capsys):
    mnist = cache.folder() / "mnist"
    shutil.copytree(published_folder, mnist)
    path = mnist / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-4])
    assert digits("verify") == 2
    said = capsys.readouterr()
    assert "cache: damaged" in said.out
    assert "train-labels" in said.out
    assert "1 of 3 places" in said.err


def test_verify_of_one_folder_looks_nowhere_else(published_folder, capsys):
    assert digits("verify", "--data-dir", published_folder) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_verify_of_data_of_ones_own_says_how_to_see_them(tmp_path, capsys):
    stand_in.write_idx(tmp_path / "own", stand_in.make_arrays(20, 10))
    stand_in.write_npz(tmp_path / "csv" / "a.npz", stand_in.make_arrays(20, 10))
    for name in ("own", "csv"):
        assert digits("verify", "--data-dir", tmp_path / name) == 2
        err = capsys.readouterr().err
        assert re.search(f"data of your own: \\S*digits data show {tmp_path / name}\\. ", err)
        assert "Remove" not in err


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_byte_that_is_no_letter_is_shown_alike_in_errors_and_notes(tmp_path):
    from digit_classifier.shell import readable

    path = tmp_path / os.fsdecode(b"d\xe9j\xe0 \xe4\xb8\x83")
    said = subprocess.run(
        [sys.executable, "-m", "digit_classifier", "data", "show", os.fsencode(path)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=False,
    ).stderr.decode("utf-8")
    assert f"no data set {readable(str(path))}: " in said
    assert r"d\xe9j\xe0 七" in said


def test_verify_where_nothing_is_exits_with_1(capsys):
    assert digits("verify") == 1
    assert "digits data download" in capsys.readouterr().err


def test_show_draws_a_sheet_that_is_named_after_the_data(sample_here, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert digits("show", "--dataset", "sample", "--out", out) == 0
    assert "200 training images of MNIST sample (5,000 images)" in capsys.readouterr().out
    with Image.open(out) as image:
        assert image.width > 20 * 56
        assert image.height > 10 * 56


def test_show_of_the_test_part_takes_other_images(sample_here, tmp_path):
    assert digits("show", "--dataset", "sample", "--out", tmp_path / "a.png") == 0
    assert digits("show", "--dataset", "sample", "--part", "test", "--out", tmp_path / "b.png") == 0
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_a_sheet_never_lands_among_the_pictures_that_it_shows(tmp_path, capsys):
    picture = tmp_path / "3" / "a.png"
    picture.parent.mkdir()
    picture.write_bytes(b"of the user")
    for out in (picture, tmp_path / "digits.png"):
        assert digits("show", tmp_path, "--out", out) == 2
        assert f"{out} lies in {tmp_path}, which is read" in capsys.readouterr().err
    assert picture.read_bytes() == b"of the user"


def test_show_warns_when_the_sample_stands_in(sample_here, tmp_path, capsys):
    assert digits("show", "--offline", "--out", tmp_path / "a.png") == 0
    err = capsys.readouterr().err
    assert err.startswith("Warning: ")
    assert "not MNIST" in err


def test_load_aloud_says_every_note_and_gives_the_data(sample_here, capsys):
    assert load_aloud("auto", data_dir=None, offline=True).is_sample
    assert capsys.readouterr().err.count("Warning: ") == 1


def test_bars_are_drawn_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bars() as progress:
        progress("train-images", 10, 9_900_000)
        progress("train-images", 9_900_000, 9_900_000)
    assert "train-images, 9.9 MB" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "--dataset", "no/such"], 2),
        (["show", "--dataset", "sample", "--out", "sheet.jpg"], 2),
        (["show", "--data-dir", "nowhere"], 2),
        (["show", "--part", "middle"], 2),
        (["verify", "--data-dir", "nowhere"], 1),
        (["upload"], 2),
    ],
)
def test_mistake_is_one_sentence_and_no_traceback(arguments, code, sample_here):
    done = subprocess.run(
        [sys.executable, "-m", "digit_classifier", "data", *arguments],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert done.returncode == code
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_help_gives_examples(capsys):
    assert digits("--help") == 0
    assert "digits data download --data-dir mnist" in capsys.readouterr().out
