"""Choice among plates by detector score, confidence and text length."""

from typing import Any

from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.ties import stable_argsort
from platefuse.networks.common.keras2 import keras, tf


class ChoosePlates(keras.layers.Layer):
    """Drops plates read badly or twice; orders the others, best first.

    A plate's quality is score x confidence x characters ** `length_weight`. Of two plates that share more than
    `nms_threshold` of the smaller one's area, the one of lower quality is dropped. Input: plates' boxes float32
    [C,N,4], x1,y1,x2,y2 in pixels of the photograph; their scores [C,N], -1 in unused slots; a dict of the reader's
    outputs, each [C,N,...]; and the photographs [B,H,W,3]; C is B, or 1 if B is 0. Output: a dict of the signatures'
    outputs without `texts`, for B photographs and the P = `max_plates` best plates.
    """

    def __init__(self, params: PhotographFuseParams, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.params = params

    def call(self, inputs: tuple[Any, ...]) -> dict[str, tf.Tensor]:
        boxes, scores, read, photographs = inputs
        batch = tf.shape(photographs)[0]
        counts, confidences = read["count"], read["confidence"]
        kept = (scores >= 0) & (counts >= self.params.min_characters) & (confidences >= self.params.min_confidence)
        quality = scores * confidences
        if self.params.length_weight:
            quality *= tf.pow(tf.cast(tf.maximum(counts, 1), tf.float32), self.params.length_weight)
        order = stable_argsort(tf.where(kept, -quality, 1.0))

        def sort(values: tf.Tensor) -> tf.Tensor:
            return tf.gather(values, order, batch_dims=1)

        single = without_duplicates(sort(boxes), sort(kept), self.params.nms_threshold)
        places = stable_argsort(tf.where(single, 0, 1))[:, : self.params.max_plates]
        used = tf.gather(single, places, batch_dims=1)

        def choose(values: tf.Tensor, unused: int = 0) -> tf.Tensor:
            chosen = tf.gather(sort(values), places, batch_dims=1)
            mask = tf.reshape(used, [-1, self.params.max_plates, *[1] * (len(values.shape) - 2)])
            return tf.where(mask, chosen, tf.cast(unused, values.dtype))

        chosen = {
            "plate_count": tf.reduce_sum(tf.cast(used, tf.int32), axis=1),
            "plate_boxes": choose(boxes),
            "plate_scores": choose(scores),
            "confidences": choose(confidences),
            "counts": choose(counts),
            "truncated": choose(read["truncated"]) > 0,
            "boxes": choose(read["boxes"]),
            "scores": choose(read["scores"]),
            "character_ids": choose(read["character_ids"], -1),
            "character_scores": choose(read["character_scores"]),
        }
        return {name: values[:batch] for name, values in chosen.items()}


def without_duplicates(boxes: tf.Tensor, kept: tf.Tensor, threshold: float) -> tf.Tensor:
    """Drop boxes that share too much with an earlier one.

    Args:
        boxes: float32 [B,C,4], x1,y1,x2,y2, the best one first.
        kept: bool [B,C], the boxes that count.
        threshold: the largest share of the smaller box's area that two boxes may have in common.

    Returns:
        bool [B,C].
    """
    low, high = boxes[..., :2], boxes[..., 2:]
    areas = tf.reduce_prod(high - low, axis=-1)
    sides = tf.minimum(tf.expand_dims(high, 2), tf.expand_dims(high, 1)) - tf.maximum(
        tf.expand_dims(low, 2), tf.expand_dims(low, 1)
    )
    common = tf.reduce_prod(tf.nn.relu(sides), axis=-1)
    smaller = tf.minimum(tf.expand_dims(areas, 2), tf.expand_dims(areas, 1))
    duplicates = tf.cast(common > threshold * smaller, tf.int32)
    alive = tf.unstack(tf.cast(kept, tf.int32), axis=1)
    for later in range(1, len(alive)):
        earlier = tf.stack(alive[:later], axis=1)
        alive[later] *= 1 - tf.reduce_max(earlier * duplicates[:, :later, later], axis=1)
    return tf.stack(alive, axis=1) > 0
