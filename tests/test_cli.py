"""The command line as a whole: listed, documented, one way of failing."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from digit_classifier import cli
from digit_classifier.errors import DigitError, FaultError, InputError

ROOT = Path(__file__).parents[1]


def commands(command=cli.group, words=()):
    context = click.Context(command)
    yield words, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))


ALL = list(commands())


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(w) or "digits" for w, _ in ALL])
def test_every_command_and_flag_says_what_it_is_for(words, command):
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{words}: {parameter.name} has no help"


@pytest.mark.parametrize(
    ("words", "command"), [c for c in ALL if len(c[0]) == 1], ids=lambda c: str(c)
)
def test_every_commands_help_has_examples_that_parse(words, command):
    examples = re.findall(r"^ *digits (.+?)(?: {2,}.*)?$", command.help, re.MULTILINE)
    assert examples, f"digits {words[0]} --help shows no example"
    for example in examples:
        line = re.split(r" [|<>] ", example)[0]
        cli.group.make_context("digits", shlex.split(line, comments=True))
        name, *rest = shlex.split(line, comments=True)
        found = cli.group.get_command(None, name)
        if isinstance(found, click.Group) and rest:
            found, rest = found.get_command(None, rest[0]), rest[1:]
        found.make_context(name, rest)


def test_the_list_of_commands_imports_none_of_them():
    code = (
        "import sys; from digit_classifier import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'cv2', 'PIL', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(("error", "code"), [(InputError("wrong"), 2), (FaultError("broken"), 1)])
def test_an_error_is_one_sentence_and_its_exit_code(monkeypatch, capsys, error, code):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(cli.group, "main", fail)
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == code
    assert capsys.readouterr().err == f"Error: {error}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("buffering", ["", "1"])
@pytest.mark.parametrize("words", [["models", "mlp"], ["--help"], ["runs", "--csv"]])
def test_output_that_cannot_be_written_is_one_sentence(words, buffering):
    with Path("/dev/full").open("w") as full:
        left = subprocess.run(
            [sys.executable, "-m", "digit_classifier", *words],
            stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": buffering},
        )  # fmt: skip
    assert left.returncode == 1
    assert left.stderr.count("\n") == 1
    assert "standard input or output failed: No space left on device" in left.stderr


DIGITS = [sys.executable, "-m", "digit_classifier"]
BROKEN = "import sys; from digit_classifier import cli, weights; weights.names = lambda: 1 / 0; "


def test_a_fault_of_this_program_is_one_sentence_that_says_how_to_see_more():
    line = [sys.executable, "-c", BROKEN + "cli.main(['models'])"]
    said = subprocess.run(line, capture_output=True, text=True)
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "internal error in `digits models`: ZeroDivisionError: division by zero." in said.stderr
    assert said.stderr.rstrip().endswith("--debug models")


@pytest.mark.parametrize("words", [["--debug", "models"], ["models", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(words):
    line = [sys.executable, "-c", BROKEN + f"cli.main({words})"]
    said = subprocess.run(line, capture_output=True, text=True)
    assert said.returncode == 1
    assert "Traceback" in said.stderr
    assert "Error: internal error" in said.stderr
    assert said.stderr.count("--debug") == 1


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    hide = "import sys; sys.modules['scipy'] = None; from digit_classifier import cli; "
    line = [sys.executable, "-c", hide + "cli.main(['evaluate'])"]
    said = subprocess.run(line, capture_output=True, text=True)
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert re.search(r"scipy.* is not installed.*pip install .*\[evaluate\]", said.stderr)


@pytest.mark.parametrize("start", ["module", "script", "command"])
def test_ctrl_c_while_it_is_still_imported_is_no_traceback(start, tmp_path):
    """Its first import is of a click that is interrupted."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _, name = declared["digits"].partition(":")
    line = {
        "module": ["-m", "digit_classifier"],
        "script": [ROOT / "mnist_digit_classifier.py"],
        "command": ["-c", f"import sys; from {module} import {name}; sys.exit({name}())"],
    }[start]
    paths = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    said = subprocess.run(
        [sys.executable, *line], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert said.returncode == 130
    assert said.stderr == "Stopped.\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize("end", ["| head -1", "2>&-", "<&- 2>&-"])
@pytest.mark.parametrize("words", ["models", "models --json", "runs", "predict 7.png", "--help"])
def test_output_that_nobody_reads_is_no_reason_to_complain(words, end, tmp_path):
    draw_seven(tmp_path / "7.png")
    line = f"{shlex.join(DIGITS)} {words} {end}"
    said = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert said.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize("words", ["models", "predict 7.png", "predict 7.png --csv", "--help"])
def test_an_output_that_is_closed_is_said_and_no_success(words, tmp_path):
    draw_seven(tmp_path / "7.png")
    for end, lines in ((">&-", 1), ("<&- >&-", 1), (">&- 2>&-", 0)):
        line = f"{shlex.join(DIGITS)} {words} {end}"
        said = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
        assert (said.returncode, len(said.stderr.splitlines())) == (1, lines)
        assert ("standard output is closed" in said.stderr) == bool(lines)


@pytest.mark.parametrize("words", ["models", "--help", "runs --csv", "predict 7.png --json"])
def test_a_pipe_that_was_closed_before_is_no_reason_to_complain(words, tmp_path):
    draw_seven(tmp_path / "7.png")
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(
        [*DIGITS, *words.split()], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (said.returncode, said.stderr) == (1, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_a_name_that_the_output_cannot_write_costs_nothing(encoding, form, tmp_path):
    for name in ("七.png", "é.png"):
        draw_seven(tmp_path / name)
    (tmp_path / "八.png").write_text("no picture")
    said = subprocess.run(
        [*DIGITS, "predict", ".", *form], cwd=tmp_path, capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert said.returncode == 1  # for the one that is none
    assert b"Traceback" not in said.stderr
    assert len(said.stdout.splitlines()) == {"--json": 3, "--csv": 4}.get("".join(form), 4)
    if form == ["--json"]:
        told = [json.loads(line) for line in said.stdout.decode(encoding).splitlines()]
        assert {Path(reading["file"]).name for reading in told} == {"七.png", "é.png", "八.png"}


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are a matter of Linux")
@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
def test_a_name_that_is_no_text_costs_nothing(locale, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    draw_seven(folder / os.fsdecode(b"\xff7.png"))
    for words in (["predict", "."], ["predict", ".", "--json"], ["evaluate", "--pictures", "."]):
        said = subprocess.run(
            [*DIGITS, *words], cwd=folder, capture_output=True, env={**os.environ, **locale}
        )
        assert b"Traceback" not in said.stderr
        assert b"internal" not in said.stderr
        assert said.returncode == (2 if words[0] == "evaluate" else 0)


def draw_seven(path):
    from PIL import Image, ImageDraw

    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line([(15, 12), (45, 12), (25, 48)], fill=0, width=5)
    picture.save(path)


def test_every_error_is_in_the_tree_and_the_tree_in_the_docstring():
    from digit_classifier import errors

    classes = [v for v in vars(errors).values() if isinstance(v, type)]
    for kind in classes:
        assert issubclass(kind, DigitError)
        assert kind.__name__ in errors.__doc__
