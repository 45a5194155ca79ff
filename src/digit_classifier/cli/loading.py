"""Labelled images for any command, with progress bars and warnings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digit_classifier.dataset import Dataset
    from digit_classifier.dataset.labelled import Progress


def load_aloud(dataset: str, **how: Any) -> "Dataset":
    """Load labelled images with progress bars; every note becomes a warning on stderr.

    Args:
        dataset: a name or a path.
        how: further keywords of `digit_classifier.dataset.load`.

    Raises:
        DigitError: as `digit_classifier.dataset.load`.
    """
    from digit_classifier.dataset import load

    with progress_bars() as progress:
        data = load(dataset, progress=progress, warn=False, **how)
    for note in data.notes:
        click.secho(f"Warning: {note}", err=True, fg="yellow")
    return data


def turning(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --transpose and --invert, which say how images must be turned to be as MNIST's are."""
    invert = click.option(
        "--invert", is_flag=True, help="Swap ink and paper of every image: ink must be light."
    )
    transpose = click.option(
        "--transpose", is_flag=True,
        help="Swap rows and columns of every image, as EMNIST's files need.",
    )  # fmt: skip
    return transpose(invert(command))


@contextmanager
def progress_bars() -> "Iterator[Progress]":
    """Give a progress callback that moves a bar on stderr, or prints lines where that is a file."""
    from rich.console import Console

    from digit_classifier.progress import progress_bar

    console = Console(stderr=True)
    if console.is_terminal:
        with progress_bar(console) as show:
            yield lambda name, done, total: show(f"{name}, {_amount(name, total)}", done, total)
        return
    begun: set[str] = set()

    def say(name: str, _done: int, total: int) -> None:
        if name not in begun:
            begun.add(name)
            click.echo(f"{name}: {_amount(name, total)} ...", err=True)

    yield say


def _amount(name: str, total: int) -> str:
    return f"{total:,}" if name == "pictures" else f"{total / 1e6:.2g} MB"
