"""Measures the rows that read images, within one process: time, agreement and operations."""

from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.operations import count_operations, matrix_rate
from benchmarks.subject import Subject, images_of, read_plates
from benchmarks.timing import FULL, QUICK, Plan, interleaved, summarise
from benchmarks.variants import Read, Variants, build_variants
from platefuse.metrics.text import score_texts

BATCHES = (1, 16)


def measure_reading(subject: Subject, cores: int) -> dict[str, Any]:
    """Build the rows of a subject and measure them in turn.

    Returns:
        `batch1` and `batch16`: milliseconds an image, a summary by row; `texts`: how far each row agrees with the row
        `fused` and with the truth; `operations`, `size_bytes`, and `missing`: why a row is not there.
    """
    plan = QUICK if subject.quick else FULL
    plates = read_plates(subject, subject.images_read)
    images = images_of(plates)
    with TemporaryDirectory() as work:
        variants = build_variants(subject, Path(work), cores)
        result: dict[str, Any] = {"image_size": list(images.shape[1:3])}
        result["texts"] = compare_texts(variants, images, [plate.text for plate in plates])
        for batch in BATCHES:
            result[f"batch{batch}"] = time_rows(variants.reads, images, batch, plan, f"{subject.name}, batch {batch}")
        result["operations"] = measure_operations(variants, images, plan, result["batch16"])
        return result | {"size_bytes": variants.sizes, "missing": variants.missing}


def time_rows(rows: dict[str, Read], images: np.ndarray, batch: int, plan: Plan, description: str) -> dict[str, Any]:
    """Time rows in turn on batches of that many images: milliseconds an image, a summary by row."""
    times = interleaved({name: caller(read, images, batch) for name, read in rows.items()}, plan, description)
    return {name: summarise(values, 1000 / batch).as_dict() for name, values in times.items()}


def caller(read: Read, images: np.ndarray, batch: int) -> Callable[[], object]:
    """A call without arguments that reads the next batch of images, the first again after the last."""
    whole = range(0, len(images) - len(images) % batch or 1, batch)
    batches = cycle([images[np.arange(start, start + batch) % len(images)] for start in whole])
    return lambda: read(next(batches))


def compare_texts(variants: Variants, images: np.ndarray, truths: Sequence[str]) -> dict[str, dict[str, float]]:
    """The shares of images that each row reads as the row `fused` does, and rightly; of small batches."""
    starts = range(0, len(images), 16)
    texts = {
        name: [text for start in starts for text in read(images[start : start + 16])]
        for name, read in variants.reads.items()
        if name not in ("detector", "prediction_model")
    }
    return {
        name: {
            "like_fused": score_texts(texts["fused"], read).exact_match,
            "exact_match": score_texts(truths, read).exact_match,
        }
        for name, read in texts.items()
    }


def measure_operations(
    variants: Variants, images: np.ndarray, plan: Plan, batch16: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Operations an image of each part, and what share of this machine's rate of matrix products they are done at."""
    some = images[:16]
    counts = {name: count_operations(part, some) / len(some) for name, part in variants.parts.items()}
    for whole in {"detector", "fused"} & counts.keys():  # they scale in a branch of their graph, which is not counted
        counts[whole] += counts["scaling"]
    if {"detector", "classifier"} <= counts.keys():
        found = variants.reads["fused"].outputs(some)["count"]  # type: ignore[attr-defined]
        counts["classifier"] *= float(np.mean(found))  # it is shown what the detector found
        counts["connection"] = max(0.0, counts["fused"] - counts["detector"] - counts["classifier"])
    rate = matrix_rate(plan)
    shares = {
        name: counts[name] / (batch16[name]["median"] / 1000) / rate for name in ("detector", "fused") if name in counts
    }
    return {
        "mega_operations_an_image": {name: count / 1e6 for name, count in counts.items()},
        "matrix_products_giga_operations_a_second": rate / 1e9,
        "matrix_rate_share_batch16": shares,
    }
