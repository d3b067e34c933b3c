"""Times rows in turn, over and over: what disturbs the machine for a while disturbs all of them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tqdm import tqdm


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Attributes:
        rounds: visits to each row.
        seconds: how long to repeat a row's call within a visit; there is one call at least.
    """

    rounds: int
    seconds: float


FULL, QUICK = Plan(rounds=9, seconds=0.05), Plan(rounds=2, seconds=0.0)


@dataclass(frozen=True)
class Summary:
    """The middle of many values, and their spread.

    Attributes:
        median: half of the values are below it.
        lower, upper: the quartiles, between which half of the values are.
        repeats: how many values there are.
    """

    median: float
    lower: float
    upper: float
    repeats: int

    def as_dict(self) -> dict[str, Any]:
        """The attributes in JSON's types."""
        return asdict(self)


def summarise(values: Sequence[float], factor: float = 1.0) -> Summary:
    """Summarise values times `factor` (such as 1000, for milliseconds of seconds); at least one."""
    lower, median, upper = np.quantile(np.asarray(values, np.float64) * factor, [0.25, 0.5, 0.75]).tolist()
    return Summary(median, lower, upper, len(values))


def interleaved(rows: Mapping[str, Callable[[], object]], plan: Plan, description: str) -> dict[str, list[float]]:
    """Time calls, one row after another, round after round, each round beginning with another row.

    Args:
        rows: what to call, by name.
        plan: how often.
        description: what the progress bar says.

    Returns:
        Seconds of each call, by name.
    """
    names = list(rows)
    for name in names:
        rows[name]()  # traces graphs, fills caches
    times: dict[str, list[float]] = {name: [] for name in names}
    with tqdm(total=plan.rounds * len(names), desc=description, disable=None) as bar:
        for turn in range(plan.rounds):
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                times[name] += _visit(rows[name], plan.seconds)
                bar.update()
    return times


def _visit(call: Callable[[], object], seconds: float) -> list[float]:
    call()  # not timed: the row before left its data in the caches, and its threads may still be spinning
    times: list[float] = []
    while not times or sum(times) < seconds:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
