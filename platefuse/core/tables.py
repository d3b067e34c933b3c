"""JSON and CSV text in one format for all metrics and tables."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any


def json_text(content: Any) -> str:
    """Format `content` as indented JSON with a final newline.

    Floats are rounded to six decimals.

    Raises:
        ValueError: if a number is NaN or infinite.
    """
    return json.dumps(_rounded(content), indent=2, allow_nan=False) + "\n"


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return round(content, 6) if isinstance(content, float) else content


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Format rows as comma-separated text with Unix line endings."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        # Without quotes, a carriage return ends a line, and readers drop a byte order mark at the start of a file.
        odd = any(isinstance(field, str) and ("\r" in field or "\ufeff" in field) for field in row)
        (quoting if odd else writer).writerow(row)
    return stream.getvalue()
