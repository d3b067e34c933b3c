"""Stroke fonts: legible, tight, repeatable and all different."""

from dataclasses import fields, replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from platefuse.core.errors import PlatefuseError
from platefuse.synthesis.fonts.library import GLYPH_HEIGHT
from platefuse.synthesis.fonts.strokes import pen
from platefuse.synthesis.fonts.strokes.font import STROKE_ALPHABET, StrokeFont
from platefuse.synthesis.fonts.strokes.pen import Path
from platefuse.synthesis.fonts.strokes.style import Style

_FONTS = [StrokeFont(np.random.default_rng(seed)) for seed in range(12)]
_HOLES = dict.fromkeys(STROKE_ALPHABET, 0) | dict.fromkeys("0469ADOPR", 1) | dict.fromkeys("8B", 2)
_LOOK_ALIKES = {("0", "O"), ("1", "I")}
_PLAIN = {"zero": "plain", "four": "closed", "q": "outside"}


def _holes_and_pieces(glyph: np.ndarray) -> tuple[int, int]:
    ink = np.pad(glyph > 127, 1)
    return ndimage.label(~ink)[1] - 1, ndimage.label(ink, np.ones((3, 3)))[1]


def test_alphabet():
    assert STROKE_ALPHABET == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("character", STROKE_ALPHABET)
def test_glyphs_are_tight(character):
    for font in _FONTS:
        glyph = font.glyph(character)
        assert glyph.dtype == np.uint8
        assert glyph.shape[0] == GLYPH_HEIGHT
        assert 0.05 * GLYPH_HEIGHT < glyph.shape[1] < 1.7 * GLYPH_HEIGHT
        for edge in (glyph[0], glyph[-1], glyph[:, 0], glyph[:, -1]):
            assert edge.max() > 0
        assert glyph.max() == 255
        assert 0 < np.mean((glyph > 0) & (glyph < 255)) < 0.5  # antialiased, and no more than that


def test_glyphs_have_the_holes_of_their_character():
    for font in _FONTS:
        plain = StrokeFont(np.random.default_rng(0))
        plain.style = replace(font.style, **_PLAIN)
        for character in set(STROKE_ALPHABET) - {"Q"}:
            assert _holes_and_pieces(plain.glyph(character)) == (_HOLES[character], 1), (character, font.style)
        assert _holes_and_pieces(plain.glyph("Q"))[0] >= 1


def test_zero_with_slash_gap_and_dot():
    def zero(form: str) -> tuple[int, int]:
        font = StrokeFont(np.random.default_rng(3))
        font.style = replace(font.style, zero=form, width=0.6, weight=0.1, bleed=0.0, roughness=0.0)
        return _holes_and_pieces(font.glyph("0"))

    assert [zero(form) for form in ("plain", "as_o", "slash", "gap", "dot")] == [(1, 1), (1, 1), (2, 1), (0, 1), (1, 2)]


def test_glyphs_of_a_font_differ():
    for font in _FONTS:
        same_size = {
            character: np.asarray(Image.fromarray(font.glyph(character)).resize((48, 96)), np.float64) / 255
            for character in STROKE_ALPHABET
        }
        for first, second in combinations(STROKE_ALPHABET, 2):
            if (first, second) not in _LOOK_ALIKES:
                difference = np.abs(same_size[first] - same_size[second]).mean()
                assert difference > 0.03, (first, second, font.style)


def test_a_font_is_of_its_seed_alone():
    forwards, backwards = (StrokeFont(np.random.default_rng(5)) for _ in range(2))
    expected = [forwards.glyph(character).tobytes() for character in STROKE_ALPHABET]
    assert [backwards.glyph(character).tobytes() for character in reversed(STROKE_ALPHABET)] == expected[::-1]


def test_fonts_differ():
    rng = np.random.default_rng(5)
    first, second = StrokeFont(rng), StrokeFont(rng)
    assert first.style != second.style
    for character in STROKE_ALPHABET:
        assert first.glyph(character).tobytes() != second.glyph(character).tobytes()


