"""The fused model against detector, crop and classifier run one after another in plain code."""

import functools

import numpy as np
import pytest
from PIL import Image

from platefuse.detector import prediction_model
from platefuse.fusion import ConnectionLayer, FuseParams, batched_head, fuse, multiflow_head, text_of
from platefuse.keras2 import keras, tf
from tests.small_models import (
    ALPHABET,
    CANVAS,
    DETECTOR,
    FUSE,
    random_boards,
    small_classifier,
    small_detector,
)


def with_changes(**changes: object) -> FuseParams:
    return FUSE.model_validate({**FUSE.model_dump(), **changes})


@functools.cache
def fused_model(params: FuseParams) -> tf.types.experimental.PolymorphicFunction:
    fused, _ = fuse(small_detector(), DETECTOR.anchors, small_classifier(), params)
    return tf.function(fused, [tf.TensorSpec([None, None, None, 3], tf.uint8)])


def fused_outputs(images: np.ndarray, params: FuseParams) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in fused_model(params)(tf.constant(images)).items()}


def plain_canvas(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Scale with Pillow, whose BILINEAR is the same filter, into the upper left corner."""
    height, width = image.shape[:2]
    scale = min(CANVAS[0] / height, CANVAS[1] / width)
    canvas = np.zeros((*CANVAS, 3), np.float32)
    high, wide = round(height * scale), round(width * scale)
    for channel in range(3):
        plane = Image.fromarray(image[..., channel].astype(np.float32))
        scaled = plane.resize((wide, high), Image.Resampling.BILINEAR)
        canvas[:high, :wide, channel] = np.asarray(scaled)
    return canvas, scale


def axis_weights(start: float, stop: float, size: int) -> np.ndarray:
    """How 28 pixels look at an axis of `size` pixels: a triangle as wide as a step, or a pixel if that is more."""
    step = (stop - start) / 28
    weights = np.zeros((28, size))
    for i in range(28):
        centre = min(max(start + (i + 0.5) * step, 0.5), size - 0.5)
        for j in range(size):
            weights[i, j] = max(0.0, 1 - abs(j + 0.5 - centre) / max(step, 1.0))
        weights[i] /= weights[i].sum()
    return weights


def plain_crop(canvas: np.ndarray, box: np.ndarray, margin: float) -> np.ndarray:
    gray = canvas @ np.array([0.2989, 0.5870, 0.1140], np.float32)
    x1, y1, x2, y2 = box.astype(np.float64)
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    rows, columns = axis_weights(y1 - y, y2 + y, CANVAS[0]), axis_weights(x1 - x, x2 + x, CANVAS[1])
    return (rows @ gray @ columns.T).astype(np.float32) / 255


@functools.cache
def plain_predictor(params: FuseParams) -> keras.Model:
    return prediction_model(
        small_detector(), DETECTOR.anchors, params.score_threshold, params.nms_threshold, params.slots
    )


def plain_reading(image: np.ndarray, params: FuseParams) -> list[tuple[np.ndarray, float, int, float]]:
    """Box, detector's score, character id and score of each character, in reading order."""
    canvas, scale = plain_canvas(image)
    boxes, scores = (output[0].numpy() for output in plain_predictor(params)(canvas[None]))
    found = []
    for box, score in zip(boxes, scores, strict=True):
        if score < 0:
            continue
        crop = plain_crop(canvas, box, params.crop_margin)
        crop = np.round(crop) if params.round else crop
        probabilities = small_classifier()(crop[None, ..., None]).numpy()[0]
        if probabilities.max() >= params.character_threshold:
            limits = [image.shape[1], image.shape[0]] * 2
            found.append((np.clip(box / scale, 0, limits), score, probabilities.argmax(), probabilities.max()))
    if params.reading_order == "left_to_right":
        found.sort(key=lambda character: character[0][0] + character[0][2])
    return found


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, CANVAS),
        ({"head": "multiflow"}, CANVAS),
        ({"crop_margin": 0.2}, CANVAS),
        ({"reading_order": "score"}, CANVAS),
        ({"character_threshold": 0.2, "slots": 1}, CANVAS),
        ({}, (128, 192)),
        ({}, (32, 48)),
    ],
)
def test_fused_model_equals_the_two_models_in_plain_code(changes: dict, size: tuple[int, int]) -> None:
    params = with_changes(**changes)
    images = random_boards(3, *size)
    outputs = fused_outputs(images, params)
    assert outputs["count"].sum() > 0, "the comparison needs boxes"
    for i, image in enumerate(images):
        expected = plain_reading(image, params)
        used = slice(0, len(expected))
        assert outputs["count"][i] == len(expected)
        for name, column, tolerance in (("boxes", 0, 1e-3), ("scores", 1, 1e-5), ("character_scores", 3, 1e-5)):
            plain = np.array([character[column] for character in expected])
            np.testing.assert_allclose(outputs[name][i][used], plain, rtol=0, atol=tolerance, err_msg=name)
        assert outputs["character_ids"][i][used].tolist() == [character[2] for character in expected]
        smallest = min((character[3] for character in expected), default=0)
        assert outputs["confidence"][i] == pytest.approx(smallest, abs=1e-5)


