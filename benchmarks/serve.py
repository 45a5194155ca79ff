"""How much `digits serve` carries, and how it behaves when that is too little.

    python benchmarks/serve.py                 # about ten minutes on two cores
    python benchmarks/serve.py --seconds 2 --requests 2000 --rounds 1

The server is a process of its own and shares the machine with the load generator (load.py), which
is part of every figure. Times under open load count from when a request was due, so they contain
what the generator itself was late.
"""

import argparse
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import load
from digit_classifier.drawn import styles
from digit_classifier.drawn.pen import strokes, wobble
from machine import describe
from reader import KERAS_PREPARE

HERE = Path(__file__).parent
RATE = 500  # requests a second at which latency is measured
INFER_RATES = 500, 1000
CALM = 50  # requests a second that trouble no server
CLASS = 25  # people who send at the same moment
OVERLOAD = 4  # times capacity
PAUSE = 5  # seconds in which a server forgets an overload
SIDE = 280


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=30, help="at the fixed rate, and overloaded"
    )
    parser.add_argument("--requests", type=int, default=100_000, help="while memory is watched")
    parser.add_argument("--rounds", type=int, default=5, help="of what is repeated")
    parser.add_argument("--no-peer", action="store_true", help="leave the Keras server out")
    options = parser.parse_args()
    short = max(1.0, options.seconds / 3)
    print(describe("fastapi", "uvicorn", "uvloop", "onnxruntime", "numpy", "opencv-python-headless",
                   "keras"))  # fmt: skip
    print(f"closed load: 8 connections for {short:g} s; open load: times count from the due time")
    _startup(options.rounds)
    drawings, with_alpha = (
        [load.request("/v1/read", drawing(i, alpha=alpha), "image/png") for i in range(24)]
        for alpha in (False, True)
    )
    photographs = [load.request("/v1/read", photograph(i), "image/jpeg") for i in range(CLASS)]
    one = json.dumps(_tensor(_digit())).encode()
    infer = {
        name: [load.request(f"/v2/models/{name}/infer", one, "application/json")]
        for name in ("cnn", "mlp")
    }
    with digits() as (port, process):
        load.closed(port, [*drawings, *with_alpha, *infer["cnn"], *infer["mlp"]], 4, 1)  # all warm
        what = f"/v1/read, drawing of {SIDE}x{SIDE}, cnn: capacity"
        capacity = _capacity(port, what, drawings, short)
        _latency(port, f"  {RATE} a second", drawings, RATE, options.seconds)
        _latency(port, "  at 70 % of capacity", drawings, 0.7 * capacity, short)
        _at_once(port, "drawings", drawings, options.rounds)
        _at_once(port, "photographs of 1600x1200", photographs, options.rounds)
        _capacity(port, "/v1/read, the same with alpha (RGBA): capacity", with_alpha, short)
        _latency(port, f"  {RATE} a second", with_alpha, RATE, options.seconds)
        for name, requests in infer.items():
            most = _capacity(port, f"infer, one image, {name}: capacity", requests, short)
            for rate in INFER_RATES:
                _latency(port, f"  {rate:,} a second", requests, rate, short)
            _latency(port, "  at 70 % of capacity", requests, 0.7 * most, short)
        _overload(port, drawings, capacity, short, options.seconds)
        _memory(port, process.pid, drawings, options.requests)
    if not options.no_peer:
        _beside_keras(options.rounds, max(1.0, short / 4))


