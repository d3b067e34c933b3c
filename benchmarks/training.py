"""Training speed, with the input pipeline and with a constant batch."""

import time
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.model_under_test import TRAINED, ModelUnderTest
from benchmarks.timing import summarise
from platefuse.core import params
from platefuse.data.characters import Characters
from platefuse.networks.classification import training
from platefuse.networks.classification.model import build_classifier, load_classifier
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.common.keras2 import keras, make_deterministic, tf
from platefuse.networks.detection import training as detection
from platefuse.networks.detection.letterboxed import LetterboxedSet
from platefuse.networks.detection.losses import training_losses
from platefuse.networks.detection.params import DetectorParams
from platefuse.networks.detection.retinanet import build_detector

_PLATES, _CHARACTERS_A_PLATE = 256, 6
_CHARACTERS = 4096


def measure(model: ModelUnderTest, cores: int) -> dict[str, Any]:
    """Train both networks for some steps, in turn with a constant batch.

    Returns:
        For each network: milliseconds per step (summaries), their ratio, and examples per second. The classifier is
        missing if there is no classifier.h5, which gives the size of the characters.
    """
    rounds, steps = (1, 2) if model.quick else (9, 25)
    result = {"detector": _measure(*_detector(model), rounds, steps, f"{model.name}: training the detector")}
    if model.source == TRAINED:
        description = f"{model.name}: training the classifier"
        result["classifier"] = _measure(*_classifier(model), rounds, steps, description)
    return result


def _detector(model: ModelUnderTest) -> tuple[keras.Model, tf.data.Dataset, int]:
    settings = params.load(DetectorParams, "detector", model.pipeline / "params.yaml")
    make_deterministic(settings.seed)
    network = build_detector(settings, classes=1)
    network.compile(keras.optimizers.Adam(settings.learning_rate), loss=training_losses())
    return network, detection.training_batches(_letterboxed_noise(settings), settings, 1), settings.batch_size


def _letterboxed_noise(settings: DetectorParams) -> LetterboxedSet:
    """Noise with boxes of the anchors' sizes.

    Pixels do not affect the time.
    """
    rng = np.random.default_rng(1)
    height, width = settings.input_size
    shape = (_PLATES, _CHARACTERS_A_PLATE)
    corners = np.stack([rng.uniform(0, width / 2, shape), rng.uniform(0, height / 2, shape)], axis=-1)
    boxes = np.concatenate([corners, corners + rng.choice(settings.anchors.sizes, shape)[..., None]], axis=-1)
    return LetterboxedSet(
        rng.integers(0, 256, (_PLATES, height, width, 3)).astype(np.uint8),
        np.tile(np.array([height, width], np.int32), (_PLATES, 1)),
        np.minimum(boxes, [width, height, width, height]).astype(np.float32),
        np.zeros(shape, np.int32),
    )


def _classifier(model: ModelUnderTest) -> tuple[keras.Model, tf.data.Dataset, int]:
    settings = params.load(ClassifierParams, "classifier", model.pipeline / "params.yaml")
    trained = load_classifier(model.classifier)
    shape, alphabet = trained.model.input_shape[1:3], trained.alphabet
    make_deterministic(settings.seed)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (_CHARACTERS, *shape)).astype(np.uint8)
    characters = Characters(images, rng.integers(0, len(alphabet), _CHARACTERS), alphabet)
    network = build_classifier(settings, shape, len(alphabet))
    network.compile(keras.optimizers.Adam(settings.learning_rate), training.character_loss)
    return network, training.training_batches(characters, settings).repeat(), settings.batch_size


class _Clock(keras.callbacks.Callback):
    """Measures seconds per step of `fit`.

    The first steps wait for input and are left out.
    """

    def __init__(self, skipped: int) -> None:
        super().__init__()
        self._skipped, self._begin, self.seconds = skipped, 0.0, 0.0

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        now = time.perf_counter()
        if batch < self._skipped:
            self._begin = now
        else:
            self.seconds = (now - self._begin) / (batch + 1 - self._skipped)


def _measure(
    network: keras.Model, batches: tf.data.Dataset, batch_size: int, rounds: int, steps: int, description: str
) -> dict[str, Any]:
    images, targets = next(iter(batches))
    skipped = max(1, steps // 3)

    def pipeline() -> float:
        clock = _Clock(skipped)
        network.fit(batches, steps_per_epoch=steps + skipped, verbose=0, callbacks=[clock])
        return clock.seconds

    def constant() -> float:
        begin = time.perf_counter()
        for _ in range(steps):
            network.train_on_batch(images, targets)
        return (time.perf_counter() - begin) / steps

    pipeline(), constant()  # trace the graphs
    times = [(pipeline(), constant()) for _ in tqdm(range(rounds), desc=description, disable=None)]
    step, constant_step = (summarise(values, 1000) for values in zip(*times, strict=True))
    return {
        "step": step,
        "constant_step": constant_step,
        "over_constant_batch": step["median"] / constant_step["median"],
        "examples_per_second": batch_size * 1000 / step["median"],
    }
