"""Rendered photographs: boxes are tight around plates that nothing hides."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.synthesis.scene.params import LEAST_WIDTH
from platefuse.synthesis.scene.scene import Scene, render_scene
from tests.helpers.licence import ALPHABET, PRINT_FONTS, BlockFont
from tests.helpers.scene_params import scene_params

SIZE = (192, 128)
TALL_INK = {"share": 1, "aspect": [2.5, 4], "characters": [0.9, 0.94], "print": 0, "two_rows": 0}
FULL_INK = {"plate.face.shapes": [TALL_INK],
            "plate.face.edge": [0, 0], "plate.number.filled": 1, "plate.number.count": [6, 8],
            "plate.number.gap": [0, 0], "plate.number.group_gap": [0, 0]}  # fmt: skip


def _scene(seed: int, changes: dict[str, Any] | None = None, inked: str = ALPHABET, size=SIZE, **more: Any) -> Scene:
    rng, font = np.random.default_rng(seed), BlockFont(inked)
    return render_scene(rng, size, ALPHABET, lambda _: font, PRINT_FONTS, scene_params(changes), **more)


def _pixels(scene: Scene) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(scene.file)).convert("RGB")).astype(int)


def _ink(seed: int, changes: dict[str, Any] | None = None) -> tuple[Scene, np.ndarray]:
    """Give a scene and where its numbers' ink is: the only difference to a scene with blank characters."""
    scene, blank = _scene(seed, changes), _scene(seed, changes, inked="")
    np.testing.assert_array_equal(scene.boxes, blank.boxes)
    return scene, np.abs(_pixels(scene) - _pixels(blank)).max(axis=2) > 40


def test_all_ink_of_numbers_is_inside_boxes_and_every_box_has_some():
    """A plate that something hides would have none."""
    count = 0
    for seed in range(25):
        scene, ink = _ink(seed)
        for x1, y1, x2, y2 in scene.boxes.tolist():
            assert ink[y1:y2, x1:x2].mean() > 0.02
            ink[max(0, y1 - 1) : y2 + 1, max(0, x1 - 1) : x2 + 1] = False
            count += 1
        assert ink.sum() <= 8
    assert count > 25


def test_boxes_are_tight():
    """The ink of these plates reaches nearly to their edges."""
    straight = {"pose.turn": [0, 0], "pose.tilt": [0, 0], "placing.cut": 0, "placing.cars": [1, 1],
                "placing.width": [0.4, 0.6]}  # fmt: skip
    gaps = []
    for seed in range(12):
        scene, ink = _ink(seed, FULL_INK | straight)
        ((x1, y1, x2, y2),) = scene.boxes.tolist()
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        reach = np.array([columns[0] - x1, rows[0] - y1, x2 - 1 - columns[-1], y2 - 1 - rows[-1]])
        gaps.append(reach / [x2 - x1, y2 - y1, x2 - x1, y2 - y1])
    gaps = np.array(gaps)
    assert gaps.min() > -0.12  # a pixel
    assert gaps[:, [1, 3]].max() < 0.14 and abs(gaps.mean()) < 0.05


def test_boxes_are_whole_pixels_inside_the_photograph_with_a_text_each():
    for seed in range(15):
        scene = _scene(seed, {"placing.width": [0.02, 0.9], "placing.cut": 1})
        assert scene.boxes.dtype == np.int32 and scene.boxes.shape == (len(scene.texts), 4)
        assert all(3 <= len(text) <= 8 for text in scene.texts)
        if len(scene.boxes):
            assert scene.boxes.min() >= 0 and (scene.boxes[:, 2:] <= SIZE).all()
            sides = scene.boxes[:, 2:] - scene.boxes[:, :2]
            assert sides.min() >= 1 and sides[:, 0].max() >= LEAST_WIDTH * 0.6


