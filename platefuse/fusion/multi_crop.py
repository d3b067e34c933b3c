"""Multi-crop test-time augmentation: the classifier averages over shifted crops of a character.

A classifier errs less on the mean of several crops than on any single one (Krizhevsky et al., *ImageNet Classification
with Deep Convolutional Neural Networks*, 2012, section 4.1).
"""

from platefuse.fusion.confidence import log_probability
from platefuse.networks.common.keras2 import keras, tf


def crop_shifts(shift: float) -> tuple[float, ...]:
    """Horizontal offsets of a character's crops, in box widths.

    Args:
        shift: 0 for one crop on the box; otherwise one crop on each side, this far away.
    """
    return (-shift, shift) if shift else (0.0,)


def shift_boxes(boxes: tf.Tensor, shifts: tuple[float, ...]) -> tf.Tensor:
    """Shift boxes horizontally by each offset in turn.

    Args:
        boxes: float32 [M,4], x1,y1,x2,y2.
        shifts: V offsets in box widths.

    Returns:
        float32 [V*M,4]: all boxes at the first offset, then all at the second, and so on.
    """
    offset = (boxes[:, 2:3] - boxes[:, 0:1]) * tf.constant([1.0, 0.0, 1.0, 0.0])
    return tf.concat([boxes + shift * offset if shift else boxes for shift in shifts], axis=0)


def multi_crop(classifier: keras.Model, crops: int) -> keras.Model:
    """Extend a classifier from one crop of a character to several.

    Args:
        classifier: from float32 [M,h,w,1] to probabilities [M,K].
        crops: V, how many crops each character has.

    Returns:
        From float32 [M,h,w,V] to the normalised geometric mean of the V distributions, [M,K].
    """
    if crops == 1:
        return classifier
    characters = keras.Input((*classifier.input_shape[1:3], crops), name="crops")
    probabilities = classifier(ViewsToBatch(name="views_to_batch")(characters))
    mean = GeometricMean(crops, name="geometric_mean")(probabilities)
    return keras.Model(characters, mean, name="multi_crop_classifier")


class ViewsToBatch(keras.layers.Layer):
    """Moves crops from channels to the batch: [M,h,w,V] to [V*M,h,w,1].

    All first crops stand first, then all second ones, and so on.
    """

    def call(self, crops: tf.Tensor) -> tf.Tensor:
        return tf.concat(tf.split(crops, crops.shape[-1], axis=-1), axis=0)


class GeometricMean(keras.layers.Layer):
    """Averages the distributions of each character's crops.

    Input [V*M,K], as `ViewsToBatch` orders them; output [M,K].
    """

    def __init__(self, crops: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.crops = crops

    def call(self, probabilities: tf.Tensor) -> tf.Tensor:
        logarithms = tf.split(log_probability(probabilities), self.crops, axis=0)
        return tf.nn.softmax(tf.add_n(logarithms) / self.crops)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "crops": self.crops}
