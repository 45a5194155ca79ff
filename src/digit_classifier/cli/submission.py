"""`digits predict test.csv --submission FILE`: a digit for each row of a table, as Kaggle asks."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digit_classifier.words import count

if TYPE_CHECKING:
    from digit_classifier.reader import DigitReader


def write(reader: "DigitReader", table: str, out: str) -> None:
    """Read every row's 784 pixels and write ImageId,Label, ImageId from 1.

    Every row gets the likeliest digit; how many the model is not sure of is said.

    Raises:
        OptionError: it is a picture.
        DataError: no such table, or its pixels are not 0 to 255 or 0 to 1.
        StorageError: the file cannot be written.
    """
    from digit_classifier.atomic import write_text
    from digit_classifier.dataset.files import head_of, read_images
    from digit_classifier.errors import OptionError
    from digit_classifier.picture.decode import format_of

    path = Path(table)
    if path.is_file() and (picture := format_of(head_of(path))):
        raise OptionError(
            f"{table} is a picture ({picture}); --submission needs a CSV file of 784 pixels a row. "
            "To read the picture, leave --submission out."
        )
    images, notes = read_images(path)
    probabilities = reader.model.predict(images)
    digits = probabilities.argmax(axis=1)
    rows = (f"{number},{digit}\n" for number, digit in enumerate(digits, start=1))
    write_text(out, "ImageId,Label\n" + "".join(rows))
    unsure = int((~reader.rule.accept(probabilities)).sum())
    for note in notes:
        click.secho(f"Warning: {note}", err=True, fg="yellow")
    read = count(len(digits), "row")
    doubts = f"not sure of {unsure:,} of them" if unsure else "sure of all"
    click.echo(f"{out}: {read} by {reader.name}, {doubts}")
