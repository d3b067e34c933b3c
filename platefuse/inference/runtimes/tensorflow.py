"""A fused SavedModel in TensorFlow."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import METADATA_FILE
from platefuse.inference.runtimes.base import (
    OUTPUTS,
    check_outputs,
    damaged,
    failed,
    how_to_make,
    missing,
    parsed_metadata,
)


class TensorflowModel:
    """A Runtime; its model is the folder that the fuse stage makes."""

    def __init__(self, model: Path) -> None:
        if not model.is_dir():
            raise PlatefuseError(f"There is no fused model at {model}. {how_to_make(model)}")
        for name in ("saved_model.pb", METADATA_FILE):
            if not (model / name).is_file():
                raise PlatefuseError(f"{model} is not a fused model: {name} is not in it. {how_to_make(model)}")
        self._folder = model
        self.metadata = parsed_metadata((model / METADATA_FILE).read_bytes(), model / METADATA_FILE, model)
        self._model = _load(model)  # its signatures live no longer than the model itself
        self._signature = self._model.signatures.get("serving_default")
        check_outputs(self._signature.structured_outputs if self._signature else (), model)

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        import tensorflow as tf

        try:
            outputs = self._signature(images=tf.constant(images, tf.uint8))
        except tf.errors.OpError as error:
            raise failed(self._folder, images, error) from None
        return {name: outputs[name].numpy() for name in OUTPUTS}


def _load(model: Path) -> Any:
    # TensorFlow tells of its own build, not of the plates; what it prints early on still shows.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise missing("tensorflow", "TensorFlow") from None
    try:
        return tf.saved_model.load(str(model))
    except (OSError, ValueError, KeyError, AttributeError, tf.errors.OpError) as error:
        raise damaged(model, error) from None
