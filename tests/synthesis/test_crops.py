"""Crops equal the fused model's; hard negatives avoid characters."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from platefuse.fusion.graph import ConnectionLayer
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox, letterbox_scale
from platefuse.synthesis.crops import CropSettings, cut_characters, cut_hard_negatives
from platefuse.synthesis.licence.plate import LicencePlate, render_plate
from tests.helpers.licence import ALPHABET, PRINT_FONTS, BlockFont, clean

HEIGHT, WIDTH = INPUT_SIZE = (96, 240)
CROPS: dict[str, Any] = {
    "input_size": INPUT_SIZE,
    "size": (32, 32),
    "margin": 0.0,
    "polarity": "as_given",
    "deskew": False,
    "shift": 0.0,
    "hard_negatives": 20,
}
NONE = np.zeros((0, 4), np.int32)


def params(**changes: Any) -> CropSettings:
    return CropSettings(**CROPS | changes)


# --- characters


def photograph(height: int, width: int, noise: float = 20) -> Image.Image:
    """Draw smooth colours, and noise of that standard deviation."""
    rng = np.random.default_rng(0)
    blots = Image.fromarray(rng.integers(256, size=(4, 6, 3)).astype(np.uint8)).resize((width, height))
    noisy = np.array(blots) + rng.normal(0, noise, (height, width, 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def boxes_in(height: int, width: int) -> np.ndarray:
    """Draw six boxes inside the image, int [6,4]."""
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(0.1, 0.75, (6, 2, 2)), axis=1)
    corners[:, 1] += 0.15
    return (corners * (width, height)).reshape(6, 4).round().astype(np.int32)


def connection_crops(image: Image.Image, boxes: np.ndarray, crops: CropSettings, edge: int = 0) -> np.ndarray:
    """Crop boxes by the fused model's layer, float32 [n,h,w], 0..255.

    `edge` repeats the border of the letterboxed image that many times.
    """
    pixels = np.asarray(image)
    canvas = np.pad(letterbox(tf.constant(pixels)[None], crops.input_size)[0], [(edge,), (edge,), (0,)], "edge")
    on_letterboxed = tf.constant(boxes[None], tf.float32) * letterbox_scale(*pixels.shape[:2], crops.input_size) + edge
    layer = ConnectionLayer(crops.size, crops.margin, rounded=False)
    every = tf.constant([[0, slot] for slot in range(len(boxes))], tf.int64)
    return layer((tf.constant(canvas[None]), on_letterboxed, every))[..., 0].numpy() * 255


@pytest.mark.parametrize("size", [(96, 240), (31, 57), (60, 400), (150, 90), (413, 700)], ids=str)
@pytest.mark.parametrize("changes", [{"margin": 0.12}, {"margin": -0.1, "size": (32, 20)}], ids=str)
def test_character_crops_equal_those_of_the_connection_layer(size, changes):
    image, boxes, crops = photograph(*size), boxes_in(*size), params(**changes)
    cut = cut_characters(np.random.default_rng(0), image, boxes, crops)
    assert (cut.shape, cut.dtype) == ((6, *crops.size), np.uint8)
    np.testing.assert_allclose(cut, connection_crops(image, boxes, crops), atol=2)


@pytest.mark.parametrize(("size", "box"), [((2, 1200), [100, 0, 300, 2]), ((900, 1), [0, 100, 1, 300])], ids=str)
def test_a_sliver_below_half_a_pixel_vanishes_as_in_the_fused_model(size, box):
    image, boxes, crops = photograph(*size), np.array([box]), params(margin=0.12)
    cut = cut_characters(np.random.default_rng(0), image, boxes, crops)
    np.testing.assert_array_equal(cut, connection_crops(image, boxes, crops))


def test_crops_may_reach_far_beyond_the_photograph():
    image, crops = photograph(96, 200, noise=0), params(margin=1.5)
    boxes = np.array([[0, 0, 40, 60], [150, 20, 200, 96], [60, 30, 100, 70]])
    cut = cut_characters(np.random.default_rng(0), image, boxes, crops)
    np.testing.assert_allclose(cut, connection_crops(image, boxes, crops, edge=200), atol=2)
    differences = np.abs(cut - connection_crops(image, boxes, crops))
    assert (differences > 2).mean() < 0.15  # the border's last pixels count a little more or less there


def test_no_boxes_give_an_empty_array():
    cut = cut_characters(np.random.default_rng(0), photograph(60, 90), NONE, params(size=(32, 20)))
    assert (cut.shape, cut.dtype) == ((0, 32, 20), np.uint8)


# --- crop windows, measured from their pixels


def windows_of(crops: np.ndarray, across: bool) -> np.ndarray:
    """Give begin and end of crops from a `counting` image, float [n,2]."""
    profiles = crops.mean(axis=1 if across else 2)
    size = profiles.shape[1]
    slopes, middles = np.polyfit(np.arange(size) - (size - 1) / 2, profiles.T, 1)
    return np.column_stack([middles + 0.5 - slopes * size / 2, middles + 0.5 + slopes * size / 2])


def counting(height: int, width: int, across: bool) -> Image.Image:
    """Draw an image whose grays count letterboxed columns (`across`) or rows."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    scale = min(HEIGHT / height, WIDTH / width)
    return Image.fromarray(((columns if across else rows) * scale - 0.5).round().astype(np.uint8))


