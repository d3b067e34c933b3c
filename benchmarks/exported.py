"""The fused model's exported files, in ONNX Runtime and LiteRT."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.model_under_test import PLATES_READ, ModelUnderTest, linked_folder
from platefuse.core.errors import PlatefuseError
from platefuse.export.export import SUFFIXES, Kind, export
from platefuse.inference.metadata import read_metadata

Outputs = dict[str, np.ndarray]


class ExportedReader:
    """Reads images with an exported file; Python joins the texts."""

    def __init__(self, file: Path, alphabet: str, run: Callable[[np.ndarray], Outputs]) -> None:
        self.file, self._alphabet, self._run = file, alphabet, run

    def __call__(self, images: np.ndarray) -> list[str]:
        ids = self._run(images)["character_ids"]
        return ["".join(self._alphabet[i] for i in row if i >= 0) for row in ids]


def open_exported(kind: Kind, fused: Path, model: ModelUnderTest, cores: int) -> ExportedReader | str:
    """Export a fused model and load the file.

    A file that an earlier process exported is reused.

    Args:
        kind: of file.
        fused: the SavedModel.
        model: its model under test; the file is written to the folder `work`.
        cores: the number of threads.

    Returns:
        The reader, or the reason why there is none.
    """
    file = model.work / f"{model.name}{SUFFIXES[kind]}"
    try:
        if not file.is_file():
            with linked_folder(model, PLATES_READ) as plates:
                export(fused, kind, file, plates)
        return ExportedReader(file, read_metadata(fused)["alphabet"], _RUNTIMES[kind](file, cores))
    except ModuleNotFoundError as error:
        return f"not available: {error}"
    except PlatefuseError as error:
        return str(error).replace(f"{model.work}/", "")  # results name no folders


def _onnx_runtime(file: Path, cores: int) -> Callable[[np.ndarray], Outputs]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = cores, 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    [images] = session.get_inputs()
    return lambda batch: dict(zip(names, session.run(names, {images.name: batch}), strict=True))


def _litert(file: Path, cores: int) -> Callable[[np.ndarray], Outputs]:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(file), num_threads=cores).get_signature_runner("numeric")
    return lambda batch: dict(runner(images=batch))


_RUNTIMES = {"onnx": _onnx_runtime, "litert": _litert}
