"""Calibration and coverage: cases by hand, and slow plain code."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.metrics.calibration import (
    BINS,
    ReliabilityBin,
    coverage_at,
    expected_calibration_error,
    reliability_bins,
)

# Few confidences, so that many plates share one.
plates = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.25, 0.5, 0.9, 0.99, 1.0]), st.booleans()), max_size=60)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([confidence for confidence, _ in pairs], float), np.array([right for _, right in pairs], bool)


def plain_bins(pairs: list[tuple[float, bool]], bins: int) -> list[list[tuple[float, bool]]]:
    """Put each plate into the bin of its rank among all plates; plates of one confidence share their middle rank."""
    found: dict[int, list[tuple[float, bool]]] = {}
    for pair in sorted(pairs):
        rank = sum(other < pair[0] for other, _ in pairs) + Fraction(sum(other == pair[0] for other, _ in pairs) - 1, 2)
        found.setdefault(math.floor(bins * rank / len(pairs)), []).append(pair)
    return list(found.values())


def plain_coverage(pairs: list[tuple[float, bool]], share_right: float) -> float:
    """Try every threshold."""
    best = 0.0
    for threshold, _ in pairs:
        kept = [right for confidence, right in pairs if confidence >= threshold]
        if sum(kept) / len(kept) >= share_right:
            best = max(best, len(kept) / len(pairs))
    return best


# --- the bins and their error


def test_bins_by_hand() -> None:
    confidence = np.array([0.9, 0.1, 0.8, 0.2])
    right = np.array([True, False, True, True])
    assert reliability_bins(confidence, right, bins=2) == [
        ReliabilityBin(pytest.approx(0.15), 0.5, 2),
        ReliabilityBin(pytest.approx(0.85), 1.0, 2),
    ]
    assert expected_calibration_error(confidence, right, bins=2) == pytest.approx((2 * 0.35 + 2 * 0.15) / 4)
    assert expected_calibration_error(confidence, right, bins=1) == pytest.approx(0.75 - 0.5)


def test_plates_of_one_confidence_stay_together() -> None:
    confidence = np.array([1.0] * 40 + [0.5])
    right = np.array([True] * 30 + [False] * 11)
    assert reliability_bins(confidence, right) == [ReliabilityBin(0.5, 0.0, 1), ReliabilityBin(1.0, 0.75, 40)]
    assert expected_calibration_error(confidence, right) == pytest.approx((0.5 + 40 * 0.25) / 41)


def test_calibrated_confidences_have_hardly_an_error_and_doubled_doubts_have_one() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 30_000)
    right = rng.uniform(size=len(confidence)) < confidence
    assert expected_calibration_error(confidence, right) < 0.01
    assert expected_calibration_error(2 * confidence - 1, right) == pytest.approx(0.25, abs=0.01)
    sizes = [of.plates for of in reliability_bins(confidence, right)]
    assert len(sizes) == BINS and max(sizes) - min(sizes) <= 1


@given(plates, st.integers(1, 20))
def test_bins_and_error_are_those_of_plain_code(pairs: list[tuple[float, bool]], bins: int) -> None:
    found, expected = reliability_bins(*arrays(pairs), bins), plain_bins(pairs, bins) if pairs else []
    assert [of.plates for of in found] == [len(of) for of in expected]
    for one, plain in zip(found, expected, strict=True):
        assert one.confidence == pytest.approx(sum(confidence for confidence, _ in plain) / len(plain))
        assert one.right == pytest.approx(sum(right for _, right in plain) / len(plain))
    error = sum(abs(sum(right - confidence for confidence, right in plain)) for plain in expected)
    assert expected_calibration_error(*arrays(pairs), bins) == pytest.approx(error / max(1, len(pairs)))


# --- coverage


@pytest.mark.parametrize(
    ("pairs", "share", "expected"),
    [
        ([], 0.99, 0.0),
        ([(0.9, True), (0.8, True), (0.7, False), (0.6, True)], 1.0, 0.5),
        ([(0.9, True), (0.8, True), (0.7, False), (0.6, True)], 0.75, 1.0),  # a later plate makes up for a mistake
        ([(0.9, False), (0.8, True)], 0.99, 0.0),  # the most confident plate is wrong
        ([(0.9, True), (0.9, False), (0.8, True)], 0.6, 1.0),  # a threshold keeps both of .9, or none
        ([(0.9, True), (0.9, False), (0.8, False)], 0.6, 0.0),
        ([(0.0, True)], 0.99, 1.0),
    ],
)
def test_coverage_by_hand(pairs: list[tuple[float, bool]], share: float, expected: float) -> None:
    assert coverage_at(*arrays(pairs), share) == expected


@pytest.mark.parametrize("hundreds", [1, 3, 7])
def test_exactly_99_of_a_hundred_are_enough(hundreds: int) -> None:
    right = np.arange(100 * hundreds) >= hundreds
    assert coverage_at(np.full(len(right), 0.5), right, 0.99) == 1
    assert coverage_at(np.full(len(right), 0.5), right & (np.arange(len(right)) != 99), 0.99) == 0


@given(plates, st.sampled_from([0.5, 2 / 3, 0.9, 0.99, 1.0]))
def test_coverage_is_that_of_the_best_threshold_in_any_order(pairs: list[tuple[float, bool]], share: float) -> None:
    expected = plain_coverage(pairs, share)
    assert coverage_at(*arrays(pairs), share) == expected == coverage_at(*arrays(pairs[::-1]), share)


@given(plates)
def test_a_stricter_share_covers_no_more(pairs: list[tuple[float, bool]]) -> None:
    covered = [coverage_at(*arrays(pairs), share) for share in (0.5, 0.9, 0.99, 1.0)]
    assert covered == sorted(covered, reverse=True)
