"""The access log: one line for each request that was answered, and what is counted of it."""

import contextlib
import json
import re
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from digit_classifier.server.metrics import Metrics

# A client's own id goes into the log and back to it: nothing but a short word.
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


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
        fault: str | None = None,
    ) -> None:
        """Write one line.

        Args:
            scope: of ASGI; or of it no more than `client`, of a request that was cut off before
                its head had arrived.
            status: of the answer.
            seconds: from the request's head to the end of the answer.
            identity: of the request.
            fault: the code of the error, if it is one.
        """
        route = getattr(scope.get("route"), "path", "none")  # the template: few different values
        self._metrics.requests.labels(route, str(status)).inc()
        if fault is not None:
            self._metrics.errors.labels(fault).inc()
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
        line = json.dumps(entry) if self._as_json else " ".join(map(str, entry.values()))
        with contextlib.suppress(OSError):  # a log that cannot be written stops no answer
            sys.stderr.write(f"{line}\n")


def identity(scope: Mapping[str, Any]) -> bytes:
    """What a request is called: by its client, or else at random."""
    for name, value in scope.get("headers", ()):
        if name == b"x-request-id" and _ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
