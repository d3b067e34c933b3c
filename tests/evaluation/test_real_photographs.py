"""Scores of real photographs by folder, by hand."""

import numpy as np
import pytest

from platefuse.evaluation.real_photographs import photograph_table, score_photograph_folders
from platefuse.metrics.plates import PlateMatches, Plates, match_plates

EQUAL = {"O": "O", "0": "O"}
BOX = np.array([[0, 0, 100, 20]])
NOTHING = Plates((), np.zeros((0, 4)))


def one(true: str, read: str) -> PlateMatches:
    return match_plates(Plates((true,), BOX), Plates((read,), BOX))


def test_rows_by_hand() -> None:
    """Formats read O for 0; the second folder has a photograph without a plate, and an alarm on it without formats."""
    alarm = match_plates(NOTHING, Plates(("X",), BOX))
    folders = {
        "eu": {"": [one("AO1", "A01"), one("B2", "B2")], "_with_formats": [one("AO1", "AO1"), one("B2", "B2")]},
        "us": {"": [alarm], "_with_formats": [match_plates(NOTHING, NOTHING)]},
    }
    rows = score_photograph_folders(folders, EQUAL)
    assert list(rows) == ["eu", "us", "all"]
    without = {"recall_50": 1, "recall_75": 1, "median_iou": 1, "exact": 0.5, "equated": 1, "best_right": 0.5}
    without |= {"character_error_rate": pytest.approx(1 / 5), "false_alarms": 0}
    with_formats = without | {"exact": 1, "best_right": 1, "character_error_rate": 0}
    assert rows["eu"] == {
        "photographs": 2,
        "plates": 2,
        **without,
        **{f"{name}_with_formats": score for name, score in with_formats.items()},
    }
    assert rows["us"] == {
        "photographs": 1,
        "plates": 0,
        "false_alarms": 1,
        "alarmed_without_plate": 1,
        "false_alarms_with_formats": 0,
        "alarmed_without_plate_with_formats": 0,
    }
    assert rows["all"]["false_alarms"] == pytest.approx(1 / 3)  # photographs count, not folders
    lines = [line.split() for line in photograph_table(rows).splitlines()]
    titles = ["photographs", "plates", "found", ".5", ".75", "IoU", "exact", "equated", "errors", "best", "alarms"]
    titles += ["no", "plate"]
    assert lines[0] == titles and lines[4] == ["with", "formats:", *titles]
    assert [line[0] for line in lines[1:4]] == [line[0] for line in lines[5:]] == ["eu", "us", "all"]
    assert lines[1][1:] == ["2", "2", "1.000", "1.000", "1.000", "0.500", "1.000", "0.200", "0.500", "0.000", "-"]
    assert lines[6][1:] == ["1", "0", *["-"] * 7, "0.000", "0.000"]


def test_a_column_without_any_score_is_left_out() -> None:
    """Without boxes nothing is known of IoU; without an empty photograph nothing of alarms there."""
    matches = match_plates(Plates(("A",), None), Plates(("A",), BOX))
    table = photograph_table(score_photograph_folders({"eu": {"": [matches]}}, EQUAL))
    assert table.splitlines()[0].split() == ["photographs", "plates", "exact", "equated", "errors", "best", "alarms"]
