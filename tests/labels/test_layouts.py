"""Folders as annotation tools export them: the layout is found and named, and two layouts at once are an issue."""

import json
from pathlib import Path
from typing import Any

import pytest

from platefuse.labels.folder import read_annotated
from tests.helpers.annotated import write_annotated, write_image

SPLITS = ("train", "val", "test")
BOX = [1, 2, 8, 7]


def write_coco_file(path: Path, *names: str, **changes: Any) -> None:
    """Write a file of one box in each image, with the category that Roboflow puts above the others."""
    content = {
        "images": [{"id": index, "file_name": name} for index, name in enumerate(names)],
        "categories": [{"id": 0, "name": "characters", "supercategory": "none"}, {"id": 1, "name": "A"}],
        "annotations": [
            {"id": index, "image_id": index, "category_id": 1, "bbox": BOX, "attributes": {"rotation": 0.0}}
            for index in range(len(names))
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content | changes))


def write_images(folder: Path, *names: str) -> None:
    for name in names:
        write_image(folder / name, sum(map(ord, name)))


def found_in(folder: Path) -> dict[str, list[str]]:
    """The images of each split, whose boxes must be right."""
    annotated = read_annotated(folder)
    assert annotated.issues == []
    assert annotated.alphabet == "A"
    images = [image for of_split in annotated.splits.values() for image in of_split]
    assert all((image.characters, image.boxes.tolist()) == ("A", [[1, 2, 9, 9]]) for image in images)
    return {
        split: [image.path.relative_to(folder).as_posix() for image in of_split]
        for split, of_split in annotated.splits.items()
    }


def issues_of(folder: Path) -> list[str]:
    return [issue.replace(f"{folder}/", "").replace(str(folder), "it") for issue in read_annotated(folder).issues]


@pytest.mark.parametrize("place", ["", "images/"])
def test_coco_has_its_images_beside_it_or_in_images(tmp_path, place):
    write_coco_file(tmp_path / "annotations.json", "p00.png", "sub/p01.png")
    write_images(tmp_path, f"{place}p00.png", f"{place}sub/p01.png")
    assert found_in(tmp_path) == {"": [f"{place}p00.png", f"{place}sub/p01.png"]}
    assert read_annotated(tmp_path).layout == "COCO (annotations.json)"


def test_a_missing_image_is_named_with_the_entry_that_names_it(tmp_path):
    write_coco_file(tmp_path / "annotations.json", "a.png", "b.png", "c.png")
    write_images(tmp_path, "images/b.png")
    assert issues_of(tmp_path) == [
        "annotations.json, images[0] (id 0): a.png is missing.",
        "annotations.json, images[2] (id 2): c.png is missing.",
    ]


def test_many_missing_images_are_one_issue(tmp_path):
    write_coco_file(tmp_path / "annotations.json", *(f"p{index:02d}.png" for index in range(20)))
    write_images(tmp_path, "other/p00.png")
    assert issues_of(tmp_path) == [
        "annotations.json, images[0] (id 0): p00.png is missing. 20 of the 20 images are missing. file_name is "
        "relative to it or images."
    ]


def test_many_missing_images_of_a_table_are_one_issue(tmp_path):
    write_annotated(tmp_path, ["1", "2", "3", "", "4"])
    for index in range(1, 5):
        (tmp_path / f"{index}.png").unlink()
    assert issues_of(tmp_path) == [
        "annotations.csv, line 2: 1.png is missing. 4 of the 5 images are missing. Paths are relative to it."
    ]


@pytest.mark.parametrize("place", ["images/", "images/default/", ""])
def test_cvat_has_one_file_of_coco(tmp_path, place):
    write_coco_file(tmp_path / "annotations" / "instances_default.json", "p00.png")
    write_images(tmp_path, f"{place}p00.png")
    assert found_in(tmp_path) == {"": [f"{place}p00.png"]}
    assert read_annotated(tmp_path).layout == "COCO (annotations/instances_*.json)"


def test_cvat_has_a_file_of_coco_a_split(tmp_path):
    for name in ("Train", "Validation", "Test"):
        write_coco_file(tmp_path / "annotations" / f"instances_{name}.json", "p00.png")
        write_images(tmp_path, f"images/{name}/p00.png")
    assert found_in(tmp_path) == {
        "train": ["images/Train/p00.png"],
        "val": ["images/Validation/p00.png"],
        "test": ["images/Test/p00.png"],
    }
    write_coco_file(tmp_path / "annotations" / "instances_more.json", "p00.png")
    assert issues_of(tmp_path) == [
        "annotations/instances_more.json is beside other files: expected train, val or test behind instances_."
    ]


