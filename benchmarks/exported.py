"""The fused model's exported forms, on as many threads as are measured: ONNX Runtime and LiteRT."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.subject import PLATES_READ, Subject, linked_folder
from platefuse.core.errors import PlatefuseError
from platefuse.export.export import SUFFIXES, Kind, export
from platefuse.inference.metadata import read_metadata

Outputs = dict[str, np.ndarray]


class ExportedReader:
    """An exported file in its own runtime; texts are joined in Python, as the files know no strings."""

    def __init__(self, file: Path, alphabet: str, run: Callable[[np.ndarray], Outputs]) -> None:
        self.file, self._alphabet, self._run = file, alphabet, run

    def __call__(self, images: np.ndarray) -> list[str]:
        ids = self._run(images)["character_ids"]
        return ["".join(self._alphabet[i] for i in row if i >= 0) for row in ids]

    @classmethod
    def make(cls, kind: Kind, model: Path, subject: Subject, cores: int) -> "ExportedReader | str":
        """Export a fused model, unless an earlier process of this bench has, and load the file.

        Args:
            kind: of file.
            model: the SavedModel.
            subject: whose model it is; the file goes to its folder `work`.
            cores: how many threads the runtime may use.

        Returns:
            The reader, or why there is none.
        """
        file = subject.work / f"{subject.name}{SUFFIXES[kind]}"
        try:
            if not file.is_file():
                with linked_folder(subject, PLATES_READ) as plates:
                    export(model, kind, file, plates)
            return cls(file, read_metadata(model)["alphabet"], _RUNTIMES[kind](file, cores))
        except ModuleNotFoundError as error:
            return f"not available: {error}"
        except PlatefuseError as error:
            return str(error).replace(f"{subject.work}/", "")  # results tell of no folders


def _onnx_runtime(file: Path, cores: int) -> Callable[[np.ndarray], Outputs]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = cores, 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    [images] = session.get_inputs()

    def run(batch: np.ndarray) -> Outputs:
        return dict(zip(names, session.run(names, {images.name: batch}), strict=True))

    return run


def _litert(file: Path, cores: int) -> Callable[[np.ndarray], Outputs]:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(file), num_threads=cores).get_signature_runner("numeric")
    return lambda batch: dict(runner(images=batch))


_RUNTIMES = {"onnx": _onnx_runtime, "litert": _litert}
