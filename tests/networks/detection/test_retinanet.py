"""The RetinaNet: training model, prediction model and file."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import check
from platefuse.networks.common.keras2 import keras
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.params import AnchorParams, DetectorParams, PlateDetectorParams
from platefuse.networks.detection.retinanet import (
    Detector,
    at_input_size,
    build_detector,
    load_detector,
    prediction_model,
    save_detector,
)
from tests.helpers.boxes import overlap
from tests.helpers.small_models import DETECTOR, INPUT_SIZE, random_boards, randomise, small_detector


def test_model_has_an_output_for_each_anchor() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    regression, classification = build_detector(DETECTOR, 3)(np.zeros((2, *INPUT_SIZE, 3), np.float32))
    assert regression.shape == (2, len(anchors), 4)
    assert classification.shape == (2, len(anchors), 3)
    assert np.all((classification > 0) & (classification < 0.5)), "a new model should hardly see anything"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weights": "imagenet"}, r"\.weights = 'imagenet': backbone slim has none"),
        (
            {"backbone": "vgg16", "weights": "imagenet", "contrast": "local"},
            r"\.contrast = 'local': weights imagenet know pixels as_given",
        ),
        ({"input_size": (64, 100)}, "multiple of 32"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DetectorParams.model_validate({**DETECTOR.model_dump(), **changes})


@pytest.mark.parametrize(("section", "model"), [("detector", DetectorParams), ("plate_detector", PlateDetectorParams)])
def test_a_fault_names_the_section_that_it_is_in(section: str, model: type[DetectorParams]) -> None:
    content = DETECTOR.model_dump() | {"weights": "imagenet"}
    assert check(model, section, {section: content}) == [
        f"{section}.weights = 'imagenet': backbone slim has none; choose weights none."
    ]
    content["anchors"] |= {"levels": [2, 4], "sizes": [20]}
    levels, sizes = check(model, section, {section: content})
    assert levels.startswith(f"{section}.anchors.levels = [2, 4]: expected [3, 4, 5], ")
    assert sizes == f"{section}.anchors.sizes = [20.0]: expected 2 numbers, one a level."


def test_plates_are_of_one_class() -> None:
    content = DETECTOR.model_dump() | {"classes": "character"}
    assert check(PlateDetectorParams, "plate_detector", {"plate_detector": content}) == [
        "plate_detector.classes = 'character': plates are of one class; choose agnostic."
    ]


def test_imagenet_weights_that_cannot_be_fetched_are_no_random_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    content = DETECTOR.model_dump() | {"backbone": "mobilenet", "weights": "imagenet"}
    for model in (DetectorParams, PlateDetectorParams):
        with pytest.raises(PlatefuseError, match=rf"^{model.section}\.weights = 'imagenet'.*cannot be downloaded"):
            build_detector(model.model_validate(content), 1)


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


def test_prediction_gives_the_best_boxes_sorted_inside_the_image_and_without_doubles() -> None:
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


def test_a_pyramid_may_begin_with_level_2(tmp_path: Path) -> None:
    anchors = AnchorParams(levels=(2, 3, 4, 5, 6), sizes=(8, 16, 24, 32, 60), ratios=(0.4,), scales=(1.0,))
    detector = build_detector(DETECTOR.model_copy(update={"anchors": anchors}), 1)
    assert detector.get_layer("P2").output_shape == (None, 16, 24, 8)
    assert detector.get_layer("P2_merged").input[0] is detector.get_layer("P3_upsampled").output
    save_detector(tmp_path / "plate_detector.h5", Detector(detector, anchors, ""))
    loaded = load_detector(tmp_path / "plate_detector.h5")
    image = random_boards(1, *INPUT_SIZE).astype(np.float32)
    for before, after in zip(detector(image), loaded.model(image), strict=True):
        assert before.shape[1] == len(anchor_boxes(anchors, INPUT_SIZE))
        np.testing.assert_array_equal(before, after)


def test_a_copy_at_another_size_is_the_network_built_at_that_size(tmp_path: Path) -> None:
    input_size = (96, 160)
    params = DETECTOR.model_copy(update={"contrast": "local"})
    trained = randomise(build_detector(params, 1), 5)
    save_detector(tmp_path / "plate_detector.h5", Detector(trained, params.anchors, ""))
    detector = load_detector(tmp_path / "plate_detector.h5")
    weights = detector.model.get_weights()
    copy = at_input_size(detector, input_size)
    assert (copy.input_size, copy.anchors, copy.alphabet) == (input_size, params.anchors, "")
    built = build_detector(params.model_copy(update={"input_size": input_size}), 1)
    built.set_weights(weights)
    image = random_boards(1, *input_size).astype(np.float32)
    for name in ("P3", "P5"):
        features = [keras.Model(model.input, model.get_layer(name).output)(image) for model in (copy.model, built)]
        np.testing.assert_array_equal(*features)
    for ours, theirs in zip(copy.model(image), built(image), strict=True):
        assert ours.shape[1] == len(anchor_boxes(params.anchors, input_size))
        np.testing.assert_array_equal(ours, theirs)
    assert detector.input_size == INPUT_SIZE, "the original stays as it was"
    assert copy.model.name != detector.model.name, "two layers of one model need two names"


def test_bad_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r"r\.h5 is missing: `dvc repro train_plate_detector` makes it"):
        load_detector(tmp_path / "plate_detector.h5", "train_plate_detector")
    with pytest.raises(PlatefuseError, match=r"detector\.h5 is missing: `dvc repro train_detector` makes it"):
        load_detector(tmp_path / "detector.h5")
    (tmp_path / "detector.h5").write_bytes(b"not HDF5")
    with pytest.raises(PlatefuseError, match=r"detector\.h5 cannot be read as a detector"):
        load_detector(tmp_path / "detector.h5")
