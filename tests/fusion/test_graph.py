"""The fused model against detector, crop and classifier run one after another in plain code."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.confidence import ProductOfExperts
from platefuse.fusion.graph import (
    ConnectionLayer,
    NonEmptyBatch,
    ScatterToSlots,
    ValidDetections,
    batched_head,
    fuse,
    multiflow,
    multiflow_head,
)
from platefuse.fusion.params import FuseParams
from platefuse.networks.classification.model import Classifier
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.retinanet import Detector, prediction_model
from tests.helpers.small_models import (
    ALPHABET,
    DETECTOR,
    FUSE,
    INPUT_SIZE,
    detector_of,
    random_boards,
    small_classifier,
    small_detector,
    small_fused,
)

# Few settings, each of several changes: it is building a model that takes the time.
MULTIFLOW = {"head": "multiflow", "crop_margin": 0.2, "crop_shift": 0.1, "max_characters": 3}
BY_SCORE = {"reading_order": "score", "character_threshold": 0.249}
ALL_RULES = {
    "formats": ["LL000", "0L0LL", "LL00", "L0L0", "L00"],
    "format_tolerance": 3.0,
    "detector_class_weight": 2.0,
    "crop_shift": 0.05,
    "objectness_threshold": 0.78,
    "classifier_objectness_weight": 8.0,
    "min_height": 0.4,
    "temperature": 1.7,
}
SOME_TRUNCATED = {"score_threshold": 0.496}  # the boards have 1, 4 and 6 boxes, for 5 slots
FIRST = tf.constant([[0, 0]], tf.int64)  # the first slot of the first image
TYPES = {"L": str.isalpha, "0": str.isdigit, "?": str.isalnum}


def with_changes(**changes: object) -> FuseParams:
    return FUSE.model_validate({**FUSE.model_dump(), **changes})


@functools.cache
def fused_model(params: FuseParams) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(small_fused(params).model, [tf.TensorSpec([None, None, None, 3], tf.uint8)])


def fused_outputs(images: np.ndarray, params: FuseParams) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in fused_model(params)(tf.constant(images)).items()}


def plain_letterbox(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Scale with Pillow, whose BILINEAR is the same filter, into the upper left corner."""
    height, width = image.shape[:2]
    scale = min(INPUT_SIZE[0] / height, INPUT_SIZE[1] / width)
    letterboxed = np.zeros((*INPUT_SIZE, 3), np.float32)
    high, wide = round(height * scale), round(width * scale)
    for channel in range(3):
        plane = Image.fromarray(image[..., channel].astype(np.float32))
        scaled = plane.resize((wide, high), Image.Resampling.BILINEAR)
        letterboxed[:high, :wide, channel] = np.asarray(scaled)
    return letterboxed, scale


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


def plain_number_height(heights: list[float]) -> float:
    """Largest height at or above which half of the sum of all heights lies."""
    above = 0.0
    for height in sorted(heights, reverse=True):
        above += height
        if above >= sum(heights) / 2:
            return height
    return 0.0


def plain_crop(letterboxed: np.ndarray, box: np.ndarray, margin: float, shift: float = 0.0) -> np.ndarray:
    gray = letterboxed @ np.array([0.2989, 0.5870, 0.1140], np.float32)
    x1, y1, x2, y2 = box.astype(np.float64) + shift * (box[2] - box[0]) * np.array([1, 0, 1, 0])
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    rows, columns = axis_weights(y1 - y, y2 + y, INPUT_SIZE[0]), axis_weights(x1 - x, x2 + x, INPUT_SIZE[1])
    return (rows @ gray @ columns.T).astype(np.float32) / 255


@functools.cache
def plain_predictor(params: FuseParams) -> keras.Model:
    """The detector with a slot more than are classified, to see whether a box is left."""
    limits = (params.score_threshold, params.nms_threshold, params.candidates + 1)
    return prediction_model(detector_of(params), DETECTOR.anchors, *limits, class_scores=True)


def plain_product_of_experts(probabilities: np.ndarray, class_scores: np.ndarray, weight: float) -> np.ndarray:
    expert = np.maximum(class_scores.astype(np.float64), 1e-4)
    product = probabilities.astype(np.float64) * (expert / expert.sum()) ** weight
    return product / product.sum()


