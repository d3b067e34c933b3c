"""The RetinaNet: anchors, targets, training model, prediction model and file."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes, anchor_coverage, anchor_targets
from platefuse.networks.detection.params import AnchorParams, DetectorParams
from platefuse.networks.detection.retinanet import (
    Detector,
    build_detector,
    load_detector,
    prediction_model,
    save_detector,
    training_losses,
)
from tests.helpers.small_models import DETECTOR, INPUT_SIZE, random_boards, small_detector

from keras_retinanet.utils import anchors as retinanet_anchors  # isort: skip  # after keras2 chose Keras 2


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared) if areas > shared else 0.0


def test_anchors_stand_in_the_middle_of_each_step() -> None:
    anchors = AnchorParams(levels=(3, 4, 5), sizes=(16, 24, 32), ratios=(1.0,), scales=(1.0,))
    boxes = anchor_boxes(anchors, (64, 96))
    assert boxes.shape == (8 * 12 + 4 * 6 + 2 * 3, 4)
    assert boxes[0].tolist() == [4 - 8, 4 - 8, 4 + 8, 4 + 8]
    assert boxes[-1].tolist() == [80 - 16, 48 - 16, 80 + 16, 48 + 16]


def test_model_has_an_output_for_each_anchor() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    regression, classification = build_detector(DETECTOR, 3)(np.zeros((2, *INPUT_SIZE, 3), np.float32))
    assert regression.shape == (2, len(anchors), 4)
    assert classification.shape == (2, len(anchors), 3)
    assert np.all((classification > 0) & (classification < 0.5)), "a new model should hardly see anything"


@pytest.mark.parametrize("backbone", ["resnet50", "vgg16", "mobilenet"])
def test_backbones_of_keras_give_the_same_outputs(backbone: str) -> None:
    params = DETECTOR.model_copy(update={"backbone": backbone})
    detector = build_detector(params, 1)
    assert detector.output_shape[0] == (None, len(anchor_boxes(DETECTOR.anchors, INPUT_SIZE)), 4)
    assert {f"P{level}" for level in DETECTOR.anchors.levels} <= {layer.name for layer in detector.layers}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weights": "imagenet"}, r"detector\.weights = 'imagenet': backbone slim has none"),
        (
            {"backbone": "vgg16", "weights": "imagenet", "contrast": "local"},
            r"detector\.contrast = 'local': weights imagenet know pixels as_given",
        ),
        ({"input_size": (64, 100)}, "multiples of 32"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DetectorParams.model_validate({**DETECTOR.model_dump(), **changes})


def test_imagenet_weights_that_cannot_be_fetched_are_no_random_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    params = DETECTOR.model_copy(update={"backbone": "mobilenet", "weights": "imagenet"})
    with pytest.raises(PlatefuseError, match=r"detector\.weights = 'imagenet'.*cannot be downloaded"):
        build_detector(params, 1)


def test_heads_start_with_different_weights_in_each_layer() -> None:
    detector = build_detector(DETECTOR.model_copy(update={"head_depth": 2}), 1)
    kernels = [
        weight.numpy()
        for name in ("regression_submodel", "classification_submodel")
        for weight in detector.get_layer(name).weights
        if weight.shape == (3, 3, 8, 8)
    ]
    assert len(kernels) >= 4
    for i, first in enumerate(kernels):
        assert all(not np.allclose(first, other) for other in kernels[i + 1 :])


def test_coverage_is_the_share_of_boxes_with_a_near_anchor() -> None:
    anchors = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float64)
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 20], [5, 0, 15, 10], [100, 0, 110, 10]], np.float32)
    expected = [max(overlap(box, anchor) for anchor in anchors) >= 0.5 for box in boxes]
    assert expected == [True, True, False, False]
    assert anchor_coverage(anchors, boxes) == 0.5
    assert anchor_coverage(anchors, np.zeros((0, 4))) == 1.0


def test_coverage_of_many_boxes_is_that_of_each() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes = random_boxes(600, 0)
    covered = [max(overlap(box, anchor) for anchor in anchors) >= 0.5 for box in boxes[::10]]
    assert 0.1 < np.mean(covered) < 0.9
    assert anchor_coverage(anchors, boxes[::10]) == np.mean(covered)
    parts = [anchor_coverage(anchors, part) for part in np.split(boxes, 3)]
    assert anchor_coverage(anchors, boxes) == pytest.approx(np.mean(parts))


def random_boxes(count: int, seed: int) -> np.ndarray:
    """Boxes of 5 to 40 pixels, some beyond the canvas, float32 [count,4]."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, (INPUT_SIZE[1] - 20, INPUT_SIZE[0] - 20), (count, 2))
    return np.hstack([corners, corners + rng.integers(5, 40, (count, 2))]).astype(np.float32)


