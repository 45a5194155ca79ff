import csv
import errno
import io
import json
import logging
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_classifier.cli import main
from digit_classifier.picture import pieces
from reader import drawing

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def predict(model: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `digits predict` with the small network; exit code, standard output and error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["predict", "--model", str(model), *map(str, arguments)])
        return int(stopped.value.code or 0), *capsys.readouterr()

    return run


def process(*arguments: str | Path, **options: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "digit_classifier", "predict", *map(str, arguments)]
    return subprocess.Popen(command, **options)  # type: ignore[call-overload,no-any-return]


def test_a_person_sees_the_text_and_how_sure_each_digit_is(predict: Run, folder: Path) -> None:
    code, out, error = predict(folder / "12.png")
    assert (code, error) == (0, "")
    assert out.startswith(f"{folder / '12.png'}\n  12  1 ")
    assert out.count("%") == 2


def test_of_a_mark_that_it_is_not_sure_of_a_person_sees_the_likeliest_digit(
    predict: Run, folder: Path
) -> None:
    code, out, _ = predict("--threshold", "1", folder / "12.png")
    assert code == 0
    assert re.search(r"\n  \?\?  \? 1 >?\d+\.\d%  \? 2 >?\d+\.\d%\n$", out)


def test_json_is_one_object_a_line_and_one_bad_picture_spoils_no_other(
    predict: Run, folder: Path
) -> None:
    files = [folder / name for name in ("3.png", "broken.png", "12.png")]
    code, out, error = predict("--json", *files)
    objects = [json.loads(line) for line in out.splitlines()]
    assert (code, error) == (1, "")
    assert [found["file"] for found in objects] == list(map(str, files))
    assert [found["text"] for found in objects] == ["3", "", "12"]
    assert objects[0]["error"] is None
    assert "broken.png is not a picture" in objects[1]["error"]
    assert list(objects[0]) == ["file", "text", "lines", "digits", "rejected", "model", "error"]


def test_without_json_what_cannot_be_read_goes_to_standard_error(
    predict: Run, folder: Path
) -> None:
    code, out, error = predict(folder / "broken.png", folder / "3.png")
    assert code == 1
    assert out.startswith(f"{folder / '3.png'}\n")
    assert error.startswith(f"Error: {folder / 'broken.png'} is not a picture")
    assert "Traceback" not in error


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_of_two_lines_is_printed_as_one(predict: Run, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "3.png", tmp_path / "a\nb.png")
    (tmp_path / "c\nd.png").write_bytes(b"no picture")
    _, out, error = predict(tmp_path)
    assert f"{tmp_path}/a\\nb.png" in out.splitlines()
    (line,) = [line for line in error.splitlines() if "/c" in line]
    assert line.startswith(f"Error: {tmp_path}/c\\nd.png is not a picture")


def test_a_missing_file_among_others_spoils_none_of_them(predict: Run, folder: Path) -> None:
    code, out, error = predict("--json", folder / "missing.png", folder / "3.png")
    objects = [json.loads(line) for line in out.splitlines()]
    assert (code, error) == (1, "")
    assert [entry["text"] for entry in objects] == ["", "3"]
    assert "missing.png; check the path" in objects[0]["error"]


