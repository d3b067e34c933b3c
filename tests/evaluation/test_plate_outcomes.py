"""Outcomes of plates on photographs, from readings as plain data."""

from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import AnnotatedPhotograph
from platefuse.evaluation.plate_outcomes import (
    PhotographResult,
    counted,
    lines_of_outcomes,
    match_photographs,
    mistakes_of,
    plates_of,
)
from platefuse.inference.reading import Plate, Reading
from tests.helpers.reader import reading_of

NEAR, FAR = (0, 0, 100, 20), (200, 0, 300, 20)


def true(name: str, *plates: tuple[str, tuple[int, int, int, int]]) -> AnnotatedPhotograph:
    boxes = np.array([box for _, box in plates], np.int32).reshape(-1, 4)
    return AnnotatedPhotograph(Path("photos") / name, boxes, tuple(text for text, _ in plates))


def read(*plates: tuple[str, tuple[float, float, float, float], float]) -> Reading:
    return Reading(
        plates=tuple(Plate(text, confidence, 1.0, box, reading_of(text).characters) for text, box, confidence in plates)
    )


@pytest.fixture
def results() -> list[PhotographResult]:
    """A right plate and a false alarm, a missed plate and a misread one, a plate whose text is not known."""
    return match_photographs(
        [
            true("a.jpg", ("AB1", NEAR)),
            true("b.jpg", ("CD2", NEAR), ("EF3", FAR)),
            true("c.jpg", ("", NEAR)),
            true("d.jpg"),
        ],
        [
            read(("X", (500, 0, 600, 20), 0.4), ("AB1", (0, 0, 90, 20), 0.9)),
            read(("EFB", FAR, 0.8)),
            read(("GH4", NEAR, 0.7)),
            read(),
        ],
    )


def test_every_plate_has_an_outcome(results: list[PhotographResult]) -> None:
    outcomes = [outcome for result in results for outcome in result.outcomes()]
    of = [(outcome.path.name, outcome.kind, outcome.truth, outcome.text, outcome.edits) for outcome in outcomes]
    assert of == [
        ("a.jpg", "right", "AB1", "AB1", 0),
        ("a.jpg", "false alarm", None, "X", 1),
        ("b.jpg", "missed", "CD2", "", 3),
        ("b.jpg", "misread", "EF3", "EFB", 1),
        ("c.jpg", "unknown", "", "GH4", 3),
    ]
    assert [outcome.iou for outcome in outcomes] == [pytest.approx(0.9), None, 0, 1, 1]
    assert [outcome.confidence for outcome in outcomes] == [0.9, 0.4, 0, 0.8, 0.7]
    assert [outcome.true_box for outcome in outcomes] == [NEAR, None, NEAR, FAR, NEAR]


def test_mistakes_are_listed_worst_first(results: list[PhotographResult]) -> None:
    mistakes = mistakes_of(results)
    assert counted(mistakes) == "1 misread, 1 missed, 1 false alarm"
    assert [line.split() for line in lines_of_outcomes(mistakes, Path("photos"))] == [
        ["read", "true", "edits", "confidence", "image"],
        ["missed", "CD2", "3", "0.0000", "b.jpg"],
        ["misread", "EFB", "EF3", "1", "0.8000", "b.jpg"],
        ["false", "alarm", "X", "1", "0.4000", "a.jpg"],
    ]


def test_a_photograph_that_could_not_be_read_is_no_mistake_to_look_at() -> None:
    (result,) = match_photographs([true("a.jpg", ("AB1", NEAR))], [Reading(error=PlatefuseError("damaged"))])
    assert [outcome.kind for outcome in result.outcomes()] == ["missed"]
    assert mistakes_of([result]) == []


def test_plates_of_a_reading_without_any() -> None:
    plates = plates_of(Reading())
    assert plates.texts == () and plates.boxes is not None and plates.boxes.shape == (0, 4)
