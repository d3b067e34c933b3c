"""Reads plates a second time where the first reading was in doubt.

There are two doubts. The ink may have another polarity than the one that the networks read best: such images are
inverted. The characters may stand askew, or be small in the image: such images are turned level and enlarged. Which of
it applies is known only once characters are found. So plates are read as they are; doubtful ones are changed and read
again, and the better of both readings is kept.
"""

import functools
from typing import Any

from platefuse.fusion.deskew import identity_views, level_views, sample
from platefuse.fusion.params import Polarity
from platefuse.fusion.polarity import MIN_CONTRAST, invert
from platefuse.networks.common.keras2 import keras, tf

_SIGNS = {"dark_on_light": 1.0, "light_on_dark": -1.0}

# Boxes of tilted characters have much ground within, and a contrast near 0: its sign says which polarity is likelier.
_NO_CONTRAST = 0.0


class SecondReading(keras.layers.Layer):
    """Detects and classifies characters, in changed images where that reads better.

    A changed image counts if the expected number of its characters exceeds that of the image as given. If it was
    inverted, it must do so by the ink contrast in the network's polarity, too. The second reading costs as much as the
    first, and is left out for images beyond doubt. Input: letterboxed images, float32 RGB [B,h,w,3], 0..255, and
    geometry, float32 [C,3], of which the first B rows count. Output: the network's outputs but the last; with `deskew`
    the boxes are in pixels of views, and the views follow, float32 [B,2,3], from their pixels to those of the images.

    Args:
        network: from letterboxed images to boxes [B,N,4], scores [B,N], probabilities [B,N,K], any others [B,...], and
            the ink contrast [B].
        polarity: the one that the networks read best; `as_given` never inverts.
        deskew: whether images are turned level.
    """

    def __init__(self, network: keras.Model, polarity: Polarity, deskew: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.network, self.sign, self.deskew = network, _SIGNS.get(polarity), deskew

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> list[tf.Tensor]:
        images, geometry = inputs
        *given, contrasts = self.network(images)
        doubts = []
        if self.deskew:
            views, askew = level_views(given[0], _expected_characters(given), images.shape[1:3])
            given.append(identity_views(tf.shape(images)[0]))
            views = _where(askew, views, given[-1])
            doubts.append(askew)
        if self.sign:
            contrasts *= self.sign
            light = contrasts < (tf.where(askew, _NO_CONTRAST, MIN_CONTRAST) if self.deskew else MIN_CONTRAST)
            doubts.append(light)
        doubtful = functools.reduce(tf.logical_or, doubts)

        def read_again() -> list[tf.Tensor]:
            which = tf.where(doubtful)  # in here, or LiteRT prepares the network for no image
            first = [tf.gather_nd(values, which) for values in given]
            changed, lead = tf.gather_nd(images, which), _expected_number(first)
            if self.sign:
                inverted, ink = invert(changed, tf.gather_nd(geometry, which)), tf.gather_nd(contrasts, which)
                if self.deskew:  # some are only askew
                    inverts = tf.gather_nd(light, which)
                    inverted, ink = _where(inverts, inverted, changed), tf.where(inverts, ink, 0.0)
                changed, lead = inverted, lead + ink
            if self.deskew:
                changed = sample(_with_shape(changed, images), tf.gather_nd(views, which))
            *second, _ = self.network(_with_shape(changed, images))
            if self.deskew:
                second.append(tf.gather_nd(views, which))
            better = _expected_number(second) > lead
            return [
                tf.tensor_scatter_nd_update(all_of, which, _where(better, other, one))
                for all_of, one, other in zip(given, first, second, strict=True)
            ]

        chosen = tf.cond(tf.reduce_any(doubtful), read_again, lambda: given)
        return [_with_shape(values, like) for values, like in zip(chosen, given, strict=True)]


def _with_shape(values: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Restore a static shape that tf.cond or a converter loses.

    LiteRT lacks tf.ensure_shape.
    """
    return tf.reshape(values, [-1, *like.shape[1:]])


def _where(chosen: tf.Tensor, values: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Take the values [B,...] of chosen images [B], and the others."""
    return tf.where(tf.reshape(chosen, [-1] + [1] * (len(values.shape) - 1)), values, others)


def _expected_characters(reading: list[tf.Tensor]) -> tf.Tensor:
    """Expected number of characters in each slot, [B,N].

    It is the box's score times the best class's probability, and 0 in unused slots.
    """
    _, scores, probabilities, *_ = reading
    return tf.maximum(scores, 0.0) * tf.reduce_max(probabilities, axis=-1)


def _expected_number(reading: list[tf.Tensor]) -> tf.Tensor:
    """Expected number of characters, [B]."""
    return tf.reduce_sum(_expected_characters(reading), axis=1)
