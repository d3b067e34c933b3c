"""Post-processing layer of the fused model: detections to a reading."""

from typing import Any

from platefuse.fusion.confidence import entropy_confidence, joint_objectness
from platefuse.fusion.decoding.constrained import constrained_decode
from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.fusion.decoding.transitions import transition_costs
from platefuse.fusion.params import FuseParams
from platefuse.fusion.ties import first_argmax
from platefuse.networks.common.keras2 import keras, tf


class Postprocess(keras.layers.Layer):
    """Filters detections, sorts them into reading order and names their characters.

    With formats or transition costs the names come from constrained decoding. The filters always use the most probable
    names. Of more characters than N = `max_characters` the N highest-scoring ones are kept, and the plate is truncated.

    Input: boxes float32 [C,D,4] in pixels of the letterboxed image and scores [C,D], highest first (unused slots -1);
    probabilities [C,D,K]; whether the detector has more boxes, float32 [C], 1 or 0; and geometry [B,3]. D is
    `candidates`, C is B, or 1 if B is 0. Output: a dict of the signatures' outputs without `text`, for B images and N
    slots, with boxes in pixels of the original image; unused slots come last.
    """

    def __init__(self, params: FuseParams, alphabet: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.params, self.alphabet = params, alphabet

    def call(self, inputs: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        geometry, most = inputs[-1], self.params.max_characters
        boxes, scores, probabilities, more = (values[: tf.shape(geometry)[0]] for values in inputs[:-1])
        kept = self._filter(boxes, scores, probabilities)
        position = tf.cumsum(tf.cast(kept, tf.int32), axis=1)  # by score, from 1
        truncated = (more > 0) | (position[:, -1] > most)
        kept &= position <= most
        order = reading_order(boxes, kept, self.params.reading_order)[:, :most]
        count = tf.reduce_sum(tf.cast(kept, tf.int32), axis=1)

        # Two gathers instead of one: the first need not wait for the classifier.
        detections = tf.concat([_unletterbox(boxes, geometry), scores[..., None]], axis=-1)
        detections, probabilities = (
            tf.gather(tf.where(kept[..., None], values, 0.0), order, batch_dims=1)
            for values in (detections, probabilities)
        )
        ids, character_scores = self._decode(detections[..., :4], probabilities, count)
        lowest = tf.reduce_min(tf.where(ids >= 0, character_scores, 1.0), axis=1)
        return {
            "confidence": tf.where((count > 0) & ~truncated, lowest, 0.0),
            "count": count,
            "truncated": truncated,
            "boxes": detections[..., :4],
            "scores": detections[..., 4],
            "character_ids": ids,
            "character_scores": character_scores,
        }

    def _filter(self, boxes: tf.Tensor, scores: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        """Mark the slots with a box that passes every threshold, bool [B,N]."""
        kept = scores >= 0
        if self.params.character_threshold:
            kept &= tf.reduce_max(probabilities, axis=-1) >= self.params.character_threshold
        if self.params.objectness_threshold:
            confidences = entropy_confidence(probabilities)
            objectness = joint_objectness(scores, confidences, self.params.classifier_objectness_weight)
            kept &= objectness >= self.params.objectness_threshold
        if self.params.min_height:
            kept &= at_least_height(boxes, kept, self.params.min_height)
        return kept

    def _decode(self, boxes: tf.Tensor, probabilities: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Character ids and their probabilities, [B,N] each.

        They are -1 and 0 in unused slots.
        """
        formats, tolerance = self.params.formats, self.params.format_tolerance
        if formats or self.params.transition_cost:
            costs = transition_costs(boxes, count, self.params.transition_cost, self.params.group_gap)
            return constrained_decode(probabilities, count, formats, tolerance, costs, self.alphabet)
        ids = first_argmax(probabilities)
        return tf.where(tf.sequence_mask(count, ids.shape[1]), ids, -1), tf.reduce_max(probabilities, axis=-1)


def at_least_height(boxes: tf.Tensor, used: tf.Tensor, min_height: float) -> tf.Tensor:
    """Mark boxes at least `min_height` times as high as the number.

    Smaller boxes are print.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2.
        used: bool [B,N], the boxes that the number's height comes from, `number_height`.
        min_height: 0..1.

    Returns:
        bool [B,N].
    """
    heights = tf.maximum(boxes[..., 3] - boxes[..., 1], 0.0)
    return heights >= min_height * number_height(heights, used)


def number_height(heights: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
    """Median height of the boxes of each plate, each weighted by its height.

    A plate may have more letters of small print than characters. Weighted by height, the characters outweigh them: the
    median is the largest height at or above which half of the sum of all heights lies.

    Args:
        heights: float32 [B,N], 0 or more.
        used: bool [B,N].

    Returns:
        float32 [B,1]; 0 for a plate without used boxes.
    """
    highest_first = tf.sort(tf.where(used, heights, 0.0), direction="DESCENDING")
    sums = tf.cumsum(highest_first, axis=1)
    reached = sums >= 0.5 * sums[:, -1:]
    return tf.reduce_max(tf.where(reached, highest_first, 0.0), axis=1, keepdims=True)


def _unletterbox(boxes: tf.Tensor, geometry: tf.Tensor) -> tf.Tensor:
    """Map boxes [B,N,4] to the original image, and clip them to it."""
    scale, height, width = tf.unstack(geometry[:, None, :], axis=-1)
    return tf.clip_by_value(boxes / scale[..., None], 0.0, tf.stack([width, height, width, height], axis=-1))


def join_characters(character_ids: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Join character ids to texts.

    Args:
        character_ids: int32 [...,N], -1 for none.
        alphabet: the character of each id.

    Returns:
        string [...].
    """
    return tf.strings.reduce_join(tf.gather(tf.constant(["", *alphabet]), character_ids + 1), axis=-1)