@pytest.mark.parametrize("levels", [(3, 4, 5), (3, 4, 5, 6, 7)])
def test_targets_are_those_of_keras_retinanet(levels: tuple[int, ...]) -> None:
    canvas = (64, 96)  # 96 is no multiple of the stride of level 6: some of its anchors stand outside
    sizes = (16, 24, 32, 60, 90)[: len(levels)]
    anchors = anchor_boxes(AnchorParams(levels=levels, sizes=sizes, ratios=(1.0, 1.5), scales=(1.0, 1.26)), canvas)
    counts, classes = [4, 0, 1, 7, 2, 6], 5
    boxes, labels = np.zeros((6, 7, 4), np.float32), np.zeros((6, 7), np.int32)
    for index, count in enumerate(counts):
        boxes[index, :count] = random_boxes(count, index) * (0.77 if index % 2 else 1)
        labels[index, :count] = np.random.default_rng(index).integers(classes, size=count)
    boxes[0, 0] = anchors[3] + [0, 0, anchors[3, 2] - anchors[3, 0], 0]  # twice an anchor: an overlap of one half
    annotations = [{"bboxes": boxes[i, :n].astype(float), "labels": labels[i, :n]} for i, n in enumerate(counts)]
    images = [np.empty((*canvas, 3), np.uint8)] * len(counts)
    expected = retinanet_anchors.anchor_targets_bbox(anchors, images, annotations, classes)
    regression, classification = anchor_targets(anchors, canvas, boxes, labels, classes)
    np.testing.assert_array_equal(classification, expected[1])
    np.testing.assert_array_equal(regression[..., -1], expected[0][..., -1])
    objects = expected[0][..., -1] == 1
    assert set(np.unique(expected[0][..., -1])) == {-1, 0, 1}
    np.testing.assert_array_equal(regression.numpy()[objects], expected[0][objects])


def test_targets_decode_to_the_boxes_they_were_made_of() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes = np.array([[10, 12, 28, 34], [50, 20, 70, 40], [0, 0, 0, 0]], np.float32)
    targets = anchor_targets(anchors, INPUT_SIZE, boxes[None], np.array([[0, 2, 0]]), 3)
    regression, classification = (target[0].numpy() for target in targets)
    positive = regression[:, -1] == 1
    assert positive.any()
    sizes = np.tile(anchors[:, 2:] - anchors[:, :2], 2)
    decoded = anchors + 0.2 * regression[:, :4] * sizes  # keras-retinanet's standard deviation
    for anchor, box, label in zip(anchors[positive], decoded[positive], classification[positive], strict=True):
        best = int(np.argmax([overlap(anchor, true) for true in boxes]))
        np.testing.assert_allclose(box, boxes[best], atol=1e-3)
        assert label.tolist() == [best == 0, 0, best == 1, 1]
        assert overlap(anchor, boxes[best]) >= 0.5


def test_targets_of_an_empty_plate_are_background() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    regression, classification = anchor_targets(anchors, INPUT_SIZE, np.zeros((1, 1, 4)), np.zeros((1, 1), int), 1)
    assert not np.any(classification)
    assert not np.any(regression[..., -1])


