"""Writing files so that a half-written one never carries the final name."""

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it to `path` if the block succeeds.

    The block may make a file or a folder of the temporary path; a folder replaces the old one whole.
    If the block fails, what it wrote is removed and `path` is as it was.

    Args:
        path: the final name; its parent folders are made if they are missing.

    Yields:
        A path in the same folder, with the same suffix, that does not exist yet.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    draft = workplace / path.name
    try:
        yield draft
        _flush(draft)
        draft.lstat()  # a block that wrote nothing must not cost the old folder
        if path.is_dir() and not path.is_symlink():
            path.rename(workplace / f"{path.name}.replaced")
        draft.replace(path)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _flush(draft: Path) -> None:
    """Have the bytes on the disk before the name is: a rename may survive a crash that its data does not."""
    for file in [draft] if draft.is_file() else (f for f in draft.rglob("*") if f.is_file()):
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON with a newline at the end, floats rounded to six decimals."""
    with replacing(path) as draft:
        draft.write_text(json.dumps(_rounded(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return round(content, 6) if isinstance(content, float) else content


def write_csv(path: Path, header: list[str] | None, rows: list[list[Any]]) -> None:
    """Write rows as comma-separated UTF-8 with Unix line ends; `header` may be None for a file without one."""
    with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in rows if header is None else [header, *rows]:
            # A carriage return without quotes is a line's end, and a byte order mark that begins a file is no text.
            odd = any(isinstance(field, str) and ("\r" in field or "\ufeff" in field) for field in row)
            (quoting if odd else writer).writerow(row)
