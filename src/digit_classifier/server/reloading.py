"""--reload-model: look at the model's file, and read with the new one once it is known to work."""

import asyncio
import logging
from pathlib import Path

from digit_classifier import weights
from digit_classifier.errors import InputError, ModelError
from digit_classifier.server import models
from digit_classifier.server.service import Service

SECONDS = 1.0
_log = logging.getLogger(__name__)


async def watch(service: Service) -> None:
    """Look at the file once a second, for ever."""
    model = service.settings.model
    seen = _stamp(model)
    while True:
        await asyncio.sleep(SECONDS)
        now = _stamp(model)
        if now is not None and now != seen:
            seen = now
            await asyncio.to_thread(take, service, now[0])


def take(service: Service, path: Path) -> None:
    """Let the model at `path` take the place of the one in use, if it is good."""
    try:
        model = models.load(path)
    except ModelError as error:
        service.reload_error = f"{error}; the one before it is still in use"
        service.metrics.reloads.labels("refused").inc()
        _log.warning("The changed model was not taken: %s.", service.reload_error)
    else:
        service.models.replace(model)
        service.reload_error = None
        service.metrics.reloads.labels("taken").inc()
        _log.warning("The model %s was loaded anew from %s.", service.models.default, path)


def _stamp(model: str) -> tuple[Path, int, int, int] | None:
    """Where the file is, and what changes when it does; None while it is not there."""
    try:
        path = weights.find(model)
        about = path.stat()
    except (OSError, InputError):
        return None
    return path, about.st_mtime_ns, about.st_size, about.st_ino
