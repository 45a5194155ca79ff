"""What `digits serve` can be told: one frozen object, from which the flags are made."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Names by which a server that listens on this machine only may be called. Any other name in a
# request's Host header is a stranger's domain that was pointed here (DNS rebinding).
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# Each is a process with libraries and a model of its own.
MAX_WORKERS = 8


def _limit(default: Any, flag: str, unit: str, text: str, least: float | None = 1) -> Any:
    """A limit with its flag and its help; `least` is None for what must be more than 0."""
    about = {"flag": flag, "unit": unit, "help": text, "least": least}
    make = {"default_factory": default} if callable(default) else {"default": default}
    return field(metadata=about, **make)


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may ask for; each with its flag and what it means."""

    body_bytes: int = _limit(5_000_000, "--max-body", "BYTES", "Longest body of a request.")
    bodies_bytes: int = _limit(
        200_000_000, "--max-bodies", "BYTES", "Most of all bodies that are held at once."
    )
    pixels: int = _limit(25_000_000, "--max-pixels", "N", "Largest picture.")
    workers: int = _limit(
        lambda: min(os.cpu_count() or 1, MAX_WORKERS), "--workers", "N", "Processes that read."
    )
    queue: int = _limit(
        32,
        "--queue",
        "N",
        "Requests that may wait for a process, or what is answered in 0.1 s; more get 503.",
        0,
    )
    read_seconds: float = _limit(
        10.0, "--read-seconds", "S", "Longest time for a reading from when it begins.", None
    )
    receive_seconds: float = _limit(
        10.0,
        "--receive-seconds",
        "S",
        "Longest time for a request's head, and for its body, to arrive; 50 kB of body that did "
        "arrive buy another second.",
        None,
    )
    stop_seconds: float = _limit(
        30.0, "--stop-seconds", "S", "Longest wait for requests in flight at the end.", 0
    )
    connections: int = _limit(1000, "--connections", "N", "Most connections at once.")
    corrections_bytes: int = _limit(
        100_000_000, "--max-corrections", "BYTES", "Most disk for --corrections.")  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How to serve.

    Attributes:
        host: address to listen on.
        port: 0 for any that is free.
        model: what reads unless a request says otherwise: a shipped name, a run folder, a file.
        scale: what a float input of `model` is given; None for what its file says, else 0..1.
        corrections: folder that keeps corrected pictures; None keeps nothing.
        log_json: the access log as JSON, one object a line.
        reload_model: load the file of `model` again when it changes.
        allowed_hosts: further names by which clients may call the server, such as that of a proxy.
        limits: see `Limits`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    model: str = "cnn"
    scale: str | None = None
    corrections: Path | None = None
    log_json: bool = False
    reload_model: bool = False
    allowed_hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK or self.host.startswith("127.")
