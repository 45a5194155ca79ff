"""What all routes share: the models, who reads, the counters, and whether the end is near."""

from dataclasses import dataclass

from digit_classifier.server import read
from digit_classifier.server.desk import Desk
from digit_classifier.server.helper import Helper
from digit_classifier.server.label_folder import LabelFolder
from digit_classifier.server.log import AccessLog
from digit_classifier.server.metrics import Metrics
from digit_classifier.server.settings import Settings
from digit_classifier.server.shelf import Shelf


@dataclass
class Service:
    """The state of one server.

    Attributes:
        settings: what it was told.
        shelf: its models.
        desk: where readings wait for a process.
        metrics: its counters.
        log: where it says what it answered.
        corrections: its folder of corrected pictures; None where none are kept.
        draining: it was told to stop; only what is in flight is still answered.
        in_flight: requests begun and not yet answered.
        reload_error: why the changed model file was not taken, if it was not.
    """

    settings: Settings
    shelf: Shelf
    desk: Desk[Helper]
    metrics: Metrics
    log: AccessLog
    corrections: LabelFolder | None = None
    draining: bool = False
    in_flight: int = 0
    reload_error: str | None = None

    async def prepare(self) -> None:
        """Have every process read once, so that the first user waits for nothing."""
        await self.desk.prepare(lambda helper: helper.ask(self.shelf.find(None), read.warm_up))


def start(settings: Settings) -> Service:
    """Load the models and start the processes that read.

    Raises:
        ModelError: a model that is missing or does not work.
        StorageError: the folder for corrections cannot be written.
    """
    metrics, limits = Metrics(), settings.limits
    helpers = [Helper() for _ in range(limits.workers)]  # first: they need a moment
    shelf = Shelf(settings.model)
    for name in shelf.models:
        metrics.model.labels(name, str(name == shelf.default).lower()).set(1)

    desk = Desk(helpers, limits.queue, limits.read_seconds, metrics)
    folder = settings.corrections
    kept = LabelFolder(folder, limits.corrections_bytes) if folder else None
    log = AccessLog(metrics, as_json=settings.log_json)
    service = Service(settings, shelf, desk, metrics, log, kept)
    metrics.in_flight.set_function(lambda: service.in_flight)
    return service
