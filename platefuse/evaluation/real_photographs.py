"""Scores of real photographs by folder."""

from collections.abc import Mapping, Sequence

from platefuse.evaluation.real import ALL, WITH_FORMATS
from platefuse.metrics.plates import PlateMatches, match_plates, score_plates

Row = dict[str, float]
"""Scores by name; without those for which there is nothing to measure."""


_COLUMNS = {
    "recall_50": "found .5",
    "recall_75": ".75",
    "median_iou": "IoU",
    "exact": "exact",
    "equated": "equated",
    "character_error_rate": "errors",
    "best_right": "best",
    "false_alarms": "alarms",
    "alarmed_without_plate": "no plate",
}


def score_photograph_folders(
    folders: Mapping[str, Mapping[str, Sequence[PlateMatches]]], look_alikes: Mapping[str, str]
) -> dict[str, Row]:
    """Score each folder, and all photographs together as the row `all`.

    Args:
        folders: the photographs by folder name, then by the suffix of the scores' names; "" is always there.
        look_alikes: characters to count as equal in `equated`, from `parse_look_alikes`.
    """
    rows = {name: _row(folder, look_alikes) for name, folder in folders.items()}
    suffixes = next(iter(folders.values()))
    pooled = {suffix: [of for folder in folders.values() for of in folder[suffix]] for suffix in suffixes}
    return rows | {ALL: _row(pooled, look_alikes)}


def _row(folder: Mapping[str, Sequence[PlateMatches]], look_alikes: Mapping[str, str]) -> Row:
    row: dict[str, float | None] = {}
    for suffix, matches in folder.items():
        scores = score_plates(matches)
        equated = score_plates(
            [match_plates(m.true.equated(look_alikes), m.read.equated(look_alikes)) for m in matches]
        )
        row |= {"photographs": scores.photographs, "plates": scores.plates}
        row |= {
            f"recall_50{suffix}": scores.recall_50,
            f"recall_75{suffix}": scores.recall_75,
            f"median_iou{suffix}": scores.median_iou,
            f"exact{suffix}": scores.exact_match,
            f"equated{suffix}": equated.exact_match,
            f"character_error_rate{suffix}": scores.character_error_rate,
            f"best_right{suffix}": scores.best_right,
            f"false_alarms{suffix}": scores.false_alarms,
            f"alarmed_without_plate{suffix}": scores.alarmed_without_plate,
        }
    return {name: score for name, score in row.items() if score is not None}


def photograph_table(rows: Mapping[str, Row], names: Sequence[str] | None = None) -> str:
    """Lay out the rows as lines to print.

    Scores with formats are below those without. A column without any score is left out.

    Args:
        rows: from `score_photograph_folders`.
        names: of the rows, to print; those of `rows` by default.
    """
    names = list(rows) if names is None else names
    suffixes = [suffix for suffix in ("", WITH_FORMATS) if any(f"false_alarms{suffix}" in row for row in rows.values())]
    width = max(map(len, [*names, "with formats:" if suffixes[1:] else ""]))
    lines: list[str] = []
    for suffix in suffixes:
        columns = [name for name in _COLUMNS if any(f"{name}{suffix}" in row for row in rows.values())]
        titles = "".join(f"{_COLUMNS[name]:>9}" for name in columns)
        lines += [f"{'with formats:' if suffix else '':<{width}}  photographs  plates{titles}"]
        for name, row in zip(names, rows.values(), strict=True):
            cells = "".join(f"{row[c + suffix]:9.3f}" if c + suffix in row else f"{'-':>9}" for c in columns)
            lines.append(f"{name:<{width}}{row['photographs']:>13}{row['plates']:>8}{cells}")
    return "\n".join(lines)
