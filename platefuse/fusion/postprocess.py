"""Post-processing, the last layer of the fused model: from boxes, scores and probabilities to a reading."""

from typing import Any

from platefuse.fusion.confidence import entropy_confidence, joint_objectness
from platefuse.fusion.decoding.constrained import constrained_decode
from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.fusion.decoding.transitions import transition_costs, upper_median
from platefuse.fusion.params import FuseParams
from platefuse.networks.common.keras2 import keras, tf


class Postprocess(keras.layers.Layer):
    """Filters detections, sorts them into reading order and names their characters.

    With formats or transition costs the names are those of constrained decoding; the filters look at the most probable
    names in any case. Input: boxes float32 [C,N,4] in pixels of the letterboxed image and scores [C,N] (unused slots
    -1), probabilities [C,N,K] and geometry [B,3], where C is B, or 1 if B is 0. Output: a dict of the signatures'
    outputs but `text`, of B images, boxes in pixels of the image as given; unused slots stand last.
    """

    def __init__(self, params: FuseParams, alphabet: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.params, self.alphabet = params, alphabet

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        geometry = inputs[-1]
        boxes, scores, probabilities = (values[: tf.shape(geometry)[0]] for values in inputs[:-1])
        used = self._counted(boxes, scores, probabilities)
        order = reading_order(boxes, used, self.params.reading_order)
        count = tf.reduce_sum(tf.cast(used, tf.int32), axis=1)

        # Two gathers and not one of all: the first need not wait for the classifier.
        found = tf.concat([_in_image(boxes, geometry), scores[..., None]], axis=-1)
        found, probabilities = (
            tf.gather(tf.where(used[..., None], values, 0.0), order, batch_dims=1) for values in (found, probabilities)
        )
        ids, character_scores = self._named(found[..., :4], probabilities, count)
        smallest = tf.reduce_min(tf.where(ids >= 0, character_scores, 1.0), axis=1)
        return {
            "confidence": tf.where(count > 0, smallest, 0.0),
            "count": count,
            "boxes": found[..., :4],
            "scores": found[..., 4],
            "character_ids": ids,
            "character_scores": character_scores,
        }

    def _counted(self, boxes: tf.Tensor, scores: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        """Which slots count, bool [B,N]: those with a box that no threshold drops."""
        used = scores >= 0
        if self.params.character_threshold:
            used &= tf.reduce_max(probabilities, axis=-1) >= self.params.character_threshold
        if self.params.objectness_threshold:
            present = joint_objectness(
                scores, entropy_confidence(probabilities), self.params.classifier_objectness_weight
            )
            used &= present >= self.params.objectness_threshold
        if self.params.min_height:
            used &= tall_enough(boxes, used, self.params.min_height)
        return used

    def _named(self, boxes: tf.Tensor, probabilities: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The ids and probabilities, [B,N] each, of the characters that are read; -1 and 0 in unused slots."""
        formats, tolerance = self.params.formats, self.params.format_tolerance
        if formats or self.params.transition_cost:
            costs = transition_costs(boxes, count, self.params.transition_cost, self.params.group_gap)
            return constrained_decode(probabilities, count, formats, tolerance, costs, self.alphabet)
        ids = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        return tf.where(tf.sequence_mask(count, ids.shape[1]), ids, -1), tf.reduce_max(probabilities, axis=-1)


def tall_enough(boxes: tf.Tensor, used: tf.Tensor, least: float) -> tf.Tensor:
    """Say which boxes have `least` of the median height of the used ones on their plate: what is smaller is print.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2.
        used: bool [B,N].
        least: share of the median height (of an even number of boxes, the higher of the middle two).

    Returns:
        bool [B,N].
    """
    heights = tf.maximum(boxes[..., 3] - boxes[..., 1], 0.0)
    return heights >= least * upper_median(heights, used)


def _in_image(boxes: tf.Tensor, geometry: tf.Tensor) -> tf.Tensor:
    """Boxes [B,N,4] from pixels of the letterboxed image to pixels of the image as given, clipped to it."""
    scale, height, width = tf.unstack(geometry[:, None, :], axis=-1)
    return tf.clip_by_value(boxes / scale[..., None], 0.0, tf.stack([width, height, width, height], axis=-1))


def text_of(character_ids: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Join character ids, int32 [B,N] with -1 for none, to texts, string [B]."""
    return tf.strings.reduce_join(tf.gather(tf.constant(["", *alphabet]), character_ids + 1), axis=-1)
