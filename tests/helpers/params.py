"""A params.yaml with some values changed, for tests of what is refused."""

from pathlib import Path
from typing import Any

import yaml


def write_changed(source: Path, target: Path, changes: dict[str, Any]) -> None:
    """Write the parameters of `source` to `target` with some values changed.

    Args:
        source, target: parameter files.
        changes: values by full names; a number in a name is a place in a list.
    """
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    for name, value in changes.items():
        *parents, last = (int(part) if part.isdecimal() else part for part in name.split("."))
        place = content
        for parent in parents:
            place = place[parent]
        place[last] = value
    target.write_text(yaml.safe_dump(content), encoding="utf-8")
