"""Base class of the runtimes: shared checks, metadata and error sentences."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import PHOTOGRAPHS, PLATES, reads_of

# The outputs of a fused model that a reading is made of, by what it reads. Texts follow from ids and alphabet.
OUTPUTS = {
    PLATES: ("confidence", "truncated", "boxes", "scores", "character_ids", "character_scores"),
    PHOTOGRAPHS: (
        *("plate_count", "plate_boxes", "plate_scores", "confidences", "truncated"),
        *("boxes", "scores", "character_ids", "character_scores"),
    ),
}

ALTERNATIVES = ("alternative_ids", "alternative_probabilities")
"""Further outputs of a model of single plates that gives alternatives."""


class Runtime(ABC):
    """A fused model, loaded. Threads may call it at the same time.

    A subclass names its library and implements `_open`, `_load` and `_run`, which may raise anything.

    Args:
        model: the model's file or folder.

    Attributes:
        metadata: what the numbers mean; `alphabet` at least.
        outputs: the names of the outputs that a call gives.

    Raises:
        PlatefuseError: if the model is missing, damaged or of another kind, or the library is not installed.
    """

    LIBRARY: ClassVar[str]
    """The library's name in a sentence."""
    PACKAGE: ClassVar[str]
    """The package that brings the library; with underscores, its module."""
    REMEDY: ClassVar[str]
    """How to make such a model, as a sentence."""

    metadata: dict[str, Any]
    outputs: tuple[str, ...]

    def __init__(self, model: Path) -> None:
        self._model = model
        for file in self._files():
            if not file.is_file():
                raise PlatefuseError(f"{model} is not a fused model: {file} is missing. {self.REMEDY}")
        try:
            self.metadata = self._parsed(self._open())
            self.outputs = OUTPUTS[reads_of(self.metadata)]
            if self.alternatives:
                self.outputs += ALTERNATIVES
            outputs = set(self._load())
        except PlatefuseError:
            raise
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] != self.PACKAGE.replace("-", "_"):
                raise
            raise PlatefuseError(
                f"Reading plates needs {self.LIBRARY}, which is not installed: pip install {self.PACKAGE}."
            ) from None
        except Exception as error:  # the libraries' errors have no other class in common
            raise self._damaged(_reason(error)) from None
        missing = [name for name in self.outputs if name not in outputs]
        if missing:
            raise PlatefuseError(
                f"{model} lacks outputs of a fused model ({', '.join(missing)}): it is another model, or an older "
                f"version made it. {self.REMEDY}"
            )

    @property
    def alternatives(self) -> int:
        """How many of the most probable readings the model gives."""
        given = self.metadata.get("alternatives", 0)
        return given if isinstance(given, int) and reads_of(self.metadata) == PLATES else 0

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Run the model.

        Args:
            images: uint8 RGB [B,H,W,3], at least one.

        Returns:
            The arrays named in `outputs`, a row an image, as the fused model's signatures give them.

        Raises:
            PlatefuseError: if the model fails on the images.
        """
        try:
            return self._run(images)
        except Exception as error:  # as above
            count, height, width = images.shape[:3]
            raise PlatefuseError(
                f"{self._model} fails on {count} images of {width} x {height} pixels: {_reason(error)}"
            ) from None

    def _files(self) -> tuple[Path, ...]:
        """Files of the model; the last file holds its metadata."""
        return (self._model,)

    @abstractmethod
    def _open(self) -> str | bytes | None:
        """Open the model and return its metadata as JSON, or None."""

    @abstractmethod
    def _load(self) -> Iterable[str]:
        """Load the model and return the names of its outputs.

        The metadata is known by now.
        """

    @abstractmethod
    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Run the loaded model as `__call__` does."""

    def _parsed(self, text: str | bytes | None) -> dict[str, Any]:
        """Parse metadata, and check that it has an alphabet."""
        try:
            metadata = json.loads(text or "")
            if isinstance(metadata["alphabet"], str) and reads_of(metadata) in OUTPUTS:
                return dict(metadata)
        except (ValueError, KeyError, TypeError, RecursionError):  # the last for thousands of brackets
            pass
        raise PlatefuseError(f"{self._files()[-1]} is damaged: it has no alphabet. {self.REMEDY}")

    def _damaged(self, reason: str) -> PlatefuseError:
        return PlatefuseError(f"{self._model} is damaged: {reason} {self.REMEDY}")


def _reason(error: Exception) -> str:
    """First line of an error's message; the error's class if empty."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
