"""Export of a fused SavedModel as one file for another runtime.

The file is kept only if it reads the same.
"""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.data.photograph_set import read_photograph_set
from platefuse.data.plate_set import TRUTH, read_truth
from platefuse.export.parity import Parity, Thresholds, compare, compare_exact_match
from platefuse.inference.image_files import find_images
from platefuse.inference.metadata import read_metadata, reads_photographs
from platefuse.inference.reader import Reader
from platefuse.runner.atomic import atomic_write

Kind = Literal["onnx", "litert"]
Precision = Literal["float32", "float16"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SUFFIXES: dict[Kind, str] = {"onnx": ".onnx", "litert": ".tflite"}
# The modules that each kind needs beside TensorFlow, and the packages that bring them.
_NEEDED = {
    "onnx": {"tf2onnx": "tf2onnx", "onnx": "onnx", "onnxruntime": "onnxruntime"},
    "litert": {"ai_edge_litert": "ai-edge-litert"},
}


def export(
    model: Path, kind: Kind, out: Path, plates: Path, precision: Precision = "float32", batch_size: int = 16
) -> Parity:
    """Convert a fused SavedModel's `numeric` signature, and check the result on plates.

    Args:
        model: the SavedModel's folder.
        kind: the kind of file to make.
        out: the file, with the kind's suffix; replaced only by a file that passes.
        plates: a plate set, a photograph set if the model reads photographs, or any folder of images; with float16 it
            must have truth.csv.
        precision: the precision in which weights are stored; calculations are in float32.
        batch_size: how many images are read in one call.

    Returns:
        How closely the two agree.

    Raises:
        PlatefuseError: if a package or a file is missing, the model does not convert, or the file does not read as
            the model does. With float32 every text must be the same, and scores and boxes within the tolerances of
            `platefuse.export.parity`; with float16 the exact match.
    """
    _check_packages(kind)
    if model.suffix in SUFFIXES.values():
        raise PlatefuseError(f"{model} is exported already: expected the folder of a SavedModel.")
    metadata = read_metadata(model)
    truth = _truth_of(plates, reads_photographs(metadata), precision)
    images = list(truth) or find_images([plates])
    reference = Reader(model)
    with atomic_write(out) as draft:
        _converter(kind)(model, draft, metadata, precision)
        candidate = Reader(draft)
        if precision == "float32":
            thresholds = Thresholds.of_model(metadata)
            return compare(reference, candidate, images, str(out), batch_size, thresholds)
        return compare_exact_match(reference, candidate, images, list(truth.values()), str(out), batch_size)


def _check_packages(kind: Kind) -> None:
    absent = [package for module, package in _NEEDED[kind].items() if importlib.util.find_spec(module) is None]
    if absent:
        raise not_installed(f"Exporting to {kind}", absent, " ".join(absent))


def _truth_of(folder: Path, of_photographs: bool, precision: Precision) -> dict[Path, tuple[str, ...]]:
    """The true texts of each image's plates.

    Empty if the folder has no truth.csv and the precision is float32, which needs none.
    """
    if (folder / TRUTH).is_file():
        if of_photographs:
            return {photograph.path: photograph.texts for photograph in read_photograph_set(folder)}
        return {folder / name: (text,) for name, text in read_truth(folder / TRUTH).items()}
    if precision == "float32":
        return {}
    raise PlatefuseError(
        f"{folder / TRUTH} is missing: {precision} is judged by how many plates it reads right; "
        "give a folder that has it with --plates."
    )


def _converter(kind: Kind) -> Callable[[Path, Path, dict[str, Any], Precision], None]:
    converter: Callable[[Path, Path, dict[str, Any], Precision], None]
    converter = importlib.import_module(f"platefuse.export.{kind}").convert
    return converter
