"""The page that is printed, filled by hand and read back by `picture/form.py`."""

from typing import TYPE_CHECKING

from digit_classifier import plotting
from digit_classifier.picture import form

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}  # millimetres, width and height
_INCH = 25.4
_PALE = "#BDBDBD"  # of the frames: paler than any pencil


def draw(paper: str) -> "Figure":
    """Draw the sheet: a row of boxes for each digit, six marks, a line for the name.

    Args:
        paper: a key of `PAPERS`.
    Returns:
        A figure of the paper's size, all of it lines, areas and writing.
    """
    width, height = PAPERS[paper]
    with plotting.style():
        figure = plotting.new_figure(height / _INCH, width / _INCH, layout=None)
        axes = figure.add_axes((0, 0, 1, 1))
        left, top = (width - form.WIDTH) / 2, (height - form.HEIGHT) / 2
        axes.set(xlim=(-left, width - left), ylim=(height - top, -top))
        axes.axis("off")
        for number in range(len(form.PLACES)):
            _draw_mark(axes, number)
        _write(axes)
        for digit in range(10):
            x, y = form.place(digit, 1)
            axes.text(x - 5, y + form.BOX / 2, str(digit), size=22, ha="right", va="center")
            for column in range(1, form.COLUMNS + 1):
                _draw_square(axes, *form.place(digit, column), form.BOX, fill=False)
    return figure


def _write(axes: "Axes") -> None:
    x, size = form.MARK + 5, 9.5
    axes.text(x, 4, "Name", size=13, va="center")
    axes.plot([x + 17, form.WIDTH - x], [6, 6], color=plotting.GREY, linewidth=0.8)
    axes.text(
        x,
        11,
        "Write one digit in each box, as you always do, with a dark pen, inside the frame.\n"
        "A box went wrong? Draw a large X through it, from corner to corner. It may stay empty.",
        size=size,
        va="top",
        linespacing=1.5,
    )
    below = form.HEIGHT - form.MARK
    axes.text(
        x,
        below + 4,
        "Scan this page, or photograph all of it from above, flat and in even light.\n"
        "Then: digits sheet photo.jpg --out my-digits",
        size=size,
        va="top",
        linespacing=1.5,
    )


def _draw_mark(axes: "Axes", number: int) -> None:
    """A mark as squares of black on the paper, so that it is sharp at any size."""
    x, y = form.PLACES[number]
    cells = form.MARKS.generateImageMarker(number, form.MARKS.markerSize + 2)
    side = form.MARK / len(cells)
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if not value:
                _draw_square(axes, x + column * side, y + row * side, side, fill=True)


def _draw_square(axes: "Axes", x: float, y: float, side: float, *, fill: bool) -> None:
    from matplotlib.patches import Rectangle

    how = {"facecolor": "black"} if fill else {"fill": False, "edgecolor": _PALE}
    axes.add_patch(Rectangle((x, y), side, side, linewidth=0.1 if fill else 0.8, **how))
