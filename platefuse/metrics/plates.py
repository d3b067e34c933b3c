"""Scores of the plates read on whole photographs: boxes, texts, false alarms.

platefuse.metrics.boxes and platefuse.metrics.text score boxes and texts by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import linear_sum_assignment

from platefuse.metrics.boxes import intersection_over_union
from platefuse.metrics.text import edit_distance, equate

MATCH_IOU = 0.5
"""The least IoU of a true plate and a plate read that match whatever their texts are."""
LOOSE_IOU = 0.1
"""The least IoU of a true plate and a plate read that match because their texts are the same."""


@dataclass(frozen=True, eq=False)
class Plates:
    """The plates of one photograph: the true ones, or those read.

    Attributes:
        texts: n texts; "" is a true plate whose text is not known. Plates read have the best one first.
        boxes: [n,4], x1,y1,x2,y2 in pixels of the photograph; None if the boxes are not known.
    """

    texts: tuple[str, ...]
    boxes: np.ndarray | None

    def equated(self, look_alikes: Mapping[str, str]) -> "Plates":
        """Give the plates with look-alikes as one character."""
        return replace(self, texts=tuple(equate(text, look_alikes) for text in self.texts))


@dataclass(frozen=True, eq=False)
class PlateMatches:
    """The true plates of one photograph beside those read.

    Attributes:
        true: the true plates.
        read: the plates read.
        pairs: the index of the plate read, by the index of the true plate that it matches.
    """

    true: Plates
    read: Plates
    pairs: Mapping[int, int]

    @cached_property
    def right(self) -> list[int]:
        """Indices of the true plates whose text was read."""
        return [true for true, read in self.pairs.items() if self.true.texts[true] == self.read.texts[read] != ""]

    @cached_property
    def missed(self) -> list[int]:
        """Indices of the true plates that no plate read matches."""
        return [index for index in range(len(self.true.texts)) if index not in self.pairs]

    @cached_property
    def false_alarms(self) -> list[int]:
        """Indices of the plates read that match no true plate."""
        return sorted(set(range(len(self.read.texts))) - set(self.pairs.values()))

    def texts(self) -> list[tuple[str, str]]:
        """The true text and the text read of each pair.

        Unknown texts are left out.
        """
        texts = ((self.true.texts[true], self.read.texts[read]) for true, read in self.pairs.items())
        return [pair for pair in texts if pair[0]]


@dataclass(frozen=True)
class PlateScores:
    """Scores of photographs; shares are 0 to 1.

    None stands where there is nothing to measure.

    Attributes:
        photographs: number of photographs.
        plates: number of true plates.
        recall_50: share of the plates with boxes that a box read overlaps by an IoU of 0.5.
        recall_75: the same share at an IoU of 0.75.
        median_iou: the median IoU of the plates with boxes (`best_overlaps`), 0 for a plate without a paired box.
        exact_match: share of the plates with texts that match a plate read with the same text.
        character_error_rate: edits over true characters, of the matched plates with texts; 1 if no plate is matched.
        best_right: share of the photographs with plates whose best plate read matches with the same text.
        false_alarms: plates read that match no true plate, per photograph.
        alarmed_without_plate: share of the photographs without plates on which a plate is read.
    """

    photographs: int
    plates: int
    recall_50: float | None
    recall_75: float | None
    median_iou: float | None
    exact_match: float | None
    character_error_rate: float | None
    best_right: float | None
    false_alarms: float | None
    alarmed_without_plate: float | None


def match_plates(true: Plates, read: Plates, iou_threshold: float = MATCH_IOU) -> PlateMatches:
    """Match a photograph's true plates and those read, one to one.

    A true plate and a plate read may match if the IoU of their boxes is at least `iou_threshold`, or if they have the
    same text and an IoU of at least LOOSE_IOU: a user whose plate is read does not mind a loose box. As many plates as
    possible match with the same text; then as many as possible match; then the sum of the IoU is the largest. A true
    plate without a match is missed, a plate read without a match is a false alarm.

    Without true boxes, texts match wherever they were read: as many as possible with the same text, then with the
    fewest edits. Each plate read counts once.

    Worked examples of one photograph each:

    ==========  ==================================  ==========  ===========  ============
    true plate  plates read, and their IoU          recall_50   exact_match  false_alarms
    ==========  ==================================  ==========  ===========  ============
    AB123       AB123 at 0.8                        1           1            0
    AB123       AB128 at 0.8                        1           0            0
    AB123       AB123 at 0.3                        0           1            0
    AB123       AB128 at 0.3                        0           0            1
    AB123       AB123 at 0                          0           0            1
    AB123       AB123 at 0.8, X1 at 0               1           1            1
    AB123       AB123 at 0.8, AB123 at 0.6          1           1            1
    AB123       AB128 at 0.8, AB123 at 0.3          1           1            1
    AB123       (none)                              0           0            0
    (none)      X1                                  (no plate)  (no plate)   1
    ==========  ==================================  ==========  ===========  ============

    Args:
        true: the true plates.
        read: the plates read; they have boxes if the true plates have.
        iou_threshold: above 0, at most 1.
    """
    shape = len(true.texts), len(read.texts)
    same = np.array([[text == other != "" for other in read.texts] for text in true.texts], bool).reshape(shape)
    if true.boxes is None:
        edits = np.array([edit_distance(b, a) for a in true.texts for b in read.texts], float).reshape(shape)
        allowed, gain = np.ones(shape, bool), 1 - edits / (1 + edits.max(initial=0))
    else:
        gain = _overlap(true, read)
        allowed = (gain >= iou_threshold) | (same & (gain >= min(LOOSE_IOU, iou_threshold)))
    # A gain is at most 1 for each pair: one more pair outweighs all gains, and one more text all pairs.
    pair = min(shape) + 1
    weight = np.where(allowed, gain + pair + same * pair**2, 0)
    pairs = zip(*(indices.tolist() for indices in linear_sum_assignment(weight, maximize=True)), strict=True)
    return PlateMatches(true, read, {row: column for row, column in pairs if allowed[row, column]})


def best_overlaps(true: Plates, read: Plates) -> np.ndarray:
    """Give the IoU of each true plate and its box read.

    The result is float64 [n]. Texts do not count: the boxes are paired one to one, with the largest sum of the IoU. A
    plate without a paired box has 0. Without true boxes the result is empty.
    """
    if true.boxes is None:
        return np.zeros(0)
    overlap = _overlap(true, read)
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    best = np.zeros(len(overlap))
    best[rows] = overlap[rows, columns]
    return best


def score_plates(matches: Sequence[PlateMatches]) -> PlateScores:
    """Score the plates read on photographs."""
    with_text = sum(text != "" for of in matches for text in of.true.texts)
    texts = [pair for of in matches for pair in of.texts()]
    characters = sum(len(true) for true, _ in texts)
    edits = sum(edit_distance(read, true) for true, read in texts)
    overlaps = np.concatenate([np.zeros(0), *(best_overlaps(of.true, of.read) for of in matches)])
    best_right = [0 in [of.pairs[true] for true in of.right] for of in matches if any(of.true.texts)]
    return PlateScores(
        photographs=len(matches),
        plates=sum(len(of.true.texts) for of in matches),
        recall_50=_mean(overlaps >= 0.5),
        recall_75=_mean(overlaps >= 0.75),
        median_iou=float(np.median(overlaps)) if overlaps.size else None,
        exact_match=sum(len(of.right) for of in matches) / with_text if with_text else None,
        character_error_rate=(edits / characters if characters else 1.0) if with_text else None,
        best_right=_mean(best_right),
        false_alarms=_mean([len(of.false_alarms) for of in matches]),
        alarmed_without_plate=_mean([len(of.read.texts) > 0 for of in matches if not of.true.texts]),
    )


def _overlap(true: Plates, read: Plates) -> np.ndarray:
    assert true.boxes is not None
    boxes = np.zeros((0, 4)) if read.boxes is None else read.boxes
    return intersection_over_union(true.boxes, boxes)


def _mean(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None
