"""Clutter: every kind is seen, keeps out of boxes, and has no plate's number."""

import re

import numpy as np
import pytest
from PIL import Image, ImageFont

from platefuse.synthesis.scene import fittings, prints, signs
from platefuse.synthesis.scene.clutter import ClutterParams, draw_clutter
from tests.helpers.licence import PRINT_FONTS
from tests.helpers.scenes import CLUTTER

KINDS = tuple(name for name in CLUTTER if isinstance(CLUTTER[name], float) and name not in ("tilted", "blurred"))
GROUND = (120, 140, 90)


def _pixels(seed: int, keep_out: list, size=(160, 120), fonts=PRINT_FONTS, **changes: object) -> np.ndarray:
    image = Image.new("RGB", size, GROUND)
    draw_clutter(np.random.default_rng(seed), image, fonts, ClutterParams.model_validate(CLUTTER | changes), keep_out)
    return np.asarray(image)


def _only(kind: str) -> dict[str, float]:
    return {name: float(name == kind) for name in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_seen_and_depends_on_the_seed_alone(kind):
    seen = []
    few = _only(kind) | {"count": [3, 3]}
    for seed in range(3):
        pixels = _pixels(seed, [], **few)
        assert (pixels == _pixels(seed, [], **few)).all()
        assert (pixels != _pixels(seed + 100, [], **few)).any()
        seen.append((pixels != GROUND).any(axis=2).mean())
    assert min(seen) > 0.0005


@pytest.mark.parametrize("keep_out", [[(40, 30, 120, 90)], [(0, 0, 50, 120), (70.5, 10.2, 160, 60)]], ids=str)
def test_no_pixel_of_a_box_to_keep_out_of_changes(keep_out):
    changed = 0
    for seed in range(12):
        pixels = _pixels(seed, keep_out, count=[5, 9])
        for x1, y1, x2, y2 in keep_out:
            inside = pixels[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
            assert (inside == GROUND).all()
        changed += int((pixels != GROUND).any())
    assert changed > 6


@pytest.mark.parametrize("changes", [{"count": [0, 0]}, dict.fromkeys(KINDS, 0.0)], ids=["count", "shares"])
def test_nothing_is_drawn_for_a_count_or_shares_of_zero(changes):
    assert (_pixels(0, [], **changes) == GROUND).all()


def test_nothing_is_drawn_where_there_is_no_place():
    assert (_pixels(0, [(0, 0, 160, 120)]) == GROUND).all()


@pytest.mark.parametrize("kind", KINDS)
def test_things_of_a_few_pixels_are_drawn_too(kind):
    draw = next(getattr(module, kind) for module in (signs, prints, fittings) if hasattr(module, kind))
    for seed in range(25):
        assert draw(np.random.default_rng(seed), (10, 8), PRINT_FONTS).size == (10, 8)


@pytest.mark.parametrize("size", [(16, 16), (24, 90), (400, 40)], ids=str)
def test_any_size_of_picture_and_of_things_is_allowed(size):
    for seed, fonts in enumerate([PRINT_FONTS, ()]):
        pixels = _pixels(seed, [], size, fonts, count=[30, 30], width=[0.01, 1], blur=[0, 0.2], perspective=[0, 0.3])
        assert pixels.shape == (size[1], size[0], 3)


def _lines_of_ink(patch: Image.Image) -> int:
    """Count the runs of rows with ink; 0 on a ground."""
    rows = (np.asarray(patch)[..., 3] > 0).any(axis=1)
    return 0 if rows.all() else int((np.diff(np.concatenate([[False], rows])) & rows).sum())


@pytest.mark.parametrize(("size", "lines"), [((240, 80), 2), ((240, 20), 1)], ids=["high", "flat"])
def test_a_stamp_has_two_lines_where_it_is_high_enough(size, lines):
    seen = [_lines_of_ink(prints.stamp(np.random.default_rng(seed), size, PRINT_FONTS[:1])) for seed in range(30)]
    assert {count for count in seen if count} == {lines}


def test_words_of_boards_are_no_numbers_of_plates():
    rng = np.random.default_rng(0)
    for text in [maker(rng) for maker in (signs.harmless_words, signs.harmless_line) for _ in range(300)]:
        assert not re.fullmatch(r"[A-Z0-9 .-]{1,13}", text), text


class _CapitalsOnly(ImageFont.FreeTypeFont):
    """A font that has capitals in place of small letters, as some have."""

    def getbbox(self, text, *args, **kwargs):
        return super().getbbox(text.upper(), *args, **kwargs)


class _CapitalsOnlyFile:
    def face(self, size):
        face = ImageFont.load_default(size)
        face.__class__ = _CapitalsOnly
        return face


@pytest.mark.parametrize(("text", "is_seen"), [("ab", False), ("AB", True), ("12", True)])
def test_a_font_with_capitals_only_writes_no_small_letters(text, is_seen):
    patch = Image.new("RGBA", (60, 30), (*GROUND, 255))
    signs.write(np.random.default_rng(0), patch, text, (2, 2, 58, 28), (0, 0, 0), [_CapitalsOnlyFile()])
    assert (np.asarray(patch)[..., :3] != GROUND).any() == is_seen
