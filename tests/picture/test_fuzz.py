"""Whatever bytes come: a picture or a PictureError, in bounded time and memory."""

import io
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digit_classifier.errors import PictureError
from digit_classifier.picture import decode, find
from digit_classifier.reader import DigitReader
from picture import fuzz

BOUNDED = settings(max_examples=60, deadline=10_000, suppress_health_check=[HealthCheck.too_slow])
SEED = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def seeds() -> list[bytes]:
    made = []
    for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"):
        file = io.BytesIO()
        image = Image.fromarray(SEED)
        image.save(file, kind, save_all=kind in ("GIF", "TIFF", "WEBP"))
        made.append(file.getvalue())
    return made


SEEDS = seeds()


def read(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of broken metadata
        try:
            page = find(decode(data))
        except PictureError:
            return
    assert all(mark.image.shape == (28, 28) for mark in page.marks)


@BOUNDED
@given(st.binary(max_size=2000))
def test_random_bytes(data: bytes) -> None:
    read(data)


@BOUNDED
@given(st.sampled_from(SEEDS), st.floats(0, 1))
def test_cut_files(data: bytes, share: float) -> None:
    read(data[: int(len(data) * share)])


@BOUNDED
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_flipped_bytes(data: bytes, flips: list[tuple[float, int]]) -> None:
    broken = bytearray(data)
    for where, value in flips:
        broken[min(int(where**3 * len(broken)), len(broken) - 1)] = value  # mostly the header
    read(bytes(broken))


@BOUNDED
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_absurd_png_headers(width: int, height: int, depth: int) -> None:
    head = struct.pack(">IIBBBBB", width, height, depth, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    read(b"\x89PNG\r\n\x1a\n" + chunk + SEEDS[0][33:])


@BOUNDED
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3), st.randoms(use_true_random=False))
def test_arrays_of_every_small_shape(height: int, width: int, kind: int, random: object) -> None:
    rng = np.random.default_rng(height * 41 + width)
    array = rng.integers(0, 256, (height, width, 4), np.uint8)
    array = [array, array[..., :3], array[..., 0], array[..., 0] > 128][kind]
    find(decode(array))


@pytest.mark.parametrize("seed", range(4))
def test_pages_and_files_that_nobody_draws_are_answered(seed: int) -> None:
    """A hundred of them; `make fuzz` reads as many as there is time for."""
    reader = DigitReader("mlp")
    wrong = {
        number: fuzz.check(reader, fuzz.source(seed, number), single=number % 7 == 3)
        for number in range(25)
    }
    assert not {number: said for number, said in wrong.items() if said}


def test_the_largest_allowed_picture_needs_less_than_a_gigabyte() -> None:
    """64 megapixels with transparency, half a megabyte as a file, in a process of its own."""
    script = """
import io, resource, zlib, struct
import numpy as np
from digit_classifier.picture import decode, find
rows = zlib.compressobj(1)
data = b"".join([rows.compress(bytes(1 + 4 * 8000)) for _ in range(8000)] + [rows.flush()])
head = struct.pack(">IIBBBBB", 8000, 8000, 8, 6, 0, 0, 0)
png = b"\\x89PNG\\r\\n\\x1a\\n"
for name, body in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b"")):
    png += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
find(decode(png))
try:  # Linux counts into ru_maxrss what the process was that started this one
    lines = open("/proc/self/status").read().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
except FileNotFoundError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    peak = int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert peak < 1_000_000_000, f"{peak:,} bytes"
