"""`digits evaluate`: figures about a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli import flags
from digit_classifier.cli.streams import warn
from digit_classifier.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from rich.console import Console

    from digit_classifier.evaluation.pictures import Outcome, Row
    from digit_classifier.evaluation.report import Report
    from digit_classifier.reader import DigitReader, Reading

MAX_SHOWN = 150  # mistakes on one sheet; more is a picture that nothing opens


@click.command()
@click.argument("model", default="cnn", metavar="[MODEL]")
@click.option("--out", type=click.Path(), metavar="PATH",
              help="The report's folder. Default: reports/ and the model's name, with a number "
                   "where that is there. With --pictures: a PNG file, every misread picture "
                   "with what the network saw.")  # fmt: skip
@flags.shown_images
@click.option("--quick", is_flag=True,
              help="Corruptions on 1,000 images, and fewer non-digits.")  # fmt: skip
@click.option("--ood", type=click.Path(), metavar="PATH",
              help="Pictures that are no digits, such as Fashion-MNIST: what --dataset takes, or "
                   "one file of images. Labels do not matter.")  # fmt: skip
@flags.scale
@click.option("--pictures", type=click.Path(), metavar="FOLDER",
              help="No report: read pictures of your own, with a manifest.csv "
                   "(file,text[,kind,style]; / between lines, spaces for gaps), or in "
                   "sub-folders 0 to 9, or named by their digit.")  # fmt: skip
@click.option("--nondigits", is_flag=True,
              help="No report: which share is rejected of drawn crosses, letters, scribbles and "
                   "the like, and what that costs in digits.")  # fmt: skip
@click.option("--beside", multiple=True, type=click.Choice(["rapidocr", "tesseract"]),
              help="With --pictures: also what another reader makes of them, where it is "
                   "installed.")  # fmt: skip
@flags.single
@flags.threshold
@flags.jobs
def command(
    model: str,
    pictures: str | None,
    nondigits: bool,
    single: bool,
    threshold: float | None,
    out: str | None,
    jobs: int,
    beside: tuple[str, ...],
    **chosen: Any,
) -> None:
    """Measure a model: its accuracy, errors, calibration and robustness.

    MODEL is a shipped model, a run folder, a .keras file, or any .onnx file that reads 28x28
    images: exports of PyTorch and scikit-learn too. It is shown MNIST's 10,000 test images; the
    report is a folder with report.html, metrics.json and every picture.

    \b
    Examples:
      digits evaluate
      digits evaluate runs/latest --out report --quick
      digits evaluate torch-net.onnx --scale mnist
      digits evaluate --pictures my-digits/ --out mistakes.png
      digits evaluate mlp --nondigits
    """
    from digit_classifier.atomic import check_png, check_spares

    _check_flags(pictures, nondigits)
    if pictures and out:
        check_spares(check_png(out), pictures)
    if not pictures and not nondigits:
        _write_report(model, out, **chosen)
        return
    from digit_classifier.cli import opening

    reader = opening.reader(model, threshold, chosen["scale"])
    if pictures:
        _judge_pictures(reader, pictures, single, out, jobs, beside)
    else:
        shown = ("dataset", "data_dir", "transpose", "invert")
        _judge_nondigits(reader, {name: chosen[name] for name in shown})


def _check_flags(pictures: str | None, nondigits: bool) -> None:
    """A flag that the chosen measurement would ignore is a mistake."""
    from digit_classifier.errors import OptionError

    if pictures and nondigits:
        raise OptionError("choose one of --pictures FOLDER and --nondigits")
    if pictures:
        data = ("data_dir", "dataset", "invert", "transpose")
        flags.refuse((*data, "ood", "quick"), "--pictures")
    elif nondigits:
        flags.refuse(("beside", "jobs", "ood", "out", "quick", "single"), "--nondigits")
    else:
        flags.refuse(("beside", "jobs", "single", "threshold"), "the report")


def _write_report(model: str, out: str | None, **chosen: Any) -> None:
    from rich.console import Console

    from digit_classifier.atomic import fresh
    from digit_classifier.cli.opening import opened
    from digit_classifier.evaluation.result import evaluate
    from digit_classifier.progress import progress_bar

    console = Console(highlight=False, soft_wrap=True)
    with progress_bar(console) as show, opened(model, chosen.pop("scale")) as loaded:
        place = out or fresh(Path("reports") / loaded.name)
        result = evaluate(loaded, chosen.pop("dataset"), out=place, progress=show, **chosen)
    for note in result.dataset.notes:
        console.print(f"Warning: {note}", style="yellow", markup=False)
    assert result.written
    _print_summary(console, result.written)


def _print_summary(console: "Console", report: "Report") -> None:
    """Each section's question, the first sentence of its answer, and what that may not mean."""
    from rich.padding import Padding
    from rich.text import Text

    images = report.metrics["images"]
    name = report.metrics["model"]["name"]
    console.print(
        f"{name} on {images['n']:,} {images['part']} of {images['dataset']}",
        style="bold", markup=False,
    )  # fmt: skip
    for section in report.sections:
        seconds = f"({report.metrics['seconds'][section.key]:.1f} s)"
        console.print(f"\n{section.title} {seconds}", style="bold", markup=False)
        answer = Text(" ".join([section.sentences[0], *section.caveats]))
        console.print(Padding(answer, (0, 0, 0, 2)) if console.is_terminal else answer)
    pages = report.folder / "report.html"
    worked = report.metrics["processor_seconds"]
    seconds = f"{report.metrics['seconds']['total']:.0f} s ({worked:.0f} s of processor time)"
    console.print(f"\nReport  {pages} in {seconds}", markup=False)


