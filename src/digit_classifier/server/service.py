"""What all routes share: the models, who reads, the counters, and whether the end is near."""

from starlette.requests import Request

from digit_classifier.server.access_log import AccessLog, Metrics
from digit_classifier.server.admission import AdmissionQueue
from digit_classifier.server.label_folder import LabelFolder
from digit_classifier.server.models import ModelRegistry
from digit_classifier.server.settings import Settings
from digit_classifier.server.worker import WorkerProcess, jobs


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

    def __init__(self, settings: Settings) -> None:
        """Load the models and start the processes that read.

        Raises:
            ModelError: a model that is missing or does not work.
            StorageError: the folder for corrections cannot be written.
        """
        limits = settings.limits
        self.settings, self.draining, self.in_flight = settings, False, 0
        self.metrics = Metrics()
        self.metrics.in_flight.set_function(lambda: self.in_flight)
        self.log = AccessLog(self.metrics, as_json=settings.log_json)
        workers = [WorkerProcess() for _ in range(limits.workers)]  # first: they need a moment
        self.queue = AdmissionQueue(workers, limits.queue, limits.read_seconds, self.metrics)
        self.models = ModelRegistry(settings.model, settings.scale)
        for name in self.models.models:
            self.metrics.model.labels(name, str(name == self.models.default).lower()).set(1)
        folder = settings.corrections
        self.corrections = LabelFolder(folder, limits.corrections_bytes) if folder else None

    async def prepare(self) -> None:
        """Have every process read once, so that the first user waits for nothing."""
        await self.queue.prepare(lambda worker: worker.ask(self.models.find(None), jobs.warm_up))


def service_of(request: Request) -> Service:
    """The state of the server that was asked."""
    service: Service = request.app.state.service
    return service
