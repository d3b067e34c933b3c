"""Metrics for Prometheus."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # a time of birth beside each series, which doubles their number

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_IMAGES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counts of one server.

    Args:
        queue: gives the number of images that wait.
        taken: gives the number of requests that are taken and not yet answered.
    """

    def __init__(self, queue: Callable[[], int], taken: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._answers = Counter(
            "platefuse_requests", "Requests answered, by path and status.", ["path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "platefuse_request_seconds",
            "Seconds from a request's headers to the end of its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._batches = Histogram(
            "platefuse_batch_images", "Images in one call of the model.", buckets=_IMAGES, registry=registry
        )
        Gauge("platefuse_queue_images", "Images that wait for a call of the model.", registry=registry).set_function(
            queue
        )
        Gauge(
            "platefuse_requests_taken", "Requests that are taken and not yet answered.", registry=registry
        ).set_function(taken)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._answers.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def read_batch(self, images: int) -> None:
        """Count a call of the model."""
        self._batches.observe(images)

    def text(self) -> bytes:
        """Give all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
