"""Training of single-character networks: learning, repeatability, and what the loss asks for."""

from pathlib import Path

import numpy as np
import pytest

from platefuse.data.characters import NO_CHARACTER, Characters
from platefuse.networks.classification.model import Classifier, normalise, save_classifier
from platefuse.networks.classification.params import AugmentationParams, ClassifierParams
from platefuse.networks.classification.training import accuracy, character_loss, train_classifier, training_batches
from platefuse.networks.common.keras2 import keras, tf
from tests.helpers.eager import eagerly
from tests.helpers.small_models import CLASSIFIER, small_classifier
from tests.helpers.stopping import StoppedError, stopping_at

SOME = AugmentationParams(shift=0.05, zoom=0.1, aspect=0.1, rotation=5, shear=0.1, blur=0.3)


def bars(count: int, seed: int) -> Characters:
    """Upright bars (0) and lying ones (1): anything that learns tells them apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        place = rng.integers(8, 18)
        image[slice(4, 24) if label == 0 else slice(place, place + 3), :] = 0
        if label == 0:
            image[4:24, place : place + 3] = 255
        else:
            image[place : place + 3, 4:24] = 255
    return Characters(images, labels, "|-")


def with_changes(**changes: object) -> ClassifierParams:
    return ClassifierParams.model_validate({**CLASSIFIER.model_dump(), **changes})


@pytest.mark.parametrize("architecture", ["dense", "cnn", "slim"])
def test_learns_what_is_easy(architecture: str, tmp_path: Path) -> None:
    changes = {"width": 8, "epochs": 6, "batch_size": 32, "learning_rate": 0.01, "augmentation": SOME.model_dump()}
    with eagerly():
        model, history = train_classifier(
            with_changes(architecture=architecture, **changes), bars(128, 1), bars(32, 2), tmp_path
        )
    assert accuracy(model, bars(200, 3)) > 0.95
    assert len(history["loss"]) == 6
    assert history["loss"][-1] < history["loss"][0]


def train(folder: Path, name: str, **changes: object) -> tuple[bytes, dict[str, list[float]]]:
    """Train with dropout and augmentation; give the file's bytes and the history."""
    params = with_changes(**{"epochs": 2, "dropout": 0.5, "augmentation": SOME.model_dump(), **changes})
    with eagerly():
        model, history = train_classifier(params, bars(40, 1), bars(16, 2), folder / name)
    save_classifier(folder / f"{name}.h5", Classifier(model, "|-"))
    return (folder / f"{name}.h5").read_bytes(), history


def test_a_training_that_was_stopped_goes_on_to_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    """That the same seed gives the same bytes follows: the stopped training began anew, in another folder."""
    whole = train(tmp_path, "whole")
    with pytest.raises(StoppedError), stopping_at("epoch 1 of 2"):
        train(tmp_path, "stopped")
    assert train(tmp_path, "stopped") == whole
    with stopping_at("loss"):  # all epochs are done: the model comes from the checkpoint
        assert train(tmp_path, "stopped") == whole
    assert train(tmp_path, "other", seed=4)[0] != whole[0]


def numbered(count: int) -> Characters:
    """Characters of one gray each, their own number."""
    gray = np.arange(count, dtype=np.uint8)
    return Characters(np.repeat(gray[:, None, None], 6, axis=1).repeat(5, axis=2), gray.astype(np.int64) % 7, "0123456")


def test_each_pass_shows_every_character_once_in_another_order_the_same_each_time() -> None:
    keras.utils.set_random_seed(1)
    batches = training_batches(numbered(50), with_changes(batch_size=16))
    passes = []
    for _ in range(2):
        images, labels = (np.concatenate(parts) for parts in zip(*batches.as_numpy_iterator(), strict=True))
        assert images.shape == (50, 6, 5, 1)
        assert images.dtype == np.float32
        order = np.round(images[:, 0, 0, 0] * 255).astype(int)
        np.testing.assert_allclose(images, (order / 255)[:, None, None, None] + np.zeros((6, 5, 1)), atol=1e-6)
        assert labels.tolist() == (order % 7).tolist()
        assert sorted(order) == list(range(50))
        passes.append(order.tolist())
    assert passes[0] != passes[1]
    keras.utils.set_random_seed(1)
    again = training_batches(numbered(50), with_changes(batch_size=16)).as_numpy_iterator()
    assert [round(float(image[0, 0, 0]) * 255) for images, _ in again for image in images] == passes[0]


