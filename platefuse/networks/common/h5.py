"""Trained networks as reproducible .h5 files, loaded without running their code.

Keras builds a network from the configuration in its file. That may contain Python code (Lambda layers), calls of any
TensorFlow function (operation layers) or modules to import. Keras 2 has no safe mode for .h5 files. So the
configuration is checked against a whitelist first.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from platefuse.networks.common.keras2 import keras
from platefuse.runner.atomic import atomic_write

# Classes in the networks of `build_detector` and `build_classifier`; those unknown to Keras come as an argument.
_OBJECTS = {
    *("Activation", "Add", "BatchNormalization", "Concatenate", "Conv2D", "Dense", "DepthwiseConv2D", "Dropout"),
    *("Flatten", "Functional", "InputLayer", "MaxPooling2D", "ReLU", "Reshape", "ZeroPadding2D"),
    *("GlorotUniform", "HeNormal", "Ones", "RandomNormal", "Zeros", "platefuse>Preprocess"),
}
_CHECKSUM_BYTES = 32
_MODULES = {None, "keras.initializers"}


def save_network(path: Path, network: keras.Model, attributes: dict[str, str]) -> None:
    """Write a network as .h5 with attributes and a checksum.

    The optimiser is left out.
    """
    with atomic_write(path) as draft:
        network.save(draft, include_optimizer=False)
        with h5py.File(draft, "a") as file:
            for name, value in attributes.items():
                file.attrs[name] = value
        with draft.open("ab") as stream:
            stream.write(_checksum(draft.read_bytes()))


def load_network(path: Path, custom_objects: dict[str, type]) -> tuple[keras.Model, dict[str, Any]]:
    """Read a network and its attributes from .h5.

    Args:
        path: the .h5 file.
        custom_objects: further classes that it may use, by their names in the file.

    Returns:
        The network, not compiled, and all attributes of the file.

    Raises:
        ValueError: before anything is built, if the checksum is wrong or the file uses another class.
        Exception: of nearly any type, if the file is damaged.
    """
    content = path.read_bytes()
    if content[-_CHECKSUM_BYTES:] != _checksum(content[:-_CHECKSUM_BYTES]):  # HDF5 may loop forever on damage
        raise ValueError("its checksum is wrong")
    with h5py.File(path) as file:
        attributes = dict(file.attrs)
    modules = _MODULES | {custom.__module__ for custom in custom_objects.values()}
    for config in _object_configs(json.loads(attributes["model_config"])):
        name, module = config["class_name"], config.get("module")
        if name not in _OBJECTS | custom_objects.keys() or module not in modules:
            raise ValueError(f"it uses {name!r} of {module or 'Keras'}, which no network here contains")
    return keras.models.load_model(path, custom_objects, compile=False), attributes


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _object_configs(config: Any) -> Iterator[dict[str, Any]]:
    """Yield the configuration of every object in a configuration, at any depth."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            yield from _object_configs(value)
