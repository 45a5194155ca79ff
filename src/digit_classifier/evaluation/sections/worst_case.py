"""How often a digit is read rightly wherever it lies and however it is turned.

An average forgives a model that errs at some angle for every image, another angle for each. Here
an image counts only if it is read rightly under all of a grid of transformations.
Source: L. Engstrom, B. Tran, D. Tsipras, L. Schmidt, A. Madry, "Exploring the landscape of spatial
    robustness", ICML 2019, section 3 (grid search).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.corruptions.mnist_c import shift, turn
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.predictions import Progress, choose, silent, spread
from digit_classifier.evaluation.section import Table
from digit_classifier.stats import interval
from digit_classifier.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Pixels and degrees. MNIST's digits have four pixels of paper on each side, so nothing of a digit
# is lost by these shifts.
SHIFTS = tuple(range(-4, 5))
TURNS = tuple(range(-45, 46, 5))
# Both at once, more coarsely.
BOTH_SHIFTS, BOTH_TURNS = (-2, 0, 2), (-20, -10, 0, 10, 20)
SAMPLE, QUICK_SAMPLE = 1_000, 200
# Limits, in pixels and degrees, under which the worst case is given.
SHIFT_LIMITS, TURN_LIMITS = (1, 2, 3, 4), (10, 20, 30, 45)
# Percent of errors that have the full colour in a map that has no more.
MIN_SCALE = 10.0


class Move(NamedTuple):
    """A transformation: pixels down and to the right, then degrees anticlockwise."""

    down: int
    right: int
    degrees: int


@dataclass(frozen=True, eq=False)
class WorstCase:
    """Which images are read rightly under which transformations.

    Attributes:
        shifted: bool, shape (9, 9, n): by pixels down and to the right, in the order of `SHIFTS`.
        turned: bool, shape (19, n): by degrees, in the order of `TURNS`.
        both: bool, shape (45, n): shifted by `BOTH_SHIFTS` and turned by `BOTH_TURNS`.
    """

    shifted: np.ndarray
    turned: np.ndarray
    both: np.ndarray

    @property
    def n(self) -> int:
        """How many images."""
        return int(self.turned.shape[1])

    def under_shifts(self, most: int) -> np.ndarray:
        """All shifts of up to `most` pixels either way: bool, shape (shifts, n)."""
        within = np.abs(SHIFTS) <= most
        return np.asarray(self.shifted[within][:, within].reshape(-1, self.n))

    def under_turns(self, most: int) -> np.ndarray:
        """All turns of up to `most` degrees either way: bool, shape (turns, n)."""
        return np.asarray(self.turned[np.abs(TURNS) <= most])


def measure(
    predict: Predict,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    sample: int = SAMPLE,
    progress: Progress = silent,
) -> WorstCase:
    """Shift and turn images over a grid.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10); called from several threads at once.
        images: uint8, shape (n, 28, 28).
        labels: 0 to 9, shape (n,).
        sample: at most so many images, evenly spread over all.
        progress: called with ("shifts and turns", done, total).
    """
    chosen = choose(len(images), sample)
    images, labels = images[chosen], np.asarray(labels)[chosen]
    moves = [Move(down, right, 0) for down, right in product(SHIFTS, SHIFTS)]
    moves += [Move(0, 0, degrees) for degrees in TURNS]
    moves += [Move(*each) for each in product(BOTH_SHIFTS, BOTH_SHIFTS, BOTH_TURNS)]

    def judge(move: Move) -> np.ndarray:
        return np.asarray(predict(transform(images, move)).argmax(axis=1) == labels)

    rights = []
    for done, right in enumerate(spread(judge, moves), 1):
        rights.append(right)
        progress("shifts and turns", done, len(moves))
    right, (side, turns) = np.array(rights), (len(SHIFTS), len(TURNS))
    shifted = right[: side * side].reshape(side, side, len(images))
    return WorstCase(shifted, right[side * side :][:turns], right[side * side + turns :])


def transform(images: np.ndarray, move: Move) -> np.ndarray:
    """Turn images about their centre, then shift them; uint8, shape (n, 28, 28)."""
    turned = turn(images, np.full(len(images), move.degrees)) if move.degrees else images
    return shift(turned, move.down, move.right)


def summarise(worst: WorstCase) -> list[str]:
    """The shares that are read rightly under every move of a grid, in a sentence."""
    grids = (worst.under_shifts(2), worst.under_turns(20), worst.both)
    shifts, turns, both = (percent(grid.all(axis=0).mean(), 1) for grid in grids)
    return [
        f"Of {worst.n:,} images, {shifts} are read rightly under every shift of up to 2 pixels, "
        f"{turns} under every turn of up to 20 degrees, {both} under all {len(worst.both)} of a "
        "grid of both."
    ]


def tabulate(worst: WorstCase) -> Table:
    """Each grid: right on average, at its hardest, and under all of it."""
    grids = [(f"shifts up to {most} px", worst.under_shifts(most)) for most in SHIFT_LIMITS]
    grids += [(f"turns up to {most}°", worst.under_turns(most)) for most in TURN_LIMITS]
    both = f"shifts of {BOTH_SHIFTS[-1]} px with turns up to {BOTH_TURNS[-1]}°"
    grids.append((both, worst.both))
    columns = ["Grid", "Tried", "Right on average, %", "At the hardest, %"]
    columns += ["Right under all, %", "95 % interval, %"]
    caption = (
        f"Shifts and turns about the centre, n = {worst.n:,} images. Right under all: under every "
        "one that was tried, the worst for each image included."
    )
    always = [int(right.all(axis=0).sum()) for _, right in grids]
    return Table(
        columns,
        [
            [name, len(right), f"{100 * right.mean():.1f}",
             f"{100 * right.mean(axis=1).min():.1f}", f"{100 * hits / worst.n:.1f}",
             interval(hits, worst.n)]
            for (name, right), hits in zip(grids, always, strict=True)
        ],
        caption,
    )  # fmt: skip


def describe(worst: WorstCase) -> dict[str, Any]:
    """All of it for metrics.json: shares of right answers."""
    return {
        "n": worst.n,
        "shifts_px": list(SHIFTS),
        "accuracy_by_shift": worst.shifted.mean(axis=2).tolist(),
        "turns_degrees": list(TURNS),
        "accuracy_by_turn": worst.turned.mean(axis=1).tolist(),
        "right_under_all_shifts": {
            str(most): float(worst.under_shifts(most).all(axis=0).mean()) for most in SHIFT_LIMITS
        },
        "right_under_all_turns": {
            str(most): float(worst.under_turns(most).all(axis=0).mean()) for most in TURN_LIMITS
        },
        "right_under_both": float(worst.both.all(axis=0).mean()),
    }


def draw_map(worst: WorstCase) -> Figure:
    """Accuracy by shift as a map, and by turn as a curve with its worst case."""
    figure = plotting.new_figure(3.7)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.05))
    _draw_shifts(left, 100 * worst.shifted.mean(axis=2))
    _draw_turns(right, worst)
    return figure


def _draw_shifts(axes: Axes, percents: np.ndarray) -> None:
    side = SHIFTS[-1] + 0.5
    extent = (-side, side, side, -side)
    # White where nothing is misread, the full colour where most is; the numbers say what is right.
    most = max(MIN_SCALE, 100 - float(percents.min()))
    axes.imshow(100 - percents, cmap=plotting.heat(), vmin=0, vmax=most, extent=extent)
    # Where nearly all is right, whole numbers would all be 99.
    figures = 1 if percents.min() >= 90 else 0
    for row, down in enumerate(SHIFTS):
        for column, right in enumerate(SHIFTS):
            text = _round(percents[row, column], figures)
            colour = plotting.ON_PALE
            axes.text(right, down, text, ha="center", va="center", fontsize=7, color=colour)
    axes.set(xlabel="shifted to the right (px)", ylabel="shifted down (px)")
    axes.set(xticks=SHIFTS[::2], yticks=SHIFTS[::2])
    axes.set_title("Right answers by shift (%)", fontsize=11)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _round(percent: float, figures: int) -> str:
    """Rounded, but 100 only for all and 0 only for none."""
    if percent in (0, 100):
        return f"{percent:.0f}"
    step = 10.0**-figures
    return f"{np.clip(percent, step, 100 - step):.{figures}f}"


def _draw_turns(axes: Axes, worst: WorstCase) -> None:
    axes.plot(
        TURNS, 100 * worst.turned.mean(axis=1), "o-", color=plotting.BLUE, label="at this angle"
    )
    limits = [abs(angle) for angle in TURNS]
    always = [100 * worst.under_turns(limit).all(axis=0).mean() for limit in limits]
    axes.plot(TURNS, always, "--", color=plotting.BLUE, label="at all angles up to this")
    axes.set(xlabel="turned anticlockwise (°)", ylabel="right answers (%)", ylim=(0, 102))
    axes.set(xticks=range(-45, 46, 15))
    axes.set_title("Right answers by turn", fontsize=11)
    axes.legend(fontsize=9, loc="lower center")
