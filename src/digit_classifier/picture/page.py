"""From a picture to its marks: the way through the rest of this package."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier.errors import NoInkError
from digit_classifier.picture import prepared
from digit_classifier.picture.decode import Picture, decode
from digit_classifier.picture.marks import Mark, Page

if TYPE_CHECKING:
    from PIL import Image


def find(picture: Picture, *, single: bool = False) -> Page:
    """Find every mark that may be a digit.

    Args:
        picture: what `decode` returned.
        single: all ink belongs to one digit: do not look for several.
    Returns:
        The marks in reading order; none for a blank picture.
    """
    image = prepared.recognise(picture.pixels)
    if image is not None:
        mark = Mark(image, _box(image))
        return Page((mark,), width=picture.width, height=picture.height, notes=picture.notes)
    from digit_classifier.picture import layout  # OpenCV is imported only where it is needed

    page = layout.read(picture.pixels, single=single)
    return replace(page, notes=(*picture.notes, *page.notes))


def normalise(image: "Picture | np.ndarray | Image.Image") -> np.ndarray:
    """Redraw one digit as MNIST would have drawn it.

    Args:
        image: a picture of one digit, any mode and size; ink darker or lighter than the paper.
    Returns:
        uint8, shape (28, 28): paper 0, ink 255, longest side 20 px, centre of mass within one
        pixel of (14, 14). MNIST's own images come back unchanged.
    Raises:
        NoInkError: nothing stands out from the paper.
    Source: LeCun, Cortes, Burges, "The MNIST database", the normalisation paragraph.
    """
    picture = image if isinstance(image, Picture) else decode(image)
    page = find(picture, single=True)
    if not page.marks:
        raise NoInkError(
            f"no digit found in {picture.name}: nothing stands out from the paper; "
            "use a darker pen or crop closer"
        )
    return page.marks[0].image


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    rows = np.flatnonzero(image.any(axis=1))
    columns = np.flatnonzero(image.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1
