"""Post-processing layer of the fused model: detections to a reading."""

from typing import Any

from platefuse.fusion.confidence import entropy_confidence, joint_log_odds, log_probability
from platefuse.fusion.decoding.automaton import build_automaton
from platefuse.fusion.decoding.constrained import constrained_decode
from platefuse.fusion.decoding.paths import (
    NONE,
    Scores,
    log_sum_of_readings,
    most_probable_readings,
    score_of_readings,
)
from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.fusion.decoding.transitions import transition_costs
from platefuse.fusion.deskew import boxes_in_image, turn_level
from platefuse.fusion.params import FuseParams
from platefuse.fusion.ties import first_argmax
from platefuse.networks.common.keras2 import keras, tf

MIN_ALTERNATIVE = 1e-6  # less probable readings count as none: their order would be that of rounding errors


class Postprocess(keras.layers.Layer):
    """Filters detections, sorts them into reading order and names their characters.

    With formats or transition costs the names come from constrained decoding. The filters always use the most probable
    names. Of more characters than N = `max_characters` the N highest-scoring ones are kept, and the plate is truncated.

    The confidence is the probability of the whole reading: that all kept boxes are characters, that no box dropped for
    its objectness is one, and that no other reading of the kept ones is right. Every logarithm in it is divided by
    `temperature` (Guo et al., *On Calibration of Modern Neural Networks*, 2017).

    Input: boxes float32 [C,D,4] in pixels of the letterboxed image and scores [C,D], highest first (unused slots -1);
    probabilities [C,D,K]; whether the detector has more boxes, float32 [C], 1 or 0; with `deskew` views [C,2,3], from
    pixels of the boxes to those of the letterboxed image; and geometry [B,3]. D is `candidates`, C is B, or 1 if B is
    0. Output: a dict of the signatures' outputs without `text`, for B images and N slots, with boxes in pixels of the
    original image; unused slots come last. Heights are those of the boxes in their views, rows and gaps those of the
    boxes turned level.
    """

    def __init__(self, params: FuseParams, alphabet: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.params, self.alphabet = params, alphabet
        self.temperature = float(params.temperature)
        self.automaton = build_automaton(params.formats, params.max_characters)

    def call(self, inputs: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        geometry, most = inputs[-1], self.params.max_characters
        boxes, scores, probabilities, more, *views = (values[: tf.shape(geometry)[0]] for values in inputs[:-1])
        log_odds = self._log_odds(scores, probabilities)
        kept, doubted = self._filter(boxes, scores, probabilities, log_odds)
        position = tf.cumsum(tf.cast(kept, tf.int32), axis=1)  # by score, from 1
        truncated = (more > 0) | (position[:, -1] > most)
        kept &= position <= most
        level = turn_level(boxes, tf.where(kept, scores, 0.0)) if views else boxes
        order = reading_order(level, kept, self.params.reading_order)[:, :most]
        count = tf.reduce_sum(tf.cast(kept, tf.int32), axis=1)

        in_image = _unletterbox(boxes_in_image(boxes, *views) if views else boxes, geometry)
        # Two gathers instead of one: the first need not wait for the classifier.
        detections = tf.concat([in_image, scores[..., None], *([level] if views else [])], axis=-1)
        detections, probabilities = (
            tf.gather(tf.where(kept[..., None], values, 0.0), order, batch_dims=1)
            for values in (detections, probabilities)
        )
        of_decoding = detections[..., 5:] if views else detections[..., :4]
        readings = self._readings(of_decoding, probabilities, count)
        ids, character_scores = self._decode(readings)
        of_boxes = tf.where((count > 0) & ~truncated, self._log_probability(kept, doubted, log_odds), NONE)
        return {
            **self._posteriors(readings, ids, of_boxes),
            "count": count,
            "truncated": truncated,
            "boxes": detections[..., :4],
            "scores": detections[..., 4],
            "character_ids": ids,
            "character_scores": character_scores,
        }

    def _log_odds(self, scores: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        """Log-odds that both networks give to boxes to be characters, [B,D]."""
        return joint_log_odds(scores, entropy_confidence(probabilities), self.params.classifier_objectness_weight)

    def _filter(
        self, boxes: tf.Tensor, scores: tf.Tensor, probabilities: tf.Tensor, log_odds: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Mark boxes that pass, and those that fail objectness, bool [B,D]."""
        kept, doubted = scores >= 0, tf.zeros_like(scores, tf.bool)
        if self.params.character_threshold:
            kept &= tf.reduce_max(probabilities, axis=-1) >= self.params.character_threshold
        if self.params.objectness_threshold:
            present = tf.sigmoid(log_odds) >= self.params.objectness_threshold
            kept, doubted = kept & present, kept & ~present
        if self.params.min_height:
            kept &= at_least_height(boxes, kept, self.params.min_height)
        return kept, doubted

    def _readings(self, boxes: tf.Tensor, probabilities: tf.Tensor, count: tf.Tensor) -> Scores:
        """Give what readings are scored by; boxes [B,N,4] are in reading order."""
        costs = transition_costs(boxes, count, self.params.transition_cost, self.params.group_gap)
        return Scores(probabilities, count, costs, self.params.format_tolerance, self.alphabet)

    def _decode(self, readings: Scores) -> tuple[tf.Tensor, tf.Tensor]:
        """Character ids and their probabilities, [B,N] each.

        They are -1 and 0 in unused slots.
        """
        probabilities, count = readings.probabilities, readings.count
        formats, tolerance = self.params.formats, self.params.format_tolerance
        if formats or self.params.transition_cost:
            costs = readings.transition_costs
            return constrained_decode(probabilities, count, formats, tolerance, costs, self.alphabet)
        ids = first_argmax(probabilities)
        return tf.where(tf.sequence_mask(count, ids.shape[1]), ids, -1), tf.reduce_max(probabilities, axis=-1)

    def _log_probability(self, kept: tf.Tensor, doubted: tf.Tensor, log_odds: tf.Tensor) -> tf.Tensor:
        """Log-probability that kept boxes are characters and doubted ones are none, [B]."""
        calibrated = log_odds / self.temperature
        are, are_not = log_probability(tf.sigmoid(calibrated)), log_probability(tf.sigmoid(-calibrated))
        return tf.reduce_sum(tf.where(kept, are, tf.where(doubted, are_not, 0.0)), axis=1)

    def _posteriors(self, readings: Scores, ids: tf.Tensor, of_boxes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Probabilities of the reading `ids` [B,N] and of the most probable ones.

        `of_boxes` [B] is the log-probability that their boxes are the characters.
        """
        temperature, amount = self.temperature, self.params.alternatives
        rest = of_boxes - log_sum_of_readings(self.automaton, readings, temperature)
        chosen = score_of_readings(ids, self.params.formats, readings)
        outputs = {"confidence": _probability(chosen / temperature + rest)}
        if amount:
            alternatives, totals = most_probable_readings(self.automaton, readings, amount)
            probabilities = _probability(totals / temperature + rest[:, None])
            probabilities = tf.where(probabilities >= MIN_ALTERNATIVE, probabilities, 0.0)
            outputs["alternative_ids"] = tf.where(probabilities[..., None] > 0, alternatives, -1)
            outputs["alternative_probabilities"] = probabilities
        return outputs


def _probability(logarithms: tf.Tensor) -> tf.Tensor:
    """Take probabilities from logarithms, which rounding may lift above 0."""
    return tf.exp(tf.minimum(logarithms, 0.0))


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
    """Median height of each plate's boxes, weighted by the heights.

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
