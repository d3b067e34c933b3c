"""A fused model as ONNX, in ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np

from platefuse.inference.metadata import METADATA_KEY
from platefuse.inference.runtimes.base import (
    OUTPUTS,
    check_file,
    check_outputs,
    damaged,
    failed,
    missing,
    parsed_metadata,
)


class OnnxModel:
    """A Runtime; its model is a file that `platefuse export --to onnx` makes, with the metadata in its metadata."""

    def __init__(self, model: Path) -> None:
        check_file(model)
        self._model = model
        self._session = _load(model)
        check_outputs((output.name for output in self._session.get_outputs()), model)
        self.metadata = parsed_metadata(
            self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY), model, model
        )

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        try:
            return dict(zip(OUTPUTS, self._session.run(OUTPUTS, {"images": images}), strict=True))
        except Exception as error:  # its own errors have nothing else in common
            raise failed(self._model, images, error) from None


def _load(model: Path) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        if error.name != "onnxruntime":
            raise
        raise missing("onnxruntime", "ONNX Runtime") from None
    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own errors have nothing else in common
        raise damaged(model, error) from None
