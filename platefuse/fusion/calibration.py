"""Calibration of a fused model's confidence by temperature scaling.

Networks are more confident than they are right, or less. Dividing their log-probabilities by one number, the
temperature, corrects most of that and changes no text (Guo et al., *On Calibration of Modern Neural Networks*, 2017).
The temperature is fitted on plates that no training saw: it makes what was read right there as probable as possible.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import ImageStore
from platefuse.fusion.graph import FusedModel, fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.postprocess import Postprocess
from platefuse.fusion.saved_model import freeze
from platefuse.networks.classification.model import Classifier
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.retinanet import Detector

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 10.0
_GRID = 21  # temperatures that are tried first: the likelihood may have more than one maximum
_WIDTH = 1e-5  # of the last bracket, in log-temperature; the result has four decimals
_MIN_DOUBT = 1e-6  # no confidence counts as certain, or one wrong plate would decide alone
_BATCH = 16


class LabelledPlate(Protocol):
    """An image of a plate whose text is known."""

    @property
    def path(self) -> Path: ...
    @property
    def text(self) -> str: ...


def with_fitted_temperature(
    detector: Detector, classifier: Classifier, params: FuseParams, plates: Sequence[LabelledPlate]
) -> FuseParams:
    """Replace the temperature `fit` by the one fitted on plates.

    Args:
        detector, classifier: the networks to fuse.
        params: section `fuse`; returned as it is if its temperature is a number.
        plates: labelled plates that no training saw.

    Returns:
        The parameters with a temperature of `MIN_TEMPERATURE` to `MAX_TEMPERATURE`, rounded to four decimals.

    Raises:
        PlatefuseError: if the temperature is to be fitted and there are no plates, or an image cannot be read.
    """
    if params.temperature != "fit":
        return params
    if not plates:
        raise PlatefuseError(
            "fuse.temperature = 'fit' needs plates whose texts are known, and none were given: give "
            "`platefuse fuse` a folder of them with --plates, or set a number above 0, such as 1.0."
        )
    at_one = params.model_copy(update={"temperature": 1.0})
    fused = fuse(detector, classifier, at_one)
    detections = detect(fused, plates)
    right = texts_of(detections, at_one, fused.alphabet) == np.array([plate.text for plate in plates])
    temperature = fit_temperature(lambda t: confidences_at(t, detections, params, fused.alphabet), right)
    return params.model_copy(update={"temperature": temperature})


def fit_temperature(confidences: Callable[[float], np.ndarray], right: np.ndarray) -> float:
    """Find the temperature at which what was read right is most probable.

    The best of a grid is refined by golden-section search (Kiefer, 1953), both in the logarithm of the temperature. If
    every plate is right, or every one wrong, the result is near a bound: no temperature is high or low enough. Of equal
    temperatures the one nearest to 1 is taken.

    Args:
        confidences: gives the confidence of each plate, float [n], at a temperature.
        right: bool [n], whether its whole text is right.

    Returns:
        `MIN_TEMPERATURE` to `MAX_TEMPERATURE`, rounded to four decimals.
    """
    losses: dict[float, float] = {}

    def loss(logarithm: float) -> float:
        if logarithm not in losses:
            losses[logarithm] = negative_log_likelihood(confidences(math.exp(logarithm)), right)
        return losses[logarithm]

    def best() -> float:
        return min(losses, key=lambda logarithm: (losses[logarithm], abs(logarithm)))

    grid = np.linspace(math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE), _GRID).tolist()
    for logarithm in grid:
        loss(logarithm)
    place = grid.index(best())
    low, high = grid[max(place - 1, 0)], grid[min(place + 1, _GRID - 1)]
    golden = (math.sqrt(5) - 1) / 2
    while high - low > _WIDTH:
        left, right_of_it = high - golden * (high - low), low + golden * (high - low)
        if loss(left) <= loss(right_of_it):
            high = right_of_it
        else:
            low = left
    return round(math.exp(best()), 4)


def negative_log_likelihood(confidence: np.ndarray, right: np.ndarray) -> float:
    """Compute the mean binary cross-entropy of confidences.

    Args:
        confidence: float [n], 0 to 1; the probability that a text is right. It is clipped to 1e-6 to 1 - 1e-6.
        right: bool [n], whether it is.
    """
    clipped = np.clip(np.asarray(confidence, float), _MIN_DOUBT, 1 - _MIN_DOUBT)
    return float(-np.log(np.where(right, clipped, 1 - clipped)).mean())


def detect(fused: FusedModel, plates: Sequence[LabelledPlate]) -> list[tf.Tensor]:
    """Run a fused model up to its post-processing, once for each plate.

    Returns:
        The inputs of `Postprocess`, for all plates.

    Raises:
        PlatefuseError: if an image cannot be read.
    """
    inputs = fused.on_letterboxed.inputs
    network = freeze(keras.Model(inputs, fused.on_letterboxed.get_layer("postprocess").input[:-1]))
    letterbox, store = fused.model.get_layer("letterbox"), ImageStore()
    parts = []
    with tqdm(total=len(plates), desc="calibrating", unit="plate", disable=None) as progress:
        for start in range(0, len(plates), _BATCH):
            some = plates[start : start + _BATCH]
            letterboxed = [letterbox(tf.constant(store.read(plate.path)[None])) for plate in some]
            images, geometry = (tf.concat(values, axis=0) for values in zip(*letterboxed, strict=True))
            parts.append([*network(images, geometry), geometry])
            progress.update(len(some))
    return [tf.concat(values, axis=0) for values in zip(*parts, strict=True)]


def texts_of(detections: Sequence[tf.Tensor], params: FuseParams, alphabet: str) -> np.ndarray:
    """Read the texts of plates, text [n], from the result of `detect`."""
    ids = Postprocess(params, alphabet)(detections)["character_ids"].numpy()
    return np.array(["".join(alphabet[index] for index in row if index >= 0) for row in ids], dtype=object)


def confidences_at(
    temperature: float, detections: Sequence[tf.Tensor], params: FuseParams, alphabet: str
) -> np.ndarray:
    """Compute the confidences of plates at a temperature, float32 [n].

    Args:
        temperature: above 0.
        detections: from `detect`.
        params: of the fusion; its own temperature does not count.
        alphabet: the character of each id.
    """
    at_temperature = Postprocess(params.model_copy(update={"temperature": temperature}), alphabet)
    return np.asarray(at_temperature(detections)["confidence"])