def _judge_pictures(
    reader: "DigitReader",
    folder: str,
    single: bool,
    out: str | None,
    jobs: int,
    beside: tuple[str, ...],
) -> None:
    from digit_classifier import contact_sheet
    from digit_classifier.atomic import write_png
    from digit_classifier.errors import DataError
    from digit_classifier.evaluation import pictures

    others = {name: pictures.peer(name) for name in beside}
    cases, left_out = pictures.list_cases(folder)
    for sentence in left_out:
        warn(sentence)
    read = []
    paths = (case.path for case in cases)
    for case, reading in zip(cases, reader.read_many(paths, jobs, single), strict=True):
        if reading.error:
            # no digit of it was misread, so it counts neither for nor against the model
            warn(f"{case.name}: not counted, cannot be read: {reading.error}")
        else:
            read.append((case, reading))
    if not read:
        raise DataError(f"none of the {len(cases)} pictures in {folder} can be read.")
    cases = [case for case, _ in read]
    outcomes = pictures.judge(cases, [reading.text for _, reading in read])
    click.echo(f"model {reader.name}, {_rule(reader)}, {count(len(cases), 'picture')}")
    _print_table(pictures.tabulate(outcomes))
    found = zip(outcomes, (reading for _, reading in read), strict=True)
    wrong = [(outcome, reading) for outcome, reading in found if not outcome.exact]
    for outcome, _ in wrong:
        click.echo(_caption(outcome))
    for name, other in others.items():
        click.echo(f"\n{name}, {count(len(cases), 'picture')}")
        _print_table(pictures.tabulate(pictures.judge(cases, [other(c.path) for c in cases])))
    if out:
        shown = wrong[:MAX_SHOWN]
        tiles = [(_caption(outcome), _mistake(reading)) for outcome, reading in shown]
        if not wrong or wrong[MAX_SHOWN:]:
            last = f"... and {len(wrong) - MAX_SHOWN:,} more" if wrong else "no mistakes"
            tiles.append((last, None))
        write_png(out, contact_sheet.draw(tiles, columns=2))
        click.echo(f"{count(len(wrong), 'mistake')} drawn in {out}")


def _rule(reader: "DigitReader") -> str:
    return "its own rule" if reader.threshold is None else f"threshold {reader.threshold:g}"


def _judge_nondigits(reader: "DigitReader", shown: dict[str, Any]) -> None:
    """The figures of the report's section on what is no digit, by this reader's rule."""
    from digit_classifier.cli.opening import load_aloud
    from digit_classifier.evaluation.ood_sets import measure
    from digit_classifier.evaluation.report import check_installed
    from digit_classifier.stats import wilson

    check_installed()
    dataset = load_aloud(**shown)
    digits, labels = dataset.test_images, dataset.test_labels
    scores = measure(reader.model.predict, digits, labels, rule=reader.rule)
    click.echo(f"model {reader.name}, {_rule(reader)}, drawn non-digits beside")
    click.echo(f"{'what':30} {'shown':>6} {'rejected':>8}  95 % interval")
    accepted = int((scores.digits >= reader.rule.threshold).sum())
    rows = [(f"test images of {dataset.name}", len(digits), accepted, "")]
    rows += [
        (row.kind, row.n, row.accepted_by_rule or 0, "" if row.taught else "  (never trained on)")
        for row in (*scores.rows, *scores.sums)
    ]
    for kind, n, passed, aside in rows:
        low, high = wilson(n - passed, n)
        share = f"{(n - passed) / n:.2%}"
        click.echo(f"{kind:30} {n:6} {share:>8}  {low:.2%}-{high:.2%}{aside}")


def _print_table(rows: "Sequence[Row]") -> None:
    from digit_classifier.stats import wilson

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


def _caption(outcome: "Outcome") -> str:
    there = outcome.case.text or "no digit"
    return f"{outcome.case.name}: {there}, read {outcome.read or 'nothing'}"


def _mistake(reading: "Reading") -> "Image | None":
    from digit_classifier.reader import overlay

    return overlay.draw(overlay.pixels_of(reading), reading, within=(150, 240), row=6)
