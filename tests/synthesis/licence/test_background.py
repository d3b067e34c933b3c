"""Backgrounds: the plate stays whole in the middle."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.background import BackgroundParams, add_background
from tests.helpers.licence import PRINT_FONTS

AROUND = (50, 30)


def _scene(seed: int, **shares: float) -> tuple[np.ndarray, np.ndarray]:
    """Make a plate of random pixels, uint8 [40,120,3], and its scene."""
    rng = np.random.default_rng(seed)
    face = rng.integers(0, 256, (40, 120, 3), np.uint8)
    params = BackgroundParams.model_validate({"frame": 0, "frame_print": 0, "rounded": 0} | shares)
    return face, np.asarray(add_background(rng, Image.fromarray(face), AROUND, PRINT_FONTS, params))


def _seen(face: np.ndarray, scene: np.ndarray) -> np.ndarray:
    """Find the plate's pixels that the scene shows in place, bool [40,120]."""
    return (scene[30:70, 50:170] == face).all(axis=2)


@pytest.mark.parametrize("shares", [{}, {"frame": 1}, {"rounded": 1}], ids=str)
def test_a_plate_is_whole_in_the_middle_but_for_its_corners(shares):
    for seed in range(10):
        face, scene = _scene(seed, **shares)
        assert scene.shape == (100, 220, 3)
        seen = _seen(face, scene)
        assert seen[:, 7:-7].all() and seen[7:-7].all()  # corners are rounded by up to 0.16 of the height


def test_rounded_corners_show_the_car_behind_the_plate():
    hidden = [[(~_seen(*_scene(seed, rounded=share))).mean() for seed in range(10)] for share in (0, 1)]
    assert max(hidden[0]) < min(hidden[1]) < 0.05


def test_a_holder_has_one_colour_all_around_the_plate():
    for seed in range(10):
        _, scene = _scene(seed, frame=1)
        rim = np.concatenate([scene[40:60, 49], scene[40:60, 170], scene[29, 60:160], scene[70, 60:160]])
        assert (rim == rim[0]).all()


def test_a_dealers_name_stands_above_or_below_and_covers_the_plates_edge_at_most():
    covered = []
    for seed in range(20):
        face, scene = _scene(seed, frame=1, frame_print=1)
        assert _seen(face, scene)[6:-6, 7:-7].all()
        covered.append(not _seen(face, scene)[:, 7:-7].all())
    assert any(covered) and not all(covered)


def test_a_dealers_name_needs_a_font():
    params = BackgroundParams(frame=1, frame_print=1, rounded=0)
    scene = add_background(np.random.default_rng(0), Image.new("RGB", (60, 20)), AROUND, (), params)
    assert scene.size == (160, 80)


def test_no_two_cars_are_alike():
    assert len({_scene(seed)[1][:20].tobytes() for seed in range(10)}) == 10
    assert _scene(3)[1].tobytes() == _scene(3)[1].tobytes()


def test_there_are_one_to_three_words_of_letters():
    rng = np.random.default_rng(0)
    texts = [background.random_words(rng) for _ in range(100)]
    assert {len(text.split()) for text in texts} == {1, 2, 3}
    assert all(word.isalpha() and word in (word.upper(), word.capitalize()) for text in texts for word in text.split())


def test_a_date_is_a_month_or_a_year_or_both():
    rng = np.random.default_rng(0)
    kinds = {"".join("0" if c.isdigit() else "L" for c in background.random_date(rng)) for _ in range(100)}
    assert kinds == {"LLL", "00", "LLLL00"}  # the space counts as a letter here


@pytest.mark.parametrize("shape", [(16, 160), (100, 400), (90, 90)])
@pytest.mark.parametrize("grain", [3, 19])
def test_smooth_noise_covers_a_part_and_changes_slowly(shape, grain):
    cover = background.smooth_noise(np.random.default_rng(0), shape, grain)
    assert cover.shape == shape and cover.dtype == np.float32
    assert cover.min() == 0 and 0.5 < cover.max() <= 1
    assert np.abs(np.diff(cover, axis=1)).max() < 5 * grain / shape[1]


def test_a_picture_covers_the_plate_in_colours_near_its_ground():
    ground, distances = (120, 160, 140), []
    for seed in range(30):
        image = Image.new("RGB", (160, 80), (255, 0, 255))
        background.draw_picture(ImageDraw.Draw(image), np.random.default_rng(seed), image.size, ground)
        pixels = np.asarray(image).astype(int)
        assert not (pixels == (255, 0, 255)).all(axis=2).any()
        distances.append(np.abs(pixels - ground).mean())
    assert np.median(distances) < 60
