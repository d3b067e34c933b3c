"""Runtimes of a fused model, a module each.

None loads its library before it opens a model.
"""

from pathlib import Path

from platefuse.inference.runtimes.base import Runtime


def open_model(model: Path) -> Runtime:
    """Load a fused model into the runtime that `runtime_of` chooses.

    Raises:
        PlatefuseError: if the model is missing, damaged or of another kind, or the runtime's library is not installed.
    """
    return runtime_of(model)(model)


def runtime_of(model: Path) -> type[Runtime]:
    """Choose the runtime by the suffix of the model's name.

    The suffixes are .onnx and .tflite; any other name is a SavedModel's folder.
    """
    if model.suffix == ".onnx":
        from platefuse.inference.runtimes.onnx import OnnxRuntime

        return OnnxRuntime
    if model.suffix == ".tflite":
        from platefuse.inference.runtimes.litert import LitertRuntime

        return LitertRuntime
    from platefuse.inference.runtimes.tensorflow import TensorflowRuntime

    return TensorflowRuntime