@pytest.fixture
def at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program fails at every picture of three lines."""
    find = pieces.find

    def fail(grey: np.ndarray, **options: bool) -> object:
        return find(grey, **options) if len(grey) > 3 else {}[grey.shape]

    monkeypatch.setattr(pieces, "find", fail)


@pytest.mark.usefixtures("at_fault")
@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_the_program_is_one_pictures_error_with_a_traceback_only_on_request(
    predict: Run, folder: Path, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    caplog.set_level(logging.NOTSET, "digit_classifier")  # and as it was, afterwards
    Image.fromarray(np.zeros((3, 9), np.uint8)).save(folder / "1-odd.png")
    code, out, error = predict(folder, *["--debug"] * debug)
    assert code == 1
    named = [line for line in out.splitlines() if line.endswith(".png")]
    assert named == [str(folder / name) for name in ("12.png", "3.png", "5.png")]
    assert f"Error: {folder / '1-odd.png'} could not be read: internal error in " in error
    assert "(KeyError: (3, 9)); please report it with the file" in error
    assert ("Traceback" in caplog.text) == debug


@pytest.mark.usefixtures("at_fault")
def test_show_tells_a_fault_of_the_program_as_without_it(predict: Run, folder: Path) -> None:
    Image.fromarray(np.zeros((3, 9), np.uint8)).save(folder / "odd.png")
    seen = folder / "seen.png"
    shown = predict("--json", folder / "odd.png", "--show", seen)
    assert shown == predict("--json", folder / "odd.png")
    assert shown[0] == 1
    assert not seen.exists()


def test_show_loses_no_note(predict: Run, folder: Path) -> None:
    pages = [Image.new("L", (90, 90), 255)] * 2
    pages[0].save(folder / "two.tiff", save_all=True, append_images=pages[1:])
    shown = predict("--json", folder / "two.tiff", "--show", folder / "seen.png")
    assert shown == predict("--json", folder / "two.tiff")
    notes = json.loads(shown[1])["notes"]
    assert notes[0].startswith("several pages")
    assert "nothing stands out from the paper" in notes


def test_csv_is_one_row_a_picture(predict: Run, folder: Path) -> None:
    Image.fromarray(drawing.page("3/5")).save(folder / "lines.png")
    code, out, _ = predict("--csv", folder / "lines.png", folder / "broken.png")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 1
    assert [row["text"] for row in rows] == ["3\n5", ""]
    assert len(rows[0]["confidences"].split()) == len(rows[0]["boxes"].split()) == 2
    assert rows[0]["model"] == "linear"
    assert rows[1]["error"]
    Image.new("L", (60, 60), 255).save(folder / "blank.png")
    _, out, _ = predict("--csv", folder / "blank.png")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["notes"] == "nothing stands out from the paper"


def test_what_is_no_picture_by_name_and_a_folder_that_cannot_be_opened_are_said(
    predict: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.png").unlink()
    (folder / "scan.pdf").write_bytes(b"%PDF")
    (folder / ".hidden").write_bytes(b"")
    (folder / "shut").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "shut":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    code, out, error = predict("--json", folder)
    assert (code, len(out.splitlines())) == (0, 3)
    shut = f"the folder {folder / 'shut'} is left out: it cannot be opened: Permission denied."
    assert f"Warning: {shut}\n" in error
    assert f"left out: 1 file in {folder}, no pictures by name: scan.pdf. Export" in error


def test_a_folder_is_read_to_any_depth_in_order(predict: Run, folder: Path) -> None:
    (folder / "broken.png").unlink()
    (folder / "deep" / "er").mkdir(parents=True)
    Image.fromarray(drawing.page("7")).save(folder / "deep" / "er" / "7.JPG")
    Image.fromarray(drawing.page("7")).save(folder / ".hidden.png")
    (folder / "notes.txt").write_text("no picture, and not called one")
    code, out, _ = predict("--json", folder)
    assert code == 0
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["12", "3", "5", "7"]


def test_a_broken_link_in_a_folder_or_pattern_is_an_error_of_its_own(
    predict: Run, folder: Path
) -> None:
    (folder / "broken.png").unlink()
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    for place in (folder, folder / "*.png"):
        code, out, _ = predict("--json", place)
        rows = {Path(row["file"]).name: row for row in map(json.loads, out.splitlines())}
        assert (code, len(rows)) == (1, 4)
        assert "no file" in rows["gone.png"]["error"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Unix only")
@pytest.mark.parametrize("pattern", ["", "*.png"])
def test_a_pipe_among_the_pictures_is_named_and_not_waited_for(
    predict: Run, folder: Path, pattern: str
) -> None:
    (folder / "broken.png").unlink()
    os.mkfifo(folder / "4.png")
    code, out, error = predict("--json", folder / pattern)
    assert [json.loads(line)["error"] is None for line in out.splitlines()] == [True] * 3
    assert (
        error == f"Warning: {folder / '4.png'} is a pipe, a socket or a device and is left out.\n"
    )
    assert code == 0


def test_a_pattern_that_the_shell_left_alone_is_expanded(predict: Run, folder: Path) -> None:
    code, out, _ = predict("--json", folder / "[35].png")
    assert code == 0
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["3", "5"]


def test_a_file_whose_name_looks_like_a_pattern_is_the_file(predict: Run, folder: Path) -> None:
    (folder / "3.png").rename(folder / "scan[1].png")
    assert predict("--json", folder / "scan[1].png")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.png"], "no file missing.png"),
        (["none*.png"], "no file matches none*.png"),
        (["empty"], "no picture in the folder empty"),
        (["-", "-"], "- was given twice"),
        (["--json", "--csv", "3.png"], "choose one"),
        (["--show", "x.png", "3.png", "5.png"], "--show draws one picture, 2 were given"),
        (["--show", "x.jpg", "3.png"], "x.jpg does not end in .png"),
        (["--model", "nothing", "3.png"], "no model called nothing"),
        (["--model", "broken.png", "3.png"], "broken.png is not a model"),
        (["--threshold", "2", "3.png"], "Invalid value for '--threshold'"),
        (["--jobs", "0", "3.png"], "Invalid value for '--jobs'"),
        ([], "Missing argument 'PICTURE...'"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_exit_code_2(
    predict: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    code, out, error = predict(*arguments)
    assert (code, out) == (2, "")
    assert sentence in error
    assert "Traceback" not in error


def test_threshold_and_single_reach_the_reader(predict: Run, folder: Path) -> None:
    _, out, _ = predict("--json", "--threshold", "1", folder / "12.png")
    assert json.loads(out)["text"] == "??"
    _, out, _ = predict("--json", "--threshold", "0", "--single", folder / "12.png")
    assert len(json.loads(out)["text"]) == 1


def test_a_picture_without_digits_is_said_to_have_none(predict: Run, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(tmp_path / "blank.png")
    code, out, _ = predict(tmp_path / "blank.png")
    assert (code, out) == (
        0,
        f"{tmp_path / 'blank.png'}: no digit. Nothing stands out from the paper\n",
    )


def test_show_draws_what_was_read(predict: Run, folder: Path) -> None:
    code, out, _ = predict("--show", folder / "seen.png", folder / "12.png")
    assert (code, out.splitlines()[0]) == (0, str(folder / "12.png"))
    with Image.open(folder / "seen.png") as seen:
        assert seen.format == "PNG"
        assert seen.height > 200


def test_show_never_replaces_the_picture_that_is_read(predict: Run, folder: Path) -> None:
    before = (folder / "12.png").read_bytes()
    (folder / "other.png").symlink_to(folder / "12.png")
    for picture, show in (("12.png", "12.png"), ("12.png", "other.png"), ("other.png", "12.png")):
        code, out, error = predict(folder / picture, "--show", folder / show)
        assert (code, out) == (2, "")
        assert f"{show} is what is read and would be lost" in error
    assert (folder / "12.png").read_bytes() == before


def test_show_of_what_cannot_be_read_writes_nothing(predict: Run, folder: Path) -> None:
    code, _, error = predict("--show", folder / "seen.png", folder / "broken.png")
    assert code == 1
    assert "broken.png is not a picture" in error
    assert not (folder / "seen.png").exists()


def test_standard_input_is_a_picture_among_others(model: Path, folder: Path) -> None:
    with (folder / "12.png").open("rb") as file:
        running = process(
            "--model", model, "--json", "-", folder / "3.png",
            stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, error = running.communicate(timeout=60)
    assert (running.returncode, error) == (0, b"")
    found = [json.loads(line) for line in out.splitlines()]
    assert [(each["file"], each["text"]) for each in found] == [
        ("-", "12"),
        (str(folder / "3.png"), "3"),
    ]


def test_predict_starts_without_the_training_stack(model: Path, folder: Path) -> None:
    code = f"""
