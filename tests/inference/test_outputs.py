"""Readings made of outputs that are written out here."""

import numpy as np

from platefuse import Character, Plate, Reading
from platefuse.inference.outputs import reading_of_photograph, reading_of_plate

CORNERS = (1.5, 2.0, 3.25, 4.0)


def photograph_outputs(*plates: tuple[list[int], float]) -> dict[str, np.ndarray]:
    """Outputs for plates of ids (-1 where there is none) and a confidence; score .5, .25 …, box 10, 20 …"""
    ids = np.array([ids for ids, _ in plates], np.int32)
    used = ids >= 0
    boxes = np.where(used[..., None], CORNERS, 0).astype(np.float32)
    number = np.arange(1, len(plates) + 1, dtype=np.float32)
    return {
        "character_ids": ids,
        "character_scores": np.where(used, 0.75, 0).astype(np.float32),
        "scores": np.where(used, 0.5, 0).astype(np.float32),
        "boxes": boxes,
        "confidences": np.array([confidence for _, confidence in plates], np.float32),
        "truncated": np.array([confidence == 0 for _, confidence in plates]),
        "plate_scores": 1 / (2 * number),
        "plate_boxes": (10 * number)[:, None] * np.array([1, 1, 3, 2], np.float32),
    }


def test_a_photograph_has_its_plates_in_their_order() -> None:
    outputs = photograph_outputs(([1, 0, -1], 0.75), ([2, 2, 2], 0), ([-1, -1, -1], 0))
    one, two, nought = (Character(text, 0.75, 0.5, CORNERS) for text in "120")
    assert reading_of_photograph(outputs, "012") == Reading(
        plates=(
            Plate("10", 0.75, 0.5, (10.0, 10.0, 30.0, 20.0), (one, nought)),
            Plate("222", 0.0, 0.25, (20.0, 20.0, 60.0, 40.0), (two, two, two), truncated=True),
        )
    )


def test_a_plate_without_characters_is_none_wherever_it_stands() -> None:
    outputs = photograph_outputs(([-1, -1], 0), ([0, -1], 0.5), ([-1, -1], 0))
    assert [plate.text for plate in reading_of_photograph(outputs, "A").plates] == ["A"]
    assert reading_of_photograph(photograph_outputs(([-1], 0)), "A") == Reading()


def test_everything_read_is_a_number_of_python() -> None:
    """NumPy's numbers are none to JSON."""
    [plate] = reading_of_photograph(photograph_outputs(([0], 0.5)), "A").plates
    numbers = [plate.confidence, plate.score, *plate.box, *plate.characters[0].box, plate.characters[0].score]
    assert {type(number) for number in numbers} == {float} and type(plate.truncated) is bool


def test_a_single_plate_is_the_image() -> None:
    of_plate = photograph_outputs(([1, -1], 0.75))
    outputs = {name: of_plate[name][0] for name in ("character_ids", "character_scores", "scores", "boxes")}
    outputs |= {"confidence": np.float32(0.75), "truncated": np.bool_(False)}
    [plate] = reading_of_plate(outputs, "01", (40, 70, 3)).plates
    assert plate == Plate("1", 0.75, 1.0, (0.0, 0.0, 70.0, 40.0), (Character("1", 0.75, 0.5, CORNERS),))
