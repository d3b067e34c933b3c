"""The fused model for photographs against its networks run one after another in plain code."""

import functools
from typing import Any

import numpy as np
import pytest

from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.retinanet import build_detector, prediction_model
from tests.helpers.small_photographs import (
    PHOTOGRAPHS,
    PLATES,
    random_scenes,
    small_photographs,
    small_plate_detector,
    small_reader,
)

UNREFINED = {
    "refined_size": [],
    "length_weight": 1.5,
    "max_plates": 5,
    "min_confidence": 0.0,
    "min_characters": 2,
    "nms_threshold": 0.2,
}


def with_changes(**changes: object) -> PhotographFuseParams:
    return PhotographFuseParams.model_validate({**PHOTOGRAPHS.model_dump(), **changes})


@functools.cache
def fused_model(params: PhotographFuseParams) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(small_photographs(params).model, [tf.TensorSpec([None, None, None, 3], tf.uint8)])


def fused_outputs(images: np.ndarray, params: PhotographFuseParams) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in fused_model(params)(tf.constant(images)).items()}


def axis_weights(size: int, target: int, scale: float) -> np.ndarray:
    """How `target` pixels look at an axis of `size` pixels: a triangle as wide as a step, at least as a pixel."""
    weights = np.zeros((target, size))
    for i in range(target):
        if (i + 0.5) / scale < size:
            centre = min(max((i + 0.5) / scale, 0.5), size - 0.5)
            weights[i] = np.maximum(0, 1 - abs(np.arange(size) + 0.5 - centre) * min(scale, 1))
            weights[i] /= weights[i].sum()
    return weights


def plain_letterbox(image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, float]:
    scale = min(size[0] / image.shape[0], size[1] / image.shape[1])
    rows, columns = (axis_weights(n, target, scale) for n, target in zip(image.shape[:2], size, strict=True))
    return np.einsum("ij,jkc,lk->ilc", rows, image, columns, optimize=True).astype(np.float32), scale


@functools.cache
def plate_detector_at(size: tuple[int, int]) -> keras.Model:
    """The plate detector built anew for another input size, with the same weights."""
    model = build_detector(PLATES.model_copy(update={"input_size": size}), 1)
    model.set_weights(small_plate_detector().model.get_weights())
    return model


@functools.cache
def plain_predictor(params: PhotographFuseParams, size: tuple[int, int]) -> keras.Model:
    limits = (params.score_threshold, params.nms_threshold, params.candidates)
    return prediction_model(plate_detector_at(size), PLATES.anchors, *limits)


def plain_look(
    image: np.ndarray, params: PhotographFuseParams, size: tuple[int, int]
) -> list[tuple[np.ndarray, float]]:
    """Boxes found at one size, and their scores."""
    letterboxed, scale = plain_letterbox(image, size)
    boxes, scores = (output[0].numpy().astype(float) for output in plain_predictor(params, size)(letterboxed[None]))
    boxes = np.clip(boxes / scale, 0, [image.shape[1], image.shape[0]] * 2)
    found = [(box, score) for box, score in zip(boxes, scores, strict=True) if score > 0]
    return [(box, score) for box, score in found if min(box[2:] - box[:2]) >= 1]


