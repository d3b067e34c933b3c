"""Tables and metrics of confidences, of plates read right and wrong."""

import numpy as np

from platefuse.metrics.calibration import coverage_at, expected_calibration_error, reliability_bins

_MAX_ROWS = 100
COVERAGE_SHARE = 0.99
"""Share of the plates kept that must be right, of the metric `coverage_at_99`."""


def rows_by_confidence(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Give rows `threshold,kept,right` for rising thresholds of confidence.

    `kept` is the share of texts with that confidence or more, `right` the share of those that were read right.
    Thresholds are confidences that occur: 100 at most, and about equally many texts apart, since a good model has
    nearly all of them close to 1. The first threshold keeps every text.

    Args:
        confidence: float [n] of each text.
        right: bool [n], whether it is right.
    """
    steps = np.linspace(0, len(confidence) - 1, min(_MAX_ROWS, len(confidence))).astype(int)
    rows = []
    for threshold in np.unique(np.sort(confidence)[steps]):
        kept = confidence >= threshold
        rows.append([round(float(share), 6) for share in (threshold, kept.mean(), right[kept].mean())])
    return rows


def reliability_rows(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Give rows `confidence,right,plates` of `reliability_bins`."""
    bins = reliability_bins(confidence, right)
    return [[round(of.confidence, 6), round(of.right, 6), of.plates] for of in bins]


def calibration_of(confidence: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Compute the metrics `expected_calibration_error` and `coverage_at_99`.

    Args:
        confidence: float [n] of each text.
        right: bool [n], whether it is right.
    """
    return {
        "expected_calibration_error": expected_calibration_error(confidence, right),
        "coverage_at_99": coverage_at(confidence, right, COVERAGE_SHARE),
    }
