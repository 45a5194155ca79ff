"""What is counted and timed, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip


class Metrics:
    """One registry of its own, so that a second application in the process counts for itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "digits_requests", "Requests answered.", ("route", "status"), registry=self.registry
        )
        self.errors = Counter(
            "digits_errors", "Requests refused or failed, by code.", ("code",),
            registry=self.registry,
        )  # fmt: skip
        self.latency = Histogram(
            "digits_request_seconds", "From a request's head to the end of its answer.",
            ("route",), buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.wait = Histogram(
            "digits_queue_wait_seconds", "How long readings waited for a process.",
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.in_flight = Gauge(
            "digits_requests_in_flight", "Requests begun and not answered.", registry=self.registry
        )
        self.depth = Gauge(
            "digits_queue_depth", "Readings under way or waiting.", registry=self.registry
        )
        self.digits = Counter(
            "digits_read", "Digits read, by model.", ("model",), registry=self.registry
        )
        self.model = Gauge(
            "digits_model_info", "1 for each model that is loaded.", ("model", "default"),
            registry=self.registry,
        )  # fmt: skip
        self.reloads = Counter(
            "digits_model_reloads", "Changed model files seen, by what came of it.", ("result",),
            registry=self.registry,
        )  # fmt: skip

    def render(self) -> bytes:
        """All of them, in Prometheus's text form."""
        return generate_latest(self.registry)