def test_texts_and_sources_of_several_splits_may_lie_in_one_folder(tmp_path):
    for name in SPLITS:
        write_coco_file(tmp_path / "annotations" / f"instances_{name}.json", f"{name}.png")
        write_images(tmp_path, f"images/{name}.png")
    rows = [f"images/{name}.png" for name in SPLITS]
    (tmp_path / "truth.csv").write_text("image,text\n" + "".join(f"{name},A\n" for name in rows))
    (tmp_path / "sources.csv").write_text(f"image,source\n{rows[0]},a\n{rows[1]},a\n")
    assert issues_of(tmp_path) == [
        "images/val.png has the source 'a', as images/train.png has: no source may be in two splits."
    ]
    (tmp_path / "sources.csv").unlink()
    (tmp_path / "truth.csv").write_text(f"image,text\n{rows[0]},A\n{rows[2]},A\nx.png,A\n")
    assert issues_of(tmp_path) == [
        "annotations names images/val.png, which truth.csv does not.",
        "truth.csv names x.png, which annotations does not.",
    ]


def test_roboflow_has_coco_in_train_valid_and_test(tmp_path):
    for name in ("train", "valid", "test"):
        write_coco_file(tmp_path / name / "_annotations.coco.json", f"{name}_png.rf.1f2e.jpg")
        write_images(tmp_path, f"{name}/{name}_png.rf.1f2e.jpg")
    (tmp_path / "README.roboflow.txt").write_text("")
    assert found_in(tmp_path) == {
        "train": ["train/train_png.rf.1f2e.jpg"],
        "val": ["valid/valid_png.rf.1f2e.jpg"],
        "test": ["test/test_png.rf.1f2e.jpg"],
    }
    assert read_annotated(tmp_path).layout == "COCO (_annotations.coco.json) in train, valid and test"


def test_a_single_split_is_split_like_any_folder(tmp_path):
    write_coco_file(tmp_path / "train" / "_annotations.coco.json", "a.jpg")
    write_images(tmp_path, "train/a.jpg")
    assert found_in(tmp_path) == {"": ["train/a.jpg"]}


def test_each_split_may_have_another_layout(tmp_path):
    write_coco_file(tmp_path / "train" / "annotations.json", "a.png")
    write_images(tmp_path, "train/a.png", "val/b.png", "test/c.png")
    (tmp_path / "val" / "annotations.csv").write_text("b.png,1,2,9,9,A\n")
    edges = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    (tmp_path / "test" / "c.xml").write_text(f"<annotation><object><name>A</name>{edges}</object></annotation>")
    assert found_in(tmp_path) == {"train": ["train/a.png"], "val": ["val/b.png"], "test": ["test/c.png"]}
    layouts = "COCO (annotations.json), CSV (annotations.csv) and Pascal VOC (*.xml)"
    assert read_annotated(tmp_path).layout == f"{layouts} in train, val and test"


def test_a_split_of_splits_is_an_issue(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
    (tmp_path / "val" / "data.yaml").write_text("train: a\nval: b\ntest: c\nnames: [A]\n")
    assert "val is split into train, val and test: expected the images of one split." in issues_of(tmp_path)


def test_a_split_that_cannot_be_read_is_a_split(tmp_path):
    for split in SPLITS:
        write_coco_file(tmp_path / split / "annotations.json", f"{split}.png")
        write_images(tmp_path, f"{split}/{split}.png")
    (tmp_path / "val" / "annotations.json").write_text("{")
    annotated = read_annotated(tmp_path)
    assert len(annotated.issues) == 1
    assert {split: len(images) for split, images in annotated.splits.items()} == {"train": 1, "val": 0, "test": 1}


@pytest.mark.parametrize("name", ["a.png", "/etc/a.png", "../a.png", "x/../../a.png"])
@pytest.mark.parametrize("file", ["annotations.json", "annotations/instances_default.json", "_annotations.coco.json"])
def test_no_path_leads_out_of_the_folder(tmp_path, file, name):
    write_images(tmp_path, "a.png")
    write_coco_file(tmp_path / "it" / file, name)
    assert read_annotated(tmp_path / "it").splits[""] == []
    assert len(issues_of(tmp_path / "it")) == 1
