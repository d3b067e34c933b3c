"""The card: a file in a fused model's folder that tells what the numbers in it mean."""

import json
from pathlib import Path
from typing import Any

CARD = "platefuse.json"


def write_card(model: Path, content: dict[str, Any]) -> None:
    """Write the card of the model in that folder, in JSON's types."""
    (model / CARD).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_card(model: Path) -> Any:
    """Read the card of the model in that folder; ValueError if it is no JSON."""
    return json.loads((model / CARD).read_text(encoding="utf-8"))
