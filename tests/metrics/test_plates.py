"""Scores of plates on photographs: the worked examples, and a search over all pairings."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platefuse.metrics.boxes import intersection_over_union
from platefuse.metrics.plates import LOOSE_IOU, MATCH_IOU, Plates, best_overlaps, match_plates, score_plates
from platefuse.metrics.text import edit_distance, parse_look_alikes

PLATE = (0, 0, 100, 20)


def plates(*of: tuple[str, tuple[float, float, float, float] | None]) -> Plates:
    return Plates(tuple(text for text, _ in of), np.array([box for _, box in of], float).reshape(-1, 4))


def overlapping(iou: float) -> tuple[float, float, float, float]:
    """A box in PLATE with this IoU."""
    return (0, 0, 100 * iou, 20)


def read_at(*of: tuple[str, float]) -> Plates:
    """Plates read, each with its IoU with PLATE; 0 is elsewhere."""
    return plates(*((text, overlapping(iou) if iou else (500, 500, 600, 520)) for text, iou in of))


def scores(true: Plates, read: Plates):
    return score_plates([match_plates(true, read)])


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ([("AB123", 0.8)], (1, 1, 0)),
        ([("AB128", 0.8)], (1, 0, 0)),
        ([("AB123", 0.3)], (0, 1, 0)),
        ([("AB128", 0.3)], (0, 0, 1)),
        ([("AB123", 0)], (0, 0, 1)),
        ([("AB123", 0.8), ("X1", 0)], (1, 1, 1)),
        ([("AB123", 0.8), ("AB123", 0.6)], (1, 1, 1)),
        ([("AB128", 0.8), ("AB123", 0.3)], (1, 1, 1)),
        ([], (0, 0, 0)),
    ],
)
def test_the_worked_examples(read: list[tuple[str, float]], expected: tuple[int, int, int]) -> None:
    of = scores(plates(("AB123", PLATE)), read_at(*read))
    assert (of.recall_50, of.exact_match, of.false_alarms) == expected


def test_a_photograph_without_a_plate() -> None:
    of = score_plates([match_plates(plates(), read) for read in (read_at(("X1", 0)), plates(), plates(), plates())])
    assert (of.photographs, of.plates, of.false_alarms, of.alarmed_without_plate) == (4, 0, 0.25, 0.25)
    nothing = (of.recall_50, of.recall_75, of.median_iou, of.exact_match, of.character_error_rate, of.best_right)
    assert nothing == (None,) * 6
    assert score_plates([]).false_alarms is None


def test_scores_worked_by_hand() -> None:
    """Three photographs with 2 + 1 + 1 plates, and one without."""
    far = (300, 300, 400, 320)
    of = score_plates(
        [
            # AB12 is read second, CD34 as CO34 (1 edit of 4) in a box of IoU 0.6; a false alarm comes first.
            match_plates(
                plates(("AB12", PLATE), ("CD34", far)),
                plates(("X", (700, 0, 800, 20)), ("AB12", PLATE), ("CO34", (300, 300, 360, 320))),
            ),
            match_plates(plates(("EF5", PLATE)), plates()),
            match_plates(plates(("GH6", PLATE)), read_at(("GH6", 0.9))),
            match_plates(plates(), plates()),
        ]
    )
    assert (of.photographs, of.plates) == (4, 4)
    assert (of.recall_50, of.recall_75) == (3 / 4, 2 / 4)
    assert of.median_iou == pytest.approx((0.6 + 0.9) / 2)  # of 0, 0.6, 0.9 and 1
    assert of.exact_match == 2 / 4
    assert of.character_error_rate == pytest.approx(1 / 11)  # of the three matched plates
    assert of.best_right == pytest.approx(1 / 3)
    assert (of.false_alarms, of.alarmed_without_plate) == (1 / 4, 0)


def test_without_a_match_the_error_rate_is_no_praise() -> None:
    assert scores(plates(("AB12", PLATE)), plates()).character_error_rate == 1


def test_a_plate_without_a_text_is_found_but_not_read() -> None:
    """Its text is not known: a reading of it is neither right nor wrong, and no false alarm."""
    of = scores(plates(("", PLATE)), read_at(("AB12", 0.9)))
    assert (of.recall_75, of.false_alarms, of.exact_match, of.character_error_rate) == (1, 0, None, None)
    of = score_plates(
        [match_plates(plates(("", PLATE), ("CD3", (200, 0, 300, 20))), plates(("CD3", (200, 0, 300, 20))))]
    )
    assert (of.plates, of.recall_50, of.exact_match) == (2, 0.5, 1)


def test_look_alikes_match_as_equal_texts() -> None:
    equal = parse_look_alikes("O0,I1")
    true, read = plates(("AO1", PLATE)), read_at(("A0I", 0.3))
    assert match_plates(true, read).missed == [0]
    assert match_plates(true.equated(equal), read.equated(equal)).right == [0]


def test_without_boxes_texts_match_anywhere_and_each_reading_once() -> None:
    true = Plates(("AB1", "AB1", "CD2"), None)
    of = match_plates(true, read_at(("CO2", 0), ("AB1", 0)))
    assert {true.texts[i]: of.read.texts[j] for i, j in of.pairs.items()} == {"AB1": "AB1", "CD2": "CO2"}
    assert (len(of.right), len(of.missed), of.false_alarms) == (1, 1, [])
    scored = score_plates([of])
    assert (scored.recall_50, scored.median_iou, scored.exact_match) == (None, None, 1 / 3)
    assert scored.character_error_rate == pytest.approx(1 / 6)
    more = match_plates(Plates(("AB1",), None), read_at(("X", 0), ("AB1", 0), ("AB1", 0)))
    assert (more.right, len(more.false_alarms)) == ([0], 2)
    assert match_plates(Plates((), None), read_at(("X", 0))).false_alarms == [0]


boxes = st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(4, 12)] * 2).map(
    lambda of: (of[0], of[1], of[0] + of[2], of[1] + of[3])
)
some = st.lists(st.tuples(st.sampled_from("ABC"), boxes), max_size=3).map(lambda of: plates(*of))


@settings(max_examples=150, deadline=None)
@given(some, some, st.booleans())
def test_the_matching_is_the_best_of_all_pairings(true: Plates, read: Plates, with_boxes: bool) -> None:
    """Most texts, then most pairs, then the largest IoU, or the fewest edits."""
    overlap = intersection_over_union(true.boxes, read.boxes)
    if not with_boxes:
        true = Plates(true.texts, None)

    def value(pairs: list[tuple[int, int]]) -> tuple[int, int, float]:
        same = [true.texts[i] == read.texts[j] for i, j in pairs]
        if not with_boxes:
            return sum(same), len(pairs), -sum(edit_distance(read.texts[j], true.texts[i]) for i, j in pairs)
        for (i, j), equal in zip(pairs, same, strict=True):
            if overlap[i, j] < (LOOSE_IOU if equal else MATCH_IOU):
                return -1, 0, 0.0
        return sum(same), len(pairs), round(sum(overlap[i, j] for i, j in pairs), 9)

    best = max(value(pairs) for pairs in pairings(len(true.texts), len(read.texts)))
    assert value(list(match_plates(true, read).pairs.items())) == best
    if with_boxes:
        total = max(sum(overlap[i, j] for i, j in of) for of in pairings(len(true.texts), len(read.texts)))
        assert best_overlaps(true, read).sum() == pytest.approx(total)


def pairings(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    every = list(itertools.product(range(rows), range(columns)))
    return [
        list(some)
        for count in range(min(rows, columns) + 1)
        for some in itertools.combinations(every, count)
        if len({i for i, _ in some}) == len({j for _, j in some}) == count
    ]
