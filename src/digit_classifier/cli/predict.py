"""`digits predict`: read the handwritten digits in pictures."""

import contextlib
import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digit_classifier.cli import flags
from digit_classifier.cli.streams import echo_json, warn
from digit_classifier.shell import one_line, readable
from digit_classifier.words import count

if TYPE_CHECKING:
    from digit_classifier.picture.decode import Source
    from digit_classifier.reader import Digit, DigitReader, Reading, Rejected

COLUMNS = ("file", "text", "confidences", "boxes", "rejected", "model", "error", "notes")
# Below this many pictures a progress bar is gone before it was seen.
BAR_FROM = 20


@click.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--model", default="cnn", show_default=True, metavar="NAME|FOLDER|FILE",
              help="A shipped model, a run folder, or an .onnx or .keras file.")  # fmt: skip
@flags.single
@flags.scale
@flags.threshold
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture, one a line.")
@click.option("--csv", "as_csv", is_flag=True, help="One row a picture, with a heading.")
@click.option("--submission", type=click.Path(dir_okay=False), metavar="FILE.csv",
              help="PICTURE is a CSV file of 784 pixels a row, as Kaggle's test.csv: write "
                   "ImageId,Label, a digit for every row.")  # fmt: skip
@click.option("--show", type=click.Path(dir_okay=False), metavar="FILE.png",
              help="Draw boxes, digits and what the network saw (one picture).")  # fmt: skip
@flags.jobs
def command(
    pictures: tuple[str, ...],
    model: str,
    single: bool,
    scale: str | None,
    threshold: float | None,
    as_json: bool,
    as_csv: bool,
    submission: str | None,
    show: str | None,
    jobs: int,
) -> None:
    """Read the handwritten digits in pictures.

    PICTURE is a file (PNG, JPEG, BMP, GIF, WEBP, TIFF; HEIC with the heic extra), a folder, a
    pattern, or - for standard input. Exits with 1 when a picture could not be read; the others
    are read all the same.

    \b
    Examples:
      digits predict photo.jpg
      digits predict drawing.png --show seen.png
      digits predict scans/ --json --jobs 4 > readings.jsonl
      digits predict "scans/*.png" --single --csv
      digits predict test.csv --submission submission.csv
      curl -s https://example.org/7.png | digits predict -
    """
    from digit_classifier.atomic import check_png, check_spares
    from digit_classifier.cli import opening
    from digit_classifier.cli.sources import expand
    from digit_classifier.errors import OptionError

    if as_json and as_csv:
        raise OptionError("--json and --csv were both given; choose one")
    if submission:
        _write_submission(pictures, model, scale, threshold, submission)
        return
    files = expand(pictures)
    if show and len(files) != 1:
        raise OptionError(f"--show draws one picture, {len(files)} were given")
    if show:
        check_spares(check_png(show), "/dev/stdin" if files[0] == "-" else files[0])
    reader = opening.reader(model, threshold, scale)
    if show:
        readings = iter([_read_and_show(reader, files[0], single, show)])
    else:
        readings = _read(reader, files, jobs, single)
    emit = _print_json if as_json else _csv_printer() if as_csv else _print_text
    failed = 0
    for reading in _with_bar(readings, len(files)):
        emit(reading)
        failed += reading.error is not None
    if failed:
        click.get_current_context().exit(1)


def _write_submission(
    tables: tuple[str, ...], model: str, scale: str | None, threshold: float | None, out: str
) -> None:
    """Read the 784 pixels of every row and write ImageId,Label, ImageId from 1, as Kaggle asks.

    Every row gets the likeliest digit; how many the model is not sure of is said.
    """
    from digit_classifier.atomic import check_spares, write_text
    from digit_classifier.cli import opening
    from digit_classifier.dataset.files import head_of, read_images
    from digit_classifier.errors import OptionError
    from digit_classifier.picture.decode import format_of

    flags.refuse(("single", "as_json", "as_csv", "show", "jobs"), "--submission")
    if len(tables) != 1:
        raise OptionError(f"--submission reads one CSV file, {len(tables)} were given.")
    table = tables[0]
    check_spares(out, table, model, Path(model, "model.onnx"))
    reader = opening.reader(model, threshold, scale)
    if Path(table).is_file() and (picture := format_of(head_of(Path(table)))):
        raise OptionError(
            f"{table} is a picture ({picture}); --submission needs a CSV file of 784 pixels a row. "
            "To read the picture, leave --submission out."
        )
    images, notes = read_images(Path(table))
    probabilities = reader.model.predict(images)
    digits = probabilities.argmax(axis=1)
    rows = (f"{number},{digit}\n" for number, digit in enumerate(digits, start=1))
    write_text(out, "ImageId,Label\n" + "".join(rows))
    for note in notes:
        warn(note)
    unsure = int((~reader.rule.accept(probabilities)).sum())
    doubts = f"not sure of {unsure:,} of them" if unsure else "sure of all"
    click.echo(f"{out}: {count(len(digits), 'row')} by {reader.name}, {doubts}")


