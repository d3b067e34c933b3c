"""Training and accuracy of the classifier."""

from pathlib import Path
from typing import Any

import numpy as np

from platefuse.data.characters import NO_CHARACTER, Characters
from platefuse.networks.classification.augmentation import augment
from platefuse.networks.classification.model import build_classifier, normalise
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.common import resume
from platefuse.networks.common.keras2 import keras, learning_rate, make_deterministic, tf


def train_classifier(
    params: ClassifierParams, train: Characters, val: Characters, checkpoint_dir: Path
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a classifier, resuming an interrupted training.

    Args:
        params: section `classifier`.
        train, val: training set and validation set.
        checkpoint_dir: the stage's checkpoints; training resumes after the last finished epoch.

    Returns:
        The model, and Keras' history: losses and accuracies by epoch.
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
        resume.run_folder(checkpoint_dir, params, [*_contents(train), *_contents(val)]),
        validation_data=_batches(val, tf.data.Dataset.range(len(val.labels)), params.batch_size),
    )
    return model, history


def _contents(characters: Characters) -> tuple[np.ndarray, np.ndarray, str]:
    return characters.images, characters.labels, characters.alphabet


def character_loss(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Cross-entropy with the label, or with the uniform distribution for NO_CHARACTER.

    This is outlier exposure (Hendrycks et al., *Deep Anomaly Detection with Outlier Exposure*, 2019): the network
    learns low confidence for clutter, which a threshold then drops. No additional class is needed.

    Args:
        labels: int [B] or [B,1].
        probabilities: float32 [B,K], a softmax.

    Returns:
        float32 [B].
    """
    labels = tf.reshape(labels, [-1])
    with_label = keras.losses.sparse_categorical_crossentropy(tf.maximum(labels, 0), probabilities)
    logarithms = tf.math.log(tf.maximum(probabilities, keras.backend.epsilon()))
    return tf.where(labels == NO_CHARACTER, -tf.reduce_mean(logarithms, axis=-1), with_label)


class _AccuracyOnCharacters(keras.metrics.SparseCategoricalAccuracy):
    """Keras' accuracy without the images labelled NO_CHARACTER."""

    def __init__(self) -> None:
        super().__init__(name="accuracy")

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> Any:
        del sample_weight  # no stage uses it
        y_true = tf.reshape(y_true, [-1])
        return super().update_state(tf.maximum(y_true, 0), y_pred, tf.cast(y_true != NO_CHARACTER, tf.float32))


def accuracy(model: keras.Model, characters: Characters) -> float:
    """Compute the share, 0..1, of correctly classified characters, without NO_CHARACTER."""
    characters = characters.take(np.flatnonzero(characters.labels != NO_CHARACTER))
    batches = _batches(characters, tf.data.Dataset.range(len(characters.labels)), 256)
    probabilities = model.predict(batches, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == characters.labels))


def training_batches(characters: Characters, params: ClassifierParams, done: int = 0) -> tf.data.Dataset:
    """Make one epoch of augmented batches in random order.

    The order is different in each epoch.

    Args:
        characters: the training set.
        params: batch size, seed and augmentation.
        done: epochs that an earlier run finished; the first epoch here follows them.
    """
    count = len(characters.labels)
    order = tf.data.Dataset.range(count).shuffle(count, seed=params.seed)
    batches = _batches(characters, order, params.batch_size)
    seeds = tf.data.Dataset.random(seed=params.seed, rerandomize_each_iteration=True).batch(2)

    def augmented(batch: tuple[tf.Tensor, tf.Tensor], seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return augment(batch[0], seed, params.augmentation), batch[1]

    epoch = tf.data.Dataset.zip((batches, seeds)).map(augmented, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    for _ in range(done):
        iter(epoch)  # only draws the seeds of an epoch; batches are made on demand
    return epoch


def _batches(characters: Characters, order: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Batch the images, float32 [B,H,W,1], and labels [B] in the given order."""
    images, labels = characters.images, characters.labels

    def pick(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # From the NumPy arrays: a dataset of the images would hold a second copy.
        picked = tf.numpy_function(lambda i: (images[i], labels[i]), [indices], (images.dtype, labels.dtype))
        return normalise(tf.ensure_shape(picked[0], [None, *images.shape[1:]])), tf.ensure_shape(picked[1], [None])

    return order.batch(size).map(pick)
