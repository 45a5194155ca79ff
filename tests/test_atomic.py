import errno
import os
import signal
import subprocess
import sys

import pytest
from PIL import Image

from digit_classifier import atomic
from digit_classifier.errors import OptionError, StorageError


def test_a_file_is_there_once_the_block_has_ended_well(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with atomic.replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.suffix == ".txt"
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    code = (
        "import os, sys; from digit_classifier import atomic\n"
        "with atomic.replacing(sys.argv[1]) as t: t.write_text('half'); os.kill(os.getpid(), 9)"
    )
    result = subprocess.run([sys.executable, "-c", code, str(path)])
    assert result.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*file/x\.txt: File exists\. Choose"):
        atomic.write_text(tmp_path / "file" / "x.txt", "text")


def test_permissions_are_those_of_any_other_file(tmp_path):
    atomic.write_bytes(tmp_path / "ours", b"1")
    (tmp_path / "usual").write_bytes(b"1")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_folder_comes_whole_and_takes_the_place_of_the_old_one(tmp_path):
    place = tmp_path / "new" / "report"
    for text in ("first", "second"):
        with atomic.replacing_folder(place) as folder:
            (folder / f"{text}.txt").write_text(text)
            assert not (place / f"{text}.txt").exists()
        assert [file.name for file in place.iterdir()] == [f"{text}.txt"]
    assert [file.name for file in place.parent.iterdir()] == ["report"]
    assert place.stat().st_mode & 0o077 == 0o077 & ~umask()


def test_a_folder_that_fails_leaves_the_old_one_and_nothing_beside_it(tmp_path):
    place = tmp_path / "report"
    place.mkdir()
    (place / "old.txt").write_text("old")
    with pytest.raises(RuntimeError), atomic.replacing_folder(place) as folder:
        (folder / "half.txt").write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.rglob("*")] == ["report", "old.txt"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(StorageError, match=r"cannot write .*report"),
        atomic.replacing_folder(tmp_path / "file" / "report"),
    ):
        pass


def test_a_picture_is_written_as_png_and_under_no_other_name(tmp_path):
    picture = Image.new("L", (3, 2), 7)
    atomic.write_png(tmp_path / "new" / "a.PNG", picture)
    with Image.open(tmp_path / "new" / "a.PNG") as written:
        assert (written.format, written.size) == ("PNG", (3, 2))
    with pytest.raises(OptionError, match=r"a\.jpg does not end in \.png"):
        atomic.write_png(tmp_path / "a.jpg", picture)
    with pytest.raises(StorageError):
        atomic.write_png(tmp_path / "new" / "a.PNG" / "a.png", picture)
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_to_free_space_is_advised_where_there_is_none(code, tmp_path):
    with (
        pytest.raises(StorageError, match="Choose another|choose another") as told,
        atomic.replacing(tmp_path / "a.txt"),
    ):
        raise OSError(code, os.strerror(code))
    assert ("Free some space" in str(told.value)) == (code == errno.ENOSPC)


def test_what_nobody_named_is_written_beside_what_is_there(tmp_path):
    assert atomic.fresh(tmp_path / "a.b.png") == tmp_path / "a.b.png"
    (tmp_path / "a.b.png").touch()
    (tmp_path / "a.b-2.png").mkdir()
    assert atomic.fresh(tmp_path / "a.b.png") == tmp_path / "a.b-3.png"


def test_a_file_that_was_named_needs_its_folder(tmp_path):
    with pytest.raises(OptionError, match=r"no folder .*new to write a\.png into. Make it first"):
        atomic.check_spares(tmp_path / "new" / "a.png")
    atomic.check_spares(tmp_path / "a.png")
    atomic.check_spares("a.png")


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
