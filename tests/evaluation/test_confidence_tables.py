"""Tables of confidences, by hand."""

import itertools

import numpy as np
import pytest

from platefuse.evaluation.confidence_tables import calibration_of, reliability_rows, rows_by_confidence


def test_rows_by_confidence_are_a_hundred_at_most() -> None:
    confidence = np.random.default_rng(0).uniform(size=777)
    rows = rows_by_confidence(confidence, np.ones(777, bool))
    assert len(rows) == 100
    assert rows[0][1] == 1 and rows[-1][1] == pytest.approx(1 / 777, abs=1e-6)
    assert all(low[0] < high[0] and low[1] > high[1] for low, high in itertools.pairwise(rows))


def test_reliability_has_a_row_a_bin() -> None:
    confidence, right = np.array([1 / 3, 0.9, 1 / 3]), np.array([True, True, False])
    assert reliability_rows(confidence, right) == [[0.333333, 0.5, 2], [0.9, 1.0, 1]]


def test_calibration_is_of_the_most_confident_first() -> None:
    confidence, right = np.array([0.8] * 100 + [0.4] * 100), np.array([True] * 99 + [False] * 101)
    assert calibration_of(confidence, right) == {
        "expected_calibration_error": pytest.approx((0.19 + 0.4) / 2),
        "coverage_at_99": 0.5,
    }


def test_nothing_read_gives_no_rows_and_zeros() -> None:
    nothing = np.zeros(0), np.zeros(0, bool)
    assert rows_by_confidence(*nothing) == reliability_rows(*nothing) == []
    assert calibration_of(*nothing) == {"expected_calibration_error": 0, "coverage_at_99": 0}
