"""Random shift, scale, turn, blur and light for training characters, as the connection layer will crop them."""

import math

from platefuse.networks.classification.params import AugmentationParams
from platefuse.networks.common.keras2 import tf


def augment(images: tf.Tensor, seed: tf.Tensor, params: AugmentationParams) -> tf.Tensor:
    """Vary a batch of characters at random.

    Args:
        images: float32 [B,H,W,1], 0..1. What a shift or turn brings into view looks as the border does.
        seed: int [2]; the same seed gives the same variation.
        params: how much.

    Returns:
        float32 [B,H,W,1], 0..1.
    """
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    images = _transform(images, _random_affine(tf.shape(images), seeds[0], params))
    if params.blur:
        images = _blur(images, seeds[1], params.blur)
    if params.brightness or params.contrast:
        light, contrast = tf.unstack(_uniform([2, tf.shape(images)[0], 1, 1, 1], seeds[2]))
        images = (images - 0.5) * (1 + contrast * params.contrast) + 0.5 + light * params.brightness
        images = tf.clip_by_value(images, 0, 1)
    return images


def _uniform(shape: list, seed: tf.Tensor, low: float = -1.0, high: float = 1.0) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high)


def _random_affine(shape: tf.Tensor, seed: tf.Tensor, params: AugmentationParams) -> tf.Tensor:
    """Maps [B,8] from a pixel of the result to one of the source, as ImageProjectiveTransformV3 wants them."""
    shift_x, shift_y, zoom, aspect, turn, shear = tf.unstack(_uniform([6, shape[0]], seed))
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    angle = turn * math.radians(params.rotation)
    wide = (1 + zoom * params.zoom) * (1 + aspect * params.aspect / 2)
    high = (1 + zoom * params.zoom) * (1 - aspect * params.aspect / 2)
    slant = shear * params.shear
    a0, a1 = wide * tf.cos(angle), high * (slant - tf.sin(angle))
    b0, b1 = wide * tf.sin(angle), high * tf.cos(angle)
    return _about_centre(a0, a1, b0, b1, shift_x * params.shift * width, shift_y * params.shift * height, height, width)


def _about_centre(
    a0: tf.Tensor,
    a1: tf.Tensor,
    b0: tf.Tensor,
    b1: tf.Tensor,
    shift_x: tf.Tensor,
    shift_y: tf.Tensor,
    height: tf.Tensor,
    width: tf.Tensor,
) -> tf.Tensor:
    x, y = (width - 1) / 2, (height - 1) / 2
    zero = tf.zeros_like(a0)
    a2, b2 = x - a0 * x - a1 * y + shift_x, y - b0 * x - b1 * y + shift_y
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=-1)


def _transform(images: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=maps,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _blur(images: tf.Tensor, seed: tf.Tensor, share: float) -> tf.Tensor:
    """Show a share of the batches at a lower resolution, as small characters enlarged by the crop are."""
    size = tf.shape(images)[1:3]
    chance, factor = tf.unstack(_uniform([2], seed, 0.0, 1.0))
    smaller = tf.cast(tf.cast(size, tf.float32) * (0.5 + factor / 2), tf.int32)

    def blurred() -> tf.Tensor:
        return tf.image.resize(tf.image.resize(images, smaller, antialias=True), size)

    return tf.cond(chance < share, blurred, lambda: images)
