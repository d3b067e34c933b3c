"""Pictures: where ink of which colour is. How it looks was judged by eye."""

import io

import numpy as np
import pytest
from PIL import Image

from platefuse.evaluation.drawing import (
    RIGHT,
    UNJUDGED,
    WRONG,
    BoxLabel,
    PlatePicture,
    contact_sheet,
    draw_plate,
    labels_of_reading,
)
from tests.helpers.reader import reading_of

WHITE = (255, 255, 255)


def _where(picture: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return np.all(np.asarray(picture) == colour, axis=-1)


def _frame(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Give x1,y1,x2,y2, far edges exclusive, of everything in that colour."""
    rows, columns = np.nonzero(_where(picture, colour))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def _black(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def _box(label: str, right: bool | None = None, missed: bool = False) -> BoxLabel:
    return BoxLabel(np.array([20, 40, 60, 80]), label, right, missed)


def test_box_lies_on_the_enlarged_image_and_the_caption_below_it() -> None:
    drawn = draw_plate(_black(100, 200), [_box("7")])
    assert drawn.image.size == (600, 300)  # 200 pixels are enlarged threefold
    assert _frame(drawn.image, UNJUDGED) == (60, 120, 180, 240)
    joined = drawn.joined()
    assert joined.width == 600 and joined.height == 300 + drawn.caption.height
    assert np.array_equal(np.asarray(joined)[300:], np.asarray(drawn.caption))


def test_nothing_but_boxes_is_drawn_on_the_image() -> None:
    """Whatever a plate shows, no text stands on it, and nothing in a box is hidden."""
    image = np.random.default_rng(0).integers(0, 256, (100, 500, 3), np.uint8)
    plain, labelled = (np.asarray(draw_plate(image, [_box(label)]).image) for label in ("", "8"))
    assert np.array_equal(plain, labelled)
    assert np.array_equal(labelled[43:77, 23:57], image[43:77, 23:57])


@pytest.mark.parametrize("ground", [(0, 0, 0), WHITE, RIGHT, WRONG, UNJUDGED, (200, 0, 0), (128, 128, 128)])
@pytest.mark.parametrize(("right", "missed"), [(True, False), (False, False), (None, False), (False, True)])
def test_boxes_stand_out_on_every_ground(ground: tuple[int, int, int], right: bool | None, missed: bool) -> None:
    """One of a box's two colours is far lighter or darker than the ground."""
    image = np.full((100, 500, 3), ground, np.uint8)
    drawn = draw_plate(image, [_box("8", right, missed)]).image.convert("L")
    edge = np.int16(np.asarray(drawn))[45:75, 15:30]
    assert np.abs(edge - edge[0, 0]).max() > 50


@pytest.mark.parametrize(("right", "colour"), [(True, RIGHT), (False, WRONG), (None, UNJUDGED)])
def test_judgement_gives_the_colour(right: bool | None, colour: tuple[int, int, int]) -> None:
    image = draw_plate(_black(100, 500), [_box("8", right)]).image
    assert _where(image, colour).sum() > 100
    assert not any(_where(image, other).any() for other in {RIGHT, WRONG, UNJUDGED} - {colour})


def test_a_mistake_lies_above_a_right_box() -> None:
    boxes = [_box("8", False), _box("3", True)]
    assert _where(draw_plate(_black(100, 500), boxes).image, WRONG).any()


def test_missed_boxes_are_dashed_and_no_part_of_the_text() -> None:
    found, missed = (draw_plate(_black(100, 500), [_box("8", False, missed)], "8") for missed in (False, True))
    edges = [_where(drawn.image, WRONG)[41, 20:60].mean() for drawn in (found, missed)]
    assert edges[0] == 1 and 0.3 < edges[1] < 0.8
    assert _where(missed.caption, WRONG).sum() > _where(found.caption, WRONG).sum(), "nothing was read"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 1000), (1000, 1), (3000, 4000)])
def test_any_size_of_image(height: int, width: int) -> None:
    boxes = [BoxLabel(np.array([0, 0, width, height]), "8")] * 50
    picture = draw_plate(_black(height, width), boxes, "", "the picture's name").joined()
    assert 480 <= picture.width <= 4000 and picture.height <= 3800


def test_image_fits_the_size_asked_for_and_the_caption_its_width() -> None:
    tall, wide = (draw_plate(_black(*shape), [], size=(384, 192)) for shape in ((100, 50), (10, 1000)))
    assert tall.image.size == (96, 192) and wide.image.width == 384
    assert tall.caption.width == wide.caption.width == 384


def test_labels_of_a_reading() -> None:
    labels = labels_of_reading(reading_of("71", (0, 0, 9, 9), (9, 0, 18, 9)))
    assert [(label.label, label.right, label.missed) for label in labels] == [("7", None, False), ("1", None, False)]
    assert labels[1].box == (9, 0, 18, 9)
    assert labels_of_reading(reading_of("")) == []


@pytest.mark.parametrize(("truth", "right"), [("271", [True, True]), ("17", [False, True]), ("", [False, False])])
def test_characters_are_judged_by_their_place_in_the_truth(truth: str, right: list[bool]) -> None:
    read = "71" if truth != "17" else "77"
    assert [label.right for label in labels_of_reading(reading_of(read), truth)] == right


# --- contact sheet


def _picture(image: tuple[int, int], caption: tuple[int, int], colours: list[tuple[int, int, int]]) -> PlatePicture:
    return PlatePicture(Image.new("RGB", image, colours[0]), Image.new("RGB", caption, colours[1]))


def test_contact_sheet_aligns_images_and_captions_of_a_row() -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250), (250, 0, 250)]
    pictures = [
        _picture(image, caption, colours[2 * index : 2 * index + 2])
        for index, (image, caption) in enumerate([((50, 30), (60, 20)), ((40, 10), (60, 40)), ((50, 30), (60, 20))])
    ]
    sheet = contact_sheet(pictures, 2, "Plates")
    frames = [_frame(sheet, colour) for colour in colours]
    assert all(frame[3] <= caption[1] for frame, caption in zip(frames[::2], frames[1::2], strict=True))
    assert frames[0][3] == frames[2][3] == frames[1][1] == frames[3][1], "one line for the row"
    assert frames[4][1] > frames[3][3] and frames[0][0] == frames[4][0] < frames[2][0]
    assert all(_where(sheet, colour).sum() for colour in colours)
    with pytest.raises(ValueError):
        contact_sheet([], 2)


def test_a_title_takes_as_many_lines_as_it_needs() -> None:
    picture = _picture((50, 30), (300, 20), [(250, 0, 0), (0, 250, 0)])
    heights = [contact_sheet([picture], 1, title, legend).height for title, legend in HEADINGS]
    assert heights == sorted(set(heights))


HEADINGS: list[tuple[str, list[str]]] = [
    ("", []),
    ("Plates", []),
    ("Plates", ["of many"]),
    ("Plates", ["of many places and of many " * 3]),
    ("Plates of many places and of many " * 5, ["of many places and of many " * 3]),
]


def test_the_same_picture_is_the_same_bytes() -> None:
    def png() -> bytes:
        stream = io.BytesIO()
        draw_plate(_black(40, 90), [_box("8", True)], "8").joined().save(stream, "PNG")
        return stream.getvalue()

    assert png() == png()
    assert b"tIME" not in png()
