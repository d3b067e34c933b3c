"""A reading without its doubtful plates."""

import numpy as np
import pytest

from platefuse import Plate, PlatefuseError, Reading

BOX = (0.0, 0.0, 10.0, 5.0)


def reading(*confidences: float) -> Reading:
    return Reading(plates=tuple(Plate(str(confidence), confidence, 1.0, BOX, ()) for confidence in confidences))


@pytest.mark.parametrize(
    ("least", "kept"), [(0, (0.5, 0.9, 0.0)), (0.5, (0.5, 0.9)), (0.51, (0.9,)), (np.float32(0.6), (0.9,)), (1, ())]
)
def test_plates_of_the_least_confidence_and_more_are_kept_in_their_order(least: float, kept: tuple) -> None:
    assert reading(0.5, 0.9, 0.0).confident(least) == reading(*kept)


def test_the_best_plate_left_gives_text_and_confidence() -> None:
    left = reading(0.5, 0.9).confident(0.8)
    assert (left.text, left.confidence) == ("0.9", 0.9)
    nothing = reading(0.5).confident(0.8)
    assert (nothing.text, nothing.confidence, nothing.plates) == ("", 0, ())


def test_an_image_that_could_not_be_read_keeps_its_error() -> None:
    error = PlatefuseError("a.png is damaged.")
    assert Reading(error=error).confident(0.5).error is error


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_what_is_no_number_from_0_to_1_is_refused(wrong: object) -> None:
    with pytest.raises(PlatefuseError, match=r"min_confidence = .*: expected a number from 0 to 1\."):
        reading(0.5).confident(wrong)
