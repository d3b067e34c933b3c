"""Scores of real plates, by hand."""

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.evaluation.real import ReadFolder, score_folders, table_of

EQUAL = {"O": "O", "0": "O"}


def test_rows_by_hand() -> None:
    folders = {
        "eu": ReadFolder(
            ["AO1", "BB22"],
            {"": ["A01", "BB2"], "_with_formats": ["AO1", "BB2"]},  # O read as 0; a character missed
            {"": [0.5, 0.25], "_with_formats": [1.0, 0.25]},
        ),
        "us": ReadFolder(["CCC"], {"": ["CCC"], "_with_formats": ["CDC"]}, {"": [0.75], "_with_formats": [0.75]}),
    }
    rows = score_folders(folders, EQUAL)
    assert rows["eu"] == {
        "images": 2,
        "exact": 0.0,
        "equated": 0.5,
        "character_error_rate": pytest.approx(2 / 7),
        "length_accuracy": 0.5,
        "expected_calibration_error": 0.375,
        "coverage_at_99": 0.0,
        "exact_with_formats": 0.5,
        "equated_with_formats": 0.5,
        "character_error_rate_with_formats": pytest.approx(1 / 7),
        "length_accuracy_with_formats": 0.5,
        "expected_calibration_error_with_formats": 0.125,
        "coverage_at_99_with_formats": 0.5,
    }
    assert rows["us"]["exact"] == rows["us"]["equated"] == 1
    assert rows["us"]["exact_with_formats"] == rows["us"]["equated_with_formats"] == 0
    assert list(rows) == ["eu", "us", "all"]
    assert rows["all"]["images"] == 3
    assert rows["all"]["exact"] == pytest.approx(1 / 3)  # plates count, not folders
    assert rows["all"]["equated"] == pytest.approx(2 / 3)
    assert rows["all"]["character_error_rate_with_formats"] == pytest.approx(2 / 10)
    assert rows["all"]["coverage_at_99"] == rows["all"]["coverage_at_99_with_formats"] == pytest.approx(1 / 3)


def test_the_table_has_a_line_a_row() -> None:
    texts = {"": ["12", "30"], "_with_formats": ["12", "3O"]}
    folder = ReadFolder(["12", "3O"], texts, {"": [0.9, 0.8], "_with_formats": [0.9, 0.8]})
    rows = score_folders({"br": folder}, EQUAL)
    columns = ["exact", "equated", "errors", "length", "at", "99", "%"]
    assert [line.split() for line in table_of(rows).splitlines()] == [
        ["images", *columns, "with", "formats:", *columns],
        ["br", "2", "0.500", "1.000", "0.250", "1.000", "0.500", *["1.000", "1.000", "0.000", "1.000", "1.000"]],
        ["all", "2", "0.500", "1.000", "0.250", "1.000", "0.500", *["1.000", "1.000", "0.000", "1.000", "1.000"]],
    ]


def test_a_folder_without_plates_is_refused() -> None:
    with pytest.raises(PlatefuseError, match="no plates"):
        score_folders({"br": ReadFolder([], {"": []}, {"": []})}, EQUAL)
