"""Backdrops: every kind at any size, the same bytes for the same seed."""

import numpy as np
import pytest

from platefuse.synthesis.scene.backdrop import BackdropParams, draw_backdrop
from tests.helpers.licence import PRINT_FONTS
from tests.helpers.scenes import BACKDROP
from tests.helpers.scenes import BACKDROP_KINDS as KINDS


def _pixels(seed: int, size: tuple[int, int] = (96, 64), **changes: object) -> np.ndarray:
    params = BackdropParams.model_validate(BACKDROP | changes)
    return np.asarray(draw_backdrop(np.random.default_rng(seed), size, PRINT_FONTS, params))


def _only(kind: str) -> dict[str, float]:
    return {name: float(name == kind) for name in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_size_asked_for_and_depends_on_the_seed_alone(kind):
    for seed, size in enumerate([(96, 64), (40, 70), (131, 33), (16, 16)]):
        pixels = _pixels(seed, size, **_only(kind))
        assert pixels.shape == (size[1], size[0], 3) and pixels.dtype == np.uint8
        assert (pixels == _pixels(seed, size, **_only(kind))).all()
        assert (pixels != _pixels(seed + 100, size, **_only(kind))).any()


@pytest.mark.parametrize("kind", KINDS)
def test_no_backdrop_has_one_flat_colour(kind):
    still = {"night": 0, "blur": [0, 0], "grain": [0, 0], "far_cars": [0, 0]}
    for seed in range(5):
        pixels = _pixels(seed, (96, 64), **_only(kind) | still)
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_night_is_darker_and_grain_is_stronger_between_neighbours():
    plain = _only("plain") | {"blur": [0, 0]}
    by_day, by_night = (np.mean([_pixels(s, night=n, **plain).mean() for s in range(5)]) for n in (0, 1))
    assert by_night < 0.6 * by_day
    rough, smooth = (np.abs(np.diff(_pixels(0, night=0, **plain | {"grain": g}).astype(int), axis=1)).mean()
                     for g in ([20, 20], [0, 0]))  # fmt: skip
    assert rough > smooth + 10


def test_far_cars_change_streets():
    still = _only("street") | {"night": 0, "blur": [0, 0], "grain": [0, 0]}
    empty, full = (_pixels(1, far_cars=[n, n], **still) for n in (0, 20))
    assert 0.01 < (empty != full).any(axis=2).mean() < 0.6


def test_all_shares_of_zero_are_refused():
    with pytest.raises(ValueError, match="street"):
        BackdropParams.model_validate(BACKDROP | dict.fromkeys(KINDS, 0.0))
