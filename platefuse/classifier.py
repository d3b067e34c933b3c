"""Single-character networks: `dense`, the article's, `cnn`, and `slim`, which is half of it."""

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from platefuse import checkpoints
from platefuse.augmentation import augment
from platefuse.characters import NO_CHARACTER, Characters
from platefuse.classifier_params import ClassifierParams
from platefuse.errors import PlatefuseError
from platefuse.keras2 import Dropout, keras, learning_rate, make_deterministic, tf
from platefuse.model_file import load_network, save_network


def build_classifier(params: ClassifierParams, shape: tuple[int, int], classes: int) -> keras.Model:
    """Build a network for one character.

    Args:
        params: architecture, width and dropout.
        shape: height and width of the characters.
        classes: how many there are.

    Returns:
        From float32 [B,height,width,1], 0..1, light on black, to probabilities [B,classes].
    """
    image = keras.Input((*shape, 1), name="character")
    features = _ARCHITECTURES[params.architecture](image, params.width)
    if params.dropout:
        features = Dropout(params.dropout, params.seed)(features)
    probabilities = keras.layers.Dense(classes, activation="softmax", name="probabilities")(features)
    return keras.Model(image, probabilities, name="classifier")


def _dense(image: tf.Tensor, width: int) -> tf.Tensor:
    return keras.layers.Dense(width, activation="relu", name="hidden")(keras.layers.Flatten()(image))


def _cnn(image: tf.Tensor, width: int) -> tf.Tensor:
    """Five small convolutions; steps of two instead of pooling, which costs more than it brings here."""
    return _convolutions(
        image, [(width, 3, 1), (2 * width, 3, 2), (2 * width, 3, 1), (4 * width, 3, 2), (4 * width, 3, 1)]
    )


def _slim(image: tf.Tensor, width: int) -> tf.Tensor:
    """Four convolutions, the first a wide one in steps of two: 2/5 of the operations of `_cnn`."""
    return _convolutions(image, [(width, 5, 2), (2 * width, 3, 1), (2 * width, 3, 2), (4 * width, 3, 1)])


def _convolutions(features: tf.Tensor, layers: list[tuple[int, int, int]]) -> tf.Tensor:
    """Convolutions one after another, each given by its channels, its kernel's side and its stride."""
    for channels, kernel, stride in layers:
        features = keras.layers.Conv2D(channels, kernel, stride, "same", use_bias=False)(features)
        features = keras.layers.BatchNormalization()(features)
        features = keras.layers.ReLU()(features)
    return keras.layers.Flatten()(features)


_ARCHITECTURES: dict[str, Callable[[tf.Tensor, int], tf.Tensor]] = {"dense": _dense, "cnn": _cnn, "slim": _slim}


def train_classifier(
    params: ClassifierParams, train: Characters, val: Characters, kept: Path
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a network, and return it with Keras' history of losses and accuracies by epoch.

    Args:
        params: how.
        train, val: what to learn from, and what to measure on after each epoch.
        kept: a folder for checkpoints; a training that was stopped goes on from its last finished epoch.
    """
    make_deterministic(params.seed)
    model = build_classifier(params, train.images.shape[1:3], len(train.alphabet))
    steps = -(-len(train.labels) // params.batch_size)
    rate = learning_rate(params.learning_rate, params.learning_rate_decay, params.epochs * steps)
    model.compile(keras.optimizers.Adam(rate), character_loss, metrics=[_AccuracyOnCharacters()])
    history = checkpoints.fit(
        model,
        lambda done: training_batches(train, params, done),
        params.epochs,
        checkpoints.run_folder(kept, params, [*_content(train), *_content(val)]),
        validation_data=_batches(val, tf.data.Dataset.range(len(val.labels)), params.batch_size),
        verbose="auto" if sys.stdout.isatty() else 2,
        callbacks=[_time_left(params.epochs)],
    )
    return model, history


def _content(characters: Characters) -> tuple[np.ndarray, np.ndarray, str]:
    return characters.images, characters.labels, characters.alphabet


def character_loss(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Cross-entropy with the label; where that is NO_CHARACTER, with all characters alike.

    So the network is unsure of what is no character, and a threshold drops it, without an output of its own for that:
    outlier exposure (Hendrycks et al., *Deep Anomaly Detection with Outlier Exposure*, 2019).

    Args:
        labels: int [B] or [B,1].
        probabilities: float32 [B,K], a softmax.

    Returns:
        float32 [B].
    """
    labels = tf.reshape(labels, [-1])
    named = keras.losses.sparse_categorical_crossentropy(tf.maximum(labels, 0), probabilities)
    logarithms = tf.math.log(tf.maximum(probabilities, keras.backend.epsilon()))
    return tf.where(labels == NO_CHARACTER, -tf.reduce_mean(logarithms, axis=-1), named)


class _AccuracyOnCharacters(keras.metrics.SparseCategoricalAccuracy):
    """Keras' accuracy; images of no character do not count."""

    def __init__(self) -> None:
        super().__init__(name="accuracy")

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> Any:
        del sample_weight  # no stage gives any
        y_true = tf.reshape(y_true, [-1])
        return super().update_state(tf.maximum(y_true, 0), y_pred, tf.cast(y_true != NO_CHARACTER, tf.float32))


def _time_left(epochs: int) -> keras.callbacks.Callback:
    """Says after each epoch how long the others will take, if that is worth saying."""
    start, finished = time.monotonic(), itertools.count(1)  # here: a training may go on from a later epoch

    def tell(epoch: int, logs: object) -> None:
        left = (time.monotonic() - start) / next(finished) * (epochs - epoch - 1)
        if left > 60:
            print(f"about {left / 60:.0f} minutes left", file=sys.stderr)

    return keras.callbacks.LambdaCallback(on_epoch_end=tell)


def accuracy(model: keras.Model, characters: Characters) -> float:
    """Share, 0..1, of characters that the model names right; images of none do not count."""
    characters = characters.take(np.flatnonzero(characters.labels != NO_CHARACTER))
    batches = _batches(characters, tf.data.Dataset.range(len(characters.labels)), 256)
    probabilities = model.predict(batches, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == characters.labels))


