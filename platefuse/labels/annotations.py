"""Annotations of images, in the form that all layouts share."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from platefuse.core.errors import PlatefuseError, shortened
from platefuse.data.characters import SPLITS
from platefuse.data.csv_annotations import Box

ROTATIONS = ("rotation", "angle")
"""What annotation tools call a box's angle."""
SPLIT_OF = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""The split by the name that annotation tools give it."""

_MAX_COORDINATE = 2**31 - 1  # boxes are kept as int32


@dataclass(frozen=True)
class Annotations:
    """The annotations of a folder or of one split.

    Attributes:
        split: `train`, `val` or `test`; "" if the images are not split.
        folder: paths of images are relative to it; truth.csv and sources.csv lie in it.
        where: the file or folder that names the images.
        boxes: the boxes of each image, by its path inside `folder`, in the order of the file; without invalid ones.
        alphabet: every character, in the order of the classes.
        entries: the file and the line or entry that names an image, by its path, where it is another than `where`.
        sizes: where an image's size is given, its width and its height, by its path.
        hint: how paths of images are meant, for a sentence about missing ones.
    """

    split: str
    folder: Path
    where: Path
    boxes: dict[str, list[Box]]
    alphabet: str
    entries: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    hint: str = ""

    def entry(self, name: str) -> str:
        """Return the file and the line or entry that names an image."""
        return self.entries.get(name, str(self.where))


def name_splits(names: Iterable[str], where: Path, issues: list[str]) -> dict[str, str]:
    """Find the names of splits, in the order of SPLITS.

    Args:
        names: of folders, files or keys; `valid` and `validation` are val, in any case of the letters; others are left
            out.
        where: has the names, for issues.
        issues: a sentence is appended if a split has two names, or if there are two splits.

    Returns:
        The name of each split; under "" if there is only one split, whose images are not split.
    """
    found: dict[str, str] = {}
    for name in names:
        split = SPLIT_OF.get(name.lower())
        if split in found:
            issues.append(f"{where} has {found[split]} and {name}: expected one of them.")
        elif split:
            found[split] = name
    if len(found) == 1:
        return {"": next(iter(found.values()))}
    ordered = {split: found[split] for split in SPLITS if split in found}
    if len(found) == 2:
        issues.append(
            f"{where} has only {' and '.join(ordered.values())} of {', '.join(SPLITS)}: expected all three, or one."
        )
    return ordered


def whole_pixels(edges: Iterable[float]) -> tuple[int, int, int, int]:
    """Round x1,y1,x2,y2 to the nearest pixel.

    Halves go up; round() would send them to the even pixel.

    Raises:
        PlatefuseError: unless the edges are finite and the box has a pixel, none of it left of or above the image.
    """
    edges = tuple(edges)
    if all(-0.5 <= edge < _MAX_COORDINATE for edge in edges):  # false for NaN, too
        x1, y1, x2, y2 = (math.floor(edge + 0.5) for edge in edges)
        if x1 < x2 and y1 < y2:
            return x1, y1, x2, y2
    shown = ", ".join(f"{edge:.6g}" for edge in edges)
    raise PlatefuseError(f"expected a box of at least a pixel inside the image, found x1,y1,x2,y2 = {shown} pixels.")


def check_upright(angle: object) -> None:
    """Raise PlatefuseError if a box is annotated as rotated.

    An angle that is no number is an attribute of another kind.
    """
    try:
        degrees = float(str(angle))
    except ValueError:
        return
    if degrees % 360 != 0:  # NaN too
        raise PlatefuseError(f"the box is rotated by {shortened(str(angle), 20)}: expected an upright one, by 0.")


def not_a_character(name: str) -> str:
    """Say that a class with boxes is named otherwise than one character."""
    return f"there are boxes of {shortened(name)!r}: expected one character."
