"""What runs a fused model: a module a runtime. None is imported before a model that needs it is opened."""

from pathlib import Path

from platefuse.runtimes.runtime import Runtime


def open_model(model: Path) -> Runtime:
    """Load a fused model into the runtime it was made for: by suffix .onnx or .tflite, else a SavedModel's folder.

    Raises:
        PlatefuseError: if there is no such model, it is damaged or of another kind, or the runtime is not installed.
    """
    if model.suffix == ".onnx":
        from platefuse.runtimes.onnx import OnnxModel

        return OnnxModel(model)
    if model.suffix == ".tflite":
        from platefuse.runtimes.litert import LitertModel

        return LitertModel(model)
    from platefuse.runtimes.tensorflow import TensorflowModel

    return TensorflowModel(model)