def plain_entropy_confidence(probabilities: np.ndarray) -> float:
    return 1 - sum(-p * np.log(p) for p in probabilities.astype(np.float64)) / np.log(len(probabilities))


def plain_joint_objectness(score: float, probabilities: np.ndarray, weight: float) -> float:
    score, certain = np.clip([score, plain_entropy_confidence(probabilities)], 1e-4, 1 - 1e-4)
    odds = score / (1 - score) * (certain / (1 - certain)) ** weight
    return odds / (1 + odds)


def plain_decode(probabilities: np.ndarray, params: FuseParams) -> list[int]:
    """The ids of one plate's characters, of their probabilities [n,K]."""

    def best(entry: str) -> list[int]:
        allowed = [[i for i, c in enumerate(ALPHABET) if TYPES[sign](c)] for sign in entry]
        return [max(ids, key=lambda i: row[i]) for row, ids in zip(probabilities, allowed, strict=True)]

    def log_probability(ids: list[int]) -> float:
        return sum(np.log(row[i]) for row, i in zip(probabilities, ids, strict=True))

    free = best("?" * len(probabilities))
    readings = [best(entry) for entry in params.formats if len(entry) == len(probabilities)]
    bound = max(readings, key=log_probability, default=free)
    return bound if log_probability(free) - log_probability(bound) < params.format_tolerance else free


def plain_log_posterior(probabilities: np.ndarray, ids: list[int], params: FuseParams) -> float:
    """Logarithm of a reading's share of all readings' probabilities [n,K], by enumeration of character types."""
    letters, digits = ([test(c) for c in ALPHABET] for test in (str.isalpha, str.isdigit))
    kinds = {"L": np.array(letters), "0": np.array(digits)}

    def bonus(sequence: tuple[str, ...]) -> float:
        fits = (
            len(entry) == len(sequence)
            and all(symbol in ("?", kind) for symbol, kind in zip(entry, sequence, strict=True))
            for entry in params.formats
        )
        return params.format_tolerance * any(fits) / params.temperature

    tempered = probabilities.astype(np.float64) ** (1 / params.temperature)
    masses = {kind: np.log((tempered * of_kind).sum(axis=1)) for kind, of_kind in kinds.items()}
    sequences = itertools.product(kinds, repeat=len(ids))
    every = [sum(masses[kind][i] for i, kind in enumerate(sequence)) + bonus(sequence) for sequence in sequences]
    own = tuple("L" if kinds["L"][i] else "0" for i in ids)
    return sum(np.log(row[i]) for row, i in zip(tempered, ids, strict=True)) + bonus(own) - np.logaddexp.reduce(every)


def plain_log_presence(objectness: float, params: FuseParams) -> float:
    """Logarithm of the tempered probability that a box is a character."""
    return -np.log1p((1 / objectness - 1) ** (1 / params.temperature))


def plain_classification(letterboxed: np.ndarray, box: np.ndarray, params: FuseParams) -> np.ndarray:
    """The geometric mean of the classifier's probabilities [K] for the crops of one box, as probabilities."""
    product = np.ones(len(ALPHABET))
    for shift in {-params.crop_shift, params.crop_shift}:
        crop = plain_crop(letterboxed, box, params.crop_margin, shift)
        crop = np.round(crop) if params.round else crop
        product *= small_classifier()(crop[None, ..., None]).numpy()[0].astype(np.float64)
    mean = np.sqrt(product) if params.crop_shift else product
    return mean / mean.sum()