def test_accuracy_is_the_share_named_right() -> None:
    characters = bars(40, 5)
    named = small_classifier().predict(normalise(characters.images), verbose=0).argmax(axis=1)
    assert accuracy(small_classifier(), characters) == pytest.approx(np.mean(named == characters.labels))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def named_and_not(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels int64 [count], every third of no character, and logits float32 [count,classes]."""
    rng = np.random.default_rng(7)
    labels = rng.integers(classes, size=count)
    labels[::3] = NO_CHARACTER
    return labels, rng.normal(0, 2, (count, classes)).astype(np.float32)


def wanted(labels: np.ndarray, classes: int) -> np.ndarray:
    """Target distribution: the label alone, or every class alike for no character."""
    return np.where(labels[:, None] == NO_CHARACTER, 1 / classes, np.eye(classes)[labels])


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)], ids=str)
@pytest.mark.parametrize("classes", [2, 36])
def test_the_loss_is_the_cross_entropy_with_the_label_or_with_all_characters_alike(
    shape: tuple[int, ...], classes: int
) -> None:
    labels, logits = named_and_not(30, classes)
    losses = character_loss(tf.constant(labels.reshape(shape)), tf.constant(softmax(logits)))
    expected = -(wanted(labels, classes) * np.log(softmax(logits.astype(np.float64)))).sum(axis=1)
    assert (losses.shape, losses.dtype) == ((30,), tf.float32)
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-5)


def loss_gradient(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    scores = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = tf.reduce_sum(character_loss(tf.constant(labels), tf.nn.softmax(scores)))
    return tape.gradient(loss, scores).numpy()


def test_training_moves_answers_towards_the_label_or_towards_all_characters_alike() -> None:
    labels, logits = named_and_not(30, 5)
    np.testing.assert_allclose(loss_gradient(labels, logits), softmax(logits) - wanted(labels, 5), atol=1e-5)


def test_an_answer_that_prefers_no_character_is_left_alone_where_there_is_none() -> None:
    gradient = loss_gradient(np.array([NO_CHARACTER, 2]), np.full((2, 4), 1.5))
    np.testing.assert_allclose(gradient, [[0, 0, 0, 0], [0.25, 0.25, -0.75, 0.25]], atol=1e-6)


def test_the_loss_of_a_network_that_is_wholly_sure_is_a_number() -> None:
    labels, logits = np.array([NO_CHARACTER, 0, 1]), np.array([[200.0, 0, 0]] * 3)
    losses = character_loss(tf.constant(labels), tf.constant(softmax(logits), tf.float32)).numpy()
    assert np.isfinite(losses).all() and losses[1] < 1e-3 < 5 < min(losses[0], losses[2])
    assert np.isfinite(loss_gradient(labels, logits)).all()


def with_noise(characters: Characters, count: int, seed: int) -> Characters:
    """The characters, mixed with that many images of noise, of no character."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(256, size=(count, 28, 28)).astype(np.uint8)
    labels = np.concatenate([characters.labels, np.full(count, NO_CHARACTER)])
    mixed = Characters(np.concatenate([characters.images, noise]), labels, characters.alphabet)
    return mixed.take(rng.permutation(len(labels)))


def test_images_of_no_character_do_not_count_as_right_or_wrong(tmp_path: Path) -> None:
    # Too slow to change any weight, so that Keras' accuracies are of the network as it is.
    params = with_changes(architecture="dense", dropout=0.0, learning_rate=1e-30)
    train, val = with_noise(bars(50, 1), 30, 2), with_noise(bars(30, 3), 21, 4)
    model, history = train_classifier(params, train, val, tmp_path)
    shares = []
    for characters in (train, val):
        named = model.predict(normalise(characters.images), verbose=0).argmax(axis=1)
        counted = characters.labels != NO_CHARACTER
        shares.append(np.mean(named[counted] == characters.labels[counted]))
        assert shares[-1] != pytest.approx(np.mean(named == characters.labels))
        assert accuracy(model, characters) == pytest.approx(shares[-1])
    assert [history["accuracy"], history["val_accuracy"]] == [pytest.approx([share]) for share in shares]


def surest(model: keras.Model, images: np.ndarray) -> float:
    """How sure a network is of its answers on average."""
    return float(model.predict(normalise(images), verbose=0).max(axis=1).mean())


def test_a_network_is_unsure_of_what_it_was_told_is_no_character(tmp_path: Path) -> None:
    params = with_changes(architecture="dense", width=16, epochs=8, learning_rate=0.01)
    noise = with_noise(bars(0, 1), 100, 9).images
    only, val = bars(128, 1), bars(32, 2)
    without, _ = train_classifier(params, only, val, tmp_path / "without")
    told, history = train_classifier(params, with_noise(only, 64, 3), with_noise(val, 16, 4), tmp_path / "told")
    assert surest(told, noise) < 0.6 < 0.9 < surest(told, bars(100, 5).images)
    assert surest(told, noise) < surest(without, noise) - 0.1
    assert accuracy(told, bars(100, 5)) > 0.95
    assert history["val_accuracy"][-1] > 0.95  # out of 32, not of 48
