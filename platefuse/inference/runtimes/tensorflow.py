"""A fused SavedModel in TensorFlow."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from platefuse.inference.metadata import METADATA_FILE
from platefuse.inference.runtimes.base import Runtime
from platefuse.runner.notices import notices_dropped


class TensorflowRuntime(Runtime):
    """The folder that the fuse stage makes."""

    LIBRARY = "TensorFlow"
    PACKAGE = "tensorflow"
    REMEDY = "`dvc repro fuse` makes models/fused."

    def _files(self) -> tuple[Path, ...]:
        return self._model / "saved_model.pb", self._model / METADATA_FILE

    def _open(self) -> bytes:
        return (self._model / METADATA_FILE).read_bytes()

    def _load(self) -> Iterable[str]:
        try:
            Path.home()
        except RuntimeError:  # else Keras, which TensorFlow imports, would make a folder named ~ here for its settings
            os.environ.setdefault("KERAS_HOME", os.devnull)
        with notices_dropped():
            import tensorflow as tf

        self._loaded = tf.saved_model.load(str(self._model))  # its signatures live no longer than the model itself
        self._signature = self._loaded.signatures.get("serving_default")
        return self._signature.structured_outputs if self._signature else ()

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        import tensorflow as tf

        outputs = self._signature(images=tf.constant(images, tf.uint8))
        return {name: outputs[name].numpy() for name in self.outputs}