def _read(reader: "DigitReader", files: list[str], jobs: int, single: bool) -> "Iterator[Reading]":
    sources = (sys.stdin.buffer.read() if file == "-" else file for file in files)
    # two processes would take longer to start than a few pictures take to read
    jobs = min(jobs, len(files))
    for file, reading in zip(files, reader.read_many(sources, jobs, single), strict=True):
        yield reading.replace(file=readable(file))


def _read_and_show(reader: "DigitReader", file: str, single: bool, show: str) -> "Reading":
    from digit_classifier.atomic import write_png
    from digit_classifier.errors import DigitError
    from digit_classifier.picture import Picture, decode
    from digit_classifier.reader import overlay

    source: Source = sys.stdin.buffer.read() if file == "-" else file
    with contextlib.suppress(DigitError):  # its reading says so
        source = decode(source)
    (reading,) = reader.read_batch([source], single)
    if isinstance(source, Picture) and reading.error is None:
        write_png(show, overlay.draw(source.pixels, reading))
    return reading.replace(file=readable(file))


def _with_bar(readings: "Iterator[Reading]", total: int) -> "Iterator[Reading]":
    if total < BAR_FROM or not sys.stderr.isatty():
        yield from readings
        return
    from rich.console import Console

    from digit_classifier.progress import progress_bar

    # results on the same terminal go above the bar; results sent elsewhere are left alone
    console, together = Console(stderr=True), sys.stdout.isatty()
    with progress_bar(console, redirect_stdout=together) as show:
        what = f"of {total:,} pictures"
        for done, reading in enumerate(readings):
            show(what, done, total)
            yield reading


def _print_json(reading: "Reading") -> None:
    echo_json(reading.to_dict())


def _csv_printer() -> "Callable[[Reading], None]":
    click.echo(",".join(COLUMNS))

    def emit(reading: "Reading") -> None:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(
            (
                reading.file,
                reading.text,
                " ".join(f"{digit.confidence:.4f}" for digit in reading.digits),
                " ".join("/".join(map(str, digit.box)) for digit in reading.digits),
                len(reading.rejected),
                reading.model,
                reading.error or "",
                "; ".join(reading.notes),
            )
        )
        click.echo(row.getvalue(), nl=False)

    return emit


def _print_text(reading: "Reading") -> None:
    name = "standard input" if reading.file == "-" else str(reading.file)
    if reading.error:  # names the file without its folder, where another may have that name, too
        told = reading.error.removeprefix(Path(name).name)
        told = reading.error if told == reading.error else name + told
        click.echo(f"Error: {one_line(told)}", err=True)
        return
    name = one_line(name)
    click.echo(click.style(name, bold=True) + _aside(reading))
    lines = reading.text.split("\n") if reading.text else []
    width, marks = max(map(len, lines), default=0), iter(reading.marks)
    for line in lines:
        sure = islice(marks, len("".join(line.split())))
        click.echo(f"  {line:{width}}  {'  '.join(map(_sure, sure))}".rstrip())


def _aside(reading: "Reading") -> str:
    if reading.digits:
        return f": {'; '.join(reading.notes)}" if reading.notes else ""
    reasons = Counter(mark.reason for mark in reading.rejected).most_common(3)
    left_out = ", ".join(f"{count(n, 'mark')} ({reason})" for reason, n in reasons)
    said = [*reading.notes, *([f"left out: {left_out}"] if left_out else [])]
    return ": " + ". ".join(["no digit", *(each[:1].upper() + each[1:] for each in said)])


def _sure(mark: "Digit | Rejected") -> str:
    what, _, confidence = str(mark).rpartition(" ")
    is_sure = getattr(mark, "confidence", 0) >= 0.9
    return f"{what} " + click.style(confidence, fg="green" if is_sure else "yellow")
