"""Anchors of the detector: positions, training targets and coverage of boxes."""

import numpy as np

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.params import NEGATIVE_OVERLAP, POSITIVE_OVERLAP, AnchorParams

from keras_retinanet.utils import anchors as retinanet_anchors  # isort: skip  # after keras2 chose Keras 2

BOX_VARIANCE = 0.2  # keras-retinanet's box coder: deltas are in units of this share of the anchor's sides


def anchor_boxes(anchors: AnchorParams, input_size: tuple[int, int]) -> np.ndarray:
    """All anchors for an input size: float64 [A,4], x1,y1,x2,y2 in pixels.

    `input_size` is height and width.
    """
    return retinanet_anchors.anchors_for_shape(
        input_size, pyramid_levels=list(anchors.levels), anchor_params=anchor_parameters(anchors)
    )


def anchor_parameters(anchors: AnchorParams) -> retinanet_anchors.AnchorParameters:
    """Convert anchors to keras-retinanet's AnchorParameters."""
    return retinanet_anchors.AnchorParameters(
        sizes=list(anchors.sizes),
        strides=[2**level for level in anchors.levels],
        ratios=np.array(anchors.ratios, np.float32),
        scales=np.array(anchors.scales, np.float32),
    )


def anchor_targets(
    anchors: np.ndarray,
    input_size: tuple[int, int],
    boxes: tf.Tensor,
    labels: tf.Tensor,
    classes: int,
    best_overlap: float = POSITIVE_OVERLAP,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute the training targets of a batch, as keras-retinanet's `anchor_targets_bbox`.

    Args:
        anchors: float64 [A,4], x1,y1,x2,y2 in pixels of the input.
        input_size: height and width in pixels.
        boxes: float32 [B,n,4], x1,y1,x2,y2 in pixels of the input, n at least 1; unused rows are 0 and come last.
        labels: int [B,n], the class of each box.
        classes: the number of classes.
        best_overlap: least IoU at which the anchor that overlaps a box best learns it, if it is no other's.

    Returns:
        Regression float32 [B,A,4+1] and classification float32 [B,A,classes+1] targets. The last column of both is
        the anchor's state: 1 object, 0 background, -1 ignored. The regression loss counts objects only.
    """
    boxes = tf.cast(boxes, tf.float64)  # as keras-retinanet: in float32, an IoU of exactly 0.5 may fall below it
    overlaps = _overlaps(anchors, boxes)
    nearest, highest = tf.argmax(overlaps, axis=-1), tf.reduce_max(overlaps, axis=-1)
    positive = highest >= POSITIVE_OVERLAP
    if best_overlap < POSITIVE_OVERLAP:
        best = tf.reduce_max(overlaps, axis=1, keepdims=True)
        positive |= tf.reduce_any((overlaps == best) & (best >= best_overlap), axis=-1)
    outside = np.any((anchors[:, :2] + anchors[:, 2:]) / 2 >= input_size[::-1], axis=1)
    ignored = ((highest > NEGATIVE_OVERLAP) & ~positive) | outside
    state = tf.where(ignored, -1.0, tf.cast(positive, tf.float32))[..., None]
    sides = np.tile(anchors[:, 2:] - anchors[:, :2], 2)
    deltas = (tf.gather(boxes, nearest, batch_dims=1) - anchors) / sides / BOX_VARIANCE
    one_hot = tf.one_hot(tf.where(positive, tf.gather(labels, nearest, batch_dims=1), -1), classes)
    return tf.concat([tf.cast(deltas, tf.float32), state], axis=-1), tf.concat([one_hot, state], axis=-1)


def _overlaps(anchors: np.ndarray, boxes: tf.Tensor) -> tf.Tensor:
    """Intersection over union, float64 [B,A,n], of anchors [A,4] and boxes [B,n,4]."""
    x1, y1, x2, y2 = (anchors[:, i, None] for i in range(4))
    u1, v1, u2, v2 = (boxes[:, None, :, i] for i in range(4))
    common = tf.nn.relu(tf.minimum(x2, u2) - tf.maximum(x1, u1)) * tf.nn.relu(tf.minimum(y2, v2) - tf.maximum(y1, v1))
    return common / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - common)


def anchor_coverage(anchors: np.ndarray, boxes: np.ndarray, overlap: float = POSITIVE_OVERLAP) -> float:
    """Compute the share, 0..1, of boxes [n,4] with a positive anchor [A,4].

    Such an anchor has an IoU of `overlap` or more. The share is 1 without boxes.
    """
    if not len(boxes):
        return 1.0
    parts = np.array_split(boxes.astype(np.float64), -(-len(boxes) // 256))  # all pairs at once may exhaust the memory
    highest = [tf.reduce_max(_overlaps(anchors, part[None])[0], axis=0) for part in parts]
    return float(np.mean(np.concatenate(highest) >= overlap))
