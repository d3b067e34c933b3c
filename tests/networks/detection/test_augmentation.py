"""The light of training plates: no further from the originals than the parameters say."""

import numpy as np
import pytest

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.augmentation import colour_jitter
from platefuse.networks.detection.params import LightParams


def _plates(number: int = 40) -> np.ndarray:
    return np.random.default_rng(1).integers(100, 156, size=(number, 8, 12, 3)).astype(np.float32)


def _lit(images: np.ndarray, seed: int = 0, extent: tuple[int, int] = (8, 12), **amounts: float) -> np.ndarray:
    """Vary the light of plates [B,8,12,3] that cover so many rows and columns."""
    params = LightParams.model_validate({**dict.fromkeys(LightParams.model_fields, 0), **amounts})
    found = colour_jitter(tf.constant(images), tf.constant([extent] * len(images)), tf.constant([seed, 7]), params)
    assert found.dtype == tf.float32
    return found.numpy()


EVERY_LIGHT = {"brightness": 0.3, "contrast": 0.5, "colour": 0.2, "gray": 0.3}


def test_plates_stay_as_they_are_unless_light_is_asked_for():
    np.testing.assert_array_equal(_lit(_plates()), _plates())


@pytest.mark.parametrize("amounts", [EVERY_LIGHT, *({n: a} for n, a in EVERY_LIGHT.items())], ids="+".join)
def test_a_plates_light_is_decided_by_the_seed_and_stays_within_its_image(amounts):
    one, again, other = (_lit(_plates(), seed, (5, 7), **amounts) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert one.min() >= 0
    assert one.max() <= 255
    assert (one[:, 5:] == 0).all()
    assert (one[:, :, 7:] == 0).all()
    np.testing.assert_allclose(one[:, :5, :7], _lit(_plates(), 1, **amounts)[:, :5, :7])


def test_plates_become_brighter_and_steeper_as_much_as_said_at_most():
    change = (_lit(_plates(), brightness=0.1) - _plates()) / 255
    np.testing.assert_allclose(change, change[:, :1, :1, :1] + np.zeros((8, 12, 3)), atol=1e-6)
    assert -0.1 - 1e-6 <= change.min() < -0.08
    assert 0.08 < change.max() <= 0.1 + 1e-6
    factors = (_lit(_plates(), contrast=0.3) - 127.5) / (_plates() - 127.5)
    np.testing.assert_allclose(factors, factors[:, :1, :1, :1] + np.zeros((8, 12, 3)), atol=1e-3)
    assert 0.7 - 1e-3 <= factors.min() < 0.75
    assert 1.25 < factors.max() <= 1.3 + 1e-3


def test_each_channel_of_a_plate_has_its_own_gain():
    gains = _lit(_plates(), colour=0.2) / _plates()
    np.testing.assert_allclose(gains, gains[:, :1, :1] + np.zeros((8, 12, 1)), rtol=1e-4)
    assert 0.8 - 1e-4 <= gains.min() < 0.83
    assert 1.17 < gains.max() <= 1.2 + 1e-4
    assert np.ptp(gains[:, 0, 0], axis=1).min() > 0.001


def test_the_share_of_plates_said_is_gray_by_its_luma_whatever_the_colours():
    plates = _plates(400)
    found = _lit(plates, gray=0.3)
    gray = np.ptp(found, axis=-1).max(axis=(1, 2)) < 1e-3
    assert 0.2 < gray.mean() < 0.4
    np.testing.assert_array_equal(found[~gray], plates[~gray])
    luma = plates[gray] @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(found[gray][..., 0], luma, atol=0.1)
    assert np.ptp(_lit(plates, gray=1, colour=0.3), axis=-1).max() < 1e-3
