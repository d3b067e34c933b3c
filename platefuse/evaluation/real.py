"""Scores of real plates by folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from platefuse.evaluation.confidence_tables import calibration_of
from platefuse.metrics.text import score_texts

ALL = "all"
WITH_FORMATS = "_with_formats"
_COLUMNS = {
    "exact": "exact",
    "equated": "equated",
    "character_error_rate": "errors",
    "length_accuracy": "length",
    "coverage_at_99": "at 99 %",
}

Row = dict[str, float]
"""Scores by name, such as `exact` and `exact_with_formats`; `images` is their number."""


@dataclass(frozen=True)
class ReadFolder:
    """The true texts of one folder's plates, and what each model read.

    Attributes:
        truths: n texts.
        texts: n texts of each model, by the suffix of its scores' names; "" is always there.
        confidences: of these texts, 0 to 1, by the same suffixes.
    """

    truths: Sequence[str]
    texts: Mapping[str, Sequence[str]]
    confidences: Mapping[str, Sequence[float]]


def score_folders(folders: Mapping[str, ReadFolder], look_alikes: Mapping[str, str]) -> dict[str, Row]:
    """Score each folder, and all plates together as the row `all`.

    Args:
        folders: at least one, by name; every one was read by the same models.
        look_alikes: characters to count as equal in `equated`, from `parse_look_alikes`.

    Raises:
        PlatefuseError: for a folder without plates.
    """
    rows = {name: _row(folder, look_alikes) for name, folder in folders.items()}
    return rows | {ALL: _row(_pooled(list(folders.values())), look_alikes)}


def _pooled(folders: Sequence[ReadFolder]) -> ReadFolder:
    return ReadFolder(
        [truth for folder in folders for truth in folder.truths],
        {suffix: [text for folder in folders for text in folder.texts[suffix]] for suffix in folders[0].texts},
        {suffix: [value for folder in folders for value in folder.confidences[suffix]] for suffix in folders[0].texts},
    )


def _row(folder: ReadFolder, look_alikes: Mapping[str, str]) -> Row:
    row: Row = {"images": len(folder.truths)}
    for suffix, texts in folder.texts.items():
        scores = score_texts(folder.truths, texts)
        right = np.array([truth == text for truth, text in zip(folder.truths, texts, strict=True)])
        calibration = calibration_of(np.array(folder.confidences[suffix]), right)
        row |= {
            f"exact{suffix}": scores.exact_match,
            f"equated{suffix}": score_texts(folder.truths, texts, look_alikes).exact_match,
            f"character_error_rate{suffix}": scores.character_error_rate,
            f"length_accuracy{suffix}": scores.length_accuracy,
            **{f"{name}{suffix}": value for name, value in calibration.items()},
        }
    return row


def table_of(rows: Mapping[str, Row]) -> str:
    """Lay out the rows as lines to print.

    Scores with formats are to the right of scores without formats.
    """
    suffixes = ["", WITH_FORMATS] if f"exact{WITH_FORMATS}" in rows[ALL] else [""]
    width = max(map(len, rows))
    titles = "".join(f"{title:>8}" for title in _COLUMNS.values())
    lines = [f"{'':<{width}}  images{titles}" + "".join(f"   with formats:{titles}" for _ in suffixes[1:])]
    for name, row in rows.items():
        groups = ["".join(f"{row[column + suffix]:8.3f}" for column in _COLUMNS) for suffix in suffixes]
        lines.append(f"{name:<{width}}{row['images']:>8}" + f"{'':<16}".join(groups))
    return "\n".join(lines)
