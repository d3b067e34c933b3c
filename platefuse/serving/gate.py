"""How many requests are taken and not yet answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from platefuse.serving.refusal import Refusal

_RETRY = {"Retry-After": "1"}


class Gate:
    """Lets in a number of requests at once.

    After `close` it lets in none. It belongs to the thread of the event loop.

    Args:
        most: requests that are in at once.

    Attributes:
        taken: the requests that are in.
        answered: the requests that were in.
        closed: whether the server is stopping.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0
        self.answered = 0
        self.closed = False

    def close(self) -> None:
        """Refuse all further requests; those that are in stay."""
        self.closed = True

    @contextmanager
    def let_in(self) -> Iterator[None]:
        """Count a request as taken while the block runs.

        Raises:
            Refusal: 503 if the gate is closed, 429 if as many requests as it takes are in.
        """
        if self.closed:
            raise Refusal(503, "The server is stopping and takes no more images: ask again in a while.", _RETRY)
        if self.taken >= self._most:
            raise Refusal(
                429, f"The queue is full: {self._most} requests are waiting for their answers. Ask again.", _RETRY
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self.answered += 1
