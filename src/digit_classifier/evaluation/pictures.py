"""How well a reader reads a folder of pictures whose text is known, and readers of other make."""

import csv
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digit_classifier.dataset.folder import find
from digit_classifier.errors import DataError, OptionError
from digit_classifier.shell import one_line, readable

MIXED = "mixed"  # a kind: other writing stands among the digits


@dataclass(frozen=True)
class Case:
    """A picture and what it says.

    Attributes:
        path: the file.
        text: digits, "/" between lines; a space is a gap, or a line's end where they are lines;
            empty where there is no digit.
        kind: "single", "multi" or "reject", or what the manifest says.
        style: how it was made, or who wrote it; may be empty. The manifest's, up to the first
            semicolon, so that remarks on one picture do not make it a style of its own.
        name: the file's path in the folder, for people.
    """

    path: Path
    text: str
    kind: str
    style: str = ""
    name: str = ""

    @property
    def digits(self) -> str:
        """The text without what parts it."""
        return re.sub(r"[/ ]", "", self.text)


@dataclass(frozen=True)
class Outcome:
    """A picture, what was read, and how much of it was right.

    Attributes:
        case: the picture.
        read: what was read, in the notation of `Case.text`.
        exact: it is the text; or, where there is no digit, none was read.
        digits_right: digits of the text less the edits that turn the reading into it.
    """

    case: Case
    read: str
    exact: bool
    digits_right: int


@dataclass(frozen=True)
class Row:
    """Sums over the pictures of one kind or one style."""

    kind: str
    style: str
    n: int
    exact: int
    digits: int
    digits_right: int


def list_cases(folder: str | Path) -> tuple[list[Case], list[str]]:
    """Find the pictures of a folder and what they say.

    Args:
        folder: with a manifest.csv (columns file and text, and if you like kind and style; files
            lie beside it or in images/), or such as `digits train` takes: see `dataset.folder`.
    Returns:
        At least one case; and what was left out, a sentence each.
    Raises:
        DataError: none of these, a file that is missing, or a text that is not digits.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"no folder {folder}; give one that holds pictures")
    manifest = folder / "manifest.csv"
    if manifest.is_file():
        return _from_manifest(manifest), []
    try:
        found = find(folder)
    except DataError as error:
        raise DataError(f"without a manifest.csv: {error}") from error
    cases = [
        Case(each.path, str(each.digit), "single", each.writer, _name(each.path, folder))
        for each in found.all()
    ]
    if not cases:
        raise DataError(f"{folder} has no manifest.csv, and its sub-folders hold no pictures")
    return cases, found.left_out


def judge(cases: Iterable[Case], texts: Iterable[str]) -> list[Outcome]:
    """Compare what was read with what is there; spaces do not count.

    A text is lines separated by newlines, with `?` for a mark that is not sure.

    Of kind "mixed", where letters or signs stand among the digits, the digits alone count, in their
    order: a `?` for a sign is right.
    """
    outcomes = []
    for case, text in zip(cases, texts, strict=True):
        read = re.sub(r"[^\S\n]", "", text).replace("\n", "/")
        if case.kind == MIXED:
            exact = re.sub(r"\D", "", read) == re.sub(r"\D", "", case.text)
        else:
            known = case.text.replace(" ", "/?")
            exact = bool(re.fullmatch(known, read) if known else not re.search(r"\d", read))
        right = max(0, len(case.digits) - _edits(case.digits, read.replace("/", "")))
        outcomes.append(Outcome(case, read, exact, right))
    return outcomes


def tabulate(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row a kind (its style empty), followed by one a style where a kind has several."""
    rows = []
    for kind in dict.fromkeys(outcome.case.kind for outcome in outcomes):
        of_kind = [outcome for outcome in outcomes if outcome.case.kind == kind]
        rows.append(_sum(kind, "", of_kind))
        styles = list(dict.fromkeys(outcome.case.style for outcome in of_kind))
        if len(styles) > 1:
            rows += [
                _sum(kind, style, [each for each in of_kind if each.case.style == style])
                for style in styles
            ]
    return rows


def _sum(kind: str, style: str, outcomes: Sequence[Outcome]) -> Row:
    return Row(
        kind,
        style,
        len(outcomes),
        sum(outcome.exact for outcome in outcomes),
        sum(len(outcome.case.digits) for outcome in outcomes),
        sum(outcome.digits_right for outcome in outcomes),
    )


