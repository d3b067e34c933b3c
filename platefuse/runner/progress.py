"""Progress of a training: one line an epoch, with the time left."""

import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tqdm import tqdm

# Seconds in each unit, and the seconds from which on a time is told in it: "90 minutes", then "2 hours".
_UNITS = (("hour", 3600, 5400), ("minute", 60, 90), ("second", 1, 0))


class EpochProgress:
    """Lines on the error output; on a terminal a bar, too.

    A line has at most 80 columns, and the bar counts the batches of an epoch:

        epoch  3 of 18  loss 0.1234  val_loss 0.1301  about 4 minutes left

    Use it as a context manager: a training that fails leaves no bar behind.

    Args:
        epochs: how many in total, those of earlier runs included.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._durations: list[float] = []
        self._started = 0.0
        self._bar = tqdm(disable=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.close()

    def begin_epoch(self, epoch: int, steps: int | None) -> None:
        """Start an epoch, counted from 1; `steps` is None if unknown."""
        # The first batch of a run builds graphs, which takes as long as many batches.
        self._started = time.monotonic() if self._durations else 0.0
        self._bar = tqdm(total=steps, desc=self._name(epoch), unit="step", leave=False, disable=None, file=sys.stderr)

    def step(self) -> None:
        """Count a batch."""
        if not self._started:
            self._started = time.monotonic()
        self._bar.update()

    def end_epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """Print an epoch's line.

        It has the loss, the validation accuracy (the validation loss for a network without one) and the time left.
        """
        self._bar.close()
        self._durations.append(time.monotonic() - self._started)
        names = ("loss", "val_accuracy" if "val_accuracy" in values else "val_loss")
        numbers = [f"{name} {_number(values[name])}" for name in names if name in values]
        left = time_left(self._durations, self._epochs - epoch)
        print("  ".join([self._name(epoch), *numbers, *left]), file=sys.stderr, flush=True)

    def _name(self, epoch: int) -> str:
        return f"epoch {epoch:{len(str(self._epochs))}} of {self._epochs}"


def time_left(durations: Sequence[float], epochs: int) -> list[str]:
    """Estimate the time of the epochs to come.

    Args:
        durations: seconds of this run's epochs, at least one. The first builds graphs, and counts only if alone.
        epochs: how many are left.

    Returns:
        Such as ["about 4 minutes left"]; [] if none is left.
    """
    if not epochs:
        return []
    usual = durations[1:] or durations
    seconds = epochs * sum(usual) / len(usual)
    unit, length = next((unit, length) for unit, length, least in _UNITS if seconds >= least)
    count = max(1, round(seconds / length))
    return [f"about {count} {unit}{'' if count == 1 else 's'} left"]


def _number(value: float) -> str:
    """Four decimals; large numbers in their first digits."""
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.3g}"
