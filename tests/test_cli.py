"""The command line as a whole: listed, documented, one way of failing."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from digit_classifier import cli
from digit_classifier.errors import DigitError, FaultError, InputError


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


def test_every_error_is_in_the_tree_and_the_tree_in_the_docstring():
    from digit_classifier import errors

    classes = [v for v in vars(errors).values() if isinstance(v, type)]
    for kind in classes:
        assert issubclass(kind, DigitError)
        assert kind.__name__ in errors.__doc__
