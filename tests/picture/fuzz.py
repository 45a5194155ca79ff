"""Pages and files that nobody draws: whatever comes, the reader answers, in bounded time.

    python tests/picture/fuzz.py --minutes 60     # as `make fuzz` does
    python tests/picture/fuzz.py --seed 3 --only 1234

Every page follows from a seed and its number alone. What fails is printed with both and saved.
"""

import argparse
import io
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from digit_classifier.errors import InternalError, PictureError
from digit_classifier.reader import DigitReader, Reading
from picture import drawings

REAL = sorted(p for p in (Path(__file__).parents[2] / "docs").rglob("*") if p.suffix == ".png")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F")
SLOW = 1.0  # seconds of one core for a page of up to a megapixel, and as much for each further one
Source = np.ndarray | bytes


def source(seed: int, number: int) -> Source:
    """A page, uint8 of shape (height, width) or (height, width, 3 or 4); of five one is a file."""
    rng = np.random.default_rng([seed, number])
    return _file(rng) if number % 5 == 4 else _page(rng)


def check(reader: DigitReader, read: Source, *, single: bool = False) -> str:
    """Read a page; what was wrong with the answer, empty where nothing was."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of broken metadata
            reading = reader.read(read, single)
    except PictureError:
        return "" if isinstance(read, bytes) else traceback.format_exc()
    except InternalError as error:
        return "".join(traceback.format_exception(error.__cause__))
    except Exception:
        return traceback.format_exc()
    return _contradiction(reading, read)


def _contradiction(reading: Reading, read: Source) -> str:
    boxes = [each.box for each in (*reading.digits, *reading.rejected)]
    size = read.shape[1::-1] if isinstance(read, np.ndarray) else (1 << 30, 1 << 30)
    for x, y, width, height in boxes:
        if min(x, y) < 0 or min(width, height) < 1 or x + width > size[0] or y + height > size[1]:
            return f"box {x}, {y}, {width}, {height} does not lie in a page of {size}"
    lines = reading.text.split("\n")
    for digit in reading.digits:
        if digit.image.shape != (28, 28) or not digit.image.any():
            return f"an image of shape {digit.image.shape}, empty or of another size"
        if abs(float(digit.probabilities.sum()) - 1) > 1e-3 or digit.line >= len(lines):
            return f"probabilities {digit.probabilities} or line {digit.line} of {lines}"
    if sum(map(str.isdigit, reading.text)) != len(reading.digits):
        return f"{len(reading.digits)} digits, but the text is {reading.text!r}"
    return ""


def _slow(taken: float, read: Source) -> str:
    megapixels = read.shape[0] * read.shape[1] / 1e6 if isinstance(read, np.ndarray) else 1.0
    return f"took {taken:.2f} s of one core" if taken > SLOW * max(1.0, megapixels) else ""


def _page(rng: np.random.Generator) -> np.ndarray:
    height, width = _size(rng)
    if rng.random() < 0.06:
        page = drawings.draw(rng)
        page = list(drawings.variants(page, rng).values())[int(rng.integers(7))]
    else:
        page = PAPERS[int(rng.integers(len(PAPERS)))](rng, height, width)
    page = np.ascontiguousarray(page.astype(np.uint8))
    for _ in range(int(rng.choice([0, 1, 2, 3, 5, 9, 40]))):
        SHAPES[int(rng.integers(len(SHAPES)))](rng, page)
    for change in rng.choice(len(CHANGES), int(rng.integers(0, 3)), replace=False).tolist():
        page = CHANGES[change](rng, page)
    return page


def _size(rng: np.random.Generator) -> tuple[int, int]:
    kind = rng.random()
    if kind < 0.25:
        return int(rng.integers(1, 45)), int(rng.integers(1, 45))
    if kind < 0.5:
        size = int(rng.integers(1, 30)), int(rng.integers(40, 400))
        return size if rng.random() < 0.5 else size[::-1]
    most = 400 if kind < 0.97 else 2400
    return int(rng.integers(30, most)), int(rng.integers(30, most))


def _level(rng: np.random.Generator) -> int:
    return int(rng.choice([0, 255, int(rng.integers(256)), int(rng.integers(256))]))


def _flat(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return np.full((height, width), _level(rng), np.uint8)


def _gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    shade = (np.cos(angle) * x + np.sin(angle) * y) % rng.uniform(0.3, 3)
    if rng.random() < 0.3:
        shade = np.hypot(x - rng.random(), y - rng.random())
    low, high = sorted((_level(rng), _level(rng)))
    return low + (high - low) * shade / max(float(shade.max()), 1e-6)


def _noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    if rng.random() < 0.3:
        return rng.integers(0, 256, (height, width))
    return np.clip(rng.normal(_level(rng), rng.choice([1, 4, 20, 60]), (height, width)), 0, 255)


def _clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    blur = cv2.GaussianBlur(rng.random((height, width), np.float32), (0, 0), rng.uniform(0.6, 12))
    return cv2.normalize(blur, None, 0, 255, cv2.NORM_MINMAX)


def _salt(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return np.where(rng.random((height, width)) < rng.choice([0.01, 0.1, 0.3]), 255, _level(rng))


def _stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    step, other = rng.integers(2, 40, 2)
    lines = (y % step < 2) | (rng.random() < 0.5) & (x % other < 2)
    return np.where(lines, _level(rng), _level(rng))


PAPERS: tuple[Callable[[np.random.Generator, int, int], np.ndarray], ...] = (
    _flat, _flat, _gradient, _noise, _clouds, _salt, _stripes,
)  # fmt: skip


def _points(rng: np.random.Generator, page: np.ndarray, count: int) -> np.ndarray:
    """Anywhere on the page and some way beyond it."""
    height, width = page.shape
    low, high = (-0.3 * width, -0.3 * height), (1.3 * width, 1.3 * height)
    return rng.uniform(low, high, (count, 2)).astype(np.int32)


def _pen(rng: np.random.Generator, page: np.ndarray) -> int:
    return int(rng.integers(1, max(2, min(40, min(page.shape) // 4 + 2))))


def _rectangle(rng: np.random.Generator, page: np.ndarray) -> None:
    a, b = _points(rng, page, 2).tolist()
    cv2.rectangle(page, a, b, _level(rng), -1 if rng.random() < 0.4 else _pen(rng, page))


def _line(rng: np.random.Generator, page: np.ndarray) -> None:
    points = _points(rng, page, int(rng.integers(2, 6)))
    if rng.random() < 0.3:
        points[:, int(rng.integers(2))] = points[0, 0]
    cv2.polylines(page, [points], False, _level(rng), _pen(rng, page), cv2.LINE_AA)


def _polygon(rng: np.random.Generator, page: np.ndarray) -> None:
    cv2.fillPoly(page, [_points(rng, page, int(rng.integers(3, 9)))], _level(rng))


def _ellipse(rng: np.random.Generator, page: np.ndarray) -> None:
    (middle, axes) = _points(rng, page, 2).tolist()
    axes = [abs(side) // 2 + 1 for side in axes]
    turn, arc = rng.uniform(0, 360, 2)
    width = -1 if rng.random() < 0.3 else _pen(rng, page)
    cv2.ellipse(page, middle, axes, turn, 0, 360 if rng.random() < 0.5 else arc, _level(rng), width)


def _text(rng: np.random.Generator, page: np.ndarray) -> None:
    letters = "0123456789" * 3 + "abcXYZ+-=?.,:/()"
    text = "".join(rng.choice(list(letters), int(rng.integers(1, 12))))
    at, scale = _points(rng, page, 1)[0].tolist(), rng.uniform(0.3, 4)
    face = int(rng.integers(0, 8))
    cv2.putText(page, text, at, face, scale, _level(rng), _pen(rng, page) // 3 + 1, cv2.LINE_AA)


def _dots(rng: np.random.Generator, page: np.ndarray) -> None:
    for point in _points(rng, page, int(rng.choice([3, 30, 400]))).tolist():
        cv2.circle(page, point, int(rng.integers(0, 4)), _level(rng), -1)


SHAPES: tuple[Callable[[np.random.Generator, np.ndarray], None], ...] = (
    _rectangle, _rectangle, _line, _line, _polygon, _ellipse, _text, _dots,
)  # fmt: skip


def _coloured(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    if page.ndim == 3:
        return page
    tint, alpha = rng.uniform(0.2, 1, 3), rng.random() < 0.3
    page = np.dstack([*(page * tint[:, None, None]), np.roll(page, 3, 0)][: 4 if alpha else 3])
    return page.astype(np.uint8)


def _resized(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    size = [max(1, round(side * rng.uniform(0.3, 1.6))) for side in page.shape[1::-1]]
    return cv2.resize(page, size, interpolation=int(rng.integers(0, 4)))


def _grained(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    return np.clip(page + rng.normal(0, rng.choice([1, 3, 10]), page.shape), 0, 255).astype(
        np.uint8
    )


def _paled(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    return (page * rng.uniform(0.02, 0.5) + rng.uniform(0, 120)).astype(np.uint8)


CHANGES: tuple[Callable[[np.random.Generator, np.ndarray], np.ndarray], ...] = (
    lambda rng, page: cv2.GaussianBlur(page, (0, 0), rng.uniform(0.4, 6)),
    lambda rng, page: 255 - page,
    lambda rng, page: np.ascontiguousarray(np.rot90(page, int(rng.integers(4)))),
    _coloured, _resized, _grained, _paled,
)  # fmt: skip


def _file(rng: np.random.Generator) -> bytes:
    """A page as a file of any format and mode, or one of docs/, often cut or changed."""
    if REAL and rng.random() < 0.1:
        data = bytearray(REAL[int(rng.integers(len(REAL)))].read_bytes())
    else:
        data = bytearray(_saved(rng, _page(rng)[..., :3].squeeze()))
    kind = rng.random()
    if kind < 0.2:
        del data[int(len(data) * rng.random()) :]
    elif kind < 0.8:
        for where in rng.random(int(rng.integers(1, 12))) ** rng.choice([1, 3]):  # 3: the header
            data[int(where * len(data))] = int(rng.integers(256))
    return bytes(data)


def _saved(rng: np.random.Generator, page: np.ndarray) -> bytes:
    image = Image.fromarray(np.atleast_2d(page))
    mode = MODES[int(rng.integers(len(MODES)))]
    image = image.convert("L" if mode in ("I;16", "F", "LA") else "RGB").convert(mode)
    exif = Image.Exif()
    exif[274] = int(rng.integers(0, 10))
    for kind in rng.permutation(FORMATS).tolist():
        file = io.BytesIO()
        try:
            image.save(file, kind, exif=exif)
        except (OSError, ValueError):  # not every format has every mode
            continue
        return file.getvalue()
    return b""


def failures(seed: int, numbers: Iterator[int]) -> Iterator[tuple[int, Source | None, str]]:
    """Read pages; of each its number, and of those that fail what they are and why."""
    reader = DigitReader()
    for number in numbers:
        read = source(seed, number)
        started = time.process_time()
        wrong = check(reader, read, single=number % 7 == 3)
        wrong = wrong or _slow(time.process_time() - started, read)
        yield number, read if wrong else None, wrong


def main() -> None:
    """Read pages until the time is up; exit with 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=5, help="how long (5)")
    parser.add_argument("--pages", type=int, default=10**9, help="how many at most")
    parser.add_argument("--seed", type=int, default=0, help="other pages (0)")
    parser.add_argument("--only", type=int, help="only the page of this number")
    parser.add_argument(
        "--save", type=Path, default=Path("build/fuzz"), help="what fails (build/fuzz)"
    )
    options = parser.parse_args()
    first = options.only or 0
    numbers = iter(range(first, first + 1 if options.only is not None else options.pages))
    ends, kinds, done, number = time.monotonic() + 60 * options.minutes, Counter[str](), 0, -1
    for number, read, wrong in failures(options.seed, numbers):
        done += 1
        if wrong:
            kinds[wrong.strip().splitlines()[-1].split(" s of")[0][:60]] += 1
            path = _save(options.save / f"seed{options.seed}-{number}", read)
            print(f"--- seed {options.seed}, page {number}, saved as {path}\n{wrong}", flush=True)
        if time.monotonic() > ends:
            break
    failed = kinds.total()
    print(f"seed {options.seed}: {done:,} pages and files read, {failed} failed")
    sys.exit(failed > 0)


def _save(stem: Path, read: Source | None) -> Path:
    stem.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(read, bytes):
        path = stem.with_suffix(".bin")
        path.write_bytes(read)
    else:
        path = stem.with_suffix(".png")
        Image.fromarray(np.asarray(read)).save(path)
    return path


if __name__ == "__main__":
    main()
