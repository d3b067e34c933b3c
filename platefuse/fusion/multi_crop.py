"""One character seen more than once: crops a little to its left and right, and one opinion of all of them.

A classifier errs less on the mean of several crops of one thing than on any of them alone: multi-crop evaluation
(Krizhevsky et al., *ImageNet Classification with Deep Convolutional Neural Networks*, 2012, section 4.1).
"""

from platefuse.fusion.confidence import log_probability
from platefuse.networks.common.keras2 import keras, tf


def crop_shifts(shift: float) -> tuple[float, ...]:
    """Where a character's crops lie, in widths of its box from it: one on it, or one on each side `shift` away."""
    return (-shift, shift) if shift else (0.0,)


def shift_boxes(boxes: tf.Tensor, shifts: tuple[float, ...]) -> tf.Tensor:
    """Move boxes, float32 [M,4], x1,y1,x2,y2, by each of V shifts in turn, in their widths: [V*M,4]."""
    along = (boxes[:, 2:3] - boxes[:, 0:1]) * tf.constant([1.0, 0.0, 1.0, 0.0])
    return tf.concat([boxes + shift * along if shift else boxes for shift in shifts], axis=0)


def multi_crop(classifier: keras.Model, views: int) -> keras.Model:
    """Make a classifier of one crop one of several, from float32 [M,h,w,V] to probabilities [M,K].

    Its opinion is the geometric mean of those of the V crops, made a distribution again.
    """
    if views == 1:
        return classifier
    crops = keras.Input((*classifier.input_shape[1:3], views), name="views")
    probabilities = classifier(ViewsToBatch(name="views_to_batch")(crops))
    return keras.Model(crops, GeometricMean(views, name="geometric_mean")(probabilities), name="classifier_of_views")


class ViewsToBatch(keras.layers.Layer):
    """Crops [M,h,w,V] as a batch of V*M, [V*M,h,w,1]: all first crops, all second ones, and so on."""

    def call(self, crops: tf.Tensor) -> tf.Tensor:
        return tf.concat(tf.split(crops, crops.shape[-1], axis=-1), axis=0)


class GeometricMean(keras.layers.Layer):
    """The geometric mean of probabilities [V*M,K] of `ViewsToBatch`'s crops, as probabilities [M,K]."""

    def __init__(self, views: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.views = views

    def call(self, probabilities: tf.Tensor) -> tf.Tensor:
        logarithms = tf.split(log_probability(probabilities), self.views, axis=0)
        return tf.nn.softmax(tf.add_n(logarithms) / self.views)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "views": self.views}
