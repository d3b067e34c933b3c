"""Interleaved timing, in which disturbances affect all rows alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Attributes:
        rounds: visits to each row.
        seconds: minimum time of a visit, in which calls are repeated; at least one call.
    """

    rounds: int
    seconds: float


FULL, QUICK = Plan(rounds=9, seconds=0.05), Plan(rounds=1, seconds=0.0)


def summarise(values: Sequence[float], factor: float = 1.0) -> dict[str, float]:
    """Median, lower and upper quartile and number of values, scaled by `factor`.

    Args:
        values: at least one.
        factor: such as 1000, to convert seconds to milliseconds.
    """
    lower, median, upper = np.quantile(np.asarray(values, np.float64) * factor, [0.25, 0.5, 0.75]).tolist()
    return {"median": median, "lower": lower, "upper": upper, "repeats": len(values)}


def interleaved(rows: Mapping[str, Callable[[], object]], plan: Plan, description: str) -> dict[str, list[float]]:
    """Time calls in turn, starting each round with another row.

    Args:
        rows: what to call, by name.
        plan: how often.
        description: of the progress bar.

    Returns:
        Seconds of each call, by name.
    """
    names = list(rows)
    for name in names:
        rows[name]()  # traces graphs, fills caches
    times: dict[str, list[float]] = {name: [] for name in names}
    with tqdm(total=plan.rounds * len(names), desc=description, disable=None) as bar:
        for turn in range(plan.rounds):
            for position in range(len(names)):
                name = names[(turn + position) % len(names)]
                times[name] += _visit(rows[name], plan.seconds)
                bar.update()
    return times


def _visit(call: Callable[[], object], seconds: float) -> list[float]:
    call()  # not timed: caches hold the previous row's data, and its threads may still spin
    times: list[float] = []
    while not times or sum(times) < seconds:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
