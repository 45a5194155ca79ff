"""How every plot of this project looks: the one home of style, colours and saving."""

import contextlib
import functools
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from PIL.ImageFont import FreeTypeFont, ImageFont

# Okabe and Ito's colours, told apart by colour-blind readers (jfly.uni-koeln.de/color, 2008). In a
# report BLUE is the model that is judged, ORANGE what is wrong, GREY what is compared with it, and
# GREEN to PURPLE are the two sides of a scale.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GREY, FAINT = "#222222", "#8C8C8C", "#D9D9D9"
# Writing on a pale colour; INK may be turned pale for a dark page, this stays dark.
ON_PALE = "#1A1A1A"
# Inches; at 160 dots per inch a plot is 1,120 x 672 pixels, sharp at the width of a README.
SIZE = (7.0, 4.2)
DOTS_PER_INCH = 160
SUFFIXES = (".png", ".svg")

STYLE = {
    "figure.figsize": SIZE,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "savefig.dpi": DOTS_PER_INCH,
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # The same picture from the same numbers, byte for byte.
    "svg.hashsalt": "digits",
    "svg.fonttype": "path",
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the house style inside the block."""
    import matplotlib

    with matplotlib.rc_context({**STYLE, "font.family": list(_fonts())}):
        yield


def new_figure(height: float, width: float = SIZE[0], layout: Any = "constrained") -> "Figure":
    """An empty figure of so many inches, which no window and no backend knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def panels(figure: "Figure", n: int, columns: int, **how: Any) -> "list[Axes]":
    """So many axes in rows of `columns`, what is left of the last row empty; see `subplots`."""
    places = figure.subplots(-(-n // columns), columns, squeeze=False, **how).ravel()
    for empty in places[n:]:
        empty.set_axis_off()
    return list(places[:n])


def heading(figure: "Figure", text: str) -> None:
    """A title over all axes of a figure, as wide as it and as bold as those of one."""
    figure.suptitle(text, x=0.012, ha="left", fontsize=13, fontweight="bold")


# What systems have for letters that matplotlib's own font lacks; the first is that font.
_FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei",
    "Hiragino Sans GB", "PingFang SC", "Malgun Gothic", "Nirmala UI", "Arial Unicode MS",
)  # fmt: skip


@functools.cache
def _fonts() -> dict[str, frozenset[int]]:
    """The fonts that text is drawn in, the first that has a letter taken, with their letters."""
    from matplotlib.font_manager import fontManager, get_font

    files = {font.name: font.fname for font in fontManager.ttflist}
    there = [name for name in _FONTS if name in files]
    return {name: frozenset(get_font(files[name]).get_charmap()) for name in there}


def show_name(name: str) -> str:
    r"""A user's own name as a plot can show it: $ is no mathematics, \u5f20 a letter of no font."""
    return _escaped(name, frozenset().union(*_fonts().values())).replace("$", r"\$")


def choose_font(text: str, size: int) -> "tuple[str, FreeTypeFont | ImageFont]":
    """A line as Pillow can draw it, and the font that has its letters."""
    from matplotlib.font_manager import findfont
    from PIL import ImageFont

    if text.isascii():
        return text, ImageFont.load_default(size)
    usual, *_ = _fonts()
    name = next((name for name, has in _fonts().items() if has.issuperset(map(ord, text))), usual)
    return _escaped(text, _fonts()[name]), ImageFont.truetype(findfont(name), size)


def _escaped(text: str, known: frozenset[int]) -> str:
    return "".join(
        c if ord(c) in known else c.encode("ascii", "backslashreplace").decode("ascii")
        for c in text
    )


def heat() -> "LinearSegmentedColormap":
    """White for nothing to ORANGE for most: for counts of what went wrong."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("heat", ["#FFFFFF", "#F6CDB5", "#D45D00"])


def two_sided() -> "LinearSegmentedColormap":
    """GREEN below, white at nothing, PURPLE above: for changes and signed weights."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("two-sided", [GREEN, "#FFFFFF", PURPLE])


def percent_ticks(axis: "Axis") -> None:
    """Write the shares along an axis in per cent."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axis.set_minor_formatter(NullFormatter())


def bare(axes: "Axes") -> None:
    """Leave axes without ticks, grid and frame, for pictures whose axes are pixels."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def frame(axes: "Axes") -> None:
    """Leave axes nothing but a thin frame, for pictures that are white at their edge."""
    bare(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT, linewidth=0.8)


def show_digit(axes: "Axes", image: np.ndarray) -> None:
    """A uint8 digit (28, 28) as ink on paper, its pixels sharp, in a thin frame."""
    frame(axes)
    axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255, interpolation="none")


def save(figure: "Figure", path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Write a figure as PNG and as SVG, `path` being the name without suffix.

    Raises:
        StorageError: a file cannot be written.
    """
    for suffix in suffixes:
        with replacing(path.with_name(path.name + suffix)) as temporary:
            # a date would make two files of one figure differ
            figure.savefig(temporary, metadata={"Date": None} if suffix == ".svg" else None)


def _import_matplotlib() -> None:
    """Import matplotlib although MPLBACKEND may name what it does not know, or has no toolkit for.

    It refuses to be imported then. The backend is for windows; files are drawn without.
    """
    wanted = os.environ.pop("MPLBACKEND")
    try:
        import matplotlib

        with contextlib.suppress(ValueError):
            matplotlib.rcParams["backend"] = wanted
    except ImportError:  # said where something is to be drawn
        pass
    finally:
        os.environ["MPLBACKEND"] = wanted


def _is_of_use(record: logging.LogRecord) -> bool:
    """Whether a line of matplotlib's is about a plot, not about where it keeps its own files."""
    housekeeping = ("mkdir -p", "MPLCONFIGDIR", "font cache")
    return not any(word in str(record.msg) for word in housekeeping)


# Every module that draws imports this one first.
for _logger in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_logger).addFilter(_is_of_use)
if "MPLBACKEND" in os.environ and "matplotlib" not in sys.modules:
    _import_matplotlib()