def test_the_widest_plate_has_the_width_asked_for():
    for seed in range(12):
        scene = _scene(seed, {"placing.width": [0.3, 0.3], "placing.cut": 0})
        widths = scene.boxes[:, 2] - scene.boxes[:, 0]
        assert abs(widths.max() - 0.3 * SIZE[0]) <= 2


def test_widths_are_spread_evenly_over_their_logarithms():
    one = {"placing.width": [0.05, 0.8], "placing.cars": [1, 1], "placing.cut": 0}
    empty = {"backdrop.grain": [0, 0], "clutter.count": [0, 0], "overlay.count": [0, 0]}
    boxes = [_scene(seed, one | empty, size=(256, 96)).boxes for seed in range(40)]
    widths = np.concatenate(boxes)[:, 2] - np.concatenate(boxes)[:, 0]
    counts, _ = np.histogram(np.log(widths / 256 / 0.05) / np.log(16), 4, (-0.05, 1.05))
    assert counts.sum() == 40 and counts.min() >= 5


@pytest.mark.parametrize("cut", [0, 1])
def test_only_plates_that_may_be_cut_reach_the_border(cut):
    wide = {"placing.width": [0.3, 0.5], "placing.cars": [1, 1], "placing.cut": cut}
    at_border = 0
    for seed in range(15):
        ((x1, y1, x2, y2),) = _scene(seed, wide).boxes.tolist()
        at_border += x1 == 0 or y1 == 0 or (x2, y2)[0] == SIZE[0] or y2 == SIZE[1]
    assert at_border > 1 if cut else at_border == 0


def test_a_scene_without_plates_has_neither_box_nor_ink():
    for seed in range(8):
        scene, ink = _ink(seed, {"placing.none": 1})
        assert scene.boxes.shape == (0, 4) and scene.texts == () and not ink.any()


@pytest.mark.parametrize(
    ("changes", "brighter"),
    [
        ({"light.dusk": 1}, False),
        ({"light.haze": 1}, True),
        ({"light.exposure": [230, 230]}, True),
    ],
)
def test_light_changes_the_brightness(changes, brighter):
    seeds = range(6)
    plain = np.mean([_pixels(_scene(seed)).mean() for seed in seeds])
    lit = np.mean([_pixels(_scene(seed, changes)).mean() for seed in seeds])
    assert lit > plain + 3 if brighter else lit < plain - 3


def test_infrared_is_gray_and_plates_shine():
    darker = []
    for seed in range(6):
        scene = _scene(seed, {"light.infrared": 1})
        pixels = _pixels(scene)
        assert np.ptp(pixels, axis=2).max() < 12
        inside = np.zeros(pixels.shape[:2], bool)
        for x1, y1, x2, y2 in scene.boxes.tolist():
            inside[y1:y2, x1:x2] = True
        darker.append(np.percentile(pixels[inside], 80) - np.percentile(pixels[~inside], 80))
    assert np.mean(darker) > 20


@pytest.mark.parametrize("name", ["light.lamps", "light.shadows", "light.wet"])
def test_every_light_changes_pictures(name):
    changed = [(_pixels(_scene(seed)) != _pixels(_scene(seed, {name: 1}))).mean() for seed in range(4)]
    assert max(changed) > 0.01


def test_the_users_photographs_are_behind_the_cars():
    pink = Image.new("RGB", (500, 400), (255, 0, 200))
    none = {"clutter.count": [0, 0], "overlay.count": [0, 0], "light.exposure": [230, 230]}
    behind = {"backgrounds": "mine", "background_share": 1}
    scene = _scene(3, none | behind | {"placing.width": [0.15, 0.15]}, backgrounds=[lambda: pink])
    pixels = _pixels(scene)
    assert ((pixels[..., 0] > 150) & (pixels[..., 1] < 60) & (pixels[..., 2] > 100)).mean() > 0.1


@pytest.mark.parametrize("size", [(64, 64), (480, 64), (64, 320)])
def test_odd_sizes(size):
    for seed in range(4):
        assert Image.open(io.BytesIO(_scene(seed, size=size).file)).size == size
