"""Progress on a terminal: the one bar of every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# (what is done, how much of it, of how much)
Show = Callable[[str, float, float], None]


@contextmanager
def progress_bar(console: Console, *, redirect_stdout: bool = True) -> Iterator[Show]:
    """Give a function that moves a bar, with the time left; in a file nothing is drawn.

    Args:
        console: where; what is printed there meanwhile stands above the bar.
        redirect_stdout: whether what is printed to standard output stands above it, too; not
            where that goes elsewhere.
    Yields:
        Called with what is done, done and total; another thing to do begins the bar anew.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bars = Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        redirect_stdout=redirect_stdout,
        disable=not console.is_terminal,
    )
    with bars:
        bar = bars.add_task("", visible=False)
        shown = ""

        def show(what: str, done: float, total: float) -> None:
            nonlocal shown
            if what != shown:
                bars.reset(bar, description=what, total=total, visible=True)
                shown = what
            bars.update(bar, completed=done, total=total)

        yield show
