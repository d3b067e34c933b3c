"""A fused model as a LiteRT (formerly TensorFlow Lite) flatbuffer."""

import hashlib
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.inference.metadata import METADATA_FILE
from platefuse.inference.runtimes.base import (
    OUTPUTS,
    check_file,
    check_outputs,
    damaged,
    failed,
    missing,
    parsed_metadata,
)

SIGNATURE = "numeric"


class LitertModel:
    """A .tflite file that `platefuse export` makes, with its metadata as an associated file.

    Each change of the images' size or number has the interpreter plan its memory anew.
    """

    def __init__(self, model: Path) -> None:
        check_file(model)
        self._model = model
        interpreter_of = _interpreter()
        flatbuffer, metadata = _parts_of(model)
        self.metadata = parsed_metadata(metadata, model, model)
        if (
            self.metadata.get("sha256") != hashlib.sha256(flatbuffer).hexdigest()
        ):  # LiteRT may ask for any memory for it
            raise damaged(model, ValueError("it has not the checksum that it was written with."))
        interpreter = _load(interpreter_of, model)
        check_outputs(interpreter.get_signature_list().get(SIGNATURE, {}).get("outputs", ()), model)
        self._run = interpreter.get_signature_runner(SIGNATURE)
        self._one_at_a_time = threading.Lock()  # an interpreter keeps its tensors

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        try:
            with self._one_at_a_time:
                outputs = self._run(images=images)
        except (ValueError, RuntimeError) as error:
            raise failed(self._model, images, error) from None
        return {name: outputs[name] for name in OUTPUTS}


def _parts_of(model: Path) -> tuple[bytes, bytes | None]:
    """The flatbuffer, and the metadata behind it; None if there is none that can be read."""
    content = model.read_bytes()
    try:
        with zipfile.ZipFile(model) as associated:
            return content[: associated.getinfo(METADATA_FILE).header_offset], associated.read(METADATA_FILE)
    except Exception:  # a damaged archive raises nearly anything
        return content, None


def _interpreter() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "ai_edge_litert":
            raise
        raise missing("ai-edge-litert", "LiteRT") from None
    return Interpreter


def _load(interpreter_of: Any, model: Path) -> Any:
    try:
        return interpreter_of(str(model), num_threads=os.cpu_count())
    except (ValueError, RuntimeError) as error:
        raise damaged(model, error) from None
