"""Varied characters: measured from their moments, no further from the originals than the parameters say."""

import math

import numpy as np
import pytest
from scipy import ndimage

from platefuse.networks.classification.augmentation import augment
from platefuse.networks.classification.params import AugmentationParams
from platefuse.networks.common.keras2 import tf

SIDE = 41
ALL = {"shift": 0.1, "zoom": 0.2, "aspect": 0.2, "rotation": 15, "shear": 0.2, "blur": 0.5}


def _params(**amounts: float) -> AugmentationParams:
    return AugmentationParams.model_validate({**dict.fromkeys(AugmentationParams.model_fields, 0), **amounts})


def _varied(images: np.ndarray, seed: int = 0, **amounts: float) -> np.ndarray:
    """Vary images [B,H,W]."""
    batch = tf.constant(images[..., None], tf.float32)
    found = augment(batch, tf.constant([seed, 7]), _params(**amounts))
    assert found.shape == batch.shape
    assert found.dtype == tf.float32
    return found.numpy()[..., 0]


def _noise(number: int = 6, side: int = 28) -> np.ndarray:
    return np.random.default_rng(0).uniform(size=(number, side, side)).astype(np.float32)


def _blob(wide: float, high: float, number: int = 80) -> np.ndarray:
    """Soft ellipses in the middle, whose moments can be measured."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    return np.repeat(np.exp(-((x / wide) ** 2 + (y / high) ** 2) / 2)[None], number, axis=0).astype(np.float32)


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres [B,2] as x,y from the middle, and covariances [B,2,2]."""
    y, x = np.mgrid[: images.shape[1], : images.shape[2]] - (np.array(images.shape[1:]).reshape(2, 1, 1) - 1) / 2
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    weights = images.reshape(len(images), -1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    centres = weights @ points
    offsets = points[None] - centres[:, None]
    return centres, np.einsum("bp,bpi,bpj->bij", weights, offsets, offsets)


def test_nothing_asked_for_is_nothing_done():
    np.testing.assert_array_equal(_varied(_noise()), _noise())


def test_the_seed_decides_the_variation():
    one, again, other = (_varied(_noise(), seed, **ALL) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (np.abs(one - other).max(axis=(1, 2)) > 0.1).all()


@pytest.mark.parametrize("amounts", [ALL, *({name: ALL[name]} for name in ALL)], ids=lambda amounts: "+".join(amounts))
def test_pixels_stay_between_black_and_white(amounts):
    images = np.concatenate([_noise(), np.ones((2, 28, 28), np.float32), np.zeros((2, 28, 28), np.float32)])
    for seed in range(4):
        found = _varied(images, seed, **amounts)
        assert found.min() >= 0
        assert found.max() <= 1 + 1e-6
        assert (found[-2:] == 0).all()  # nothing comes of nothing


@pytest.mark.parametrize("name", [name for name in ALL if name != "blur"])
def test_characters_of_a_batch_vary_each_in_its_own_way(name):
    images = np.repeat(_noise(1), 5, axis=0)
    found = _varied(images, **{name: ALL[name]})
    for i in range(5):
        assert np.abs(found[i] - images[i]).max() > 0.01
        assert all(np.abs(found[i] - found[j]).max() > 0.01 for j in range(i))


def test_a_shift_moves_ink_as_far_as_said_at_most_and_changes_nothing_else():
    images = _blob(3, 4)
    found = _varied(images, shift=0.1)
    moved, _ = _moments(found)
    farthest = np.abs(moved).max(axis=0)
    assert (farthest <= 0.1 * SIDE + 0.01).all()
    assert (farthest > 0.08 * SIDE).all()  # and some nearly as far
    assert (np.abs(moved.mean(axis=0)) < 0.02 * SIDE).all()  # to all sides
    for image, (x, y) in zip(found[:10], moved[:10], strict=True):
        np.testing.assert_allclose(image, ndimage.shift(images[0], (y, x), order=1), atol=0.01)


def test_what_comes_into_view_is_as_the_border_is():
    upright = np.repeat(np.linspace(0, 1, 28, dtype=np.float32)[None, :, None], 28, axis=2)
    found = _varied(np.repeat(upright, 40, axis=0), shift=0.2)
    np.testing.assert_allclose(found, found[:, :, :1].repeat(28, axis=2), atol=1e-6)
    assert (found[:, 0] == 0).mean() > 0.4  # moved down: more of the upper edge
    assert (found[:, -1] == 1).mean() > 0.4
    assert (_varied(np.full((8, 28, 28), 0.7, np.float32), **ALL) > 0.699).all()


def test_a_zoom_changes_the_size_as_much_as_said_at_most_and_not_the_shape():
    images = _blob(4, 3)
    centres, spread = _moments(_varied(images, zoom=0.3))
    before = _moments(images)[1]
    factors = np.sqrt(np.linalg.det(before) / np.linalg.det(spread)) ** 0.5
    assert 0.7 - 0.02 <= factors.min() < 0.78
    assert 1.22 < factors.max() <= 1.3 + 0.02
    np.testing.assert_allclose(spread[:, 0, 0] / spread[:, 1, 1], (4 / 3) ** 2, rtol=0.05)
    np.testing.assert_allclose(centres, 0, atol=0.05)


def test_an_aspect_changes_height_against_width_as_much_as_said_at_most():
    spread = _moments(_varied(_blob(4, 4), aspect=0.3))[1]
    ratios = np.sqrt(spread[:, 1, 1] / spread[:, 0, 0])
    assert 0.85 / 1.15 - 0.02 <= ratios.min() < 0.8
    assert 1.25 < ratios.max() <= 1.15 / 0.85 + 0.02
    np.testing.assert_allclose(spread[:, 0, 1], 0, atol=0.05)


def test_a_rotation_turns_as_far_as_said_at_most_and_stretches_nothing():
    found = _varied(_blob(8, 2.5), rotation=20)
    _, spread = _moments(found)
    angles = np.degrees(np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]) / 2)
    assert -20.5 <= angles.min() < -17
    assert 17 < angles.max() <= 20.5
    axes = np.sqrt(np.linalg.eigvalsh(spread))
    np.testing.assert_allclose(
        axes, np.broadcast_to(np.sqrt(_moments(_blob(8, 2.5))[1][0][[1, 0], [1, 0]]), axes.shape), rtol=0.03
    )


