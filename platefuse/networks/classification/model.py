"""Single-character networks: `dense` (the article's), `cnn` and the smaller `slim`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.common.h5 import load_network, save_network
from platefuse.networks.common.keras2 import Dropout, keras, tf


@dataclass(frozen=True, eq=False)
class Classifier:
    """A single-character network and its alphabet.

    Attributes:
        model: from float32 [B,h,w,1], 0..1, light on black, to probabilities [B,K].
        alphabet: K characters, in the order of the outputs.
    """

    model: keras.Model
    alphabet: str


def build_classifier(params: ClassifierParams, shape: tuple[int, int], classes: int) -> keras.Model:
    """Build an untrained single-character network.

    Args:
        params: architecture, width and dropout.
        shape: height and width of the characters in pixels.
        classes: K, how many characters to tell apart.

    Returns:
        A model from float32 [B,height,width,1], 0..1, light on black, to probabilities [B,K].
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
    """Five 3x3 convolutions, with strides instead of pooling, which is slower."""
    return _convolutions(
        image, [(width, 3, 1), (2 * width, 3, 2), (2 * width, 3, 1), (4 * width, 3, 2), (4 * width, 3, 1)]
    )


def _slim(image: tf.Tensor, width: int) -> tf.Tensor:
    """Four convolutions with 2/5 of the operations of `_cnn`."""
    return _convolutions(image, [(width, 5, 2), (2 * width, 3, 1), (2 * width, 3, 2), (4 * width, 3, 1)])


def _convolutions(features: tf.Tensor, layers: list[tuple[int, int, int]]) -> tf.Tensor:
    """Stack convolutions, each given by its channels, kernel size and stride."""
    for channels, kernel, stride in layers:
        features = keras.layers.Conv2D(channels, kernel, stride, "same", use_bias=False)(features)
        features = keras.layers.BatchNormalization()(features)
        features = keras.layers.ReLU()(features)
    return keras.layers.Flatten()(features)


_ARCHITECTURES: dict[str, Callable[[tf.Tensor, int], tf.Tensor]] = {"dense": _dense, "cnn": _cnn, "slim": _slim}


def normalise(images: np.ndarray) -> tf.Tensor:
    """Convert uint8 [n,H,W] to the network's input, float32 [n,H,W,1], 0..1."""
    return tf.cast(images, tf.float32)[..., None] / 255.0


def save_classifier(path: Path, classifier: Classifier) -> None:
    """Write a classifier and its alphabet as .h5."""
    save_network(path, classifier.model, {"alphabet": classifier.alphabet})


def load_classifier(path: Path) -> Classifier:
    """Read a classifier from .h5.

    Raises:
        PlatefuseError: if the file is missing or not a classifier; names the stage that makes it.
    """
    if not path.exists():
        raise PlatefuseError(f"{path} is missing: `dvc repro train_classifier` makes it.")
    try:
        model, attributes = load_network(path, {})
        alphabet = str(attributes["alphabet"])
        if model.input_shape[3:] != (1,) or model.output_shape[1:] != (len(alphabet),):
            raise ValueError(f"it does not name the {len(alphabet)} characters {alphabet!r} of gray images")
        return Classifier(model, alphabet)
    except Exception as error:  # a damaged file raises nearly anything
        raise PlatefuseError(
            f"{path} cannot be read as a classifier ({error}): `dvc repro -f train_classifier` remakes it."
        ) from None
