"""Throughput and correctness of one loaded model with several concurrent callers.

Measure it in a process that runs nothing else. With oneDNN, TensorFlow caches prepared convolutions by shape and
thread. One prepared for another model's variable weights adds in another order than one for constant weights, so next
to other models the last digits depend on the thread.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.model_under_test import ModelUnderTest, load_images, read_plates
from benchmarks.timing import summarise
from platefuse.inference.runtimes import open_model

CALLERS = (1, 2, 4)

Outputs = dict[str, np.ndarray]
Call = Callable[[np.ndarray], Outputs]


def measure(model: ModelUnderTest, cores: int) -> dict[str, Any]:
    """Run `measure_callers` on the fused model and its test plates."""
    images = load_images(read_plates(model, model.images_read))
    rounds, calls = (1, 4) if model.quick else (7, 60)
    return measure_callers(open_model(model.fused), images, rounds, calls)


def measure_callers(call: Call, images: np.ndarray, rounds: int, calls: int) -> dict[str, Any]:
    """Compare concurrent reads by 1, 2 and 4 threads with serial calls.

    Args:
        call: the loaded model, from uint8 [1,H,W,3] to its outputs.
        images: uint8 [n,H,W,3]; each thread reads different ones, one by one.
        rounds: how often each number of callers is measured.
        calls: images that each caller reads in a round.

    Returns:
        By number of callers: images per second (a summary), and `own_answers`, the share of outputs bit-identical to
        those of a serial call.
    """
    serial = [call(image[None]) for image in images]
    rates: dict[int, list[float]] = {callers: [] for callers in CALLERS}
    shares: dict[int, list[float]] = {callers: [] for callers in CALLERS}
    for callers in tqdm(CALLERS * rounds, desc="callers", disable=None):
        seconds, share = _round(call, images, serial, callers, calls)
        rates[callers].append(callers * calls / seconds)
        shares[callers].append(share)
    return {
        str(callers): {"images_per_second": summarise(rates[callers]), "own_answers": float(np.mean(shares[callers]))}
        for callers in CALLERS
    }


def _round(call: Call, images: np.ndarray, serial: Sequence[Outputs], callers: int, calls: int) -> tuple[float, float]:
    """Seconds until the last answer, and the share of correct answers."""
    start = threading.Barrier(callers + 1)

    def caller(number: int) -> list[tuple[int, Outputs]]:
        indices = [(number * calls + turn) % len(images) for turn in range(calls)]
        start.wait()
        return [(index, call(images[index : index + 1])) for index in indices]

    with ThreadPoolExecutor(callers) as pool:
        futures = [pool.submit(caller, number) for number in range(callers)]
        start.wait()
        begin = time.perf_counter()
        answers = [answer for future in futures for answer in future.result()]
        seconds = time.perf_counter() - begin
    return seconds, float(np.mean([_identical(outputs, serial[index]) for index, outputs in answers]))


def _identical(one: Outputs, other: Outputs) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
