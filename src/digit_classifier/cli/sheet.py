"""`digits sheet`: a page to print, and filled ones read into a folder of labelled pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digit_classifier.shell import digits
from digit_classifier.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digit_classifier.errors import DigitError
    from digit_classifier.picture import Picture
    from digit_classifier.picture.form import Box


@click.command()
@click.argument("pictures", nargs=-1, metavar="[PICTURE...]")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.pdf|FOLDER",
              help="Where the page, or what was read, goes.  "
                   "[default: sheet.pdf or my-digits]")  # fmt: skip
@click.option("--paper", type=click.Choice(["A4", "Letter"], case_sensitive=False), default="A4",
              show_default=True, help="What is printed on.")  # fmt: skip
@click.option("--writer", metavar="NAME",
              help="Who wrote all of these sheets; else each has a writer, named as "
                   "its file.")  # fmt: skip
@click.pass_context
def command(
    context: click.Context,
    pictures: tuple[str, ...],
    out: Path | None,
    paper: str,
    writer: str | None,
) -> None:
    """Make a page on which a hand writes its digits, and read filled ones back.

    Without PICTURE a PDF page to print, eight boxes for each digit. With scans or photographs of
    filled pages (files, a folder, a pattern, a TIFF of several pages), whichever way they were
    turned: a folder for each writer, with folders 0 to 9 in it, for digits train --dataset. The
    place of a box says its digit; no network is asked. Boxes that are empty or crossed out are
    named and left out. Exits with 1 when a page could not be read; the others are read all the
    same.

    \b
    Examples:
      digits sheet
      digits sheet --paper Letter --out letter.pdf
      digits sheet anna.jpg
      digits sheet scans/ --out class
      digits sheet first.png second.png --writer anna
    """
    from digit_classifier.errors import DigitError, MissingExtraError, OptionError, PictureError

    if not pictures:
        if writer is not None:
            raise OptionError("--writer says who filled the sheets that are read. Name a picture.")
        _print_page(paper, out or Path("sheet.pdf"))
        return
    if context.get_parameter_source("paper") is click.core.ParameterSource.COMMANDLINE:
        raise OptionError("--paper is for the page to print; filled ones are read of any paper.")
    folder, kept, failed, writers = out or Path("my-digits"), 0, False, set()
    if folder.is_file():
        raise OptionError(f"{folder} is a file, and pictures go into a folder. Name another.")
    for name, page in _pages(pictures):
        try:
            if isinstance(page, DigitError):
                raise page
            person = _folder_name(writer or name)
            kept += _keep(folder / person, name, page)
            writers.add(person)
        except (PictureError, MissingExtraError) as error:
            click.echo(f"{str(error).rstrip('.')}.", err=True)
            failed = True
    if kept:
        people = count(len(writers), "writer")
        click.echo(f"{folder}: {count(kept, 'picture')} of {people}. To teach them to a network:")
        click.echo(digits("train", "--dataset", folder))
    if failed:
        context.exit(1)


def _print_page(paper: str, out: Path) -> None:
    from digit_classifier import atomic
    from digit_classifier.drawn import form
    from digit_classifier.errors import OptionError

    if out.suffix.lower() != ".pdf":
        raise OptionError(f"{out} does not end in .pdf, and the page is PDF. Name it so.")
    paper = next(known for known in form.PAPERS if known.lower() == paper.lower())
    with atomic.replacing(out) as temporary:
        form.draw(paper).savefig(temporary, format="pdf", metadata={"CreationDate": None})
    click.echo(f"{out}: a page of {paper} to print. When it is filled and photographed:")
    click.echo(digits("sheet", "photo.jpg", "--out", "my-digits"))


def _pages(pictures: "Sequence[str]") -> "Iterator[tuple[str, Picture | DigitError]]":
    """All pages of all files, each with a name of its own, or why a file has none."""
    from digit_classifier.cli.sources import expand
    from digit_classifier.errors import MissingExtraError, PictureError
    from digit_classifier.picture.decode import decode_pages

    names: dict[str, Path] = {}
    for file in map(Path, expand(pictures)):
        name = file.stem
        if names.setdefault(name, file) != file:
            told = f"{file} is called as {names[name]} is, and so would its writer be; rename it"
            yield name, PictureError(told)
            continue
        try:
            for number, page in enumerate(decode_pages(file), 1):
                yield name if number == 1 else f"{name}-{number}", page
        except (PictureError, MissingExtraError) as error:
            yield name, error


def _folder_name(writer: str) -> str:
    """A writer's folder, that is taken neither for a digit's nor for a part of the data."""
    from digit_classifier.dataset.folder import digit_of, is_part

    plain = "".join("-" if c in '/\\:*?"<>|' else c for c in writer).strip(". ") or "writer"
    return f"writer-{plain}" if is_part(plain) or digit_of(plain) is not None else plain


def _keep(folder: Path, name: str, page: "Picture") -> int:
    """Write the digits of one page and say what is in its boxes; how many were written."""
    from PIL import Image

    from digit_classifier import atomic
    from digit_classifier.errors import PictureError
    from digit_classifier.picture import form

    boxes = form.read(page)
    files = {
        folder / str(box.digit) / f"{name}-{box.column}.png": box.image
        for box in boxes
        if box.image is not None
    }
    if there := next((file for file in files if file.exists()), None):
        raise PictureError(
            f"{page.name} was read before: {there} is there. Remove {folder}, or rename the picture"
        )
    for file, image in files.items():
        atomic.write_png(file, Image.fromarray(image))
    told = [count(len(files), "digit")]
    for state in ("empty", "crossed out"):
        those = [box for box in boxes if box.state == state]
        told += [f"{len(those)} {state} ({_places(those)})"] if those else []
    click.echo(f"{page.name}: {'; '.join(told)}")
    return len(files)


def _places(boxes: "Sequence[Box]") -> str:
    """Boxes in words: row 3 box 4, row 7 boxes 1, 2."""
    rows: dict[int, list[str]] = {}
    for box in boxes:
        rows.setdefault(box.digit, []).append(str(box.column))
    return ", ".join(
        f"row {row} box{'es' if len(columns) > 1 else ''} {', '.join(columns)}"
        for row, columns in rows.items()
    )
