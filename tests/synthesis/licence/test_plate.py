"""Photographs of plates: boxes enclose their ink, however turned and blurred."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.core.params import Params
from platefuse.synthesis.licence.camera import CameraParams
from platefuse.synthesis.licence.canvas import FaceParams, ShapeParams
from platefuse.synthesis.licence.number import NumberParams
from platefuse.synthesis.licence.plate import render_plate
from tests.helpers.licence import ALPHABET, PRINT_FONTS, BlockFont, clean

TURNED = {
    "camera.tilt": [-8, 8],
    "camera.shear": [-0.15, 0.15],
    "camera.perspective": [0.0, 0.1],
    "camera.margin": [-0.01, 0.15],
    "camera.width": [150, 260],
}
ASIDE = TURNED | {"camera.yaw": 45, "camera.pitch": 20, "camera.bend": 0.2}
BLURRED = {
    "camera.light": [0, 0.3],
    "camera.focus_blur": [0, 0.8],
    "camera.noise": [0, 4],
    "camera.gray": 0.3,
    "camera.jpeg_quality": [80, 95],
    "face.band": 0.7,
    "face.dirt": [0, 0.4],
    "background.frame": 0.5,
}
# All variation at once, on photographs that are small enough for a test.
VARIED = TURNED | {
    "number.none": 0.05,
    "number.long": 0.2,
    "number.stencil": 0.2,
    "number.unlike_rows": 0.5,
    "number.vanity": 0.2,
    "number.mixed": 0.2,
    "shape.two_rows": 0.2,
    "number.filled": 0.5,
    "number.monospaced": 0.4,
    "number.aspect": [0.7, 1.2],
    "shape.aspect": [1.8, 5],
    "shape.characters": [0.36, 0.7],
    "shape.print": 0.5,
    "face.picture": 0.5,
    "face.band": 0.7,
    "face.separator": 0.6,
    "face.emblem": 0.5,
    "face.crest": 0.3,
    "face.side_emblem": 0.1,
    "face.stacked": 0.1,
    "face.sticker": 0.3,
    "face.screws": 0.5,
    "face.outlined": 0.1,
    "face.emboss": [0, 0.8],
    "face.dirt": [0, 0.6],
    "face.worn": [0, 0.6],
    "background.frame": 0.5,
    "background.frame_print": 0.5,
    "camera.width": [48, 96],
    "camera.yaw": 40,
    "camera.pitch": 20,
    "camera.straight": 0.5,
    "camera.bend": 0.15,
    "camera.motion_along": 0.5,
    "camera.shadow": 0.2,
    "camera.focus_blur": [0, 1],
    "camera.motion": 0.3,
    "camera.motion_blur": [0, 3],
    "camera.enlarged": 0.3,
    "camera.enlargement": [1, 2],
    "camera.noise": [0, 14],
    "camera.sharpened": 0.2,
}


def _photo(seed: int, changes: dict[str, Any], inked: str = ALPHABET) -> tuple[np.ndarray, np.ndarray, str]:
    """Render a photograph: pixels int [H,W,3], boxes and text."""
    rng = np.random.default_rng(seed)
    plate = render_plate(rng, ALPHABET, BlockFont(inked), PRINT_FONTS, clean(changes))
    return np.asarray(Image.open(io.BytesIO(plate.file)).convert("RGB"), int), plate.boxes, plate.text


def _ink(seed: int, changes: dict[str, Any], inked: str = ALPHABET) -> np.ndarray:
    """Find the pixels that change if characters are blank, bool [H,W]."""
    difference = np.abs(_photo(seed, changes, inked)[0] - _photo(seed, changes, "")[0]).max(axis=2)
    return difference > 0.4 * difference.max()


@pytest.mark.parametrize(
    "changes",
    [{}, TURNED, TURNED | BLURRED, TURNED | {"shape.two_rows": 1, "number.unlike_rows": 0.5}, ASIDE],
    ids=range(5),
)
def test_boxes_enclose_all_ink_and_nothing_more(changes):
    for seed in range(6):
        (pixels, boxes, text), ink = _photo(seed, changes), _ink(seed, changes)
        assert (boxes.dtype, boxes.shape) == (np.int32, (len(text), 4))
        outside = ink.copy()
        for (x1, y1, x2, y2), character in zip(boxes, text, strict=True):
            within = ink[y1:y2, x1:x2]
            assert within[:2].any() and within[-2:].any()
            if ALPHABET.index(character) > 12:  # as wide as its box; boxes of narrower characters are widened
                assert within[:, :2].any() and within[:, -2:].any()
            outside[max(0, y1 - 1) : y2 + 1, max(0, x1 - 1) : x2 + 1] = False
        assert not outside.any()
        assert pixels.shape[1] in range(150, 261)


def test_the_text_names_its_boxes_in_their_order():
    for seed in range(3):
        _, boxes, text = _photo(seed, TURNED)
        for character in set(text):
            ink = _ink(seed, TURNED, character)
            inked = [ink[(y1 + y2) // 2, (x1 + x2) // 2] for x1, y1, x2, y2 in boxes]
            assert inked == [other == character for other in text]


def test_boxes_of_small_bad_photographs_lie_inside_them():
    empty = 0
    for seed in range(80):
        pixels, boxes, text = _photo(seed, VARIED)
        height, width, _ = pixels.shape
        assert len(boxes) == len(text) and set(text) <= set(ALPHABET)
        assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= (width, height)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert 48 <= width <= 96
        empty += not text
    assert 0 < empty < 15


def test_characters_below_a_pixel_have_boxes_of_one_pixel():
    sides = []
    for seed in range(10):
        _, boxes, _ = _photo(seed, {"camera.width": [16, 16], "shape.characters": [0.1, 0.1], "camera.tilt": [5, 5]})
        sides.append(boxes[:, 2:] - boxes[:, :2])
    assert np.concatenate(sides).min() == 1


def test_a_plate_without_a_number_has_neither_boxes_nor_text():
    _, boxes, text = _photo(0, {"number.none": 1})
    assert (boxes.shape, boxes.dtype, text) == ((0, 4), np.int32, "")


@pytest.mark.parametrize("width", [16, 60, 400])
def test_photographs_have_the_requested_width_and_the_plates_proportions(width):
    pixels, *_ = _photo(0, {"camera.width": [width, width]})
    np.testing.assert_allclose(pixels.shape[:2], (max(8, width / 4), width), atol=1)


def test_the_same_generator_gives_the_same_bytes_and_another_others():
    made = [
        render_plate(np.random.default_rng(seed), ALPHABET, BlockFont(), PRINT_FONTS, clean(VARIED))
        for seed in (5, 5, 6)
    ]
    contents = [(plate.file, plate.boxes.tolist(), plate.text, plate.distractors.tolist()) for plate in made]
    assert contents[0] == contents[1]
    assert contents[0][0] != contents[2][0]


def test_distractors_enclose_emblems_stacked_letters_and_stickers():
    for name, changes in {
        "side_emblem": {"face.side_emblem": 1},
        "stacked": {"face.stacked": 1},
        "emblem": {"face.separator": 1, "face.emblem": 1, "number.group_gap": [1, 1]},
        "sticker": {"shape.print": 1, "shape.aspect": [2, 2], "face.sticker": 1},
    }.items():
        found = 0
        for seed in range(8):
            plate = render_plate(np.random.default_rng(seed), ALPHABET, BlockFont(), PRINT_FONTS, clean(changes))
            pixels = np.asarray(Image.open(io.BytesIO(plate.file)).convert("RGB"), int)
            ground = np.median(pixels.reshape(-1, 3), axis=0)
            for x1, y1, x2, y2 in plate.distractors:
                found += bool((np.abs(pixels[y1:y2, x1:x2] - ground).max(axis=2) > 40).any())
        assert found >= 5, name
    assert render_plate(np.random.default_rng(0), ALPHABET, BlockFont(), PRINT_FONTS, clean()).distractors.shape == (
        0,
        4,
    )


def _ends(section: str, model: type[Params]) -> list[tuple[str, float]]:
    """List a section's ranges with their least and largest allowed values."""
    ends = []
    for name, field in model.model_json_schema()["properties"].items():
        if field.get("maxItems") == 2:
            of_item = field["prefixItems"][0]
            bounds = of_item.get("ge", of_item.get("minimum")), of_item.get("le", of_item.get("maximum"))
            ends += [(f"{section}.{name}", bound) for bound in bounds]
    return ends