def test_slots_that_are_not_used_are_empty() -> None:
    images = random_boards(2, *CANVAS)
    middle = float(np.median(fused_outputs(images, FUSE)["character_scores"]))
    outputs = fused_outputs(images, with_changes(character_threshold=middle))
    assert outputs["count"].any()
    unused = np.arange(5) >= outputs["count"][:, None]
    assert unused.any()
    assert (outputs["character_ids"][unused] == -1).all()
    for name in ("boxes", "scores", "character_scores"):
        assert not outputs[name][unused].any(), name


def test_rounded_crops_are_black_or_white() -> None:
    images = random_boards(1, *CANVAS).astype(np.float32)
    boxes = np.array([[[3.3, 4.1, 30.2, 40.7]]], np.float32)
    crops = ConnectionLayer((28, 28), 0.0, rounded=True)((tf.constant(images), tf.constant(boxes))).numpy()
    expected = np.round(plain_crop(images[0], boxes[0, 0], 0.0))
    assert set(np.unique(crops)) == {0.0, 1.0}
    assert np.mean(crops[0, 0, ..., 0] != expected) < 0.01  # a pixel at one half may fall either way


def test_connection_layer_cuts_what_is_in_the_box() -> None:
    board = np.zeros((1, *CANVAS, 3), np.float32)
    board[0, 10:38, 20:48] = np.arange(28 * 28 * 3).reshape(28, 28, 3) % 251
    box = np.array([[[20, 10, 48, 38]]], np.float32)
    crop = ConnectionLayer((28, 28), 0.0, rounded=False)((tf.constant(board), tf.constant(box)))[0, 0, ..., 0]
    gray = board[0, 10:38, 20:48] @ np.array([0.2989, 0.5870, 0.1140])
    np.testing.assert_allclose(crop, gray / 255, atol=1e-6)


def test_both_heads_give_the_same() -> None:
    crops = np.random.default_rng(1).random((3, 4, 28, 28, 1)).astype(np.float32)
    for architecture in ("cnn", "dense"):
        classifier = small_classifier(architecture)
        batched = batched_head(classifier, 4)(tf.constant(crops)).numpy()
        multiflow = multiflow_head(classifier, 4)(tf.constant(crops)).numpy()
        np.testing.assert_allclose(batched, multiflow, atol=1e-6)
        plain = classifier.predict(crops.reshape(-1, 28, 28, 1), verbose=0).reshape(3, 4, -1)
        np.testing.assert_allclose(batched, plain, atol=1e-6)


def test_multiflow_has_an_input_an_output_and_a_copy_of_the_weights_a_slot() -> None:
    head = multiflow_head(small_classifier(), 3)
    multiflow = head.get_layer("multiflow")
    assert len(multiflow.inputs) == len(multiflow.outputs) == 3
    assert len(multiflow.weights) == 3 * len(small_classifier().weights)


@pytest.mark.parametrize("head", ["batched", "multiflow"])
@pytest.mark.parametrize("shape", [(0, 30, 40), (1, 1, 1), (2, 300, 20), (1, 64, 96)])
def test_any_number_of_images_of_any_size_goes_in(head: str, shape: tuple[int, int, int]) -> None:
    batch, height, width = shape
    outputs = fused_outputs(random_boards(batch, height, width), with_changes(head=head))
    assert {name: value.shape for name, value in outputs.items()} == {
        "confidence": (batch,),
        "count": (batch,),
        "boxes": (batch, 5, 4),
        "scores": (batch, 5),
        "character_ids": (batch, 5),
        "character_scores": (batch, 5),
    }
    assert (outputs["boxes"] >= 0).all()
    assert (outputs["boxes"] <= [width, height, width, height]).all()


def test_an_image_reads_the_same_alone_and_in_a_batch() -> None:
    images = random_boards(4, *CANVAS)
    together = fused_outputs(images, FUSE)
    for i in range(4):
        alone = fused_outputs(images[i : i + 1], FUSE)
        assert alone["character_ids"][0].tolist() == together["character_ids"][i].tolist()
        np.testing.assert_allclose(alone["boxes"][0], together["boxes"][i], atol=1e-3)


def test_text_joins_the_characters_of_used_slots() -> None:
    ids = tf.constant([[3, 0, 9, -1], [-1, -1, -1, -1]])
    assert text_of(ids, ALPHABET).numpy().tolist() == [b"309", b""]
    assert text_of(tf.constant([[1, 0]]), "ÄB").numpy()[0].decode() == "BÄ"