def character_windows(boxes: np.ndarray, crops: CropSettings, seed: int = 0) -> np.ndarray:
    """Find the crop windows of characters, float [n,4] in letterboxed pixels."""
    found = [
        windows_of(cut_characters(np.random.default_rng(seed), counting(*INPUT_SIZE, across), boxes, crops), across)
        for across in (True, False)
    ]
    return np.stack(found, axis=2).reshape(-1, 4)


def negative_windows(
    boxes: np.ndarray, distractors: np.ndarray, crops: CropSettings, size: tuple[int, int] = INPUT_SIZE, seed: int = 0
) -> np.ndarray:
    """Find the windows of hard negatives, float [n,4] in letterboxed pixels."""
    found = [
        windows_of(
            cut_hard_negatives(np.random.default_rng(seed), counting(*size, across), boxes, distractors, crops), across
        )
        for across in (True, False)
    ]
    return np.stack(found, axis=2).reshape(-1, 4)


def centres_of(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def row(*xs: float, y: float = 48, wide: float = 12, high: float = 20) -> np.ndarray:
    """Give boxes of one size around these x."""
    return np.array([[x - wide / 2, y - high / 2, x + wide / 2, y + high / 2] for x in xs])


def test_box_edges_shift_independently_and_at_most_by_the_shift():
    boxes = row(*np.linspace(40, 200, 60), wide=30, high=40)
    still, moved = (character_windows(boxes, params(shift=shift)) for shift in (0, 0.1))
    np.testing.assert_allclose(still, boxes, atol=0.7)
    off = (moved - boxes) / (30, 40, 30, 40)
    assert np.abs(off).max() < 0.1 + 0.03
    assert (np.ptp(off, axis=0) > 0.17).all()  # of 0.2: every edge moves by itself, both ways
    assert np.abs(np.corrcoef(off.T) - np.eye(4)).max() < 0.5


def test_a_margin_widens_the_crop():
    (window,) = character_windows(row(100, wide=20, high=40), params(margin=0.25))
    np.testing.assert_allclose(window, [85, 18, 115, 78], atol=0.7)


# --- hard negatives


def as_set(places: np.ndarray) -> list[list[float]]:
    return sorted(places.tolist())


def test_hard_negatives_lie_between_characters_and_a_height_beyond_the_ends():
    found = negative_windows(row(80, 100, 116), NONE, params())
    expected = [[60, 48], [90, 48], [108, 48], [136, 48]]
    np.testing.assert_allclose(as_set(centres_of(found)), expected, atol=0.5)


def test_distractors_are_cropped_in_the_height_of_the_characters():
    distractors = np.array([[150, 20, 158, 32], [20, 30, 60, 60]])
    found = negative_windows(row(100), distractors, params())
    np.testing.assert_allclose(as_set(centres_of(found)), [[40, 45], [154, 26]], atol=0.5)
    np.testing.assert_allclose(found[:, 3] - found[:, 1], 20, atol=0.7)


def test_distractors_without_characters_are_cropped_in_their_median_height():
    distractors = np.array([[40, 30, 70, 60], [100, 20, 140, 50], [150, 30, 180, 54]])
    found = negative_windows(NONE, distractors, params())
    np.testing.assert_allclose(as_set(centres_of(found)), [[55, 45], [120, 35], [165, 42]], atol=0.5)
    np.testing.assert_allclose(found[:, 3] - found[:, 1], 30, atol=0.7)  # the median


@pytest.mark.parametrize("size", [(192, 480), (48, 120), (96, 240)], ids=str)
def test_hard_negatives_do_not_depend_on_the_size_of_the_image(size):
    boxes, distractors, scale = row(80, 100, 116), np.array([[20, 30, 40, 60]]), size[0] / HEIGHT
    found = negative_windows(boxes * scale, distractors * scale, params(), size)
    expected = negative_windows(boxes, distractors, params())
    np.testing.assert_allclose(found, expected, atol=1.2)


def test_margin_and_shift_apply_to_hard_negatives():
    crops = params(margin=0.2, shift=0.1)
    found = np.concatenate([negative_windows(row(90, 110), NONE, crops, seed=seed) for seed in range(20)])
    high = found[:, 3] - found[:, 1]
    assert 20 * 1.4 * 0.8 - 1 < high.min() < 25 and 31 < high.max() < 20 * 1.4 * 1.2 + 1
    off = np.abs(centres_of(found)[:, None] - [[70, 48], [100, 48], [130, 48]]).min(axis=1)
    assert (off.max(axis=0) > 0.7).all() and (off.max(axis=0) < 0.1 * np.array([16, 20]) + 0.5).all()


@pytest.mark.parametrize(
    ("boxes", "between"),
    [
        (row(80, 105), [[92.5, 48]]),
        (row(80, 107), []),  # from 1.3 heights on another character would fit in
        (row(80, 107, high=22), [[93.5, 48]]),
        (np.concatenate([row(90, 110, y=28), row(80, 100, y=68)]), [[90, 68], [100, 28]]),
        (np.concatenate([row(90, y=28), row(80, y=50)]), []),
        (np.concatenate([row(80, y=42), row(100, y=54)]), [[90, 48]]),  # tilted
    ],
    ids=["touching", "apart", "apart but tall", "two rows", "one above the other", "tilted"],
)
def test_only_neighbours_in_a_row_have_a_hard_negative_between_them(boxes, between):
    places = as_set(centres_of(negative_windows(boxes, NONE, params())))
    high = boxes[0, 3] - boxes[0, 1]
    ends = centres_of(boxes)[[0, -1]] + [[-high, 0], [high, 0]]
    expected = sorted([*between, *ends.tolist()])
    assert len(places) == len(expected)
    np.testing.assert_allclose(places, expected, atol=0.5)


@pytest.mark.parametrize("boxes", [NONE, row(120)], ids=["no character", "one character"])
def test_a_plate_without_neighbours_and_distractors_has_no_hard_negatives(boxes):
    cut = cut_hard_negatives(np.random.default_rng(0), counting(*INPUT_SIZE, True), boxes, NONE, params(size=(32, 20)))
    assert (cut.shape, cut.dtype) == ((0, 32, 20), np.uint8)


@st.composite
def plates(draw):
    """Draw a number in one row, and distractors above it."""
    steps = draw(st.lists(st.sampled_from([0.4, 0.6, 0.9, 1.2, 1.5, 2.0]), max_size=3))
    tall = draw(st.integers(15, 19))
    xs = 36 + tall * np.cumsum([0, *steps])
    boxes = np.concatenate(
        [row(x, y=60 + draw(st.integers(-3, 3)), high=tall + draw(st.sampled_from([-1, 0, 1]))) for x in xs]
    )
    at = draw(st.lists(st.integers(2, 22), max_size=3, unique=True))
    distractors = [np.array([[10 * x - 4, 18, 10 * x + 4, 18 + draw(st.integers(4, 16))]]) for x in at]
    return boxes[draw(st.sampled_from([0, 0, 0, len(boxes)])) :], np.concatenate([NONE, *distractors])


def plain_places(boxes: np.ndarray, distractors: np.ndarray) -> list[list[float]]:
    """List the centres of possible hard negatives by plain loops."""
    places = [[(x1 + x2) / 2, (y1 + y2) / 2] for x1, y1, x2, y2 in distractors.tolist()]
    letters = [((x1 + x2) / 2, (y1 + y2) / 2, y2 - y1) for x1, y1, x2, y2 in boxes.tolist()]
    for (x, y, high), (next_x, next_y, _) in pairwise(letters):
        if 0 < next_x - x < 1.3 * high and abs(next_y - y) < 1.3 * high:
            places.append([(x + next_x) / 2, (y + next_y) / 2])
    if len(letters) > 1:
        (x, y, high), (last_x, last_y, last_high) = letters[0], letters[-1]
        places += [[x - high, y], [last_x + last_high, last_y]]
    return places


@given(plates(), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_hard_negatives_are_distinct_and_shaped_like_characters(plate, hard_negatives, seed):
    boxes, distractors = plate
    found = negative_windows(boxes, distractors, params(hard_negatives=hard_negatives), seed=seed)
    places = plain_places(boxes, distractors)
    assert len(found) == min(hard_negatives, len(places))
    left = list(places)
    for x, y in centres_of(found):
        nearest = min(left, key=lambda place: np.hypot(place[0] - x, place[1] - y))
        np.testing.assert_allclose([x, y], nearest, atol=0.6)
        left.remove(nearest)
    if len(found):
        shown = boxes if len(boxes) else distractors
        height = np.median(shown[:, 3] - shown[:, 1])
        wide, high = (found[:, 2:] - found[:, :2]).T
        np.testing.assert_allclose(high, height, atol=1)
        assert wide.min() > 0.45 * height - 1 and wide.max() < 0.8 * height + 1


@settings(max_examples=20)
@given(plates(), st.integers(0, 2**32 - 1))
def test_no_hard_negative_is_near_the_middle_of_a_character(plate, seed):
    boxes, _ = plate
    found = centres_of(negative_windows(boxes, NONE, params(), seed=seed))
    apart = np.abs(found[:, None] - centres_of(boxes)[None]).max(axis=2)
    assert (apart > 0.15 * (boxes[:, 3] - boxes[:, 1])).all()


def test_hard_negatives_as_read_have_the_height_of_what_looks_like_a_character():
    boxes, distractors = row(80, 100, 116), np.array([[20, 30, 40, 39]])
    as_read = params(as_read=True)
    found = np.concatenate([negative_windows(boxes, distractors, as_read, seed=seed) for seed in range(5)])
    small = np.abs(centres_of(found)[:, 0] - 30) < 1
    heights = found[:, 3] - found[:, 1]
    np.testing.assert_allclose(heights[small], 9, atol=1)
    np.testing.assert_allclose(heights[~small], np.median(boxes[:, 3] - boxes[:, 1]), atol=1)
    assert small.sum() == 5


def test_every_place_is_chosen_sometimes():
    boxes, distractors = row(80, 100, 116), np.array([[20, 30, 40, 60]])
    chosen = [
        centres_of(negative_windows(boxes, distractors, params(hard_negatives=1), seed=seed))[0, 0]
        for seed in range(60)
    ]
    places = [30, 60, 90, 108, 136]
    counts = [sum(abs(x - place) < 0.6 for x in chosen) for place in places]
    assert sum(counts) == 60 and min(counts) >= 3


def _plate(seed: int, changes: dict[str, Any]) -> LicencePlate:
    return render_plate(np.random.default_rng(seed), ALPHABET, BlockFont(), PRINT_FONTS, clean(changes))


PRINTED = {
    "shape.two_rows": 0.4,
    "face.side_emblem": 0.4,
    "face.stacked": 0.4,
    "face.separator": 0.7,
    "face.emblem": 0.7,
    "number.group_gap": [0.1, 1],
    "camera.tilt": [-7, 7],
    "camera.margin": [-0.05, 0.2],
}


def test_rendered_plates_have_no_hard_negative_in_the_middle_of_a_character():
    cut = 0
    for seed in range(60):
        plate = _plate(seed, PRINTED)
        width, height = Image.open(io.BytesIO(plate.file)).size
        scale = min(HEIGHT / height, WIDTH / width)
        boxes = plate.boxes * scale
        found = centres_of(negative_windows(plate.boxes, plate.distractors, params(), (height, width), seed))
        away = np.abs(found[:, None] - centres_of(boxes)[None]) / (boxes[:, 2:] - boxes[:, :2])
        assert (away.max(axis=2) > 0.3).all(), seed
        cut += len(found)
    assert cut > 200


@settings(max_examples=10)
@given(st.integers(0, 99), st.sampled_from([{}, {"shift": 0.1, "margin": 0.12, "hard_negatives": 3}]))
def test_the_same_generator_gives_the_same_bytes(seed, changes):
    plate = _plate(seed, PRINTED)
    image = Image.open(io.BytesIO(plate.file))

    def cut(generator: int) -> tuple[bytes, bytes]:
        rng = np.random.default_rng(generator)
        characters = cut_characters(rng, image, plate.boxes, params(**changes))
        return characters.tobytes(), cut_hard_negatives(
            rng, image, plate.boxes, plate.distractors, params(**changes)
        ).tobytes()

    assert cut(1) == cut(1)
    assert cut(1)[1] != cut(2)[1]


def test_zero_hard_negatives_give_an_empty_array():
    plate = _plate(1, PRINTED)
    image = Image.open(io.BytesIO(plate.file))
    cut = cut_hard_negatives(np.random.default_rng(0), image, plate.boxes, plate.distractors, params(hard_negatives=0))
    assert (cut.shape, cut.dtype) == ((0, 32, 32), np.uint8)
