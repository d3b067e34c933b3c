"""`platefuse export`: export a fused model as one file for another runtime."""

import argparse
from pathlib import Path
from typing import Any

from platefuse.cli.common import add_reading_command, file_path, find_model
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError
from platefuse.export.export import KINDS, PRECISIONS, SUFFIXES, export
from platefuse.export.parity import BOX_TOLERANCE, MATCH_TOLERANCE, SCORE_TOLERANCE, Parity

PLATES = Path("data/plates/test")


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "export",
        _export,
        "write a fused SavedModel as one ONNX or LiteRT file, after checking that it reads the same",
        "examples:\n"
        "  platefuse export --to onnx                  models/fused.onnx, checked on data/plates/test\n"
        "  platefuse export --to litert --plates photos --out plates.tflite\n"
        "  platefuse export --to onnx --precision float16\n"
        "  platefuse read plate.jpg --model models/fused.onnx    needs onnxruntime and no TensorFlow\n\n"
        f"The file must read the SavedModel's text on every plate, with scores within {SCORE_TOLERANCE:g} and boxes\n"
        f"within {BOX_TOLERANCE:g} pixels; else the first difference is printed, no file is written, and the exit\n"
        f"status is 1. With float16, exact match may instead fall by {100 * MATCH_TOLERANCE:g} points.",
    )
    parser.add_argument("--to", required=True, choices=KINDS, help="the kind of file to write")
    parser.add_argument(
        "--out", type=file_path, metavar="FILE", help="the file (default: the model's name with .onnx or .tflite)"
    )
    parser.add_argument(
        "--plates",
        type=Path,
        default=PLATES,
        metavar="DIR",
        help=f"a plate set or folder of images to check it on (default: {PLATES})",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="how weights are stored; float16 halves the file (default: float32)",
    )


def _export(arguments: argparse.Namespace) -> int:
    model, suffix = find_model(arguments), SUFFIXES[arguments.to]
    out = arguments.out or path_beside(model, suffix)
    if out.suffix != suffix:
        raise PlatefuseError(
            f"--out {out}: expected a name that ends in {suffix}, which tells `platefuse read` the kind."
        )
    check_outputs([("--out", out)], [model, arguments.plates])
    parity = export(model, arguments.to, out, arguments.plates, arguments.precision, arguments.batch_size)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB. {_in_words(parity)}")
    return 0


def path_beside(model: Path, suffix: str) -> Path:
    """Name a file beside a model: its name, with a suffix.

    Paths such as `.` and `..` have no name of their own: the model's is that of the folder.

    Raises:
        PlatefuseError: for the root of the file system, which has no name.
    """
    named = model.resolve() if model.name in ("", "..") else model
    if not named.name:
        raise PlatefuseError(f"--model {model}: it has no name that the file could have; give one with --out.")
    return named.with_name(named.name + suffix)


def _in_words(parity: Parity) -> str:
    agreeing = (
        f"It reads {parity.same_text} of {parity.images} images as the SavedModel does, "
        f"with scores within {parity.score:.1g} and boxes within {parity.box:.1g} pixels."
    )
    if not parity.exact_match:
        return agreeing
    before, after = parity.exact_match
    return f"{agreeing} Exact match: {after:.4f}, of the SavedModel {before:.4f}."
