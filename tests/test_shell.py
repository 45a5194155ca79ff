"""What is printed to be copied works when it is copied."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digit_classifier import shell

posix = pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
ODD = ["plain", "two words", "it's", '"quoted"', "$HOME", "a`b", "back\\slash", "bang!", "七",
       ".[x]", "semi;colon", "ampers&and", "", "tab\tline\n",
       os.fsdecode(b"caf\xe9 '\\.png")]  # fmt: skip


@posix
@pytest.mark.parametrize("interpreter", ["bash"])
def test_a_quoted_word_reaches_a_program_as_it_was(interpreter):
    show = [sys.executable, "-c", "import os, sys; print(*map(os.fsencode, sys.argv[1:]))"]
    line = shell.quote(*show, *ODD)
    told = subprocess.run([interpreter, "-c", os.fsencode(line)], capture_output=True, check=True)
    assert told.stdout.decode().strip() == " ".join(str(os.fsencode(word)) for word in ODD)


@posix
def test_names_that_are_no_text_can_be_written_and_stay_apart():
    names = [os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xea"), "七"]
    told = shell.readable(", ".join(names))
    assert told.encode().decode() == told == r"caf\xe9, caf\xea, 七"


def test_the_command_is_digits_only_where_the_shell_finds_this_one(tmp_path, monkeypatch):
    here = tmp_path / "venv" / "bin"
    here.mkdir(parents=True)
    for name in ("digits", "python", "pip"):
        (here / name).touch(mode=0o755)
    monkeypatch.setattr(shell, "_WINDOWS", False)
    monkeypatch.setattr(shell.sysconfig, "get_path", lambda _: str(here))
    monkeypatch.setattr(sys, "executable", str(here / "python"))
    monkeypatch.chdir(tmp_path)
    near = str(Path("venv", "bin", "digits"))
    assert shell.digits("data") == f"{near} data"
    assert shell.pip_install("serve").startswith(str(Path("venv", "bin", "pip")))
    monkeypatch.setenv("PATH", str(here), prepend=os.pathsep)
    assert shell.digits("data") == "digits data"
    assert shell.pip_install("serve").startswith("pip install ")
    (here / "digits").unlink()
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "mnist_digit_classifier.py")])
    assert shell.digits("data") == f"python .{os.sep}mnist_digit_classifier.py data"
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert shell.digits("data") == "python -m digit_classifier data"


def test_an_extra_is_installed_from_the_checkout_that_is_used():
    """These tests run in a checkout, installed or on the path."""
    line = shell.pip_install("serve")
    assert "[serve]" in line
    root = Path(__file__).parents[1]
    if Path.cwd() == root and shell._checkout()[0] == root:
        assert line.endswith('install -e ".[serve]"')


def test_a_setting_is_a_keyword_in_python_and_a_flag_to_a_command():
    import click

    asked = [("early_stop", 3), ("strict", True), ("out", None), ("dataset", "my digits")]
    assert [shell.option(*each) for each in asked] == [
        "early_stop=3", "strict=True", "out=", "dataset='my digits'",
    ]  # fmt: skip
    with click.Context(click.Command("train")):
        assert [shell.option(*each) for each in asked] == [
            "--early-stop 3", "--strict", "--out", '--dataset "my digits"',
        ]  # fmt: skip
