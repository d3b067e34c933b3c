"""Calibration of confidences: how far they are the shares that are right.

A confidence is calibrated if of all plates that are read with confidence .9, nine in ten are right.
"""

from dataclasses import dataclass

import numpy as np

BINS = 15


@dataclass(frozen=True)
class ReliabilityBin:
    """Plates of similar confidence.

    Attributes:
        confidence: their mean confidence, 0 to 1.
        right: the share of them that is right, 0 to 1.
        plates: their number, at least 1.
    """

    confidence: float
    right: float
    plates: int


def reliability_bins(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[ReliabilityBin]:
    """Divide plates into bins of rising confidence and equal size.

    Bins of equal size (Nguyen and O'Connor, *Posterior calibration and exploratory analysis for natural language
    processing models*, 2015) suit a good reader: nearly all of its confidences are close to 1, and bins of equal width
    would put them into one. Plates of one confidence stay together, so the order of the plates does not matter; there
    are fewer bins then, of unequal size.

    Args:
        confidence: float [n] of each plate, 0 to 1.
        right: bool [n], whether it was read right.
        bins: the most bins.

    Returns:
        The bins that have plates, by rising confidence; none without plates.
    """
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    rising = np.sort(confidence)
    first, end = (np.searchsorted(rising, confidence, side) for side in ("left", "right"))
    twice_the_middle_rank = first + end - 1  # of all plates of that confidence
    bin_of = twice_the_middle_rank * bins // max(1, 2 * len(confidence))
    return [
        ReliabilityBin(float(confidence[of].mean()), float(right[of].mean()), int(of.sum()))
        for of in (bin_of == index for index in np.unique(bin_of))
    ]


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Compute the mean distance between confidence and share right.

    The distance is that of each of the `reliability_bins`, weighted by its plates (Naeini et al., *Obtaining Well
    Calibrated Probabilities Using Bayesian Binning*, 2015; Guo et al., *On Calibration of Modern Neural Networks*,
    2017). It is 0 if every bin's confidence is its share right, and 0 without plates. With few plates chance alone
    keeps it above 0.

    Args:
        confidence, right, bins: as for `reliability_bins`.

    Returns:
        0 to 1.
    """
    found = reliability_bins(confidence, right, bins)
    distances = sum(of.plates * abs(of.right - of.confidence) for of in found)
    return distances / sum(of.plates for of in found) if found else 0.0


def coverage_at(confidence: np.ndarray, right: np.ndarray, share_right: float) -> float:
    """Compute the largest share of plates of which enough are right.

    The most confident plates come first, as in selective classification (El-Yaniv and Wiener, 2010). Plates of one
    confidence are kept together or not at all: no threshold divides them.

    Args:
        confidence: float [n] of each plate.
        right: bool [n], whether it was read right.
        share_right: the least share of the plates kept that must be right, 0 to 1.

    Returns:
        0 to 1; 0 if no threshold keeps plates of which enough are right, and without plates.
    """
    falling = np.argsort(-np.asarray(confidence, float), kind="stable")
    sorted_confidence = np.asarray(confidence, float)[falling]
    kept = np.arange(1, len(falling) + 1)
    enough = np.cumsum(np.asarray(right, bool)[falling]) / kept >= share_right
    last_of_its_confidence = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)[: len(kept)]
    return float(kept[enough & last_of_its_confidence].max(initial=0)) / max(1, len(kept))
