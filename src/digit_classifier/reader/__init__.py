"""Pictures in, readings out: a model and a picture give the digits that a person would read.

Never imports the training stack.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import weights
from digit_classifier.errors import DigitError, ModelError, OptionError, TooLargeError
from digit_classifier.onnx_model import CLASSES, OnnxModel, own_rule
from digit_classifier.picture import Page, decode, find
from digit_classifier.picture.decode import held
from digit_classifier.reader import judgement
from digit_classifier.reader.judgement import Rule
from digit_classifier.reader.reading import Digit, Reading, Rejected

if TYPE_CHECKING:
    from digit_classifier.picture.decode import Source

__all__ = ["Digit", "DigitReader", "Reading", "Rejected"]

# Pictures whose marks share one call of the network, and one trip to another process.
BATCH = 32
# For models whose exporter measured no threshold of their own.
DEFAULT_THRESHOLD = 0.5


class DigitReader:
    """Reads handwritten digits in pictures.

    >>> DigitReader().read("photo.jpg").text  # doctest: +SKIP
    '1572'

    Safe to share between threads.

    Attributes:
        model: the network.
        name: what it is called in readings.
        threshold: the least confidence for a digit, as it was given; None for the model's own rule.
        rule: which answers are called digits. That of a model may be of a softened confidence, so
            its number is no `threshold` to give.
    """

    def __init__(
        self, model: "str | Path | OnnxModel" = "cnn", threshold: float | None = None
    ) -> None:
        """Load a model.

        Args:
            model: the name of a shipped model, a run folder, an .onnx file, or a loaded model.
            threshold: the least confidence with which a mark is called a digit, 0 to 1; None for
                the rule that was measured for this model.
        Raises:
            ModelError: no such model, or not a digit network.
            OptionError: a threshold outside 0 to 1.
        """
        if not isinstance(model, (str, os.PathLike, OnnxModel)):
            raise ModelError(
                f"a {type(model).__name__} was given as a model; "
                "needed a name, a path, such as the folder of a run, or an OnnxModel"
            )
        if threshold is not None and not (isinstance(threshold, Real) and 0 <= threshold <= 1):
            raise OptionError(
                f"a threshold of {threshold!r} was given; a number from 0 to 1 is needed"
            )
        self.model = model if isinstance(model, OnnxModel) else OnnxModel(weights.find(model))
        path = self.model.path
        self.name = str(self.model.metadata.get("name") or (path.stem if path else "model"))
        self.threshold = threshold
        self._own = _measured_rule(self.model)
        self.rule = self._own if threshold is None else Rule(threshold)

    def __repr__(self) -> str:
        given = "" if self.threshold is None else f", threshold {self.threshold}"
        return f"<DigitReader {self.name}{given}>"

    def read(self, source: "Source", single: bool = False) -> Reading:
        """Read one picture.

        Args:
            source: a path, the bytes of a file, an open file, a numpy array, a tensor or a PIL
                image, as `picture.decode` takes them.
            single: the picture holds one digit: do not look for several.
        Returns:
            The reading; its text is empty where there is no digit.
        Raises:
            PictureError: not a picture, or one that cannot be decoded.
            MissingExtraError: HEIC, and pillow-heif is not installed.
        """
        source = held(source)  # an open file is read once
        page = find(decode(source), single=single)
        reading = self._judge([page], [_name(source)], single)[0]
        if "IPython" in sys.modules:  # where somebody may look at it
            from digit_classifier.reader import overlay

            overlay.remember(reading, source)
        return reading

    def read_many(
        self, sources: "Iterable[Source]", jobs: int = 1, single: bool = False
    ) -> Iterator[Reading]:
        """Read many pictures, in order; one that cannot be read gets a reading with `error` set.

        Args:
            sources: as for `read`; taken a few at a time, so a generator of any length will do.
            jobs: how many processes share the work. With more than one, a script must keep its
                own start under `if __name__ == "__main__":`, as for any use of multiprocessing.
            single: as for `read`.
        Yields:
            One reading per source.
        Raises:
            OptionError: fewer than one job, or one picture in place of several.
        """
        _refuse_one(sources)
        if jobs < 1:
            raise OptionError(f"{jobs} jobs were asked for; at least 1 is needed")
        if jobs == 1:
            return self._read_here(sources, single)
        from digit_classifier.reader import workers  # multiprocessing is imported only where needed

        return workers.read_many(self, sources, jobs, single)

    def read_batch(self, sources: "Iterable[Source]", single: bool = False) -> list[Reading]:
        """Read a handful of pictures with one call of the network; errors as `read_many`."""
        _refuse_one(sources)
        sources = list(sources)
        opened = [_open(source, single) for source in sources]
        names = [_name(source) for source in sources]
        pages = [page for page in opened if isinstance(page, Page)]
        places = [name for name, page in zip(names, opened, strict=True) if isinstance(page, Page)]
        readings = iter(self._judge(pages, places, single))
        return [
            next(readings)
            if isinstance(page, Page)
            else Reading("", model=self.name, file=name, error=str(page))
            for name, page in zip(names, opened, strict=True)
        ]

    def _read_here(self, sources: "Iterable[Source]", single: bool) -> Iterator[Reading]:
        for batch in batches(sources):
            yield from self.read_batch(batch, single)

    def _judge(
        self, pages: Sequence[Page], names: Sequence[str | None], single: bool
    ) -> list[Reading]:
        whole = self._predict([judgement.images(page) for page in pages])
        pieces = self._predict([judgement.pieces(*each) for each in zip(pages, whole, strict=True)])
        readings = []
        for page, name, rows, others in zip(pages, names, whole, pieces, strict=True):
            verdict = judgement.judge(page, rows, others, self.rule, self._own, single=single)
            readings.append(
                Reading(
                    verdict.text, verdict.digits, verdict.rejected, self.name, name, verdict.notes
                )
            )
        return readings

    def _predict(self, groups: list[list[np.ndarray]]) -> list[np.ndarray]:
        """Probabilities for several pages' images with one call of the network."""
        every = [image for images in groups for image in images]
        if not every:
            return [np.zeros((0, CLASSES), np.float32)] * len(groups)
        probabilities = self.model.predict(np.array(every))
        ends = list(accumulate(map(len, groups), initial=0))
        return [probabilities[start:end] for start, end in pairwise(ends)]


def batches(sources: "Iterable[Source]", size: int = BATCH) -> "Iterator[list[Source]]":
    """Cut any iterable into lists of at most `size`."""
    iterator = iter(sources)
    while batch := list(islice(iterator, size)):
        yield batch


def _measured_rule(model: OnnxModel) -> Rule:
    measured = own_rule(model.metadata)
    return Rule(*measured) if measured else Rule(DEFAULT_THRESHOLD)


def _open(source: "Source", single: bool) -> Page | DigitError:
    try:
        return find(decode(source), single=single)
    except DigitError as error:
        return error
    except MemoryError:
        return TooLargeError("the picture does not fit into memory; scale it down")


def _refuse_one(sources: Any) -> None:
    """A path is made of letters, an image of rows, but those are no pictures."""
    flat = isinstance(sources, np.ndarray) and sources.ndim < 3
    if flat or isinstance(sources, (str, bytes, os.PathLike)) or hasattr(sources, "getexif"):
        raise OptionError("one picture was given where several are read. Use read, or [picture].")


def _name(source: Any) -> str | None:
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
