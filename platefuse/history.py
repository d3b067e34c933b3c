"""Learning curves as files that DVC can plot."""

from pathlib import Path

from platefuse.files import write_csv


def write_curves(path: Path, history: dict[str, list[float]]) -> None:
    """Write Keras' history as CSV: a row an epoch, from 1, a column a quantity."""
    names = sorted(history)
    rows = zip(*(history[name] for name in names), strict=True)
    write_csv(path, ["epoch", *names], [[i, *(f"{v:.6g}" for v in row)] for i, row in enumerate(rows, 1)])
