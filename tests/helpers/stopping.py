"""Stops a training between two epochs, when the line of the first one is printed."""

import contextlib
import io
from collections.abc import Iterator


class StoppedError(Exception):
    """Raised in the middle of a training."""


class _Stop(io.StringIO):
    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark

    def write(self, text: str) -> int:
        if self._mark in text:
            raise StoppedError
        return super().write(text)


@contextlib.contextmanager
def stopping_at(mark: str) -> Iterator[None]:
    """Raise StoppedError when `mark` is printed on the error output."""
    with contextlib.redirect_stderr(_Stop(mark)):
        yield
