"""The processes that read: they die, they hang, they are told to end, and nobody notices."""

import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from digit_classifier import weights
from digit_classifier.reader import DigitReader
from digit_classifier.server import models
from digit_classifier.server.errors import ApiError
from digit_classifier.server.worker import WorkerProcess, inference, jobs
from server.process import Server, fault, wait_until
from support import run_async

PNG = {"Content-Type": "image/png"}
FRAMEWORK = {"fastapi", "pydantic", "starlette", "uvicorn"}


def kill(server: Server) -> set[int]:
    """Kill what reads; its process ids."""
    pids = server.readers()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # the server itself ended it meanwhile
            os.kill(pid, signal.SIGKILL)
    return pids


def test_one_process_a_worker_reads(start) -> None:
    assert len(start("--workers", "3").readers()) == 3


def test_another_takes_the_place_of_one_that_died(start, picture: bytes) -> None:
    server = start("--workers", "2")
    killed = kill(server)
    assert len(killed) == 2
    for _ in range(4):
        answer = server.client.post("v1/read", content=picture, headers=PNG)
        assert (answer.status_code, answer.json()["text"]) == (200, "42")
    assert not server.readers() & killed


def test_a_picture_at_which_it_dies_twice_is_refused_in_words(
    start, slow_picture: bytes, picture: bytes
) -> None:
    server = start("--workers", "1", "--read-seconds", "100")

    def read() -> httpx.Response:
        return httpx.post(f"{server.address}v1/read", content=slow_picture, headers=PNG, timeout=99)

    with ThreadPoolExecutor(1) as client:
        answer = client.submit(read)
        while not answer.done():
            wait_until(lambda: server.metric("digits_queue_depth") == 1 or answer.done())
            kill(server)
    status, code, message = fault(answer.result())
    assert (status, code) == (503, "reader_died")
    assert "died" in message
    assert answer.result().headers["Retry-After"] == "1"
    assert server.client.post("v1/read", content=picture, headers=PNG).json()["text"] == "42"


def test_what_takes_too_long_is_ended_and_holds_up_nobody(start, picture: bytes) -> None:
    dots = np.random.default_rng(0).integers(0, 256, (4_000, 4_000), np.uint8)
    file = io.BytesIO()
    Image.fromarray(dots // 128 * 255).save(file, format="PNG", compress_level=1)
    server = start("--workers", "1", "--read-seconds", "0.15")
    before = server.readers()
    assert fault(server.client.post("v1/read", content=file.getvalue(), headers=PNG))[0] == 504
    wait_until(lambda: server.readers() and not server.readers() & before)
    read = lambda: server.client.post("v1/read", content=picture, headers=PNG)  # noqa: E731
    assert (
        wait_until(lambda: (answer := read()).status_code == 200 and answer).json()["text"] == "42"
    )


def test_none_is_left_when_the_server_was_stopped_or_killed(start, slow_picture: bytes) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        server = start("--workers", "2")
        pids = server.readers()
        assert pids
        server.stop(sign)
        wait_until(lambda pids=pids: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_signal_for_all_of_them_lets_what_is_being_read_finish(start, picture: bytes) -> None:
    """As when a service manager, or Ctrl-C in a terminal, reaches the whole group."""
    server = start("--workers", "1")
    for sign in (signal.SIGINT, signal.SIGTERM):
        for pid in server.readers():
            os.kill(pid, sign)
    before = server.readers()
    assert server.client.post("v1/read", content=picture, headers=PNG).json()["text"] == "42"
    assert server.readers() == before
    assert server.stop() == 0


def test_a_refusal_comes_out_of_another_process_whole() -> None:
    told = pickle.loads(pickle.dumps(ApiError(422, "bad_input", "no.", {"Retry-After": "1"})))
    assert (told.status, told.code, str(told), told.headers) == (
        422, "bad_input", "no.", {"Retry-After": "1"},
    )  # fmt: skip


def imported(_: DigitReader) -> set[str]:
    """The packages that a process has imported."""
    return {name.partition(".")[0] for name in sys.modules}


def test_it_imports_no_web_framework(picture: bytes) -> None:
    async def packages() -> set[str]:
        worker, model = WorkerProcess(), models.load(weights.find("mlp"))
        asked = {"data": picture, "pixels": 10**6}
        how = {"name": None, "single": False, "details": True, "threshold": None}
        tensor = {**inference.INPUT, "shape": [1, 28, 28], "data": [0] * 784}
        body = json.dumps({"inputs": [tensor]}).encode()
        try:
            await worker.ask(model, jobs.read, **asked, **how)
            await worker.ask(model, jobs.correct, **asked, box=None)
            await worker.ask(model, inference.infer, "mlp", body, None)
            return await worker.ask(model, imported)
        finally:
            worker.close()

    found = run_async(packages())
    assert "onnxruntime" in found
    assert not found & FRAMEWORK
    # `digits` is a script, which each of them runs as far as its imports
    code = "import sys, digit_classifier.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & FRAMEWORK
