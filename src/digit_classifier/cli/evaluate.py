"""`digits evaluate`: measure how well a model reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digit_classifier.evaluation.mistakes import Mistake
    from digit_classifier.evaluation.pictures import Outcome, Row
    from digit_classifier.reader import DigitReader, Reading

# Of the drawings that measure refusals; trainings use small seeds.
SEED = 20_000


@click.command()
@click.option("--pictures", type=click.Path(), metavar="FOLDER",
              help="Pictures with a manifest.csv (file,text[,kind,style]; / between lines), or in "
                   "sub-folders 0 to 9, or named by their digit.")  # fmt: skip
@click.option("--nondigits", is_flag=True,
              help="Drawn crosses, letters, scribbles and the like: which share is refused, and "
                   "what that costs in digits of the test set.")  # fmt: skip
@click.option("--model", default="cnn", show_default=True, metavar="NAME|FOLDER|FILE.onnx",
              help="A shipped model, a run folder, or an .onnx file.")  # fmt: skip
@click.option("--single", is_flag=True, help="Each picture holds one digit: do not look for more.")
@click.option("--threshold", type=click.FloatRange(0, 1), metavar="0..1",
              help="Least confidence for a digit. Default: as measured for the model.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE.png",
              help="Draw every misread picture with what the network saw.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
              help="Processes that share the work.")  # fmt: skip
def command(
    pictures: str | None,
    nondigits: bool,
    model: str,
    single: bool,
    threshold: float | None,
    out: str | None,
    jobs: int,
) -> None:
    """Measure how well a model reads pictures whose text you know, or what it refuses.

    \b
    Examples:
      digits evaluate --pictures my-digits/ --out mistakes.png
      digits evaluate --pictures scans/ --single --model runs/latest
      digits evaluate --nondigits
    """
    from digit_classifier.errors import OptionError
    from digit_classifier.reader import DigitReader

    if nondigits == bool(pictures):
        raise OptionError("choose one of --pictures FOLDER and --nondigits")
    reader = DigitReader(model, threshold)
    if pictures:
        _judge_pictures(reader, pictures, single, out, jobs)
    else:
        _judge_nondigits(reader)


def _judge_pictures(
    reader: "DigitReader", folder: str, single: bool, out: str | None, jobs: int
) -> None:
    from digit_classifier.evaluation import mistakes, pictures

    cases = pictures.list_cases(folder)
    readings = list(reader.read_many((case.path for case in cases), jobs, single))
    outcomes = pictures.judge(cases, readings)
    click.echo(f"model {reader.name}, threshold {reader.threshold:.3f}, {len(cases)} pictures")
    _print_table(pictures.tabulate(outcomes))
    wrong = [pair for pair in zip(outcomes, readings, strict=True) if not pair[0].exact]
    for outcome, reading in wrong:
        click.echo(_caption(outcome, reading))
    if out:
        mistakes.write_sheet(out, [_mistake(outcome, reading) for outcome, reading in wrong])
        click.echo(f"{len(wrong)} mistakes drawn in {out}")


def _judge_nondigits(reader: "DigitReader") -> None:
    from digit_classifier.dataset import load
    from digit_classifier.evaluation import rejection
    from digit_classifier.intervals import wilson

    dataset = load()
    rows = rejection.measure(reader.model.predict, reader.rule.vouch, dataset.test_images, SEED)
    click.echo(f"model {reader.name}, threshold {reader.threshold:.3f}, digits of {dataset.name}")
    click.echo(f"{'what':20} {'shown':>6} {'refused':>8}  95 % interval")
    for row in (*rows, *rejection.sum_up(rows)[1:]):
        low, high = wilson(row.refused, row.n)
        share = f"{row.refused / row.n:.2%}"
        held_out = "  (never trained on)" if row.seen is False else ""
        click.echo(f"{row.kind:20} {row.n:6} {share:>8}  {low:.2%}-{high:.2%}{held_out}")


def _print_table(rows: "Sequence[Row]") -> None:
    from digit_classifier.intervals import wilson

    click.echo(f"{'kind':8} {'pictures':>8} {'exact':>6} {'':>7}  {'95 % interval':14} digits")
    for row in rows:
        low, high = wilson(row.exact, row.n)
        share = f"{row.digits_right / row.digits:.1%}" if row.digits else "-"
        line = (
            f"{'' if row.style else row.kind:8} {row.n:8} {row.exact:6} {row.exact / row.n:7.1%}  "
            f"{low:.1%}-{high:.1%}".ljust(48)
            + f" {share:>6}  {row.style}"
        )
        click.echo(click.style(line.rstrip(), bold=not row.style))


def _caption(outcome: "Outcome", reading: "Reading") -> str:
    there = outcome.case.text or "no digit"
    return f"{outcome.case.path.name}: {there}, read {reading.error or outcome.read or 'nothing'}"


def _mistake(outcome: "Outcome", reading: "Reading") -> "Mistake":
    from digit_classifier.evaluation.mistakes import Mistake

    seen = [(f"{digit.digit} {digit.confidence:.0%}", digit.image) for digit in reading.digits]
    seen += [("?", mark.image) for mark in reading.rejected if mark.image is not None]
    return Mistake(Path(outcome.case.path), _caption(outcome, reading), seen)
