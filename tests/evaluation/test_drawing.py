"""Pictures: where ink of which colour is. How it looks was judged by eye."""

import io

import numpy as np
import pytest
from PIL import Image

from platefuse.evaluation.drawing import RIGHT, UNJUDGED, WRONG, BoxLabel, contact_sheet, draw_plate, labels_of_reading
from tests.helpers.reader import reading_of


def _where(picture: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return np.all(np.asarray(picture) == colour, axis=-1)


def _frame(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Give x1,y1,x2,y2, far edges exclusive, of everything in that colour."""
    rows, columns = np.nonzero(_where(picture, colour))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def _black(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_box_lies_on_the_enlarged_image_and_the_caption_below_it():
    picture = draw_plate(_black(100, 200), [BoxLabel(np.array([20, 40, 60, 80]), "")], "7")
    assert picture.width == 600 and picture.height > 300  # 200 pixels are enlarged threefold
    assert _frame(picture, UNJUDGED) == (60, 120, 180, 240)
    assert not np.asarray(picture)[310:].min() > 100  # there is ink in the caption


@pytest.mark.parametrize(("right", "colour"), [(True, RIGHT), (False, WRONG), (None, UNJUDGED)])
def test_judgement_gives_the_colour(right, colour):
    image = draw_plate(_black(100, 500), [BoxLabel(np.array([20, 40, 60, 80]), "8", right)], "8").crop((0, 0, 500, 100))
    assert _where(image, colour).sum() > 100
    assert not any(_where(image, other).any() for other in {RIGHT, WRONG, UNJUDGED} - {colour})


@pytest.mark.parametrize(("y1", "above"), [(40, True), (0, False)])
def test_label_stands_above_the_box_or_below_where_there_is_no_room(y1, above):
    box = np.array([20, y1, 60, y1 + 40])
    plain, labelled = (draw_plate(_black(100, 500), [BoxLabel(box, label)], "8") for label in ("", "8"))
    _, rows, *_ = Image.fromarray(np.abs(np.int16(plain) - np.int16(labelled)).astype(np.uint8)).getbbox()
    assert rows < y1 if above else rows >= y1 + 40


def test_missed_boxes_are_dashed():
    box = np.array([20, 40, 120, 80])
    solid, dashed = (
        _where(draw_plate(_black(100, 500), [BoxLabel(box, "", False, missed)], "8"), WRONG)[40, 20:120].mean()
        for missed in (False, True)
    )
    assert solid == 1
    assert 0.3 < dashed < 0.8


@pytest.mark.parametrize(("truth", "colour"), [("8", RIGHT), ("88", WRONG), ("", WRONG)])
def test_caption_has_a_sign_where_the_truth_is_known(truth, colour):
    with_truth = draw_plate(_black(100, 500), [], "8", truth).crop((0, 100, 500, 130))
    assert _where(with_truth, colour).any()
    assert not _where(draw_plate(_black(100, 500), [], "8"), colour).any()


def test_right_and_wrong_differ_without_colour_too():
    signs = [np.asarray(draw_plate(_black(100, 500), [], "8", t).convert("L"))[100:, :28] < 200 for t in ("8", "0")]
    assert (signs[0] != signs[1]).mean() > 0.05


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 1000), (1000, 1), (3000, 4000)])
def test_any_size_of_image(height, width):
    picture = draw_plate(_black(height, width), [BoxLabel(np.array([0, 0, width, height]), "8")], "8" * 50, "")
    assert picture.width <= max(4000, 960) and picture.height <= 3200


def test_image_fits_the_size_asked_for():
    assert draw_plate(_black(100, 50), [], "8", size=(384, 192)).width == 96
    assert draw_plate(_black(10, 1000), [], "8", size=(384, 192)).width == 384


def test_labels_of_a_reading():
    labels = labels_of_reading(reading_of("71", (0, 0, 9, 9), (9, 0, 18, 9)))
    assert [(label.label, label.right, label.missed) for label in labels] == [("7", None, False), ("1", None, False)]
    assert labels[1].box == (9, 0, 18, 9)
    assert labels_of_reading(reading_of("")) == []


def test_contact_sheet_lays_pictures_out_row_by_row():
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    sheet = contact_sheet([Image.new("RGB", (50, 30), colour) for colour in colours], 2, "Plates")
    red, green, blue = (_frame(sheet, colour) for colour in colours)
    assert red[1] == green[1] < blue[1] and red[0] == blue[0] < green[0]
    assert all(_where(sheet, colour).sum() == 50 * 30 for colour in colours)
    with pytest.raises(ValueError):
        contact_sheet([], 2)


def test_the_same_picture_is_the_same_bytes():
    def png() -> bytes:
        stream = io.BytesIO()
        draw_plate(_black(40, 90), [BoxLabel(np.array([2, 4, 20, 30]), "8", True)], "8", "8").save(stream, "PNG")
        return stream.getvalue()

    assert png() == png()
    assert b"tIME" not in png()
