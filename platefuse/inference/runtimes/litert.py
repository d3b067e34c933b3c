"""A fused model as a LiteRT (formerly TensorFlow Lite) flatbuffer."""

import hashlib
import os
import threading
import zipfile
from collections.abc import Iterable

import numpy as np

from platefuse.inference.metadata import METADATA_FILE
from platefuse.inference.runtimes.base import Runtime
from platefuse.runner.notices import notices_dropped

SIGNATURE = "numeric"


class LitertRuntime(Runtime):
    """A .tflite file from `platefuse export`.

    Its metadata is an associated file. A call with another size or number of images than the last makes the interpreter
    plan its memory anew.
    """

    LIBRARY = "LiteRT"
    PACKAGE = "ai-edge-litert"
    REMEDY = "`platefuse export --to litert` makes one."

    def _open(self) -> bytes | None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter_class = Interpreter
        flatbuffer, metadata = self._parts()
        self._sha256 = hashlib.sha256(flatbuffer).hexdigest()
        return metadata

    def _parts(self) -> tuple[bytes, bytes | None]:
        """The flatbuffer, and the metadata behind it.

        The metadata is None if none can be read.
        """
        content = self._model.read_bytes()
        try:
            with zipfile.ZipFile(self._model) as associated:
                return content[: associated.getinfo(METADATA_FILE).header_offset], associated.read(METADATA_FILE)
        except Exception:  # a damaged archive raises nearly anything
            return content, None

    def _load(self) -> Iterable[str]:
        if self.metadata.get("sha256") != self._sha256:  # LiteRT may ask for any memory for a changed flatbuffer
            raise self._damaged("its checksum is not the one that it was written with.")
        with notices_dropped():
            interpreter = self._interpreter_class(str(self._model), num_threads=os.cpu_count())
            interpreter.allocate_tensors()  # else the first call of the model does it, and tells
        outputs: Iterable[str] = interpreter.get_signature_list().get(SIGNATURE, {}).get("outputs", ())
        if outputs:
            self._signature = interpreter.get_signature_runner(SIGNATURE)
        self._one_at_a_time = threading.Lock()  # an interpreter keeps its tensors
        return outputs

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        with self._one_at_a_time:
            outputs = self._signature(images=images)
        return {name: outputs[name] for name in self.outputs}
