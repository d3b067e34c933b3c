"""The metadata: what tells, with a fused model, what the numbers in it mean.

Beside a SavedModel it is a file in its folder, in a LiteRT model an associated file of that name, and in an ONNX model
an entry of its metadata.
"""

import json
from pathlib import Path
from typing import Any

METADATA_FILE = "platefuse.json"
METADATA_KEY = "platefuse"


def write_metadata(model: Path, content: dict[str, Any]) -> None:
    """Write the metadata of the model in that folder, in JSON's types."""
    (model / METADATA_FILE).write_text(metadata_text(content), encoding="utf-8")


def metadata_text(content: dict[str, Any]) -> str:
    """Give a metadata as it is written."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_metadata(model: Path) -> Any:
    """Read the metadata of the model in that folder; ValueError if it is no JSON."""
    return json.loads((model / METADATA_FILE).read_text(encoding="utf-8"))