@contextmanager
def digits() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A server on a free port, once it accepts connections."""
    command = [sys.executable, "-m", "digit_classifier", "serve", "--port", "0"]
    with _process(command, subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1]), process


@contextmanager
def _process(
    command: Sequence[str | Path], out: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[str]"]:
    # compiled modules are what users have; without them importing Keras takes three times as long
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        command, stdout=out, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def drawing(seed: int, *, alpha: bool = False) -> bytes:
    """One digit as the page draws it: round dark strokes on white, a grey PNG.

    Args:
        seed: which one.
        alpha: the same as RGBA, opaque, as canvas.toBlob gives it in a browser.
    """
    rng = np.random.default_rng([SIDE, seed])
    ways = styles.STYLES[seed % 10]
    fine = np.full((4 * SIDE, 4 * SIDE), 255, np.uint8)
    size, middle = SIDE * rng.uniform(0.5, 0.75), SIDE * (0.5 + rng.normal(0, 0.04, 2))
    pen = round(4 * rng.uniform(12, 20))
    for stroke in wobble(strokes(ways[int(rng.integers(len(ways)))]), rng, 0.08, 0.03):
        points = np.round((stroke * size + middle) * 4 * 16).astype(np.int32)
        cv2.polylines(fine, [points], False, 17, pen, cv2.LINE_AA, 4)
    grey = cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return _png(np.dstack([grey, grey, grey, np.full_like(grey, 255)]) if alpha else grey)


def photograph(seed: int) -> bytes:
    """Six drawn digits on paper in uneven light, as a noisy JPEG of 1600x1200."""
    rng = np.random.default_rng(seed)
    page = np.full((1200, 1600), 255, np.uint8)
    for at in range(6):
        with Image.open(io.BytesIO(drawing(6 * seed + at))) as digit:
            top, left = 250 + at // 3 * 400, 300 + at % 3 * 350
            page[top : top + SIDE, left : left + SIDE] = digit
    light = np.linspace(0.55, 0.9, 1600) * np.linspace(1, 0.8, 1200)[:, None]
    pixels = np.clip(page * light + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def _digit() -> np.ndarray:
    """A prepared image, uint8, shape (28, 28)."""
    image = styles.generate(1, seed=0)[0][0]
    result: np.ndarray = (image * (255 / image.max()) + 0.5).astype(np.uint8)
    return result


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _tensor(image: np.ndarray) -> dict[str, object]:
    tensor = {
        "name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": image.ravel().tolist(),
    }  # fmt: skip
    return {"inputs": [tensor]}


def _startup(rounds: int) -> None:
    times = []
    for turn in range(rounds + 1):
        start = time.perf_counter()
        with digits() as (port, _):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready").close()
            if turn:  # the first fills the caches
                times.append(time.perf_counter() - start)
    _row("from start to ready", f"{statistics.median(times):.2f} s, median of {rounds}")


def _capacity(port: int, what: str, requests: Sequence[bytes], seconds: float) -> float:
    time.sleep(PAUSE)
    found = load.closed(port, requests, 8, seconds)
    _row(what, f"{found.rate:,.0f} a second, {_spread(found.times())}{_bad(found)}")
    return found.rate


def _at_once(port: int, what: str, requests: Sequence[bytes], rounds: int) -> None:
    longest, answered, refused = 0.0, 0, 0
    for _ in range(rounds):
        time.sleep(1)
        found = load.opened(port, requests, [(1000 * CLASS, 1 / 1000)], CLASS)
        answered, refused = answered + found.count(), refused + CLASS - found.count()
        longest = max(longest, *found.times(), 0.0)
    row = f"{answered} answered, {refused} refused or lost, longest {longest / 1e3:.2f} s"
    _row(f"  {CLASS} {what} at the same moment, {rounds} times", row)


def _latency(port: int, what: str, requests: Sequence[bytes], rate: float, seconds: float) -> None:
    found = load.opened(port, requests, [(rate, seconds)])
    late = 1e3 * float(np.percentile(found.late, 99))
    counted = f"n = {len(found.seconds):,}, sent late p99 {late:.2f} ms{_bad(found)}"
    _row(f"{what} for {seconds:g} s", f"{_spread(found.times())}, {counted}")


def _overload(
    port: int, requests: Sequence[bytes], capacity: float, short: float, seconds: float
) -> None:
    calm = load.opened(port, requests, [(CALM, short)])
    unloaded = float(np.percentile(calm.times(), 99))
    _row(f"unloaded, {CALM} a second", f"{_spread(calm.times())}, n = {len(calm.seconds):,}")
    after = max(3.0, short / 3)
    found = load.opened(port, requests, [(OVERLOAD * capacity, seconds), (CALM, after)])
    due, ms, status = np.array(found.due), 1e3 * np.array(found.seconds), np.array(found.status)
    during = due < seconds
    taken, refused = during & (status == 200), during & (status == 503)
    _row(f"at {OVERLOAD} times capacity, {OVERLOAD * capacity:,.0f} a second, for {seconds:g} s",
         f"{taken.sum():,} accepted, {refused.sum():,} refused, {found.lost} lost")  # fmt: skip
    accepted = float(np.percentile(ms[taken], 99))
    _row("  accepted", f"{_spread(ms[taken])}, {accepted / unloaded:.1f} times the unloaded p99")
    _row("  accepted in the first second", _spread(ms[taken & (due < 1)]))
    if refused.any():
        _row("  refused", f"{_spread(ms[refused])}")
    odd = ~during & ((status != 200) | (ms > 2 * unloaded))
    last = float(due[odd].max() - seconds) if odd.any() else 0.0
    _row("  back to normal (nothing refused or slower than twice p99)", f"after {last:.2f} s")


def _memory(port: int, pid: int, requests: Sequence[bytes], total: int) -> None:
    before = _resident(pid)
    found = load.repeat(port, requests, 8, total)
    grown = _resident(pid) - before
    _row(f"memory after {len(found.seconds):,} requests", f"{grown:+.1f} MB{_bad(found)}")


def _resident(pid: int) -> float:
    """Memory of a process and of those that it started, in MB."""
    family = [Path(f"/proc/{pid}")]
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            family += [entry] if int(parent) == pid else []
    lines = [line for one in family for line in (one / "status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _beside_keras(rounds: int, seconds: float) -> None:
    picture = [load.request("/v1/read", _png(_digit()), "image/png")]
    with tempfile.TemporaryDirectory() as name, digits() as (ours, _):
        subprocess.run([sys.executable, "-c", KERAS_PREPARE, name], check=True, capture_output=True)
        theirs = _free_port()
        command = [sys.executable, HERE / "peers/serve_keras.py", f"{name}/cnn.keras", str(theirs)]
        with _process(command):
            _wait(theirs)
            ports = {"digits serve": ours, "FastAPI, keras predict": theirs}
            for connections in (1, 8):
                rates: dict[str, list[float]] = {side: [] for side in ports}
                for turn in range(rounds + 1):
                    for side, port in ports.items():
                        found = load.closed(port, picture, connections, seconds)
                        if turn:  # the first warms both
                            rates[side].append(found.rate)
                middle = [statistics.median(rates[side]) for side in ports]
                ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
                _row(f"/v1/read, 28x28, cnn, {connections} connections, median of {rounds}",
                     f"{middle[0]:,.0f} a second, {middle[1]:,.1f} with FastAPI and keras predict, "
                     f"{ratio:.1f} times")  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit("the Keras server did not start within a minute")


def _spread(ms: np.ndarray) -> str:
    if not len(ms):
        return "no answer"
    half, most = np.percentile(ms, [50, 99])
    return f"p50 {half:.2f} ms, p99 {most:.2f} ms, longest {ms.max():.0f} ms"


def _bad(found: load.Outcome) -> str:
    refused = len(found.status) - found.count()
    return f", {refused} refused, {found.lost} lost" if refused or found.lost else ""


def _row(what: str, result: str) -> None:
    print(f"{what:58} {result}", flush=True)


if __name__ == "__main__":
    main()
