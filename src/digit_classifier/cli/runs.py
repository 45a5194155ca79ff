"""`digits runs`: the trainings there are, in a table."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli.streams import echo_json, writable
from digit_classifier.shell import digits

if TYPE_CHECKING:
    from digit_classifier.training.runs import RunSummary

_RIGHT = ("seed", "epochs", "accuracy", "images", "low", "high", "loss", "seconds")
# What goes first where a terminal is narrow.
_LEFT_OUT_FIRST = ("seconds", "high", "dataset", "time", "loss", "seed", "epochs")


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option("--sort", default="time", show_default=True, metavar="COLUMN",
              help="Any of the columns; the best and the newest come first.")  # fmt: skip
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run, one a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a line of headings.")
def command(
    folders: tuple[str, ...], sort: str, reverse: bool, as_json: bool, as_csv: bool
) -> None:
    """List the run folders in FOLDER, which is runs unless another is given.

    Accuracy is measured on so many test images; low and high are its 95 % interval, and --sort
    accuracy goes by low: all of 4 images prove less than 97 % of 10,000.

    A folder that is damaged is listed with what is wrong with it. "unfinished" is a training that
    was stopped or is still under way.

    \b
    Examples:
      digits runs
      digits runs --sort accuracy
      digits runs experiments/ --csv > runs.csv
    """
    from digit_classifier.errors import OptionError
    from digit_classifier.training.runs import list_runs, sort_runs

    if as_json and as_csv:
        raise OptionError("--json and --csv are two formats; give one.")
    usual = ("runs",) if Path("runs").is_dir() else ()
    found = [run for folder in folders or usual for run in list_runs(folder)]
    runs = sort_runs(found, sort)
    if reverse:
        runs.reverse()
    if as_json:
        for run in runs:
            echo_json(_plain(run))
    elif as_csv:
        _write_csv(runs)
    elif not runs:
        where = ", ".join(folders or ("runs",))
        click.echo(f"No run in {where}. Make one with: {digits('train')}")
    else:
        _print_table(runs)
        if sort == "accuracy" and any(run.low is not None for run in runs):
            click.echo("Sorted by the lower end of the 95 % interval, low.", err=True)


def _plain(run: "RunSummary") -> dict[str, Any]:
    values = dict(vars(run))
    values["time"] = run.time.isoformat(timespec="seconds") if run.time else None
    return values


def _write_csv(runs: "list[RunSummary]") -> None:
    from digit_classifier.training.runs import COLUMNS

    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(run) for run in runs)


def _print_table(runs: "list[RunSummary]") -> None:
    """A table for people, its notes below; plain aligned lines for a file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from digit_classifier.training.runs import BROKEN, COLUMNS, FINISHED

    # Escaped before they are measured: a letter that the output lacks is wider as \u5f20.
    rows = [{name: writable(_cell(run, name)) for name in COLUMNS} for run in runs]
    console = Console(highlight=False)
    if not console.is_terminal:
        _print_lines([name for name in COLUMNS if any(row[name] for row in rows)], rows)
        return
    names, left_out = _fitting(rows, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    colours = {FINISHED: "", BROKEN: "red"}
    styles = [colours.get(run.state, "yellow") for run in runs]
    for name in names:
        table.add_column(name, justify="right" if name in _RIGHT else "left", overflow="fold")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(row[name]) for name in names), style=style)
    console.print(table)
    for row, style in zip(rows, styles, strict=True):
        if row["note"]:
            console.print(Text(f"{row['run']}: {row['note']}", style=style))
    if left_out:
        console.print(f"No room for: {', '.join(left_out)}.", style="dim")


def _fitting(rows: list[dict[str, str]], width: int) -> tuple[list[str], list[str]]:
    """The columns that a terminal of this width has room for, and those left out for it."""
    names = [name for name in rows[0] if name != "note" and any(row[name] for row in rows)]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) + 2 for name in names}
    left_out: list[str] = []
    for name in _LEFT_OUT_FIRST:
        if sum(widths[name] for name in names) - 2 > width:
            names.remove(name)
            left_out.append(name)
    return names, left_out


def _print_lines(names: list[str], rows: list[dict[str, str]]) -> None:
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in names}
    for row in ({name: name for name in names}, *rows):
        cells = [
            row[name].rjust(widths[name]) if name in _RIGHT else row[name].ljust(widths[name])
            for name in names
        ]
        click.echo("  ".join(cells).rstrip())


def _cell(run: "RunSummary", name: str) -> str:
    value = getattr(run, name)
    if value is None:
        return ""
    if name == "time":
        return f"{value:%Y-%m-%d %H:%M}"
    if name in ("accuracy", "low", "high"):
        return f"{value:.2%}"
    if name == "loss":
        return f"{value:.4f}"
    if name == "seconds":
        return f"{value:,.1f}"
    if name == "images":
        return f"{value:,}"
    return str(value)