def overlap(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """IoU, and the share of the smaller box that both have in common."""
    sides = np.maximum(0, np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    common = sides.prod()
    return common / max(sum(areas) - common, 1e-9), common / max(min(areas), 1e-9)


def expanded(box: np.ndarray, share: float) -> np.ndarray:
    sides = share * (box[2:] - box[:2])
    return np.concatenate([box[:2] - sides, box[2:] + sides])


def cut(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The whole pixels that a box touches, and the first one's corner twice."""
    x1, y1 = np.maximum(np.floor(box[:2]), 0).astype(int)
    x2, y2 = np.ceil(box[2:]).astype(int)
    return image[y1:y2, x1:x2], np.array([x1, y1, x1, y1])


def plain_refined(
    image: np.ndarray, candidate: np.ndarray, params: PhotographFuseParams
) -> tuple[np.ndarray, float] | None:
    size = tuple(params.refined_size)
    x1, y1, x2, y2 = expanded(candidate, params.refined_context)
    aspect = size[1] / size[0]
    half = np.array([1, 1 / aspect]) * max(x2 - x1, (y2 - y1) * aspect) / 2
    centre = np.array([x1 + x2, y1 + y2]) / 2
    window, corner = cut(image, np.concatenate([centre - half, centre + half]))
    letterboxed, scale = plain_letterbox(window, size)
    deltas, scores = (output[0].numpy() for output in plate_detector_at(size)(letterboxed[None]))
    best = None
    for anchor, delta, score in zip(anchor_boxes(PLATES.anchors, size), deltas, scores[:, 0], strict=True):
        if score <= params.refined_threshold:
            continue
        sides = np.tile(anchor[2:] - anchor[:2], 2)
        box = np.clip(anchor + 0.2 * delta * sides, 0, [size[1], size[0]] * 2)
        likeness = score * overlap(box, (candidate - corner) * scale)[0]
        if likeness > (best[0] if best else 0):
            best = likeness, box, score
    if best is None:
        return None
    return np.clip(best[1] / scale, 0, [*window.shape[1::-1]] * 2) + corner, best[2]


def without_overlap(found: list, threshold: float, measure: int) -> list:
    kept: list = []
    for plate in found:
        if all(overlap(plate[0], other[0])[measure] <= threshold for other in kept):
            kept.append(plate)
    return kept


@functools.cache
def plain_reader() -> tf.types.experimental.PolymorphicFunction:
    return tf.function(small_reader().model, [tf.TensorSpec([None, None, None, 3], tf.uint8)])


def plain_plates(image: np.ndarray, params: PhotographFuseParams) -> list[tuple[np.ndarray, float, dict[str, Any]]]:
    """Box, score and reading of each plate, best first."""
    found = [plate for size in params.input_sizes for plate in plain_look(image, params, size)]
    if len(params.input_sizes) > 1:
        found.sort(key=lambda plate: -plate[1])
        found = without_overlap(found, params.nms_threshold, 0)[: params.candidates]
    if params.refined_size:
        for _ in range(params.refinements):
            again = [plain_refined(image, box, params) for box, _ in found]
            found = sorted((plate for plate in again if plate), key=lambda plate: -plate[1])
            found = without_overlap(found, params.nms_threshold, 0)
    read = []
    for box, score in found:
        plate, corner = cut(image, expanded(box, params.plate_margin))
        outputs = {name: value.numpy()[0] for name, value in plain_reader()(plate[None]).items()}
        outputs["boxes"] = outputs["boxes"][: outputs["count"]] + corner
        if outputs["count"] >= params.min_characters and outputs["confidence"] >= params.min_confidence:
            read.append((box, score, outputs))
    read.sort(key=lambda plate: -plate[1] * plate[2]["confidence"] * int(plate[2]["count"]) ** params.length_weight)
    return without_overlap(read, params.nms_threshold, 1)[: params.max_plates]


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (120, 250)),  # no window shrinks so much that pixels are left out
        ({"input_sizes": ((96, 128), (32, 64))}, (120, 250)),
        (UNREFINED, (192, 256)),
    ],
)
def test_fused_model_equals_its_networks_in_plain_code(changes: dict, size: tuple[int, int]) -> None:
    params = with_changes(**changes)
    images = random_scenes(3, *size)
    outputs = fused_outputs(images, params)
    assert outputs["plate_count"].sum() > 2, "the comparison needs plates"
    for i, image in enumerate(images):
        expected = plain_plates(image, params)
        assert outputs["plate_count"][i] == len(expected)
        for slot, (box, score, read) in enumerate(expected):
            count = int(read["count"])
            assert outputs["counts"][i, slot] == count
            assert outputs["truncated"][i, slot] == read["truncated"]
            np.testing.assert_array_equal(outputs["character_ids"][i, slot], read["character_ids"])
            np.testing.assert_allclose(outputs["plate_boxes"][i, slot], box, rtol=0, atol=0.01)
            np.testing.assert_allclose(outputs["boxes"][i, slot, :count], read["boxes"], rtol=0, atol=0.01)
            assert outputs["plate_scores"][i, slot] == pytest.approx(score, abs=1e-4)
            assert outputs["confidences"][i, slot] == pytest.approx(read["confidence"], abs=1e-4)
            for name in ("scores", "character_scores"):
                np.testing.assert_allclose(outputs[name][i, slot], read[name], rtol=0, atol=1e-4, err_msg=name)
        unused = slice(len(expected), None)
        assert (outputs["character_ids"][i, unused] == -1).all()
        for name in ("plate_boxes", "plate_scores", "confidences", "counts", "truncated", "boxes", "scores"):
            assert not outputs[name][i, unused].any(), name