ENDS = [
    *_ends("number", NumberParams),
    *_ends("shape", ShapeParams),
    *_ends("face", FaceParams),
    *_ends("camera", CameraParams),
]


def test_every_range_has_two_ends():
    ranges = [name for name, value in VARIED.items() if isinstance(value, list)]
    assert set(ranges) < {name for name, _ in ENDS}
    assert all(isinstance(end, int | float) for _, end in ENDS)
    assert len(ENDS) == 52


@pytest.mark.parametrize(("name", "end"), ENDS, ids=lambda value: str(value))
def test_every_range_works_at_its_ends(name, end):
    for seed in range(3):
        pixels, boxes, text = _photo(seed, VARIED | {name: [end, end]})
        assert len(boxes) == len(text)
        assert (boxes >= 0).all() and (boxes[:, 2:] <= pixels.shape[1::-1]).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


LARGEST = {"camera.yaw": 50, "camera.pitch": 50, "camera.bend": 0.5}  # angles and a sagitta are no shares


@pytest.mark.parametrize("share", [0, 1])
def test_every_share_works_at_its_ends(share):
    shares = {name: share for name, value in VARIED.items() if not isinstance(value, list)}
    shares |= {name: share * most for name, most in LARGEST.items()}
    for seed in range(15):
        _, boxes, text = _photo(seed, VARIED | shares | {"number.none": 0})
        assert len(boxes) == len(text) > 0
