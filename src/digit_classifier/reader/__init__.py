"""Pictures in, readings out: a model and a picture give the digits that a person would read.

Never imports the training stack.
"""

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, islice, pairwise
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from digit_classifier import weights
from digit_classifier.agreement import UNSURE
from digit_classifier.errors import (
    DigitError,
    InternalError,
    ModelError,
    OptionError,
    TooLargeError,
)
from digit_classifier.onnx_model import CLASSES, OnnxModel
from digit_classifier.picture import Page, Picture, decode, find, look_again
from digit_classifier.picture.decode import held
from digit_classifier.picture.marks import BY_PIECES
from digit_classifier.reader import judgement
from digit_classifier.reader.reading import Digit, Reading, Rejected
from digit_classifier.rejection import DEFAULT_RULE, RejectionRule
from digit_classifier.words import kind_of

if TYPE_CHECKING:
    from digit_classifier.picture.decode import Source

__all__ = ["Digit", "DigitReader", "Reading", "Rejected"]

T = TypeVar("T")
Seen = tuple[Picture, Page]

# Pictures whose marks share one call of the network, and one trip to another process.
BATCH = 32
# Confidence from which a piece of ink is taken as the digit that the network calls it.
SURE = 0.9
_PACKAGE = Path(__file__).parents[1]
_log = logging.getLogger(__name__)


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
        self,
        model: "str | os.PathLike[str] | OnnxModel" = "cnn",
        threshold: float | None = None,
        *,
        scale: str | None = None,
    ) -> None:
        """Load a model.

        Args:
            model: the name of a shipped model, a run or its folder, an .onnx file, or a loaded
                model.
            threshold: the least confidence with which a mark is called a digit, and a line of them
                is given without a `?`, 0 to 1; None for
                the rule that was measured for this model.
            scale: what a network of another maker with float input was trained on: "0..1",
                "0..255", "-1..1" or "mnist"; None for what its file says, else 0..1, with a
                Python warning.
        Raises:
            ModelError: no such model, or not a digit network.
            OptionError: a threshold outside 0 to 1; a scale for a network that takes uint8, one
                that is not known, or one beside an OnnxModel, which has its own.
        """
        if not isinstance(model, (str, os.PathLike, OnnxModel)):
            raise ModelError(
                f"{kind_of(model)} was given as a model; "
                "needed a name, a path, such as the folder of a run, or an OnnxModel"
            )
        if isinstance(model, OnnxModel):
            model.check_scale(scale)
            self.model = model
        else:
            self.model = OnnxModel(weights.find(model), scale=scale)
            if doubt := self.model.doubt(scale):
                warnings.warn(doubt, stacklevel=2)
        self.name = self.model.name
        self.threshold = threshold
        self._own = _measured_rule(self.model)
        self.rule = self._own if threshold is None else _given_rule(threshold)

    def __repr__(self) -> str:
        given = "" if self.threshold is None else f", threshold {self.threshold}"
        return f"<DigitReader {self.name}{given}>"

    def read(
        self, source: "Source", single: bool = False, threshold: float | None = None
    ) -> Reading:
        """Read one picture.

        Args:
            source: a path, the bytes of a file, an open file, a numpy array, a tensor, a PIL image
                or a `Picture`, as `picture.decode` takes them.
            single: the picture holds one digit: do not look for several.
            threshold: the least confidence for this picture, in place of the reader's own.
        Returns:
            The reading; its text is empty where there is no digit.
        Raises:
            PictureError: not a picture, or one that cannot be decoded.
            MissingExtraError: HEIC, and pillow-heif is not installed.
            OptionError: a threshold outside 0 to 1, or a `single` that is neither True nor False.
            InternalError: this program is at fault.
        """
        _check_single(single)
        rule = self.rule if threshold is None else _given_rule(threshold)
        source = held(source)  # an open file is read once
        seen = _attempt(source, lambda: _look(source, single))
        reading = _attempt(source, lambda: self._judge([seen], [_name(source)], single, rule)[0])
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
            OptionError: fewer than one job, one picture in place of several, or a script whose
                start is not guarded.
        """
        _check_single(single)
        _refuse_one(sources)
        if jobs < 1:
            raise OptionError(f"{jobs} jobs were asked for; at least 1 is needed")
        if jobs == 1:
            return self._read_here(sources, single)
        from digit_classifier.reader import workers  # multiprocessing is imported only where needed

        return workers.read_many(self, sources, jobs, single)

    def read_batch(self, sources: "Iterable[Source]", single: bool = False) -> list[Reading]:
        """Read a handful of pictures with one call of the network; errors as `read_many`."""
        _check_single(single)
        _refuse_one(sources)
        sources = list(sources)
        opened = [(source, _open(source, single)) for source in sources]
        found = [(source, seen) for source, seen in opened if not isinstance(seen, DigitError)]
        readings = iter(self._judge_each(found, single))
        return [
            self._failed(source, seen) if isinstance(seen, DigitError) else next(readings)
            for source, seen in opened
        ]

    def _read_here(self, sources: "Iterable[Source]", single: bool) -> Iterator[Reading]:
        for batch in batches(sources):
            yield from self.read_batch(batch, single)

    def _judge_each(
        self, found: "Sequence[tuple[Source, Seen]]", single: bool
    ) -> Iterator[Reading]:
        """As `_judge`; where that fails by a fault of its own, only the page at fault does."""
        try:
            yield from self._judge(
                [seen for _, seen in found], [_name(s) for s, _ in found], single
            )
        except DigitError:
            raise  # of the model: no other page would fare better
        except Exception:
            for source, seen in found:
                judge = partial(self._judge, [seen], [_name(source)], single)
                try:
                    yield from _attempt(source, judge)
                except DigitError as error:
                    yield self._failed(source, error)

    def _failed(self, source: "Source", error: DigitError) -> Reading:
        return Reading("", model=self.name, file=_name(source), error=str(error))

    def _judge(
        self,
        seen: "Sequence[Seen]",
        names: Sequence[str | None],
        single: bool,
        rule: RejectionRule | None = None,
    ) -> list[Reading]:
        rule = rule or self.rule
        pages = [page for _, page in seen]
        answers = self._answers(pages)
        # A piece of ink that the network does not know may be several digits, or none.
        doubtful = [
            i
            for i, (page, rows) in enumerate(zip(pages, answers, strict=True))
            if page.way == BY_PIECES
            and not (rows.max(axis=1).min() >= SURE and self._own.accept(rows).all())
        ]
        searched = [look_again(*seen[i], single=single) for i in doubtful]
        for i, page, rows in zip(doubtful, searched, self._answers(searched), strict=True):
            # else what its pieces say is all there is; who says single has said that they are one
            least = answers[i].max() if single else UNSURE
            if len(rows) and rows.max() >= least:
                pages[i], answers[i] = page, rows
        readings = []
        for page, name, rows in zip(pages, names, answers, strict=True):
            verdict = judgement.judge(page, rows, rule, own=rule is self._own)
            readings.append(
                Reading(
                    verdict.text,
                    verdict.digits,
                    verdict.rejected,
                    self.name,
                    name,
                    verdict.notes,
                    way=page.way,
                    confidences=verdict.confidences,
                )
            )
        return readings

    def _answers(self, pages: Sequence[Page]) -> list[np.ndarray]:
        """What is said of each page's marks, with one call of the network."""
        rows = self._predict([[mark.image for mark in page.marks] for page in pages])
        return [judgement.combine(*each) for each in zip(pages, rows, strict=True)]

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


