"""Rows that `platefuse check` prints."""

from collections.abc import Iterable

import numpy as np


def print_row(name: str, cells: Iterable[object]) -> None:
    """Print a name and its cells, a column each."""
    print(f"{name:<20}" + "".join(f"{cell:>8}" for cell in cells))


def print_sizes(name: str, sizes: np.ndarray) -> None:
    """Print the minimum, maximum and median of sizes.

    `sizes` are widths and heights [n,2] in pixels.
    """
    parts = (sizes.min(axis=0), sizes.max(axis=0), np.median(sizes, axis=0))
    smallest, largest, median = (f"{width:.0f} x {height:.0f}" for width, height in parts)
    print(f"{name:<20}{smallest} to {largest} pixels (width x height), median {median}")
