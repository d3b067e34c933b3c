"""The lines of misread plates."""

from pathlib import Path

import numpy as np

from platefuse.evaluation.misread import lines_of
from platefuse.inference.reading import Reading
from platefuse.labels.text_only import TextOnlyPlate


def test_a_name_with_a_line_break_stays_in_its_row() -> None:
    plate = TextOnlyPlate(Path("plates/a\nb.png"), np.zeros((0, 4), np.int32), "", "AB1", "plates/truth.csv: line 2")
    heading, row = lines_of([(plate, Reading(plate.path, (), ""))], Path("plates"))
    assert heading.split() == ["read", "true", "edits", "confidence", "image"]
    assert row.split() == ["AB1", "3", "0.0000", r"'a\nb.png'"]
