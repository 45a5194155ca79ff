"""A real server: `digits serve` as a process of its own, on a free port."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

# Long enough for a machine that does ten other things; nothing here waits so long on a good day.
PATIENCE = 60.0


class DidNotStart(AssertionError):  # noqa: N818
    """With the exit code, and what it wrote to standard error."""


class Server:
    """One running server, and how a test speaks with it."""

    def __init__(self, *flags: str, before: Sequence[str] = ()) -> None:
        self.errors = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "digit_classifier", "serve", "--port", "0", *flags],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout
        self.first_line = self.process.stdout.readline()
        if not self.first_line:
            self.process.stdout.close()
            with self.errors:
                raise DidNotStart(self.process.wait(PATIENCE), self.log())
        self.address = self.first_line.strip()
        self.port = int(re.fullmatch(r"http://.*:(\d+)/", self.address)[1])
        self.client = httpx.Client(base_url=self.address, timeout=PATIENCE, trust_env=False)

    def log(self) -> str:
        """What it wrote to standard error so far."""
        return Path(self.errors.name).read_text()

    def entries(self) -> list[dict[str, Any]]:
        """The access log of a server with --log-json."""
        lines = self.log().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def connect(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def say(self, data: bytes) -> bytes:
        """Send bytes, close the sending half, and return all that comes back."""
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return everything(connection)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        text = self.client.get("metrics").text
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    def readers(self) -> set[int]:
        """The process ids of what reads for it."""
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.process.pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                    found.add(int(entry.name))
        return found

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Stop it and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        assert self.process.stdout
        if not self.process.stdout.closed:
            self.rest = self.process.stdout.read()
            self.process.stdout.close()
            self.errors.close()
            self.client.close()
        return code


def everything(connection: socket.socket) -> bytes:
    """All bytes until the other side closes; a reset ends them too."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def one_answer(connection: socket.socket) -> bytes:
    """The head and the body of the next answer, however many pieces they come in."""
    stream = connection.makefile("rb")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        assert line, f"closed after {head!r}"
        head += line
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
    assert length, head
    return head + stream.read(int(length[1]))


def wait_until(condition: Any) -> Any:
    """Ask again and again until the answer is true; gives the answer."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def fault(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error, which has exactly the one form; no code under /v2."""
    assert response.headers["content-type"] == "application/json"
    (error,) = response.json().values()
    assert list(response.json()) == ["error"]
    if f"{response.request.url.path}/".startswith("/v2/"):
        assert isinstance(error, str)
        return response.status_code, "", error
    assert set(error) == {"code", "message"}
    return response.status_code, error["code"], error["message"]
