"""Losses of the detector: boxes and classes."""

from typing import Any

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.anchors import BOX_VARIANCE
from platefuse.networks.detection.params import RegressionLoss

from keras_retinanet import losses  # isort: skip  # after keras2 chose Keras 2

_TINY = 1e-7  # of an anchor's area


def training_losses(regression: RegressionLoss = "smooth_l1") -> dict[str, Any]:
    """Loss of the boxes and focal loss, named by the model's outputs.

    Smooth L1 and focal loss are keras-retinanet's.
    """
    boxes = losses.smooth_l1() if regression == "smooth_l1" else generalised_iou_loss
    return {"regression": boxes, "classification": losses.focal()}


def generalised_iou_loss(targets: tf.Tensor, deltas: tf.Tensor) -> tf.Tensor:
    """Compute 1 - GIoU, the mean over the positive anchors.

    This is the loss of Rezatofighi et al., *Generalized Intersection over Union* (2019), algorithm 2. The boxes are in
    units of their anchor's sides: the GIoU is a ratio of areas, which is the same in any units.

    Args:
        targets: float32 [B,A,4+1], deltas of the true boxes, and the anchor's state: 1 counts, others do not.
        deltas: float32 [B,A,4], deltas of the predicted boxes.

    Returns:
        float32 [], 0 to 2: 0 for equal boxes, 1 for boxes that touch; 0 without positive anchors.
    """
    positive = tf.where(tf.equal(targets[..., -1], 1))
    true, found = (_decoded(tf.gather_nd(values[..., :4], positive)) for values in (targets, deltas))
    common = _area(tf.maximum(true[0], found[0]), tf.minimum(true[1], found[1]))
    hull = _area(tf.minimum(true[0], found[0]), tf.maximum(true[1], found[1]))
    union = _area(*true) + _area(*found) - common
    giou = common / tf.maximum(union, _TINY) - (hull - union) / tf.maximum(hull, _TINY)
    return tf.reduce_sum(1 - giou) / tf.maximum(tf.cast(tf.size(giou), tf.float32), 1)


def _decoded(deltas: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Upper left and lower right corners [n,2] in units of the anchor."""
    corners = deltas * BOX_VARIANCE + tf.constant([0.0, 0.0, 1.0, 1.0])
    first, second = corners[:, :2], corners[:, 2:]
    return tf.minimum(first, second), tf.maximum(first, second)


def _area(upper_left: tf.Tensor, lower_right: tf.Tensor) -> tf.Tensor:
    """Areas [n] of boxes, 0 if inside out.

    The corners are [n,2].
    """
    sides = tf.nn.relu(lower_right - upper_left)
    return sides[:, 0] * sides[:, 1]
