"""A trained network's .h5 file: the same bytes for the same weights, and read as data alone.

Keras builds a network as the configuration in its file says, and that may say much: a Lambda layer brings Python code
of its own, an operation layer calls any function of TensorFlow, and an object may name a module to be imported. Keras 2
has no safe mode for .h5 files. So only what our own networks are made of gets through to it.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from platefuse.networks.common.keras2 import keras
from platefuse.runner.atomic import atomic_write

# What `build_detector` and `build_classifier` make networks of, beside what is not known to Keras.
_OBJECTS = {
    *("Activation", "Add", "BatchNormalization", "Concatenate", "Conv2D", "Dense", "DepthwiseConv2D", "Dropout"),
    *("Flatten", "Functional", "InputLayer", "MaxPooling2D", "ReLU", "Reshape", "ZeroPadding2D"),
    *("GlorotUniform", "HeNormal", "Ones", "RandomNormal", "Zeros", "platefuse>Preprocess"),
}
_CHECKSUM_BYTES = 32
_MODULES = {None, "keras.initializers"}


def save_network(path: Path, network: keras.Model, attributes: dict[str, str]) -> None:
    """Write a network as .h5, without its optimiser, with attributes beside it and a checksum behind it."""
    with atomic_write(path) as draft:
        network.save(draft, include_optimizer=False)
        with h5py.File(draft, "a") as file:
            for name, value in attributes.items():
                file.attrs[name] = value
        with draft.open("ab") as stream:
            stream.write(_checksum(draft.read_bytes()))


def load_network(path: Path, others: dict[str, type]) -> tuple[keras.Model, dict[str, Any]]:
    """Read a network and the attributes beside it.

    Args:
        path: the .h5 file.
        others: classes that it may be made of and Keras does not know, by their names in the file.

    Returns:
        The network, not compiled, and all attributes of the file.

    Raises:
        ValueError: for a file that was changed since it was written, or asks for what no network here is made of;
            nothing of it was built.
        Exception: nearly any other, for a damaged file.
    """
    content = path.read_bytes()
    if content[-_CHECKSUM_BYTES:] != _checksum(content[:-_CHECKSUM_BYTES]):  # HDF5 itself may loop on damage for ever
        raise ValueError("it has not the checksum that it was written with")
    with h5py.File(path) as file:
        attributes = dict(file.attrs)
    modules = _MODULES | {other.__module__ for other in others.values()}
    for described in _described(json.loads(attributes["model_config"])):
        name, module = described["class_name"], described.get("module")
        if name not in _OBJECTS | others.keys() or module not in modules:
            raise ValueError(f"it asks for {name!r} of {module or 'Keras'}, which no network here is made of")
    return keras.models.load_model(path, others, compile=False), attributes


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _described(configuration: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a configuration that describes an object, at any depth."""
    if isinstance(configuration, dict):
        if "class_name" in configuration:
            yield configuration
        configuration = list(configuration.values())
    if isinstance(configuration, list):
        for value in configuration:
            yield from _described(value)
