"""What a runtime gives, and the sentences that all of them have in common."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from platefuse.core.errors import PlatefuseError

MODEL = Path("models/fused")
# Of the fused model's outputs, what a reading is made of; its text comes from the ids and the alphabet.
OUTPUTS = ("confidence", "boxes", "scores", "character_ids", "character_scores")


class Runtime(Protocol):
    """A fused model, loaded. May be called by several threads at once.

    Attributes:
        metadata: what the numbers mean, `alphabet` at least.
    """

    metadata: dict[str, Any]

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Run the model.

        Args:
            images: uint8 RGB [B,H,W,3], at least one.

        Returns:
            The arrays named in OUTPUTS, each with a row an image, as the fused model's signatures give them.

        Raises:
            PlatefuseError: if the model fails on them.
        """
        ...


def how_to_make(model: Path) -> str:
    """Say what makes a model of that kind, as a sentence."""
    for suffix, kind in ((".onnx", "onnx"), (".tflite", "litert")):
        if model.suffix == suffix:
            return f"`platefuse export --to {kind}` makes one."
    return f"`dvc repro fuse` makes {MODEL}."


def check_file(model: Path) -> None:
    """Raise PlatefuseError if there is no such file."""
    if not model.is_file():
        raise PlatefuseError(f"There is no fused model at {model}. {how_to_make(model)}")


def check_outputs(names: Iterable[str], model: Path) -> None:
    """Raise PlatefuseError if one of OUTPUTS is not among the names."""
    if set(OUTPUTS) - set(names):
        raise PlatefuseError(f"{model} lacks the outputs of a fused model. {how_to_make(model)}")


def parsed_metadata(text: str | bytes | None, where: Path, model: Path) -> dict[str, Any]:
    """Read a metadata and check that it has an alphabet.

    Args:
        text: its JSON, or None if there is none.
        where: the file it stands in.
        model: the model it is of.

    Raises:
        PlatefuseError: for anything else.
    """
    try:
        metadata = json.loads(text or "")
        if isinstance(metadata["alphabet"], str):
            return dict(metadata)
    except (ValueError, KeyError, TypeError, RecursionError):  # the last for thousands of brackets
        pass
    raise PlatefuseError(f"{where} is damaged: it has no alphabet. {how_to_make(model)}")


def missing(package: str, runtime: str) -> PlatefuseError:
    """Make the error that says which package to install."""
    return PlatefuseError(f"Reading plates needs {runtime}, which is not installed: pip install {package}.")


def damaged(model: Path, error: Exception) -> PlatefuseError:
    """Make the error that says why a model cannot be loaded."""
    return PlatefuseError(f"{model} is damaged: {_reason(error)} {how_to_make(model)}")


def failed(model: Path, images: np.ndarray, error: Exception) -> PlatefuseError:
    """Make the error that says on which images, [B,H,W,3], a loaded model fails."""
    count, height, width = images.shape[:3]
    return PlatefuseError(f"{model} fails on {count} images of {width} x {height} pixels: {_reason(error)}")


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
