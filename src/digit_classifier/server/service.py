"""What all routes share: the models, who reads, the counters, and whether the end is near."""

from dataclasses import dataclass

from starlette.requests import Request

from digit_classifier.server.access_log import AccessLog, Metrics
from digit_classifier.server.admission import AdmissionQueue
from digit_classifier.server.label_folder import LabelFolder
from digit_classifier.server.models import ModelRegistry
from digit_classifier.server.settings import Settings
from digit_classifier.server.worker import WorkerProcess, jobs


@dataclass
class Service:
    """The state of one server.

    Attributes:
        settings: what it was told.
        models: those that it reads with.
        queue: where readings wait for a process.
        metrics: its counters.
        log: where it says what it answered.
        corrections: its folder of corrected pictures; None where none are kept.
        draining: it was told to stop; only what is in flight is still answered.
        in_flight: requests begun and not yet answered.
    """

    settings: Settings
    models: ModelRegistry
    queue: AdmissionQueue[WorkerProcess]
    metrics: Metrics
    log: AccessLog
    corrections: LabelFolder | None = None
    draining: bool = False
    in_flight: int = 0

    async def prepare(self) -> None:
        """Have every process read once, so that the first user waits for nothing."""
        await self.queue.prepare(lambda worker: worker.ask(self.models.find(None), jobs.warm_up))


def start(settings: Settings) -> Service:
    """Load the models and start the processes that read.

    Raises:
        ModelError: a model that is missing or does not work.
        StorageError: the folder for corrections cannot be written.
    """
    metrics, limits = Metrics(), settings.limits
    workers = [WorkerProcess() for _ in range(limits.workers)]  # first: they need a moment
    models = ModelRegistry(settings.model, settings.scale)
    for name in models.models:
        metrics.model.labels(name, str(name == models.default).lower()).set(1)

    queue = AdmissionQueue(workers, limits.queue, limits.read_seconds, metrics)
    folder = settings.corrections
    kept = LabelFolder(folder, limits.corrections_bytes) if folder else None
    log = AccessLog(metrics, as_json=settings.log_json)
    service = Service(settings, models, queue, metrics, log, kept)
    metrics.in_flight.set_function(lambda: service.in_flight)
    return service


def service_of(request: Request) -> Service:
    """The state of the server that was asked."""
    service: Service = request.app.state.service
    return service
