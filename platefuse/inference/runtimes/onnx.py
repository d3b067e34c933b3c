"""A fused model as ONNX, in ONNX Runtime."""

from collections.abc import Iterable

import numpy as np

from platefuse.inference.metadata import METADATA_KEY
from platefuse.inference.runtimes.base import Runtime


class OnnxRuntime(Runtime):
    """An .onnx file from `platefuse export`.

    Its metadata is an entry of the ONNX model's metadata.
    """

    LIBRARY = "ONNX Runtime"
    PACKAGE = "onnxruntime"
    REMEDY = "`platefuse export --to onnx` makes one."

    def _open(self) -> str | None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(self._model, providers=["CPUExecutionProvider"])
        text: str | None = self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        return text

    def _load(self) -> Iterable[str]:
        return [output.name for output in self._session.get_outputs()]

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self.outputs, self._session.run(self.outputs, {"images": images}), strict=True))
