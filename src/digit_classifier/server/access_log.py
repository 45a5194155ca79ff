"""One line for each request that was answered, and what is counted and timed for Prometheus."""

import contextlib
import json
import re
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from digit_classifier.server.errors import ApiError

# A client's own id goes into the log and back to it: nothing but a short word.
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip


class Metrics:
    """One registry of its own, so that a second application in the process counts for itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry, buckets=_SECONDS)
        self.requests = counter("digits_requests", "Requests answered.", ("route", "status"))
        self.errors = counter("digits_errors", "Requests refused or failed, by code.", ("code",))
        self.latency = histogram(
            "digits_request_seconds", "From a request's head to the end of its answer.", ("route",)
        )
        self.wait = histogram(
            "digits_queue_wait_seconds", "How long readings waited for a process."
        )
        self.in_flight = gauge("digits_requests_in_flight", "Requests begun and not answered.")
        self.depth = gauge("digits_queue_depth", "Readings under way or waiting.")
        self.digits = counter("digits_read", "Digits read, by model.", ("model",))
        self.model = gauge(
            "digits_model_info", "1 for each model that is loaded.", ("model", "default")
        )
        self.reloads = counter(
            "digits_model_reloads", "Changed model files seen, by what came of it.", ("result",)
        )

    def render(self) -> bytes:
        """All of them, in Prometheus's text form."""
        return generate_latest(self.registry)


class AccessLog:
    """Written to standard error."""

    def __init__(self, metrics: Metrics, *, as_json: bool) -> None:
        self._metrics, self._as_json = metrics, as_json

    def note(
        self,
        scope: Mapping[str, Any],
        status: int,
        seconds: float,
        identity: bytes,
        fault: ApiError | None = None,
    ) -> None:
        """Write one line.

        Args:
            scope: of ASGI; or of it no more than `client`, of a request that was cut off before
                its head had arrived.
            status: of the answer.
            seconds: from the request's head to the end of the answer.
            identity: of the request.
            fault: the error, if it is one.
        """
        route = getattr(scope.get("route"), "path", "none")  # the template: few different values
        self._metrics.requests.labels(route, str(status)).inc()
        if fault is not None:
            self._metrics.errors.labels(fault.code).inc()
        self._metrics.latency.labels(route).observe(seconds)
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("-",))[0],
            "method": scope.get("method", "-"),
            # as it was sent, percent-encoded: no line break can be smuggled into the log
            "path": scope.get("raw_path", b"-").decode("ascii", "replace"),
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": identity.decode(),
        }
        if self._as_json:
            line = json.dumps(
                {**entry, "traceback": fault.trace} if fault and fault.trace else entry
            )
        else:
            line = " ".join(map(str, entry.values()))
            line += f"\n{fault.trace}".rstrip() if fault and fault.trace else ""
        with contextlib.suppress(OSError):  # a log that cannot be written stops no answer
            sys.stderr.write(f"{line}\n")


def identity(scope: Mapping[str, Any]) -> bytes:
    """What a request is called: by its client, or else at random."""
    for name, value in scope.get("headers", ()):
        if name == b"x-request-id" and _ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