import sys
from digit_classifier.cli import main
try:
    main(["predict", "--json", "--model", {str(model)!r}, {str(folder / "12.png")!r}])
except SystemExit:
    pass
names = "tensorflow keras jax matplotlib sklearn scipy mlxtend onnx requests rich".split()
print([name for name in names if name in sys.modules], file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(result.stdout)["text"] == "12"
    assert result.stderr == "[]\n"


def test_several_jobs_print_the_same_in_the_same_order(predict: Run, folder: Path) -> None:
    files = [folder / name for name in ("3.png", "broken.png", "12.png", "5.png")] * 20
    assert predict("--json", "--jobs", "2", *files) == predict("--json", *files)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_stops_at_once_without_a_traceback(model: Path, folder: Path, jobs: str) -> None:
    # hundreds of times the same picture: long enough to be interrupted
    running = process(
        "--model", model, "--json", "--jobs", jobs, *[folder / "12.png"] * 20000,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        # deaf to it where these tests run in the background of a shell
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert running.stdout is not None
    running.stdout.readline()
    os.killpg(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in error


@pytest.mark.skipif(sys.platform == "win32", reason="file names are characters on Windows")
def test_a_name_is_printed_as_it_is_in_any_locale(model: Path, folder: Path) -> None:
    (folder / "3.png").rename(folder / "drei-\u00e9.png")
    running = process(
        "--model", model, "--json", folder / "drei-\u00e9.png", stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
    )  # fmt: skip
    out, _ = running.communicate(timeout=60)
    assert json.loads(out)["file"] == str(folder / "drei-\u00e9.png")


def test_a_reader_that_closes_its_end_is_no_traceback(model: Path, folder: Path) -> None:
    running = process(
        "--model", model, "--json", *[folder / "12.png"] * 2000,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr is not None
    assert b"Traceback" not in running.stderr.read()
    running.stderr.close()
    assert running.wait(60) != 0


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
def test_a_terminal_shows_a_bar_for_many_pictures_and_results_stay_clean(
    model: Path, folder: Path
) -> None:
    terminal, inner = pty.openpty()
    running = process(
        "--model", model, "--json", *[folder / "3.png"] * 400,
        stdout=subprocess.PIPE, stderr=inner, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(inner)
    shown = bytearray()

    def drain() -> None:
        """All the while, for a full terminal stops the process that writes to it."""
        while True:
            try:
                shown.extend(os.read(terminal, 4096))
            except OSError:  # the other end is closed
                return

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    assert running.stdout is not None
    lines = running.stdout.read().splitlines()
    running.stdout.close()
    reader.join(60)
    os.close(terminal)
    assert running.wait(60) == 0
    assert [json.loads(line)["text"] for line in lines] == ["3"] * 400
    assert b"of 400 pictures" in shown


def test_why_there_is_no_digit_is_sentences_and_counts_the_marks() -> None:
    from digit_classifier.cli.predict import _aside
    from digit_classifier.reader.reading import Reading, Rejected

    marks = tuple(Rejected((n, 0, 3, 3), "speck") for n in range(2))
    odd = Rejected((9, 0, 9, 9), "not a digit: at best a 4, confidence 0.14")
    reading = Reading("", rejected=(*marks, odd), notes=("crop closer",))
    assert _aside(reading) == (
        ": no digit. Crop closer. Left out: 2 marks (speck), "
        "1 mark (not a digit: at best a 4, confidence 0.14)"
    )
