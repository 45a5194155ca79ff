"""What all routes share: the models, who reads, the counters, and whether the end is near."""

import asyncio

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
        # first: they need a moment
        self._workers = [WorkerProcess() for _ in range(limits.workers)]
        self.queue = AdmissionQueue(self._workers, limits.queue, limits.read_seconds, self.metrics)
        self.models = ModelRegistry(settings.model, settings.scale)
        for name in self.models.models:
            self.metrics.model.labels(name, str(name == self.models.default).lower()).set(1)
        folder = settings.corrections
        self.corrections = LabelFolder(folder, limits.corrections_bytes) if folder else None

    async def prepare(self) -> None:
        """Have every process read once, so that the first user waits for nothing."""
        reader = self.models.find(None)
        await asyncio.gather(*(worker.ask(reader, jobs.warm_up) for worker in self._workers))


def service_of(request: Request) -> Service:
    """The state of the server that was asked."""
    service: Service = request.app.state.service
    return service
