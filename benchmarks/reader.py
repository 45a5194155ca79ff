"""How long reading takes, side by side with `keras predict`, as medians and ratios.

    python benchmarks/reader.py                 # about three minutes on two cores
    python benchmarks/reader.py --repeats 3 --files 500

Both sides run the same networks with the same weights, of no training: prepared images take as
long with any. Pictures are read with the shipped cnn, for one that is sure of a drawing spares the
finder. Fresh processes of the two sides take turns, so that a busy minute hits both.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from digit_classifier.drawn import styles
from digit_classifier.drawn.pen import strokes
from digit_classifier.reader import DigitReader
from machine import describe

NETWORKS = ("mlp", "cnn")
BATCH = 10_000
PAGE = ["".join(str((7 * row + 3 * column) % 10) for column in range(15)) for row in range(10)]

# What somebody would write who reads one picture with Keras.
KERAS_PREDICT = """
import sys
import keras
import numpy as np
from PIL import Image

model = keras.models.load_model(sys.argv[1])
image = np.asarray(Image.open(sys.argv[2]).convert("L"))[None]
print(model.predict(image, verbose=0).argmax())
"""

KERAS_PREPARE = """
import sys
import keras
import numpy as np
from pathlib import Path
from digit_classifier.training import export, networks

images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
for name in ("mlp", "cnn"):
    keras.utils.set_random_seed(1)
    model = networks.build(name)
    folder = Path(sys.argv[1])
    model.save(folder / f"{name}.keras")
    probabilities = model.predict(images, verbose=0)
    export.export_onnx(model, folder / f"{name}.onnx", {"name": name}, images, probabilities)
"""

KERAS_TIMES = """
import json, statistics, sys, time
import keras
import numpy as np

model = keras.models.load_model(sys.argv[1])
images, repeats = np.load(sys.argv[2]), int(sys.argv[3])

def median(call):
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)

