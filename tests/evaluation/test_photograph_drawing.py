"""Pictures of photographs: where ink of which colour is. How it looks was judged by eye."""

import numpy as np
import pytest
from PIL import Image

from platefuse.evaluation.caption import PAPER, RIGHT, WRONG
from platefuse.evaluation.drawing import UNJUDGED, BoxLabel
from platefuse.evaluation.photograph_drawing import draw_photograph, labels_of_plates
from platefuse.inference.reading import Plate, Reading

BLACK = np.zeros((600, 800, 3), np.uint8)
Box = tuple[float, float, float, float]


def where(picture: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return np.all(np.asarray(picture) == colour, axis=-1)


def frame(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def label_at(box: Box, shape: tuple[int, int] = (600, 800), text: str = "AB123") -> np.ndarray:
    """Mark the pixels of a picture that change when its plate has a text."""
    image = np.zeros((*shape, 3), np.uint8)
    bare, labelled = (draw_photograph(image, [BoxLabel(box, text)]) for text in ("", text))
    return np.any(np.asarray(bare) != np.asarray(labelled), axis=-1)


def test_labels_are_the_plates_of_a_reading() -> None:
    plates = tuple(Plate(text, 1.0, 1.0, (1.0, 2.0, 3.0, 4.0), ()) for text in ("A1", "B2"))
    labels = labels_of_plates(Reading(plates=plates))
    assert [(label.label, label.box, label.right) for label in labels] == [
        ("A1", (1.0, 2.0, 3.0, 4.0), None),
        ("B2", (1.0, 2.0, 3.0, 4.0), None),
    ]
    assert labels_of_plates(Reading()) == []


def test_the_plate_itself_stays_visible_and_its_text_stands_above() -> None:
    image = np.random.default_rng(0).integers(0, 256, BLACK.shape, np.uint8)
    drawn = np.asarray(draw_photograph(image, [BoxLabel((300, 300, 420, 330), "AB123")]))
    assert np.array_equal(drawn[300:330, 300:420], image[300:330, 300:420])
    assert np.array_equal(drawn[340:], image[340:]) and not np.array_equal(drawn[270:300], image[270:300])


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 90, 20),
        (750, 0, 800, 12),
        (0, 580, 90, 600),
        (760, 570, 800, 600),
        (0, 0, 800, 600),
        (790, 300, 900, 320),
    ],
)
def test_a_text_is_whole_and_inside_the_picture_at_any_border(box: Box) -> None:
    inside, elsewhere = frame(label_at(box)), frame(label_at((300, 300, 420, 330)))
    sides = [(at[i + 2] - at[i]) for at in (inside, elsewhere) for i in (0, 1)]
    assert sides[:2] == pytest.approx(sides[2:], abs=1)  # where the frames of box and label meet, nothing changes


@pytest.mark.parametrize("shape", [(60, 80), (600, 800), (1800, 2400)])
def test_type_and_lines_grow_with_the_picture(shape: tuple[int, int]) -> None:
    height, width = shape
    box = (0.4 * width, 0.5 * height, 0.6 * width, 0.6 * height)
    x1, y1, x2, y2 = frame(label_at(box, shape))
    shown = draw_photograph(np.zeros((*shape, 3), np.uint8), [BoxLabel(box, "")])
    assert shown.width >= 480
    assert 0.04 < (y2 - y1) / shown.height < 0.08 and 0.1 < (x2 - x1) / shown.width < 0.25
    line = where(shown, UNJUDGED)[:, shown.width // 2].sum() / 2
    assert 1 / 400 <= line / shown.width < 1 / 200


def test_no_text_hides_a_plate_or_another_text() -> None:
    boxes: list[Box] = [(300, 300, 380, 320), (310, 325, 390, 345), (300, 350, 380, 370), (384, 300, 464, 320)]
    image = np.random.default_rng(0).integers(0, 256, BLACK.shape, np.uint8)
    drawn = np.asarray(draw_photograph(image, [BoxLabel(box, f"CROWD{i}") for i, box in enumerate(boxes)]))
    for x1, y1, x2, y2 in np.int32(boxes):
        assert np.array_equal(drawn[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4], image[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4])
    changed = (drawn != image).any(axis=-1).sum()
    alone = [draw_photograph(image, [BoxLabel(box, f"CROWD{i}")]) for i, box in enumerate(boxes)]
    assert changed > 0.85 * sum((np.asarray(picture) != image).any(axis=-1).sum() for picture in alone)


@pytest.mark.parametrize(("right", "colour"), [(True, RIGHT), (False, WRONG), (None, UNJUDGED)])
def test_judgement_gives_the_colour_and_a_sign(right: bool | None, colour: tuple[int, int, int]) -> None:
    drawn = draw_photograph(BLACK, [BoxLabel((300, 300, 420, 330), "8", right)])
    assert where(drawn, colour).sum() > 300
    assert not any(where(drawn, other).any() for other in {RIGHT, WRONG, UNJUDGED} - {colour})
    x1, _, x2, _ = frame(where(drawn, colour)[:296])
    plain = draw_photograph(BLACK, [BoxLabel((300, 300, 420, 330), "8")])
    begin, _, end, _ = frame(where(plain, UNJUDGED)[:296])
    assert (x2 - x1 > end - begin) == (right is not None), "the sign needs room"


@pytest.mark.parametrize("ground", [(0, 0, 0), PAPER, RIGHT, WRONG, UNJUDGED, (128, 128, 128)])
def test_boxes_and_labels_stand_out_on_every_ground(ground: tuple[int, int, int]) -> None:
    image = np.full(BLACK.shape, ground, np.uint8)
    drawn = np.int16(draw_photograph(image, [BoxLabel((300, 300, 420, 330), "8")]).convert("L"))
    for row in (315, 285):  # across the box, and across the label
        assert np.abs(drawn[row] - drawn[row, 0]).max() > 50


def test_a_photograph_fits_the_size_asked_for() -> None:
    assert draw_photograph(BLACK, [], (400, 150)).size == (200, 150)
    assert draw_photograph(BLACK, []).size == (800, 600)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1), (30000, 4)])
def test_any_size_of_photograph(height: int, width: int) -> None:
    assert draw_photograph(np.zeros((height, width, 3), np.uint8), [BoxLabel((0, 0, width, height), "AB123")])
