"""Truths of photographs: with boxes, with texts only, several plates an image, and none."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.labels.photographs import files_with_boxes, read_photographs

BOXES = "image,x1,y1,x2,y2,text\n"


def write(folder: Path, truth: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((20, 40, 3), np.uint8)).save(folder / name)
    (folder / "truth.csv").write_text(truth)
    return folder


def test_boxes_and_texts_of_several_plates(tmp_path: Path) -> None:
    write(tmp_path / "eu", BOXES + "a.png,1,2,11,8,AB1\na.png,20,2,40,20,CD2\nb.png,,,,,\n")
    write(tmp_path / "br", "image,text\na.png,EF3\na.png,GH4\nb.png,\n")
    folders = read_photographs(tmp_path)
    assert list(folders) == ["br", "eu"]
    assert files_with_boxes(tmp_path) == [tmp_path / "eu" / "truth.csv"]
    first, second = folders["eu"]
    assert first.path == tmp_path / "eu" / "a.png" and first.texts == ("AB1", "CD2")
    assert first.boxes is not None and second.boxes is not None
    assert_array_equal(first.boxes, [[1, 2, 11, 8], [20, 2, 40, 20]])
    assert first.wheres == tuple(f"{tmp_path}/eu/truth.csv, line {line}" for line in (2, 3))
    assert second.texts == () and second.boxes.shape == (0, 4)
    first, second = folders["br"]
    assert (first.boxes, first.texts, second.boxes, second.texts) == (None, ("EF3", "GH4"), None, ())
    assert first.wheres == tuple(f"{tmp_path}/br/truth.csv, line {line}" for line in (2, 3))


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        (BOXES, "has no rows"),
        (BOXES + "a.png,1,2,11,8\n", "line 2: expected 'image,x1,y1,x2,y2,text'"),
        (BOXES + "a.png,1,2,41,8,AB\n", "line 2: the box '1,2,41,8' reaches beyond its image of 40 x 20 pixels"),
        (BOXES + "a.png,9,2,1,8,A\nb.png,1,1,1,1,B\n", "line 2: a box needs .* Issues in all: 2."),
        (BOXES + "../a.png,1,2,11,8,AB\n", "is not the path of an image inside the folder"),
        ("image,text\na.png,1,2\n", "line 2: expected 'image,text'"),
        ("image,text\n../a.png,1\n", "is not the path of an image inside the folder"),
        ("a.png,AB\n", "expected the header 'image,text'"),
    ],
)
def test_a_truth_of_another_form_is_refused(tmp_path: Path, truth: str, expected: str) -> None:
    with pytest.raises(PlatefuseError, match=expected):
        read_photographs(write(tmp_path, truth))


def test_a_folder_without_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r"truth\.csv is missing"):
        read_photographs(tmp_path)