def test_prediction_gives_the_best_boxes_sorted_inside_the_canvas_and_without_doubles() -> None:
    predictor = prediction_model(small_detector(), DETECTOR.anchors, 0.0, 0.3, max_detections=12)
    boxes, scores = (o.numpy() for o in predictor(random_boards(2, *INPUT_SIZE).astype(np.float32)))
    assert boxes.shape == (2, 12, 4)
    assert np.all(np.diff(scores, axis=1) <= 0)
    assert np.all(boxes[scores >= 0] >= 0)
    assert np.all(boxes[scores >= 0] <= [INPUT_SIZE[1], INPUT_SIZE[0]] * 2)
    for row, score in zip(boxes, scores, strict=True):
        row = row[score >= 0]
        pairs = [overlap(a, b) for i, a in enumerate(row) for b in row[i + 1 :]]
        assert max(pairs, default=0) <= 0.3 + 1e-6


def test_prediction_equals_decoding_and_suppression_in_plain_code() -> None:
    image = random_boards(1, *INPUT_SIZE).astype(np.float32)
    regression, classification = (output[0].numpy() for output in small_detector(3)(image))
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    decoded = anchors + 0.2 * regression * np.tile(anchors[:, 2:] - anchors[:, :2], 2)
    decoded = np.clip(decoded, 0, [INPUT_SIZE[1], INPUT_SIZE[0]] * 2)
    kept: list[int] = []
    for index in np.argsort(-classification.max(axis=1), kind="stable"):
        if all(overlap(decoded[index], decoded[other]) <= 0.3 for other in kept):
            kept.append(int(index))
    predictor = prediction_model(small_detector(3), DETECTOR.anchors, 0.0, 0.3, max_detections=6, class_scores=True)
    boxes, scores, class_scores = (output[0].numpy() for output in predictor(image))
    np.testing.assert_allclose(scores, classification[kept[:6]].max(axis=1), atol=1e-6)
    np.testing.assert_allclose(class_scores, classification[kept[:6]], atol=1e-6)
    np.testing.assert_allclose(boxes, decoded[kept[:6]], atol=1e-3)


def test_threshold_leaves_unused_rows_at_minus_one() -> None:
    predictor = prediction_model(small_detector(), DETECTOR.anchors, 1.0, 0.3, max_detections=4, class_scores=True)
    for output in predictor(np.zeros((1, *INPUT_SIZE, 3), np.float32)):
        assert np.all(output == -1)


def test_file_gives_back_the_model_and_always_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        save_detector(tmp_path / name, Detector(small_detector(2), DETECTOR.anchors, "ÄB"))
    hashes = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.h5", "b.h5")}
    assert len(hashes) == 1
    loaded = load_detector(tmp_path / "a.h5")
    detector, anchors, alphabet = loaded.model, loaded.anchors, loaded.alphabet
    assert (anchors, alphabet) == (DETECTOR.anchors, "ÄB")
    image = random_boards(1, *INPUT_SIZE).astype(np.float32)
    for before, after in zip(small_detector(2)(image), detector(image), strict=True):
        np.testing.assert_array_equal(before, after)


def test_bad_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r"detector\.h5 is missing: `dvc repro train_detector` makes it"):
        load_detector(tmp_path / "detector.h5")
    (tmp_path / "detector.h5").write_bytes(b"not HDF5")
    with pytest.raises(PlatefuseError, match=r"detector\.h5 cannot be read as a detector"):
        load_detector(tmp_path / "detector.h5")


def test_losses_are_zero_for_a_perfect_prediction_and_grow_with_the_error() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes, labels = np.array([[[10, 12, 28, 34]]], np.float32), np.array([[0]])
    regression, classification = anchor_targets(anchors, INPUT_SIZE, boxes, labels, 1)
    losses = training_losses()
    perfect = regression[..., :4]
    assert float(losses["regression"](regression, perfect)) == 0
    assert float(losses["regression"](regression, perfect + 0.5)) > 0.1
    certain = tf.clip_by_value(classification[..., :1], 1e-7, 1 - 1e-7)
    assert float(losses["classification"](classification, certain)) < 1e-5
    assert float(losses["classification"](classification, 1 - certain)) > 1
    assert keras.backend.image_data_format() == "channels_last"
