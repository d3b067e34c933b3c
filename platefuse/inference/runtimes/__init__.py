"""What runs a fused model: a module a runtime. None is imported before a model that needs it is opened."""

from pathlib import Path

from platefuse.inference.runtimes.base import Runtime


def open_model(model: Path) -> Runtime:
    """Load a fused model into the runtime it was made for: by suffix .onnx or .tflite, else a SavedModel's folder.

    Raises:
        PlatefuseError: if there is no such model, it is damaged or of another kind, or the runtime is not installed.
    """
    if model.suffix == ".onnx":
        from platefuse.inference.runtimes.onnx import OnnxModel

        return OnnxModel(model)
    if model.suffix == ".tflite":
        from platefuse.inference.runtimes.litert import LitertModel

        return LitertModel(model)
    from platefuse.inference.runtimes.tensorflow import TensorflowModel

    return TensorflowModel(model)
