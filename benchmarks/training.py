"""Training: what a step of the real loop takes against one on a constant batch, where no input has to be made."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.subject import TRAINED, Subject
from benchmarks.timing import summarise
from platefuse.core import params
from platefuse.data.characters import Characters
from platefuse.networks.classification import training
from platefuse.networks.classification.model import build_classifier, load_classifier
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.common.keras2 import keras, make_deterministic, tf
from platefuse.networks.detection import training as detection
from platefuse.networks.detection.params import DetectorParams
from platefuse.networks.detection.retinanet import build_detector, training_losses

_PLATES, _CHARACTERS_A_PLATE = 256, 6
_CHARACTERS = 4096


def measure_training(subject: Subject) -> dict[str, Any]:
    """Train detector and classifier for some steps each, in turn with the constant batch.

    Returns:
        For each of the two, milliseconds a step (summaries), their ratio and examples a second. The classifier is
        there where there is one to take the characters' size from.
    """
    rounds, steps = (2, 3) if subject.quick else (9, 25)
    result = {"detector": _measure(*_detector(subject), rounds, steps, f"{subject.name}: training the detector")}
    if subject.source == TRAINED:
        description = f"{subject.name}: training the classifier"
        result["classifier"] = _measure(*_classifier(subject), rounds, steps, description)
    return result


def _detector(subject: Subject) -> tuple[keras.Model, tf.data.Dataset, int]:
    settings = params.load(DetectorParams, "detector", subject.pipeline / "params.yaml")
    make_deterministic(settings.seed)
    model = build_detector(settings, classes=1)
    model.compile(keras.optimizers.Adam(settings.learning_rate), loss=training_losses())
    return model, detection.training_batches(_canvases(settings), settings, 1), settings.batch_size


def _canvases(settings: DetectorParams) -> detection.LetterboxedSet:
    """Noise with boxes of the anchors' sizes: how long a step takes does not depend on what the plates show."""
    rng = np.random.default_rng(1)
    height, width = settings.input_size
    shape = (_PLATES, _CHARACTERS_A_PLATE)
    corners = np.stack([rng.uniform(0, width / 2, shape), rng.uniform(0, height / 2, shape)], axis=-1)
    boxes = np.concatenate([corners, corners + rng.choice(settings.anchors.sizes, shape)[..., None]], axis=-1)
    return detection.LetterboxedSet(
        rng.integers(0, 256, (_PLATES, height, width, 3)).astype(np.uint8),
        np.tile(np.array([height, width], np.int32), (_PLATES, 1)),
        np.minimum(boxes, [width, height, width, height]).astype(np.float32),
        np.zeros(shape, np.int32),
    )


def _classifier(subject: Subject) -> tuple[keras.Model, tf.data.Dataset, int]:
    settings = params.load(ClassifierParams, "classifier", subject.pipeline / "params.yaml")
    named = load_classifier(subject.classifier)
    trained, alphabet = named.model, named.alphabet
    shape = trained.input_shape[1:3]
    make_deterministic(settings.seed)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (_CHARACTERS, *shape)).astype(np.uint8)
    characters = Characters(images, rng.integers(0, len(alphabet), _CHARACTERS), alphabet)
    model = build_classifier(settings, shape, len(alphabet))
    model.compile(keras.optimizers.Adam(settings.learning_rate), training.character_loss)
    return model, training.training_batches(characters, settings).repeat(), settings.batch_size


class _Clock(keras.callbacks.Callback):
    """Seconds a step of `fit`, but for the first ones: these wait for an input pipeline that has just begun."""

    def __init__(self, skipped: int) -> None:
        super().__init__()
        self._skipped, self._begun, self.seconds = skipped, 0.0, 0.0

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        now = time.perf_counter()
        if batch < self._skipped:
            self._begun = now
        else:
            self.seconds = (now - self._begun) / (batch + 1 - self._skipped)


def _measure(
    model: keras.Model, batches: tf.data.Dataset, batch_size: int, rounds: int, steps: int, description: str
) -> dict[str, Any]:
    images, targets = next(iter(batches))
    skipped = max(1, steps // 3)

    def fed() -> float:
        clock = _Clock(skipped)
        model.fit(batches, steps_per_epoch=steps + skipped, verbose=0, callbacks=[clock])
        return clock.seconds

    def constant() -> float:
        begun = time.perf_counter()
        for _ in range(steps):
            model.train_on_batch(images, targets)
        return (time.perf_counter() - begun) / steps

    times: dict[str, list[float]] = {"fed": [], "constant": []}
    for name, measured in _in_turn({"fed": fed, "constant": constant}, rounds, description):
        times[name].append(measured())
    summaries = {name: summarise(values, 1000) for name, values in times.items()}
    return {
        "step": summaries["fed"].as_dict(),
        "constant_step": summaries["constant"].as_dict(),
        "over_constant_batch": summaries["fed"].median / summaries["constant"].median,
        "examples_per_second": batch_size * 1000 / summaries["fed"].median,
    }


def _in_turn(
    rows: dict[str, Callable[[], float]], rounds: int, description: str
) -> Iterator[tuple[str, Callable[[], float]]]:
    for measured in rows.values():
        measured()  # traces the graphs
    turns = [row for _ in range(rounds) for row in rows.items()]
    yield from tqdm(turns, desc=description, disable=None)
