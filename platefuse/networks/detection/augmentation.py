"""Random light for training plates."""

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.params import LightParams

_LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601


def vary_light(images: tf.Tensor, extents: tf.Tensor, seed: tf.Tensor, params: LightParams) -> tf.Tensor:
    """Show a batch of plates in another light, each in its own.

    Args:
        images: float32 RGB [B,h,w,3], 0..255, letterboxed.
        extents: int32 [B,2], how many rows and columns of it each plate covers; the rest stays black.
        seed: int [2]; the same seed gives the same variation.
        params: how much.

    Returns:
        float32 RGB [B,h,w,3], 0..255.
    """
    if not (params.brightness or params.contrast or params.colour or params.gray):
        return images
    number, height, width = tf.unstack(tf.shape(images)[:3])
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    light, contrast, chance = tf.unstack(_uniform([3, number, 1, 1], seeds[0]))
    slope = 1 + contrast * params.contrast
    offset = (1 - slope) * 127.5 + light * params.brightness * 255
    gains = 1 + _uniform([number, 3, 1], seeds[1]) * params.colour
    to_gray = tf.repeat(tf.constant(_LUMA)[:, None], 3, axis=1)
    channels = tf.where((chance + 1) / 2 < params.gray, to_gray, tf.eye(3)) * gains * slope
    lit = tf.clip_by_value(tf.reshape(images, [number, -1, 3]) @ channels + offset, 0, 255)  # one pass over the pixels
    rows = tf.sequence_mask(extents[:, 0], height, tf.float32)
    columns = tf.sequence_mask(extents[:, 1], width, tf.float32)
    return tf.reshape(lit, tf.shape(images)) * (rows[:, :, None] * columns[:, None, :])[..., None]


def _uniform(shape: list, seed: tf.Tensor, low: float = -1.0, high: float = 1.0) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high)
