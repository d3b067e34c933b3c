"""Emblems within their boxes, at any size; colours."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.emblems import draw_emblem, luminance, random_colour

GROUND, INK = (255, 0, 255), (10, 20, 30)
SEEDS = 80  # each emblem several times


def _drawn(seed: int, box) -> np.ndarray:
    """Find the drawn pixels, bool [100,120]."""
    image = Image.new("RGB", (120, 100), GROUND)
    draw_emblem(ImageDraw.Draw(image), np.random.default_rng(seed), box, INK)
    return (np.asarray(image) != GROUND).any(axis=2)


@pytest.mark.parametrize("box", [(40, 30, 80, 70), (20, 40, 100, 70), (60.5, 10.3, 78.2, 84.9)], ids=str)
def test_every_emblem_is_seen_and_stays_within_a_margin_of_its_box(box):
    x1, y1, x2, y2 = box
    margin = 2 + 0.1 * (y2 - y1)  # a thick line's half may stand out
    for seed in range(SEEDS):
        rows, columns = np.nonzero(_drawn(seed, box))
        assert len(rows) > 10
        assert x1 - margin <= columns.min() and columns.max() <= x2 + margin
        assert y1 - margin <= rows.min() and rows.max() <= y2 + margin


@pytest.mark.parametrize("high", [1, 2, 3])
@pytest.mark.parametrize("wide", [1, 1.7, 3])
def test_emblems_of_a_few_pixels_are_drawn_too(wide, high):
    for seed in range(SEEDS):
        rows, columns = np.nonzero(_drawn(seed, (50, 60, 50 + wide, 60 + high)))
        assert columns.min(initial=50) > 44 and columns.max(initial=50) < 60
        assert rows.min(initial=60) > 54 and rows.max(initial=60) < 70


def test_the_same_generator_draws_the_same_emblem_and_another_another():
    box = (20, 10, 100, 90)
    drawings = [_drawn(seed, box).tobytes() for seed in range(20)]
    assert drawings == [_drawn(seed, box).tobytes() for seed in range(20)]
    assert len(set(drawings)) > 15


def test_colours_have_the_requested_saturation_value_and_hue():
    rng = np.random.default_rng(0)
    for _ in range(200):
        colour = random_colour(rng, (0.5, 0.8), (0.6, 0.9), (0.0, 0.6))
        hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
        assert 0.49 < saturation < 0.81 and 0.59 < value < 0.91
        assert min(abs(hue - 0.6), hue, 1 - hue) < 0.04  # the circle of hues closes at 0


def test_colours_have_any_hue_by_default():
    rng = np.random.default_rng(0)
    hues = [colorsys.rgb_to_hsv(*random_colour(rng, (0.5, 1.0), (0.5, 1.0)))[0] for _ in range(300)]
    assert np.histogram(hues, 6, (0, 1))[0].min() > 25


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (12, 200, 99)])
def test_luminance_equals_pillows_gray(colour):
    assert luminance(colour) == pytest.approx(Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0)), abs=1)