def test_a_shear_slants_as_far_as_said_at_most_and_keeps_lines_level():
    spread = _moments(_varied(_blob(3, 5), shear=0.3))[1]
    slants = spread[:, 0, 1] / spread[:, 1, 1]
    assert -0.31 <= slants.min() < -0.25
    assert 0.25 < slants.max() <= 0.31
    np.testing.assert_allclose(spread[:, 1, 1], _moments(_blob(3, 5))[1][0, 1, 1], rtol=0.02)


def test_the_share_of_batches_said_is_blurred_and_the_others_are_not():
    images = _noise(2)
    unchanged = [np.array_equal(_varied(images, seed, blur=0.3), images) for seed in range(80)]
    assert 0.55 < np.mean(unchanged) < 0.85
    np.testing.assert_array_equal(_varied(images, blur=1e-9), images)


def test_a_blurred_batch_has_lost_detail_but_not_its_light():
    images = _noise()
    for seed in range(5):
        found = _varied(images, seed, blur=1)
        assert np.abs(np.diff(found, axis=2)).mean() < 0.8 * np.abs(np.diff(images, axis=2)).mean()
        np.testing.assert_allclose(found.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=0.02)


def test_images_need_not_be_square():
    images = np.random.default_rng(0).uniform(size=(3, 20, 33)).astype(np.float32)
    assert np.isfinite(_varied(images, **ALL)).all()
    np.testing.assert_array_equal(_varied(images), images)


def test_an_angle_is_in_degrees_and_shifts_are_shares_of_the_side():
    assert _params(rotation=180).rotation == 180
    moved = np.abs(_moments(_varied(_blob(2, 2, 60), shift=0.02))[0]).max()
    assert math.isclose(moved, 0.02 * SIDE, rel_tol=0.1)


def test_a_crops_light_and_contrast_change_as_much_as_said_at_most_and_alike_in_all_its_pixels():
    images = np.repeat(np.linspace(0.3, 0.7, 100, dtype=np.float32).reshape(1, 10, 10), 60, axis=0)
    brighter = _varied(images, brightness=0.2) - images
    np.testing.assert_allclose(brighter, brighter[:, :1, :1].repeat(10, 1).repeat(10, 2), atol=1e-6)
    assert -0.2 <= brighter.min() < -0.15
    assert 0.15 < brighter.max() <= 0.2
    steeper = (_varied(images, contrast=0.4) - 0.5) / (images - 0.5)
    np.testing.assert_allclose(steeper, steeper[:, :1, :1].repeat(10, 1).repeat(10, 2), atol=1e-4)
    assert 0.6 - 1e-4 <= steeper.min() < 0.65
    assert 1.35 < steeper.max() <= 1.4 + 1e-4
    extreme = _varied(_noise(), brightness=0.9, contrast=0.9)
    assert extreme.min() == 0
    assert extreme.max() == 1


def test_light_leaves_the_rest_of_a_variation_as_it_is():
    geometry = _varied(_noise(), **ALL)
    np.testing.assert_allclose(_varied(_noise(), **ALL, brightness=1e-9), geometry, atol=1e-6)
