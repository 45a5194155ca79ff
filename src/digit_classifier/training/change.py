"""What a fine-tuning changed: before and after in figures, in lines, and as a sheet of pictures."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from digit_classifier import contact_sheet
from digit_classifier.stats import mcnemar, wilson
from digit_classifier.words import percent, write_p

# The sheet of what changed: pixels of a picture's side, pictures in a row, and how many at most.
TILE, COLUMNS, SHOWN = 112, 10, 200


@dataclass(frozen=True)
class Counts:
    """What a model makes of labelled images.

    Attributes:
        right: how many it reads rightly, whether it is sure of them or not.
        rejected: how many it is not sure of, by its own rule.
        interval: 95 % interval of the share read rightly.
    """

    right: int
    rejected: int
    interval: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Change:
    """What a fine-tuning made of images that it did not learn from.

    Attributes:
        what: what the images are, in words.
        images: uint8, shape (n, 28, 28), n at least 1.
        labels: uint8, shape (n,).
        answers: the digits read before and after, two arrays (n,).
        accepted: whether each was sure, before and after, two of bool (n,).
    """

    what: str
    images: np.ndarray
    labels: np.ndarray
    answers: tuple[np.ndarray, np.ndarray]
    accepted: tuple[np.ndarray, np.ndarray]

    @property
    def before(self) -> Counts:
        """By the model that it began from."""
        return self._count(0)

    @property
    def after(self) -> Counts:
        """By the fine-tuned network."""
        return self._count(1)

    @cached_property
    def p(self) -> float:
        """McNemar's exact p, two-sided: how likely so uneven a change is by chance."""
        was, now = (answers == self.labels for answers in self.answers)
        return mcnemar(int((was & ~now).sum()), int((now & ~was).sum()))

    def describe(self) -> dict[str, Any]:
        """For metrics.json."""
        return {
            "images": self.what,
            "n": len(self.labels),
            **{
                when: {
                    "right": counts.right,
                    "rejected": counts.rejected,
                    "interval": [round(bound, 6) for bound in counts.interval],
                }
                for when, counts in (("before", self.before), ("after", self.after))
            },
            "p": self.p,
        }

    def _count(self, at: int) -> Counts:
        n, right = len(self.labels), int((self.answers[at] == self.labels).sum())
        return Counts(right, int((~self.accepted[at]).sum()), wilson(right, n))


def write_table(change: dict[str, Any]) -> list[str]:
    """Before and after, as lines for people."""
    n, lines = change["n"], [change["images"]]
    places = 2 if n >= 1000 else 1
    for when in ("before", "after"):
        counts = change[when]
        low, high = (percent(bound, places) for bound in counts["interval"])
        share = percent(counts["right"] / n, places)
        lines.append(
            f"  {when:6}  {counts['right']:>6,} right, {share} (95 % interval {low} to {high}); "
            f"{counts['rejected']:,} not sure"
        )
    lines[-1] += f"; McNemar's {write_p(change['p'])}"
    return lines


def draw_changes(changes: dict[str, Change]) -> Image.Image | None:
    """Draw the pictures that are read otherwise than before; None where there are none.

    Own ones come first, those too of which the network is newly sure, or no longer.
    """
    tiles: list[tuple[str, Image.Image | None]] = []
    for name, change in changes.items():
        (was, now), (sure, surer) = change.answers, change.accepted
        differ = was != now
        if name == "own":
            differ |= sure != surer
        for at in np.flatnonzero(differ).tolist():
            before = f"{was[at]}{'' if sure[at] else '?'}"
            after = f"{now[at]}{'' if surer[at] else '?'}"
            picture = Image.fromarray(255 - change.images[at])
            picture = picture.resize((TILE, TILE), Image.Resampling.NEAREST)
            whose = "own" if name == "own" else "MNIST"
            tiles.append((f"{whose} {change.labels[at]}: {before} → {after}", picture))
    if len(tiles) > SHOWN:
        tiles[SHOWN:] = [(f"{len(tiles) - SHOWN:,} more", None)]
    return contact_sheet.draw(tiles, COLUMNS, narrowest=TILE) if tiles else None
