"""What `digits serve` can be told: one frozen object, from which the flags are made."""

import os
from dataclasses import dataclass, field
from pathlib import Path

# Names by which a server that listens on this machine only may be called. Any other name in a
# request's Host header is a stranger's domain that was pointed here (DNS rebinding).
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# Each is a process with libraries and a model of its own.
MAX_WORKERS = 8


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may ask for.

    Attributes:
        body_bytes: most bytes of a request's body.
        bodies_bytes: most bytes of all bodies that are held at once.
        pixels: most pixels of a picture.
        workers: processes that read.
        queue: requests that may wait for a process; more where they are answered within 0.1 s.
            What comes on top is refused at once, and so is under overload what would have to wait.
        read_seconds: longest time that a process gets for one request, from when it begins.
        receive_seconds: longest time for a request's head, and for its body, to arrive; each
            50,000 bytes of body that did arrive buy another second.
        stop_seconds: longest time that requests in flight get once the server was told to stop.
        connections: most connections at once.
        corrections_bytes: most bytes of disk that kept corrections may take.
    """

    body_bytes: int = 5_000_000
    bodies_bytes: int = 200_000_000
    pixels: int = 25_000_000
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, MAX_WORKERS))
    queue: int = 32
    read_seconds: float = 10.0
    receive_seconds: float = 10.0
    stop_seconds: float = 30.0
    connections: int = 1000
    corrections_bytes: int = 100_000_000


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
