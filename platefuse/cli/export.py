"""`platefuse export`: a fused model as one file for another runtime."""

import argparse
from pathlib import Path
from typing import Any

from platefuse.cli.common import add_reading_command, file_path
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
        f"On every plate the file must give the SavedModel's text, scores to {SCORE_TOLERANCE:g} and boxes to\n"
        f"{BOX_TOLERANCE:g} pixels; else the first one that differs is named, no file is written, and the exit\n"
        f"status is 1. With float16 it may instead read {100 * MATCH_TOLERANCE:g} points fewer of the plates right.",
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
    model, suffix = arguments.model, SUFFIXES[arguments.to]
    out = arguments.out or model.with_name(model.name + suffix)
    if out.suffix != suffix:
        raise PlatefuseError(f"--out {out}: expected a name that ends in {suffix}, by which `platefuse read` knows it.")
    agreement = export(model, arguments.to, out, arguments.plates, arguments.precision, arguments.batch_size)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB. {_in_words(agreement)}")
    return 0


def _in_words(agreement: Parity) -> str:
    agreeing = (
        f"It reads {agreement.same_text} of {agreement.plates} plates as the SavedModel does, "
        f"with scores within {agreement.score:.1g} and boxes within {agreement.box:.1g} pixels."
    )
    if not agreement.exact_match:
        return agreeing
    before, after = agreement.exact_match
    return f"{agreeing} Exact match: {after:.4f}, of the SavedModel {before:.4f}."
