"""Scores of boxes: intersection over union, one-to-one matches, average precision.

Predicted boxes are compared with true boxes. Both are float or int arrays [n,4], x1,y1,x2,y2 in pixels of their image.
x2 and y2 are exclusive: a box is x2 - x1 pixels wide. All boxes are of one class, "character".
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class DetectionScores:
    """Average precision as COCO defines it (https://cocodataset.org/#detection-eval), for boxes of all sizes.

    Attributes:
        average_precision_50: at an intersection over union (IoU) of 0.5.
        average_precision_50_95: mean over the IoU thresholds 0.50, 0.55, … 0.95.
        recall: float64 [101], 0, 0.01, … 1.
        precision: float64 [101], the highest precision at IoU 0.5 with at least this recall; 0 if the recall is
            never reached.
    """

    average_precision_50: float
    average_precision_50_95: float
    recall: np.ndarray
    precision: np.ndarray


def average_precision(
    truth_boxes: Sequence[np.ndarray], predicted_boxes: Sequence[np.ndarray], scores: Sequence[np.ndarray]
) -> DetectionScores:
    """Average precision of the boxes predicted on a set of images.

    Boxes predicted on images without true boxes are wrong. If no image has a true box, precision and its averages
    are 1 if nothing was predicted, else 0; never NaN.

    Args:
        truth_boxes: for each image its true boxes [n,4].
        predicted_boxes: for each image the predicted boxes [m,4]; all of them count, however many.
        scores: for each image the scores [m] of the predicted boxes; only their order matters.

    Raises:
        ValueError: if the numbers of images, or of boxes and scores, differ.
    """
    if not len(truth_boxes) == len(predicted_boxes) == len(scores):
        raise ValueError(f"{len(truth_boxes)}, {len(predicted_boxes)} and {len(scores)} images were given")
    predicted = sum(len(boxes) for boxes in predicted_boxes)
    if not any(len(boxes) for boxes in truth_boxes):
        score = float(predicted == 0)
        return DetectionScores(score, score, np.linspace(0, 1, 101), np.full(101, score))
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        evaluation = COCOeval(_coco(truth_boxes), _coco(predicted_boxes, scores), "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, np.inf]], ["all"]
        evaluation.params.maxDets = [max(1, *map(len, predicted_boxes))]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, 0]  # IoU threshold, recall, class, area, detections
    return DetectionScores(
        average_precision_50=float(precision[0].mean()),
        average_precision_50_95=float(precision.mean()),
        recall=np.asarray(evaluation.params.recThrs),
        precision=precision[0],
    )


def _coco(boxes: Sequence[np.ndarray], scores: Sequence[np.ndarray] | None = None) -> COCO:
    """Wrap boxes as COCO annotations of one class."""
    annotations: list[dict[str, Any]] = []
    for image, of_image in enumerate(boxes):
        of_scores = [1.0] * len(of_image) if scores is None else np.asarray(scores[image]).tolist()
        for (x1, y1, x2, y2), score in zip(np.asarray(of_image, float).tolist(), of_scores, strict=True):
            width, height = x2 - x1, y2 - y1
            annotations.append(
                {
                    "id": len(annotations) + 1,  # to COCOeval, 0 means "no match"
                    "image_id": image,
                    "category_id": 1,
                    "bbox": [x1, y1, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "score": score,
                }
            )
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(len(boxes))],
        "categories": [{"id": 1, "name": "character"}],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


def intersection_over_union(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute the IoU of each pair of boxes.

    The boxes are [n,4] and [m,4]; the result is float64 [n,m], 0..1. A box without area has an IoU of 0 with every box,
    even itself.
    """
    first, second = np.asarray(first, float).reshape(-1, 1, 4), np.asarray(second, float).reshape(1, -1, 4)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    union = _area(first) + _area(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _area(boxes: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1)


def match_boxes(truth: np.ndarray, predicted: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Match true and predicted boxes one to one.

    The matching has the most pairs, then the largest total IoU.

    Args:
        truth: [n,4]; may be empty.
        predicted: [m,4]; may be empty.
        iou_threshold: the minimum IoU of a pair; above 0.

    Returns:
        int64 [k,2], the indices of the true and the predicted box of each pair, sorted by the true box.
    """
    overlap = intersection_over_union(truth, predicted)
    allowed = overlap >= iou_threshold
    # One more pair must outweigh any gain in overlap, which is at most 1 for each pair.
    weight = np.where(allowed, overlap + min(overlap.shape) + 1, 0)
    pairs = np.stack(linear_sum_assignment(weight, maximize=True), axis=1)
    return pairs[allowed[pairs[:, 0], pairs[:, 1]]].astype(np.int64)
