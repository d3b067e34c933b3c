"""Random colour jitter for training plates."""

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.params import LightParams

_LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601


def colour_jitter(images: tf.Tensor, extents: tf.Tensor, seed: tf.Tensor, params: LightParams) -> tf.Tensor:
    """Change brightness, contrast and colour of each plate at random.

    Args:
        images: float32 RGB [B,h,w,3], 0..255, letterboxed.
        extents: int32 [B,2], rows and columns that each plate covers; the rest stays black.
        seed: int [2]; the same seed gives the same result.
        params: strength of each change.

    Returns:
        float32 RGB [B,h,w,3], 0..255.
    """
    if not (params.brightness or params.contrast or params.colour or params.gray):
        return images
    count, height, width = tf.unstack(tf.shape(images)[:3])
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    brightness, contrast, draw = tf.unstack(_uniform([3, count, 1, 1], seeds[0]))
    slope = 1 + contrast * params.contrast
    offset = (1 - slope) * 127.5 + brightness * params.brightness * 255
    gains = 1 + _uniform([count, 3, 1], seeds[1]) * params.colour
    to_gray = tf.repeat(tf.constant(_LUMA)[:, None], 3, axis=1)
    channels = tf.where((draw + 1) / 2 < params.gray, to_gray, tf.eye(3)) * gains * slope
    jittered = tf.clip_by_value(tf.reshape(images, [count, -1, 3]) @ channels + offset, 0, 255)
    rows = tf.sequence_mask(extents[:, 0], height, tf.float32)
    columns = tf.sequence_mask(extents[:, 1], width, tf.float32)
    return tf.reshape(jittered, tf.shape(images)) * (rows[:, :, None] * columns[:, None, :])[..., None]


def _uniform(shape: list, seed: tf.Tensor, low: float = -1.0, high: float = 1.0) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high)
