"""Time, agreement and operations of the rows, within one process."""

from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.model_under_test import ModelUnderTest, load_images, read_plates
from benchmarks.operations import count_operations, matrix_rate
from benchmarks.rows import Read, Rows, build_rows
from benchmarks.timing import FULL, QUICK, Plan, interleaved, summarise
from platefuse.metrics.text import score_texts

BATCHES = (1, 16)


def measure(model: ModelUnderTest, cores: int) -> dict[str, Any]:
    """Build the rows of a model and measure them in turn.

    Returns:
        `batch1` and `batch16`: milliseconds per image, a summary by row; `texts`: agreement of each row with the row
        `fused` and with the truth; `operations`, `size_bytes`, and `missing`: why rows are not available.
    """
    plan = QUICK if model.quick else FULL
    plates = read_plates(model, model.images_read)
    images = load_images(plates)
    with TemporaryDirectory() as work:
        rows = build_rows(model, Path(work), cores)
        result: dict[str, Any] = {"image_size": list(images.shape[1:3])}
        result["texts"] = _compare_texts(rows, images, [plate.text for plate in plates])
        for batch in BATCHES:
            result[f"batch{batch}"] = _time_rows(rows.reads, images, batch, plan, f"{model.name}, batch {batch}")
        result["operations"] = _measure_operations(rows, images, plan, result["batch16"])
        return result | {"size_bytes": rows.sizes, "missing": rows.missing}


def _time_rows(rows: dict[str, Read], images: np.ndarray, batch: int, plan: Plan, description: str) -> dict[str, Any]:
    """Time rows in turn on batches; summarise milliseconds per image by row."""
    times = interleaved({name: _next_batch(read, images, batch) for name, read in rows.items()}, plan, description)
    return {name: summarise(values, 1000 / batch) for name, values in times.items()}


def _next_batch(read: Read, images: np.ndarray, batch: int) -> Callable[[], object]:
    """Make a function that reads the batches of images in a cycle."""
    starts = range(0, len(images) - len(images) % batch or 1, batch)
    batches = cycle([images[np.arange(start, start + batch) % len(images)] for start in starts])
    return lambda: read(next(batches))


def _compare_texts(rows: Rows, images: np.ndarray, truths: Sequence[str]) -> dict[str, dict[str, float]]:
    """Shares of images read like the row `fused`, and correctly, by row."""
    starts = range(0, len(images), 16)
    texts = {
        name: [text for start in starts for text in read(images[start : start + 16])]
        for name, read in rows.reads.items()
        if name != "detector"
    }
    return {
        name: {
            "like_fused": score_texts(texts["fused"], read).exact_match,
            "exact_match": score_texts(truths, read).exact_match,
        }
        for name, read in texts.items()
    }


def _measure_operations(
    rows: Rows, images: np.ndarray, plan: Plan, batch16: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Operations per image by part.

    Their share of the matrix product rate is given too.
    """
    batch = images[:16]
    counts = {name: count_operations(part, batch) / len(batch) for name, part in rows.parts.items()}
    for name in {"detector", "fused"} & counts.keys():  # they letterbox in a conditional branch, which is not counted
        counts[name] += counts["letterbox"]
    if {"detector", "classifier"} <= counts.keys():
        detections = rows.reads["fused"].outputs(batch)["count"]  # type: ignore[attr-defined]
        counts["classifier"] *= float(np.mean(detections))
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
