"""Metadata of a fused model: meaning of its numbers, and parameters.

The parameters are those of the fusion. The metadata is a file in a SavedModel's folder, an associated file in a LiteRT
model, and an entry of an ONNX model's metadata.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

METADATA_FILE = "platefuse.json"
METADATA_KEY = "platefuse"
READS, PLATES, PHOTOGRAPHS = "reads", "plates", "photographs"  # a key and its values


def write_metadata(model: Path, content: dict[str, Any]) -> None:
    """Write metadata, of JSON's types, into the SavedModel's folder."""
    (model / METADATA_FILE).write_text(metadata_text(content), encoding="utf-8")


def metadata_text(content: dict[str, Any]) -> str:
    """Format metadata as JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def reads_of(metadata: dict[str, Any]) -> str:
    """Tell whether a model reads `plates` or `photographs`.

    Metadata without the entry is of a model of single plates.
    """
    return str(metadata.get(READS, PLATES))


def read_metadata(model: Path) -> Any:
    """Read the metadata in the SavedModel's folder.

    Raises:
        ValueError: if the metadata is not JSON.
    """
    return json.loads((model / METADATA_FILE).read_text(encoding="utf-8"))


def known_metadata(folder: Path) -> dict[str, Any]:
    """Read the metadata in a folder; empty if missing or damaged.

    Whoever opens the model names the fault.
    """
    with suppress(OSError, ValueError, RecursionError):
        metadata = read_metadata(folder)
        return metadata if isinstance(metadata, dict) else {}
    return {}


def reads_photographs(metadata: dict[str, Any]) -> bool:
    """Whether a model finds the plates of whole photographs."""
    return reads_of(metadata) == PHOTOGRAPHS
