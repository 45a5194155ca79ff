"""`digits compare`: which of several models is better, and whether the data can tell."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli import flags

if TYPE_CHECKING:
    from rich.console import Console

    from digit_classifier.evaluation.compare.report import History
    from digit_classifier.evaluation.report import Report
    from digit_classifier.evaluation.section import Table


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL...")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where comparison.html, metrics.json, tables and pictures go. Default: "
                   "comparison, or comparison-2 and so on, whichever is not there.")  # fmt: skip
@flags.shown_images
@flags.scale
@click.option("--history", is_flag=True,
              help="Lay the training curves of the models over each other; all must be run "
                   "folders.")  # fmt: skip
@click.option("--robustness/--no-robustness", default=True, show_default=True,
              help="Also count errors on images spoilt in fifteen ways, which takes "
                   "most of the time.")  # fmt: skip
def command(models: tuple[str, ...], history: bool, **chosen: Any) -> None:
    """Show the same images to two models or more, and say which reads better.

    MODEL is a shipped model, a run folder, an .onnx or a .keras file. Whether a difference can be
    chance is told by McNemar's exact test on the images that only one of two models reads rightly.

    \b
    Examples:
      digits compare cnn small
      digits compare runs/a runs/b --history --out a-and-b
      digits compare mlp small cnn --no-robustness
      digits compare cnn torch-net.onnx --scale mnist
    """
    from digit_classifier.atomic import fresh
    from digit_classifier.cli.opening import opened
    from digit_classifier.errors import OptionError
    from digit_classifier.evaluation.result import compare
    from digit_classifier.progress import progress_bar

    if len(models) < 2:
        raise OptionError(f"a comparison takes two models or more; {models[0]} is one.")
    chosen["out"] = chosen["out"] or fresh("comparison")
    console = _console()
    with ExitStack() as stack:
        show = stack.enter_context(progress_bar(console))
        found = compare(
            [stack.enter_context(opened(model)) for model in models],
            chosen.pop("dataset"),
            histories=[_read_history(model) for model in models] if history else [],
            progress=show,
            **chosen,
        )
    for note in found.dataset.notes:
        console.print(f"Warning: {note}", style="yellow", markup=False)
    assert found.written
    _print(console, found.written)


def _console() -> "Console":
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 200  # a table in a file is not folded
    return console


def _read_history(model: str) -> "History":
    from digit_classifier.errors import OptionError
    from digit_classifier.evaluation.compare.report import History
    from digit_classifier.training.runs import read_history, validated_on

    folder = Path(model)
    if not folder.is_dir():
        raise OptionError(f"--history takes run folders, and {model} is none. Leave it out.")
    rows = read_history(folder)
    return History(
        name=folder.resolve().name,
        epochs=[row.epoch for row in rows],
        loss=[row.loss for row in rows],
        misread=[100 * (1 - row.accuracy) for row in rows],
        val_loss=[row.val_loss for row in rows],
        val_misread=[100 * (1 - row.val_accuracy) for row in rows],
        seconds=[row.seconds for row in rows],
        validated_on=validated_on(folder),
    )


def _print(console: "Console", written: "Report") -> None:
    for section in written.sections:
        console.print(f"\n{section.title}", style="bold", markup=False)
        for sentence in section.sentences:
            console.print(f"  {sentence}", markup=False, soft_wrap=not console.is_terminal)
        _print_table(console, section.tables[0])
    page = written.folder / "comparison.html"
    console.print(f"Written  {page} in {written.metrics['seconds']:.0f} s", markup=False)


def _print_table(console: "Console", table: "Table") -> None:
    from rich.table import Table as Lines
    from rich.text import Text

    lines = Lines(box=None, pad_edge=False, header_style="bold")
    for at, column in enumerate(table.columns):
        number = all(str(row[at])[:1].isdigit() for row in table.rows)
        lines.add_column(column, justify="right" if at and number else "left", overflow="fold")
    for row in table.rows:
        lines.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    console.print()
    console.print(lines, soft_wrap=False)
    console.print()
