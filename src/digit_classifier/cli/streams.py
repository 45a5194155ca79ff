"""Standard streams that take whatever is printed, where they know few letters or are closed too."""

import codecs
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from digit_classifier.errors import StorageError


def prepare() -> None:
    r"""Have every stream open, and write letters that its encoding lacks as \u4e03 does.

    A file called 七.png shall not end the reading of a folder because a log is in cp1252. A byte of
    a file's name that is no letter is written as \xe9 is, as in the notes on data.

    Raises:
        StorageError: standard output is closed.
    """
    codecs.register_error("digits", _escape)
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        mode = "r" if name == "stdin" else "w"
        setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="digits")
    if "stdout" in closed:
        raise StorageError(
            "standard output is closed, so that nothing can be told. Send it to a file, a pipe or "
            f"{os.devnull}."
        )


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].encode("utf-8", "surrogateescape")
    text = lost.decode("utf-8", "backslashreplace")
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def warn(sentence: str) -> None:
    """Tell a user, beside what was asked for, what they should know of it."""
    click.secho(f"Warning: {sentence}", err=True, fg="yellow")


def writable(text: str) -> str:
    """A text as the standard output will write it, after `prepare`."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, sys.stdout.errors or "strict").decode(encoding)


def echo_json(value: Any) -> None:
    """Print a value as a line of JSON: letters as they are where the output can write them all."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value)
    click.echo(text)