def _measured_rule(model: OnnxModel) -> RejectionRule:
    return RejectionRule.read(model.metadata) or DEFAULT_RULE


def _given_rule(threshold: float) -> RejectionRule:
    if not (isinstance(threshold, Real) and 0 <= threshold <= 1):
        raise OptionError(f"a threshold of {threshold!r} was given; a number from 0 to 1 is needed")
    return RejectionRule(threshold)


def _look(source: "Source", single: bool) -> Seen:
    picture = decode(source)
    return picture, find(picture, single=single)


def _open(source: "Source", single: bool) -> Seen | DigitError:
    try:
        return _attempt(source, lambda: _look(source, single))
    except DigitError as error:
        return error


def _attempt(source: "Source", work: Callable[[], T]) -> T:
    """Carry `work` out; whatever goes wrong is an error that names the picture.

    Raises:
        DigitError: as it came.
        TooLargeError: memory did not suffice.
        InternalError: any other exception, with the place it came from.
    """
    try:
        return work()
    except DigitError:
        raise
    except MemoryError:
        raise TooLargeError(f"{_called(source)} does not fit into memory; scale it down") from None
    except Exception as error:
        _log.debug("%s could not be read", _called(source), exc_info=True)
        raise InternalError(
            f"{_called(source)} could not be read: internal error in {_place(error)} "
            f"({type(error).__name__}: {error}); please report it with the file"
        ) from error


def _called(source: Any) -> str:
    if isinstance(source, Picture):
        return source.name
    return Path(source).name if isinstance(source, (str, os.PathLike)) else "the picture"


def _place(error: Exception) -> str:
    """The line of this package in which an exception came up, as picture/ink.py:12."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents]
    return f"{Path(own[-1].filename).relative_to(_PACKAGE).as_posix()}:{own[-1].lineno}"


def _check_single(single: Any) -> None:
    if not isinstance(single, bool | np.bool_):  # "no" would count as yes
        raise OptionError(f"single is {single!r}; True or False is needed")


def _refuse_one(sources: Any) -> None:
    """A path is made of letters, an image of rows, but those are no pictures."""
    flat = isinstance(sources, np.ndarray) and sources.ndim < 3
    if flat or isinstance(sources, (str, bytes, os.PathLike)) or hasattr(sources, "getexif"):
        raise OptionError("one picture was given where several are read. Use read, or [picture].")
    if not isinstance(sources, Iterable):
        raise OptionError(
            f"{kind_of(sources)} was given where pictures are read. Give a list of them."
        )


def _name(source: Any) -> str | None:
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
