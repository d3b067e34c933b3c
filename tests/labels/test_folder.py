"""Folders of annotated images: both formats are read, and every issue gets a sentence."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from platefuse.data.plate_set import AnnotatedPlate, write_plate_set
from platefuse.labels.folder import read_annotated
from tests.helpers.annotated import HEIGHT, WIDTH, write_annotated, write_image


def issues_of(folder: Path) -> list[str]:
    """The issues of a folder, without its path."""
    return [issue.replace(f"{folder}/", "").replace(str(folder), "it") for issue in read_annotated(folder).issues]


def test_annotations_and_images_are_enough(tmp_path):
    annotated = read_annotated(write_annotated(tmp_path, ["BA", "", "A"]))
    assert (annotated.issues, annotated.alphabet) == ([], "AB")
    first, second, third = annotated.splits[""]
    assert (first.path, first.size, first.characters) == (tmp_path / "0.png", (WIDTH, HEIGHT), "BA")
    assert first.boxes.tolist() == [[0, 2, 10, 22], [12, 2, 22, 22]]
    assert (second.boxes.shape, second.characters, third.text, third.source) == ((0, 4), "", None, None)
    assert len({image.content for image in (first, second, third)}) == 3


def test_classes_texts_and_sources_are_read_where_they_are(tmp_path):
    write_annotated(tmp_path, ["BA", "A"])
    (tmp_path / "classes.csv").write_text("B,0\nC,1\nA,2\n")
    (tmp_path / "truth.csv").write_text("image,text\n1.png,A\n0.png,AB\n")
    (tmp_path / "sources.csv").write_text("image,source\n0.png,a walk\n1.png,\n")
    annotated = read_annotated(tmp_path)
    assert (annotated.issues, annotated.alphabet) == ([], "BCA")
    assert [(image.path.name, image.text, image.source) for image in annotated.splits[""]] == [
        ("1.png", "A", None),
        ("0.png", "AB", "a walk"),
    ]


def test_a_plate_set_is_an_annotated_folder_packed_or_not(tmp_path):
    plate = AnnotatedPlate(Path("0.png"), np.array([[1, 2, 8, 9]], np.int32), "7", "7")
    read = []
    for packed in (False, True):
        folder = tmp_path / str(packed)
        write_plate_set(folder, "67", [(np.full((20, 30, 3), 9, np.uint8), plate)], packed)
        annotated = read_annotated(folder)
        assert (annotated.issues, annotated.alphabet) == ([], "67")
        read += annotated.splits[""]
    assert read[0].content == read[1].content and read[0].size == read[1].size == (30, 20)


def test_annotations_without_images_are_an_issue(tmp_path):
    (tmp_path / "annotations.csv").write_text("")
    assert issues_of(tmp_path) == ["annotations.csv names no image."]


def test_annotations_beside_the_splits_are_an_issue(tmp_path):
    for number, split in enumerate(("train", "val", "test")):
        write_annotated(tmp_path / split, ["1"], number)
    (tmp_path / "annotations.csv").write_text("0.png,0,0,1,1,1\n")
    assert issues_of(tmp_path) == [
        "it has CSV (annotations.csv) beside train, val and test, which have some too: keep one."
    ]


def test_coco_counts_images_without_boxes(tmp_path):
    write_image(tmp_path / "a b é.png", 0)
    content = {"images": [{"id": 1, "file_name": "a b é.png"}], "categories": [], "annotations": []}
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    annotated = read_annotated(tmp_path)
    assert annotated.issues == []
    assert [image.characters for image in annotated.splits[""]] == [""]


def test_annotated_sizes_must_be_those_after_rotation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    image = {"id": 1, "file_name": "a.jpg", "width": 40, "height": 20}
    (tmp_path / "annotations.json").write_text(json.dumps({"images": [image], "categories": [], "annotations": []}))
    assert issues_of(tmp_path) == [
        "annotations.json, images[0] (id 1): width and height are 40 x 20, but a.jpg, rotated as its EXIF "
        "orientation says, has 20 x 40 pixels."
    ]


def test_every_issue_is_listed(tmp_path):
    write_annotated(tmp_path, ["12", "34", "1", "2"])
    rows = (tmp_path / "annotations.csv").read_text().splitlines()
    rows += [
        "0.png,1,1,5",
        "0.png,0,2,10,22,7",
        "1.png,55,0,61,9,1",
        "../4.png,0,0,5,5,1",
        "missing.png,0,0,5,5,1",
        "2.png,9,9,5,5,1",
        "3.png,0,0,5,5,12",
    ]
    (tmp_path / "annotations.csv").write_text("\n".join(rows))
    (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes()[:99])
    (tmp_path / "truth.csv").write_text("image,text\n0.png,712\n1.png,34\n2.png,1\n5.png,\n2.png,1\n")
    (tmp_path / "sources.csv").write_text("image,source\n6.png,a\n")
    found = issues_of(tmp_path)
    expected = [
        "annotations.csv, line 7: expected 'path,x1,y1,x2,y2,class'",
        "annotations.csv, line 10: '../4.png' is not the path of an image inside the folder.",
        "annotations.csv, line 12: a box needs 0 <= x1 < x2",
        "annotations.csv, line 13: the class '12' is not a single character.",
        "truth.csv, line 6: 2.png is listed twice.",
        "annotations.csv names 3.png, which truth.csv does not.",
        "annotations.csv names missing.png, which truth.csv does not.",
        "truth.csv names 5.png, which annotations.csv does not.",
        "sources.csv names 6.png, which annotations.csv does not.",
        "annotations.csv, line 8: the box '0,2,10,22' is listed twice.",
        "annotations.csv, line 9: the box '55,0,61,9' reaches beyond its image of 60 x 24 pixels.",
        "truth.csv: 1.png has the text '34', but boxes of '341'.",
        "3.png cannot be read as an image: ",
        "annotations.csv, line 11: missing.png is missing.",
    ]
    for issue, beginning in zip(found, expected, strict=True):
        assert issue.startswith(beginning)


NONE = (
    "it: expected annotations as CSV (annotations.csv), COCO (annotations.json), COCO (_annotations.coco.json), "
    "COCO (annotations/instances_*.json), YOLO (data.yaml), Pascal VOC (Annotations/*.xml), Pascal VOC (*.xml); found"
)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, f"{NONE} none."),
        (
            {"annotations.csv": "", "annotations.json": "{}"},
            f"{NONE} CSV (annotations.csv) and COCO (annotations.json): keep one.",
        ),
        (
            {"data.yaml": "", "a.xml": "", "annotations/instances_default.json": "{}"},
            f"{NONE} COCO (annotations/instances_*.json), YOLO (data.yaml) and Pascal VOC (*.xml): keep one.",
        ),
        ({"train/x": "", "test/x": ""}, "it has only train and test of train, val, test: expected all three, or one."),
        ({"train/x": "", "val/x": "", "valid/x": ""}, "it has val and valid: expected one of them."),
    ],
)
def test_a_folder_of_another_structure_is_an_issue(tmp_path, files, said):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert issues_of(tmp_path)[0] == said


def test_a_missing_folder_is_an_issue(tmp_path):
    assert issues_of(tmp_path / "nowhere") == ["it is not a folder: expected one with images and their annotations."]


_FIELDS = st.sampled_from(["0.png", "../0.png", "1", "7", "40", "-3", "2.5", "", "image", "text", "é", '"', "x" * 300])
_CSV = st.lists(st.lists(_FIELDS, max_size=7).map(",".join), max_size=6).map("\n".join).map(str.encode) | st.binary()


@given(st.dictionaries(st.sampled_from(["annotations.csv", "classes.csv", "truth.csv", "sources.csv"]), _CSV))
def test_no_files_make_the_reader_fail(files):
    with tempfile.TemporaryDirectory() as folder:
        write_image(Path(folder) / "0.png", 0)
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        annotated = read_annotated(Path(folder))
    assert annotated.issues or len(annotated.splits[""]) <= 1


def test_no_image_and_no_source_may_be_in_two_splits(tmp_path):
    for number, split in enumerate(("train", "val", "test")):
        write_annotated(tmp_path / split, ["1", "2"], 10 * number)
    assert issues_of(tmp_path) == []
    with Image.open(tmp_path / "train" / "0.png") as image:
        image.save(tmp_path / "test" / "1.png", compress_level=0)  # the same pixels in other bytes
    (tmp_path / "train" / "sources.csv").write_text("image,source\n0.png,a\n1.png,b\n")
    (tmp_path / "val" / "sources.csv").write_text("image,source\n0.png,b\n1.png,b\n")
    assert issues_of(tmp_path) == [
        "val/0.png has the source 'b', as train/1.png has: no source may be in two splits.",
        "val/1.png has the source 'b', as train/1.png has: no source may be in two splits.",
        "test/1.png is the same image as train/0.png: no image may be in two splits.",
    ]


def test_the_same_image_twice_in_one_split_is_no_issue(tmp_path):
    write_annotated(tmp_path, ["1", "1"])
    shutil.copy(tmp_path / "0.png", tmp_path / "1.png")
    annotated = read_annotated(tmp_path)
    assert annotated.issues == []
    assert len({image.content for image in annotated.splits[""]}) == 1


def test_a_file_with_very_many_issues_is_not_read_to_its_end(tmp_path):
    write_annotated(tmp_path, ["A"])
    (tmp_path / "annotations.csv").write_text("x\n" * 5000)
    issues = issues_of(tmp_path)
    assert len(issues) == 1001
    assert issues[-1] == "annotations.csv is not read any further: there are 1000 issues already."


@pytest.mark.parametrize("name", ["annotations.csv", "annotations.json"])
def test_a_pipe_and_a_file_of_gigabytes_are_rejected_unread(tmp_path, name):
    for place in ("pipe", "large"):
        (tmp_path / place).mkdir()
    os.mkfifo(tmp_path / "pipe" / name)
    with (tmp_path / "large" / name).open("wb") as large:
        large.truncate(2**32)
    assert issues_of(tmp_path / "pipe") == [f"{name} cannot be read: it is not a file."]
    assert issues_of(tmp_path / "large") == [f"{name} is larger than 32 MiB: split the images into several folders."]