def _from_manifest(manifest: Path) -> list[Case]:
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), reader.fieldnames or ()
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{manifest} is not a CSV file in UTF-8: {error}. Save it as CSV in UTF-8."
        ) from error
    if not {"file", "text"} <= set(columns):
        found = f"columns {', '.join(columns)}" if columns else "no columns"
        parted = any(mark in "".join(columns) for mark in ";\t")
        how = ", with commas between them. Save it as CSV with commas." if parted else ""
        raise DataError(f"{manifest} has {found}; file and text are needed{how}")
    if not rows:
        raise DataError(f"{manifest} has no row below its headings; one a picture is needed")
    return [_from_row(manifest, number, row) for number, row in enumerate(rows, 2)]


def _from_row(manifest: Path, number: int, row: dict[str, str | None]) -> Case:
    name, said = row["file"] or "", row["text"]
    if said is None:
        raise DataError(
            f"{manifest}, line {number}: no text after {name}. Where no digit is in the picture, "
            f"write {name}, with the comma"
        )
    text = re.sub(r"\s*[/\n]+\s*", "/", said.strip())
    text = re.sub(r"\s+", " ", text)
    places = [manifest.parent / name, manifest.parent / "images" / name]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise DataError(f"{manifest}, line {number}: no file {name} beside it or in images/")
    if not re.fullmatch(r"(\d+([/ ]\d+)*)?", text):
        raise DataError(
            f"{manifest}, line {number}: text {text!r}; digits, parted by / or spaces, are needed"
        )
    kind = row.get("kind") or ("reject" if not text else "single" if len(text) == 1 else "multi")
    style = (row.get("style") or "").split(";")[0].strip()
    return Case(path, text, kind, style, _name(path, manifest.parent))


def _name(path: Path, folder: Path) -> str:
    return one_line(readable(path.relative_to(folder)))


def _edits(truth: str, read: str) -> int:
    """Fewest insertions, deletions and substitutions between two texts (Levenshtein, 1966)."""
    row = list(range(len(read) + 1))
    for i, a in enumerate(truth, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(read, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
            diagonal, row[j] = row[j], best
    return row[-1]


# Readers of other make, which may be asked for the digits of the same pictures.
PEERS = ("rapidocr", "tesseract")
SECONDS = 120  # for one picture


def peer(name: str) -> Callable[[Path], str]:
    """A reader of other make, kept to digits: from a file to lines of digits.

    Args:
        name: "rapidocr", the Python package, with the models that it carries; or "tesseract", the
            program, for a block of text (`--psm 6`) of digits.
    Raises:
        OptionError: it is not installed here.
    """
    if name == "rapidocr":
        if importlib.util.find_spec("rapidocr") is None:
            raise OptionError("--beside rapidocr: it is not installed. pip install rapidocr")
        return _rapidocr()
    if not shutil.which("tesseract"):
        raise OptionError("--beside tesseract: no such program here. Install tesseract first.")
    return _tesseract


def _rapidocr() -> Callable[[Path], str]:
    from rapidocr import RapidOCR

    engine = RapidOCR()

    def read(path: Path) -> str:
        result = engine(str(path))
        boxes = [] if result.boxes is None else list(result.boxes)
        return _in_lines(list(zip(boxes, result.txts or (), strict=False)))

    return read


def _in_lines(found: list[tuple[Any, str]]) -> str:
    """Pieces of text put in lines: those whose middles lie within half a height of each other."""
    places = sorted(
        (
            float(box[:, 1].mean()),
            float(box[:, 0].min()),
            float(box[:, 1].max() - box[:, 1].min()),
            text,
        )
        for box, text in found
    )
    lines: list[tuple[float, list[tuple[float, str]]]] = []
    for y, x, height, text in places:
        if lines and abs(y - lines[-1][0]) < height / 2:
            lines[-1][1].append((x, text))
        else:
            lines.append((y, [(x, text)]))
    said = ("".join(text for _, text in sorted(line)) for _, line in lines)
    return "\n".join(filter(None, (re.sub(r"\D", "", text) for text in said)))


def _tesseract(path: Path) -> str:
    command = ["tesseract", str(path), "-", "--psm", "6", "-c"]
    command.append("tessedit_char_whitelist=0123456789")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return "\n".join(line.replace(" ", "") for line in done.stdout.splitlines() if line.strip())