def plain_reading(
    image: np.ndarray, params: FuseParams
) -> tuple[list[tuple[np.ndarray, float, int, float]], bool, float]:
    """Box, detector's score, character id and score of each character, in reading order; whether some are left; and
    the confidence."""
    letterboxed, scale = plain_letterbox(image)
    boxes, scores, class_scores = (output[0].numpy() for output in plain_predictor(params)(letterboxed[None]))
    found, heights, doubts = [], [], 0.0
    unseen = scores[-1] >= 0
    for box, score, of_classes in zip(boxes[:-1], scores[:-1], class_scores[:-1], strict=True):
        if score < 0:
            continue
        probabilities = plain_classification(letterboxed, box, params)
        if params.detector_class_weight:
            probabilities = plain_product_of_experts(probabilities, of_classes, params.detector_class_weight)
        objectness = plain_joint_objectness(score, probabilities, params.classifier_objectness_weight)
        if probabilities.max() < params.character_threshold:
            continue
        if objectness < params.objectness_threshold:
            doubts += plain_log_presence(1 - objectness, params)
        else:
            limits = [image.shape[1], image.shape[0]] * 2
            found.append(
                (np.clip(box / scale, 0, limits), score, probabilities, plain_log_presence(objectness, params))
            )
            heights.append(max(box[3] - box[1], 0))
    least = params.min_height * plain_number_height(heights)
    found = [character for character, height in zip(found, heights, strict=True) if height >= least]
    truncated = unseen or len(found) > params.max_characters
    found = found[: params.max_characters]
    if params.reading_order == "left_to_right":
        found.sort(key=lambda character: character[0][0] + character[0][2])
    every = np.array([probabilities for _, _, probabilities, _ in found])
    ids = plain_decode(every, params)
    reading = [(box, score, i, probabilities[i]) for (box, score, probabilities, _), i in zip(found, ids, strict=True)]
    if truncated or not found:
        return reading, truncated, 0.0
    presence = sum(present for *_, present in found)
    return reading, truncated, float(np.exp(plain_log_posterior(every, ids, params) + presence + doubts))


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, INPUT_SIZE),
        (MULTIFLOW, INPUT_SIZE),
        (BY_SCORE, INPUT_SIZE),
        (ALL_RULES, INPUT_SIZE),
        ({}, (128, 192)),
        (SOME_TRUNCATED, (32, 48)),
    ],
)
def test_fused_model_equals_the_two_models_in_plain_code(changes: dict, size: tuple[int, int]) -> None:
    params = with_changes(**changes)
    images = random_boards(3, *size)
    outputs = fused_outputs(images, params)
    assert outputs["count"].sum() > 0, "the comparison needs boxes"
    if params.score_threshold:
        assert outputs["truncated"].tolist() == [False, False, True]
    if params.min_height:
        assert outputs["count"].min() < outputs["count"].max() == params.max_characters, "and some that do not count"
    for i, image in enumerate(images):
        expected, truncated, confidence = plain_reading(image, params)
        used = slice(0, len(expected))
        assert outputs["count"][i] == len(expected)
        for name, column, tolerance in (("boxes", 0, 1e-3), ("scores", 1, 1e-5), ("character_scores", 3, 1e-5)):
            plain = np.array([character[column] for character in expected])
            np.testing.assert_allclose(outputs[name][i][used], plain, rtol=0, atol=tolerance, err_msg=name)
        assert outputs["character_ids"][i][used].tolist() == [character[2] for character in expected]
        assert outputs["truncated"][i] == truncated
        assert outputs["confidence"][i] == pytest.approx(confidence, rel=1e-3, abs=1e-7)


def test_product_of_experts_is_in_the_graph_only_if_set() -> None:
    def layers(params: FuseParams) -> set[str]:
        return {layer.name for layer in small_fused(params).network.layers}

    assert "product_of_experts" in layers(with_changes(**ALL_RULES))
    assert "product_of_experts" not in layers(FUSE)


