"""The card: what tells, with a fused model, what the numbers in it mean.

Beside a SavedModel it is a file in its folder, in a LiteRT model an associated file of that name, and in an ONNX model
an entry of its metadata.
"""

import json
from pathlib import Path
from typing import Any

CARD = "platefuse.json"
CARD_KEY = "platefuse"


def write_card(model: Path, content: dict[str, Any]) -> None:
    """Write the card of the model in that folder, in JSON's types."""
    (model / CARD).write_text(card_text(content), encoding="utf-8")


def card_text(content: dict[str, Any]) -> str:
    """Give a card as it is written."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_card(model: Path) -> Any:
    """Read the card of the model in that folder; ValueError if it is no JSON."""
    return json.loads((model / CARD).read_text(encoding="utf-8"))
