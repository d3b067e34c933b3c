"""Captions: which columns are filled, where the crops are, and that all of it can be read."""

import numpy as np
import pytest
from PIL import Image

from platefuse.evaluation.caption import RIGHT, WRONG, crop_of, draw_caption, font_of, font_of_character, wrapped

SIZE, WIDTH = 30, 400
MARGIN, CELL, CROPS = 63, 33, 45  # pixels, by hand: 2.1, 1.1 and 1.5 times the size
TINT = (255, 224, 200)
BLUE = (0, 0, 250)


def filled(caption: Image.Image, colour: tuple[int, int, int]) -> list[int]:
    """Give the columns that are filled with a colour for the most part."""
    of_colour = np.all(np.asarray(caption) == colour, axis=-1)[CROPS:, MARGIN:]
    count = of_colour.shape[1] // CELL
    return [i for i in range(count) if of_colour[:, i * CELL : (i + 1) * CELL].sum() > 0.5 * CELL * SIZE]


def crops(count: int) -> list[Image.Image | None]:
    return [Image.new("RGB", (9, 12), BLUE)] * count


@pytest.mark.parametrize(
    ("read", "true", "differ"),
    [("1234", "1284", [2]), ("124", "1234", [2]), ("1234", "124", [2]), ("", "12", [0, 1]), ("12", "", [0, 1])],
)
def test_columns_that_differ_are_filled(read: str, true: str, differ: list[int]) -> None:
    caption = draw_caption(WIDTH, SIZE, crops(len(read)), read, true)
    assert filled(caption, WRONG) == filled(caption, TINT) == differ


@pytest.mark.parametrize("truth", ["1234", None])
def test_nothing_is_filled_without_a_mistake(truth: str | None) -> None:
    caption = draw_caption(WIDTH, SIZE, crops(4), "1234", truth)
    assert not filled(caption, WRONG) and not filled(caption, TINT)


def test_a_crop_stands_above_its_character_and_none_above_a_missed_one() -> None:
    caption = np.asarray(draw_caption(WIDTH, SIZE, crops(2), "13", "123"))
    blue = np.all(caption == BLUE, axis=-1)
    assert not blue[CROPS:].any()
    above = [blue[:CROPS, MARGIN + i * CELL : MARGIN + (i + 1) * CELL].any() for i in range(3)]
    assert above == [True, False, True]


def test_right_and_wrong_differ_without_colour_too() -> None:
    captions = [draw_caption(WIDTH, SIZE, crops(1), "8", truth).convert("L") for truth in "80"]
    signs = [np.asarray(caption)[:CROPS, :MARGIN] < 200 for caption in captions]
    assert (signs[0] != signs[1]).mean() > 0.03


@pytest.mark.parametrize(("truth", "colour"), [("8", RIGHT), ("88", WRONG), ("", WRONG)])
def test_a_sign_says_whether_the_text_is_right(truth: str, colour: tuple[int, int, int]) -> None:
    def signs(truth: str | None) -> bool:
        caption = np.asarray(draw_caption(WIDTH, SIZE, [None], "8", truth))
        return bool(np.all(caption == colour, axis=-1)[:CROPS, :MARGIN].any())

    assert signs(truth)
    assert not signs(None)


def test_long_texts_take_lines_of_legible_type() -> None:
    short, long = (draw_caption(WIDTH, SIZE, crops(len(text)), text, None) for text in ("8" * 10, "8" * 100))
    assert long.height >= 5 * short.height
    assert long.width == short.width == WIDTH
    assert np.asarray(long)[-SIZE:].min() < 100, "there is ink in the last line"


def test_a_note_too_long_keeps_its_end() -> None:
    """Images of one folder differ in the ends of their paths."""
    notes = [f"{'a' * 200}{name}.png" for name in "12"]
    first, second = (np.asarray(draw_caption(WIDTH, SIZE, [], "", None, note)) for note in notes)
    assert not np.array_equal(first, second)


def test_nothing_read_is_said_in_words() -> None:
    assert np.asarray(draw_caption(WIDTH, SIZE, [], "", "")).min() < 150
    assert np.asarray(draw_caption(WIDTH, SIZE, [], "")).min() < 150


@pytest.mark.parametrize(
    ("box", "size"),
    [((2, 1, 5, 9), (3, 8)), ((-4, -4, 2, 2), (2, 2)), ((18, 8, 30, 30), (2, 2)), ((1.4, 0, 4.6, 3), (4, 3))],
)
def test_a_box_is_cut_out_of_the_image(box: tuple[float, ...], size: tuple[int, int]) -> None:
    crop = crop_of(np.zeros((10, 20, 3), np.uint8), box)
    assert crop is not None and crop.size == size


@pytest.mark.parametrize("box", [(3, 3, 3, 9), (30, 0, 40, 9), (-9, 0, -3, 9), (5, 5, 2, 2)])
def test_a_box_without_pixels_has_no_crop(box: tuple[float, ...]) -> None:
    assert crop_of(np.zeros((10, 20, 3), np.uint8), box) is None


def test_words_are_wrapped_at_the_width() -> None:
    words = "half of these pictures are mistakes"
    lines = wrapped(words, 20, 150)
    assert " ".join(lines) == words and len(lines) > 1
    assert all(font_of(20).getlength(line) <= 150 for line in lines)
    assert wrapped("unbreakable word", 20, 10) == ["unbreakable", "word"]
    assert wrapped("", 20, 10) == []


def test_characters_that_pillows_font_lacks_are_drawn_all_the_same() -> None:
    drawn = {c: np.asarray(draw_caption(WIDTH, SIZE, [None], c)).tobytes() for c in "ЖШЯΩЀ"}
    assert len(set(drawn.values())) == len(drawn)
    assert font_of_character("A", SIZE) is font_of(SIZE)
