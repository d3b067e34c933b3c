"""Several callers at once on one loaded model.

To be measured in a process that runs nothing else: with oneDNN, TensorFlow keeps the convolutions it has prepared by
their shapes, thread by thread, and one that was prepared for another model's variable weights adds in another order
than one for constant weights. Beside other models, an answer's last digits depend on the thread that computes it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.subject import Subject, images_of, read_plates
from benchmarks.timing import summarise
from platefuse.inference.runtimes import open_model

CALLERS = (1, 2, 4)

Outputs = dict[str, np.ndarray]
Call = Callable[[np.ndarray], Outputs]


def measure_fused(subject: Subject) -> dict[str, Any]:
    """Measure the subject's finished model as `measure_callers` does, on its test plates."""
    images = images_of(read_plates(subject, subject.images_read))
    rounds, calls = (1, 4) if subject.quick else (7, 60)
    return measure_callers(open_model(subject.fused), images, rounds, calls)


def measure_callers(call: Call, images: np.ndarray, rounds: int, calls: int) -> dict[str, Any]:
    """Have 1, 2 and 4 threads read at once, each its own images one by one, and check what each was given.

    Args:
        call: the loaded model, from uint8 [1,H,W,3] to its outputs.
        images: uint8 [n,H,W,3].
        rounds: how often each number of callers takes its turn.
        calls: how many images a caller reads in a turn.

    Returns:
        For each number of callers its images a second (a summary), and `own_answers`: the share of answers that are
        what the same image gave in a serial call, to the last bit.
    """
    serial = [call(image[None]) for image in images]
    rates: dict[int, list[float]] = {number: [] for number in CALLERS}
    right: dict[int, list[float]] = {number: [] for number in CALLERS}
    for number in tqdm(CALLERS * rounds, desc="callers", disable=None):
        seconds, share = _turn(call, images, serial, number, calls)
        rates[number].append(number * calls / seconds)
        right[number].append(share)
    return {
        str(number): {
            "images_per_second": summarise(rates[number]).as_dict(),
            "own_answers": float(np.mean(right[number])),
        }
        for number in CALLERS
    }


def _turn(call: Call, images: np.ndarray, serial: Sequence[Outputs], callers: int, calls: int) -> tuple[float, float]:
    """Seconds from the first to the last answer, and the share of answers that are their caller's own."""
    start = threading.Barrier(callers + 1)

    def caller(number: int) -> list[tuple[int, Outputs]]:
        indices = [(number * calls + turn) % len(images) for turn in range(calls)]
        start.wait()
        return [(index, call(images[index : index + 1])) for index in indices]

    with ThreadPoolExecutor(callers) as pool:
        futures = [pool.submit(caller, number) for number in range(callers)]
        start.wait()
        begun = time.perf_counter()
        answers = [answer for future in futures for answer in future.result()]
        seconds = time.perf_counter() - begun
    return seconds, float(np.mean([same(outputs, serial[index]) for index, outputs in answers]))


def same(one: Outputs, other: Outputs) -> bool:
    """Whether all outputs are equal to the last bit."""
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