def test_a_confident_detector_decides_and_an_unused_slot_does_not() -> None:
    probabilities = np.array([[[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.0, 0.3, 0.7]]], np.float32)
    class_scores = np.array([[[0.01, 0.9, 0.0], [-1, -1, -1], [0.9, 0.1, 0.1]]], np.float32)
    product = ProductOfExperts(1.5)((tf.constant(probabilities), tf.constant(class_scores))).numpy()
    expected = [[plain_product_of_experts(*rows, 1.5) for rows in zip(probabilities[0], class_scores[0], strict=True)]]
    np.testing.assert_allclose(product, expected, atol=1e-6)
    assert product[0].argmax(axis=1).tolist() == [1, 0, 2]
    np.testing.assert_allclose(product[0, 1], probabilities[0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("alphabet", "sentence"),
    [
        ("", r"fuse\.detector_class_weight = 0\.5: the detector names no characters; train it with detector\.classes"),
        (
            "012",
            r"fuse\.detector_class_weight = 0\.5: the detector names the characters '012' and the classifier '01234A",
        ),
    ],
)
def test_a_detector_that_cannot_name_the_characters_is_refused(alphabet: str, sentence: str) -> None:
    models = (Detector(small_detector(), DETECTOR.anchors, alphabet), Classifier(small_classifier(), ALPHABET))
    with pytest.raises(PlatefuseError, match=sentence):
        fuse(*models, with_changes(detector_class_weight=0.5))


def test_a_format_that_the_classifier_cannot_fill_is_refused() -> None:
    models = (Detector(small_detector(), DETECTOR.anchors, ""), Classifier(small_classifier(), "0123456789"))
    with pytest.raises(PlatefuseError, match=r"fuse\.formats: 'L0' asks for letters"):
        fuse(*models, with_changes(formats=["00", "L0"]))


@pytest.mark.parametrize(
    ("formats", "sentence"),
    [
        (
            ["L0", "LLL000"],
            r"\.formats: 'LLL000' \(6 characters\) is longer than \.max_characters = 5; raise \.max_characters or",
        ),
        (["br"], r"'LLL0000' \(7 characters\) is longer than \.max_characters = 5"),
        ([0], "expected a format such as LL000LL \\(in quotes if it has only digits\\) or a list's name"),
        ([""], "expected a format such as LL000LL"),
        (["L0", "L0"], "'L0' is given twice"),
        ("br", "expected a list"),
    ],
)
def test_formats_that_cannot_be_used_are_refused(formats: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        with_changes(formats=formats)


def test_slots_without_a_detection_are_empty() -> None:
    outputs = fused_outputs(random_boards(3, *INPUT_SIZE), with_changes(**BY_SCORE))
    assert outputs["count"].any()
    unused = np.arange(5) >= outputs["count"][:, None]
    assert unused.any()
    assert (outputs["character_ids"][unused] == -1).all()
    for name in ("boxes", "scores", "character_scores"):
        assert not outputs[name][unused].any(), name


def test_an_empty_batch_becomes_one_black_image_and_any_other_stays() -> None:
    some = tf.constant(random_boards(3, *INPUT_SIZE), tf.float32)
    for non_empty_batch in (NonEmptyBatch(), tf.function(NonEmptyBatch(), [tf.TensorSpec([None, *INPUT_SIZE, 3])])):
        np.testing.assert_array_equal(non_empty_batch(some), some)
        np.testing.assert_array_equal(non_empty_batch(some[:0]), np.zeros((1, *INPUT_SIZE, 3)))


def test_rounded_crops_are_black_or_white() -> None:
    images = random_boards(1, *INPUT_SIZE).astype(np.float32)
    boxes = np.array([[[3.3, 4.1, 30.2, 40.7]]], np.float32)
    crops = ConnectionLayer((28, 28), 0.0, rounded=True)((tf.constant(images), tf.constant(boxes), FIRST)).numpy()
    expected = np.round(plain_crop(images[0], boxes[0, 0], 0.0))
    assert set(np.unique(crops)) == {0.0, 1.0}
    assert np.mean(crops[0, ..., 0] != expected) < 0.01  # a pixel at one half may fall either way


@st.composite
def boxes_anywhere(draw):
    """A box x1,y1,x2,y2 within, across or beyond the input's border, of any size from nothing on, or turned over."""
    places = st.floats(-200, 300, width=32) | st.sampled_from([-1.0, 0.0, *map(float, INPUT_SIZE)])
    sides = st.floats(0, 250, width=32) | st.sampled_from([0.0, 0.25, 1.0, 28.0, -3.0])
    (x, y), (wide, high) = draw(st.tuples(places, places)), draw(st.tuples(sides, sides))
    return [x, y, x + wide, y + high]


@given(st.lists(boxes_anywhere(), min_size=1, max_size=4), st.sampled_from([-0.4, 0.0, 0.1, 2.0]), st.integers(0, 9))
@settings(max_examples=60)
def test_connection_layer_is_the_plain_crop_of_any_box(boxes: list, margin: float, seed: int) -> None:
    images = random_boards(2, *INPUT_SIZE, seed=seed).astype(np.float32)
    slots = np.array([[i % 2, i // 2] for i in range(len(boxes))])
    in_slots = np.full((2, 2, 4), -1, np.float32)
    in_slots[tuple(slots.T)] = boxes
    layer = ConnectionLayer((28, 28), margin, rounded=False)
    crops = layer((tf.constant(images), tf.constant(in_slots), tf.constant(slots))).numpy()
    assert crops.shape == (len(boxes), 28, 28, 1)
    for crop, (image, slot) in zip(crops, slots, strict=True):
        plain = plain_crop(images[image], in_slots[image, slot], margin)
        np.testing.assert_allclose(crop[..., 0], plain, rtol=0, atol=2e-3)


def test_connection_layer_cuts_what_is_in_the_box() -> None:
    board = np.zeros((1, *INPUT_SIZE, 3), np.float32)
    board[0, 10:38, 20:48] = np.arange(28 * 28 * 3).reshape(28, 28, 3) % 251
    box = np.array([[[20, 10, 48, 38]]], np.float32)
    crop = ConnectionLayer((28, 28), 0.0, rounded=False)((tf.constant(board), tf.constant(box), FIRST))[0, ..., 0]
    gray = board[0, 10:38, 20:48] @ np.array([0.2989, 0.5870, 0.1140])
    np.testing.assert_allclose(crop, gray / 255, atol=1e-6)


def test_valid_detections_are_found_and_all_slots_if_there_is_none() -> None:
    scores = np.array([[-1, 0.2, 0.0], [0.9, -1, 0.4], [-1, -1, -1]], np.float32)
    slots = ValidDetections()(tf.constant(scores)).numpy()
    assert slots.tolist() == [[0, 1], [0, 2], [1, 0], [1, 2]]
    assert ValidDetections()(tf.constant(scores[2:])).numpy().tolist() == [[0, 0], [0, 1], [0, 2]]


def test_values_of_valid_detections_are_scattered_to_their_slots() -> None:
    slots = tf.constant([[0, 1], [2, 0]], tf.int64)
    values = np.random.default_rng(2).random((2, 4, 3)).astype(np.float32)
    placed = ScatterToSlots()((tf.constant(values), slots, tf.zeros([3, 2]))).numpy()
    expected = np.zeros((3, 2, 4, 3), np.float32)
    expected[0, 1], expected[2, 0] = values
    np.testing.assert_array_equal(placed, expected)


def test_both_heads_give_the_same() -> None:
    scores = np.array([[0.9, 0.8, -1, -1], [-1, -1, -1, -1], [0.7, 0.6, 0.5, 0.4]], np.float32)
    slots = ValidDetections()(tf.constant(scores))
    crops = np.random.default_rng(1).random((len(slots), 28, 28, 1)).astype(np.float32)
    for architecture in ("cnn", "dense", "slim"):
        classifier = small_classifier(architecture)
        batched, flows = (
            head(classifier, tf.constant(crops), slots, tf.constant(scores)).numpy()
            for head in (batched_head, multiflow_head)
        )
        plain = classifier.predict(crops, verbose=0)
        for found in (batched, flows):
            np.testing.assert_allclose(found[scores >= 0], plain, atol=1e-6)


def test_multiflow_has_an_input_an_output_and_a_copy_of_the_weights_a_slot() -> None:
    copies = multiflow(small_classifier(), 3)
    assert len(copies.inputs) == len(copies.outputs) == 3
    assert len(copies.weights) == 3 * len(small_classifier().weights)


@pytest.mark.parametrize("changes", [{}, MULTIFLOW])
@pytest.mark.parametrize("shape", [(0, 30, 40), (1, 1, 1), (2, 300, 20), (1, 64, 96)])
def test_any_number_of_images_of_any_size_goes_in(changes: dict, shape: tuple[int, int, int]) -> None:
    batch, height, width = shape
    params = with_changes(**changes)
    outputs = fused_outputs(random_boards(batch, height, width), params)
    assert {name: value.shape for name, value in outputs.items()} == {
        "confidence": (batch,),
        "count": (batch,),
        "truncated": (batch,),
        "boxes": (batch, params.max_characters, 4),
        "scores": (batch, params.max_characters),
        "character_ids": (batch, params.max_characters),
        "character_scores": (batch, params.max_characters),
    }
    assert (outputs["boxes"] >= 0).all()
    assert (outputs["boxes"] <= [width, height, width, height]).all()


def test_an_image_reads_the_same_alone_and_in_a_batch() -> None:
    images = random_boards(4, *INPUT_SIZE)
    together = fused_outputs(images, FUSE)
    for i in range(4):
        alone = fused_outputs(images[i : i + 1], FUSE)
        assert alone["character_ids"][0].tolist() == together["character_ids"][i].tolist()
        np.testing.assert_allclose(alone["boxes"][0], together["boxes"][i], atol=1e-3)
