"""Random shift, scale, rotation, blur and light for training characters."""

import math

from platefuse.networks.classification.params import AugmentationParams
from platefuse.networks.common.keras2 import tf


def augment(images: tf.Tensor, seed: tf.Tensor, params: AugmentationParams) -> tf.Tensor:
    """Augment a batch of characters at random.

    The augmentations imitate inexact boxes and other light.

    Args:
        images: float32 [B,H,W,1], 0..1. Pixels beyond the border repeat the border.
        seed: int [2]; the same seed gives the same result.
        params: strength of each augmentation.

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
    """Affine maps, float32 [B,8], from output to input pixels, for ImageProjectiveTransformV3."""
    shift_x, shift_y, zoom, aspect, rotation, shear = tf.unstack(_uniform([6, shape[0]], seed))
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    angle = rotation * math.radians(params.rotation)
    scale_x = (1 + zoom * params.zoom) * (1 + aspect * params.aspect / 2)
    scale_y = (1 + zoom * params.zoom) * (1 - aspect * params.aspect / 2)
    slant = shear * params.shear
    a0, a1 = scale_x * tf.cos(angle), scale_y * (slant - tf.sin(angle))
    b0, b1 = scale_x * tf.sin(angle), scale_y * tf.cos(angle)
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
    """Make a linear map turn about the image's centre; append shifts."""
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


def _blur(images: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    """Lower the resolution of some batches, like crops of small characters."""
    size = tf.shape(images)[1:3]
    draw, factor = tf.unstack(_uniform([2], seed, 0.0, 1.0))
    smaller = tf.cast(tf.cast(size, tf.float32) * (0.5 + factor / 2), tf.int32)

    def blurred() -> tf.Tensor:
        return tf.image.resize(tf.image.resize(images, smaller, antialias=True), size)

    return tf.cond(draw < probability, blurred, lambda: images)
