"""Training and accuracy of the classifier."""

import itertools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.data.characters import NO_CHARACTER, Characters
from platefuse.networks.classification.augmentation import augment
from platefuse.networks.classification.model import build_classifier, normalised
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.common import resume
from platefuse.networks.common.keras2 import keras, learning_rate, make_deterministic, tf


def train_classifier(
    params: ClassifierParams, train: Characters, val: Characters, checkpoint_dir: Path
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a network, and return it with Keras' history of losses and accuracies by epoch.

    Args:
        params: how.
        train, val: what to learn from, and what to measure on after each epoch.
        checkpoint_dir: a folder for checkpoints; a training that was stopped goes on from its last finished epoch.
    """
    make_deterministic(params.seed)
    model = build_classifier(params, train.images.shape[1:3], len(train.alphabet))
    steps = -(-len(train.labels) // params.batch_size)
    rate = learning_rate(params.learning_rate, params.learning_rate_decay, params.epochs * steps)
    model.compile(keras.optimizers.Adam(rate), character_loss, metrics=[_AccuracyOnCharacters()])
    history = resume.fit(
        model,
        lambda done: training_batches(train, params, done),
        params.epochs,
        resume.run_folder(checkpoint_dir, params, [*_content(train), *_content(val)]),
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
    """SplitShare, 0..1, of characters that the model names right; images of none do not count."""
    characters = characters.take(np.flatnonzero(characters.labels != NO_CHARACTER))
    batches = _batches(characters, tf.data.Dataset.range(len(characters.labels)), 256)
    probabilities = model.predict(batches, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == characters.labels))


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