def test_glyphs_are_kept():
    font = _FONTS[0]
    assert font.glyph("K") is font.glyph("K")
    with pytest.raises(ValueError, match="read-only"):
        font.glyph("K")[0, 0] = 1


@pytest.mark.parametrize("character", ["a", "-", "", "AB", "Ä"])
def test_unknown_character(character):
    with pytest.raises(PlatefuseError, match="stroke font"):
        _FONTS[0].glyph(character)


def test_styles_spread_over_their_ranges():
    styles = [Style.sample(np.random.default_rng(seed)) for seed in range(200)]
    widths = np.array([style.width for style in styles])
    assert widths.min() >= 0.38
    assert widths.max() <= 0.72
    assert np.mean((widths > 0.42) & (widths < 0.6)) > 0.6
    assert np.mean([style.slant == 0 for style in styles]) > 0.7
    for parameter in fields(Style):
        assert len({getattr(style, parameter.name) for style in styles}) > 1, parameter.name


@pytest.mark.parametrize("weight", [0.09, 0.12])
def test_strokes_are_as_wide_as_the_weight(weight):
    font = StrokeFont(np.random.default_rng(1))
    font.style = replace(
        font.style, width=0.5, letter_width=1.0, weight=weight, contrast=0.8, bleed=0.0, roughness=0.0, slant=0.0,
        serif=0.0, ends="square", spread=0.0,
    )  # fmt: skip
    ell, bar = font.glyph("L"), font.glyph("H")[: GLYPH_HEIGHT // 4]
    assert ell[GLYPH_HEIGHT // 3].sum() / 255 == pytest.approx(weight * GLYPH_HEIGHT, abs=1)
    assert ell[:, -8].sum() / 255 == pytest.approx(0.8 * weight * GLYPH_HEIGHT, abs=1)
    assert bar.shape[1] == pytest.approx(0.5 * GLYPH_HEIGHT, abs=2)


def test_a_rounded_square_is_a_circle():
    square = Path(((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)), closed=True)
    line = pen.flatten(square, np.array([2.0, 2.0]), np.array([5.0, 5.0]), 2.0)
    np.testing.assert_allclose(np.hypot(*(line - 1).T), 1)
    np.testing.assert_array_equal(line[0], line[-1])


def test_ends_are_cut_where_the_path_crosses():
    line = pen.flatten(Path(((0, 1), (0, 0), (1, 0), (1, 1)), start=0.25, end=0.5), np.ones(2), np.ones(2), 2.0)
    np.testing.assert_allclose(line, [[0, 0.25], [0, 0], [1, 0], [1, 0.5]])


@pytest.mark.parametrize(
    ("round_ends", "area"),
    # By hand: an L of two legs of 10 and a pen of 2; square ends and a mitre, or half circles and a quarter circle.
    [(False, 2 * 10 * 2 + 2 * 2), (True, 2 * 10 * 2 - 1 + np.pi * 5 / 4)],
)
def test_outline_covers_what_the_pen_does(round_ends, area):
    corner = np.array([[20.0, 10.0], [10.0, 10.0], [10.0, 20.0]]) * 40
    image = Image.new("L", (1000, 1000))
    pen.fill(image, pen.outline(corner, 40.0, 4.0, round_ends, (-1.0, -1.0)), 1)
    assert np.asarray(image).sum() / 40**2 == pytest.approx(area, rel=0.02)


def test_a_mitre_is_clipped():
    needle = np.array([[0.0, 10.0], [1.0, 0.0], [2.0, 10.0]])
    reach = [
        min(block[..., 1].min() for block in pen.outline(needle, 0.5, mitre, False, (99.0, 99.0)))
        for mitre in (2.0, 4.0)
    ]
    assert reach == pytest.approx([-1.0, -2.0])