print(json.dumps({
    "one": median(lambda: model.predict(images[:1], verbose=0)),
    "many": median(lambda: model.predict(images, verbose=0, batch_size=1000)),
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="of each measurement")
    parser.add_argument("--files", type=int, default=BATCH, help="small PNG files to read")
    options = parser.parse_args()
    print(describe("numpy", "onnxruntime", "opencv-python-headless", "pillow", "keras"))
    print(f"medians of {options.repeats}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run([sys.executable, "-c", KERAS_PREPARE, folder])
        images = _prepared(BATCH)
        np.save(folder / "images.npy", images)
        _fresh_process(folder, images[0], options.repeats)
        for network in NETWORKS:
            _in_process(folder, network, images, options.repeats)
        _pictures(options.repeats)
        _many_files(folder, images[: options.files])


def _fresh_process(folder: Path, image: np.ndarray, repeats: int) -> None:
    picture = folder / "one.png"
    Image.fromarray(image).save(picture)
    for network in NETWORKS:
        digits = [
            sys.executable, "-m", "digit_classifier",
            "predict", picture, "--model", folder / f"{network}.onnx",
        ]  # fmt: skip
        keras = [sys.executable, "-c", KERAS_PREDICT, folder / f"{network}.keras", picture]
        times: dict[str, list[float]] = {"digits": [], "keras": []}
        for turn in range(repeats + 1):
            for side, command in (("digits", digits), ("keras", keras)):
                start = time.perf_counter()
                _run(command)
                if turn:  # the first run fills the caches
                    times[side].append(time.perf_counter() - start)
        ours, theirs = (statistics.median(times[side]) for side in ("digits", "keras"))
        _row(f"fresh process, one PNG, {network}", ours, theirs)


def _in_process(folder: Path, network: str, images: np.ndarray, repeats: int) -> None:
    reader = DigitReader(folder / f"{network}.onnx")
    command = [sys.executable, "-c", KERAS_TIMES, folder / f"{network}.keras",
               folder / "images.npy", str(repeats)]  # fmt: skip
    theirs = json.loads(_run(command).splitlines()[-1])
    one = images[:1]
    _row(f"network, one image, {network}", _median(lambda: reader.model.predict(one), repeats, 200),
         theirs["one"])  # fmt: skip
    _row(f"network, {BATCH:,} images, {network}",
         _median(lambda: reader.model.predict(images), repeats), theirs["many"])  # fmt: skip
    _row(f"DigitReader.read, prepared 28x28, {network}",
         _median(lambda: reader.read(images[0]), repeats, 100), theirs["one"])  # fmt: skip


def _pictures(repeats: int) -> None:
    reader = DigitReader()
    page, photo = _grainy(_page(1000, 1000, PAGE, 62)), _photo()
    for what, picture, inner in (
        ("drawing of 200x200", _page(200, 200, ["7"], 120), 10),
        ("page of 1 megapixel", page, 1),
        ("JPEG photo of 12 megapixels", photo, 1),
    ):
        digits = len(reader.read(picture).digits)
        time_of_one = _median(partial(reader.read, picture), repeats, inner)
        _row(f"DigitReader.read, {what}, {digits} digits, cnn", time_of_one)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes, but on a Mac
    print(f"most memory that this process took: {peak:,.0f} MB", flush=True)


def _many_files(folder: Path, images: np.ndarray) -> None:
    files = []
    for number, image in enumerate(images):
        files.append(folder / f"{number}.png")
        Image.fromarray(image).save(files[-1])
    for network in NETWORKS:
        reader = DigitReader(folder / f"{network}.onnx")
        for jobs in sorted({1, os.cpu_count() or 1}):
            start = time.perf_counter()
            read = sum(1 for _ in reader.read_many(files, jobs=jobs))
            rate = read / (time.perf_counter() - start)
            print(f"{read:,} PNG files, {network}, {jobs} jobs".ljust(62), f"{rate:9,.0f} a second")


def _prepared(n: int) -> np.ndarray:
    """Drawn digits as MNIST would hold them, which the reader recognises as prepared."""
    images, _ = styles.generate(n, seed=0)
    peaks = images.max(axis=(1, 2), keepdims=True).astype(np.float32)
    return np.minimum(images * (255 / peaks) + 0.5, 255).astype(np.uint8)


def _page(height: int, width: int, lines: list[str], size: int) -> np.ndarray:
    paper = np.full((height, width), 235, np.uint8)
    for row, text in enumerate(lines):
        for column, digit in enumerate(text):
            corner = np.array([size * (0.3 + column), size * (0.3 + 1.5 * row)])
            for stroke in strokes(styles.STYLES[int(digit)][0]):
                points = np.round((stroke * size * 0.8 + corner) * 16).astype(np.int32)
                cv2.polylines(paper, [points], False, 40, max(2, size // 20), cv2.LINE_AA, 4)
    return paper


def _grainy(page: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 4, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def _photo() -> bytes:
    page = _page(3000, 4000, ["0123456789", "9876543210"], 380).astype(np.float32)
    light = np.linspace(1, 0.6, 4000, dtype=np.float32)
    noise = np.random.default_rng(0).normal(0, 4, page.shape).astype(np.float32)
    grey = np.clip(page * light + noise, 0, 255).astype(np.uint8)
    colour = np.stack([grey, grey, (grey * 0.9).astype(np.uint8)], axis=2)
    return cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _median(call: Callable[[], object], repeats: int, inner: int = 1) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(inner):
            call()
        times.append((time.perf_counter() - start) / inner)
    return statistics.median(times)


def _row(what: str, ours: float, theirs: float | None = None) -> None:
    peer = f"{theirs * 1e3:10,.2f} ms with Keras, {theirs / ours:6.1f} times" if theirs else ""
    print(f"{what:62} {ours * 1e3:9,.3f} ms {peer}", flush=True)


def _run(command: list[str | Path]) -> bytes:
    result = subprocess.run(command, env=_env(), capture_output=True)
    if result.returncode:
        sys.exit(result.stderr.decode())
    return result.stdout


def _env() -> dict[str, str]:
    # compiled modules are what users have; without them importing Keras takes three times as long
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}


if __name__ == "__main__":
    main()