def normalised(images: np.ndarray) -> tf.Tensor:
    """uint8 [n,H,W] to the network's float32 [n,H,W,1], 0..1."""
    return tf.cast(images, tf.float32)[..., None] / 255.0


def training_batches(characters: Characters, params: ClassifierParams, done: int = 0) -> tf.data.Dataset:
    """One pass in random order; each pass and batch varies the characters in another way.

    Args:
        characters: what to learn from.
        params: batch size, seed and variation.
        done: passes that an earlier training has made: the first one here is the one after them.
    """
    number = len(characters.labels)
    order = tf.data.Dataset.range(number).shuffle(number, seed=params.seed)
    batches = _batches(characters, order, params.batch_size)
    seeds = tf.data.Dataset.random(seed=params.seed, rerandomize_each_iteration=True).batch(2)

    def vary(batch: tuple[tf.Tensor, tf.Tensor], seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return augment(batch[0], seed, params.augmentation), batch[1]

    varied = tf.data.Dataset.zip((batches, seeds)).map(vary, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    for _ in range(done):
        iter(varied)  # draws the seeds of a pass, and nothing else until it is asked for a batch
    return varied


def _batches(characters: Characters, order: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Batches of the network's float32 images [B,H,W,1] and labels [B], in the order given."""
    images, labels = characters.images, characters.labels

    def pick(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Out of numpy's arrays: a dataset that holds the images would hold a second copy of them.
        picked = tf.numpy_function(lambda i: (images[i], labels[i]), [indices], (images.dtype, labels.dtype))
        return normalised(tf.ensure_shape(picked[0], [None, *images.shape[1:]])), tf.ensure_shape(picked[1], [None])

    return order.batch(size).map(pick)


def save_classifier(path: Path, model: keras.Model, alphabet: str) -> None:
    """Write a network as .h5, its alphabet with it."""
    save_network(path, model, {"alphabet": alphabet})


def load_classifier(path: Path) -> tuple[keras.Model, str]:
    """Read a network and its alphabet.

    Raises:
        PlatefuseError: for a file that is missing or is no classifier; says which stage makes it.
    """
    if not path.exists():
        raise PlatefuseError(f"{path} is missing: `dvc repro train_classifier` makes it.")
    try:
        network, attributes = load_network(path, {})
        alphabet = str(attributes["alphabet"])
        if network.input_shape[3:] != (1,) or network.output_shape[1:] != (len(alphabet),):
            raise ValueError(f"it does not name the {len(alphabet)} characters {alphabet!r} of gray images")
        return network, alphabet
    except Exception as error:  # a damaged file raises nearly anything
        raise PlatefuseError(
            f"{path} cannot be read as a classifier ({error}): `dvc repro -f train_classifier` remakes it."
        ) from None
