"""COCO JSON: what is written is read back, and each issue gets a sentence that names the entry."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from platefuse.labels.coco import read_coco, write_coco

GOOD: dict[str, Any] = {
    "info": {"description": "ignored"},
    "licenses": [],
    "images": [
        {"id": 7, "file_name": "a.png", "width": 40, "height": 20, "date_captured": ""},
        {"id": 3, "file_name": "sub/b.png"},
    ],
    "categories": [
        {"id": 0, "name": "characters", "supercategory": "none"},  # as some tools add
        {"id": 1, "name": "1", "supercategory": "characters"},
        {"id": 5, "name": "A"},
    ],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 5, "bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 4, 6]], "iscrowd": 1},
        {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0.5, 0.49, 2.0, 3.02]},
    ],
}


def read(folder: Path, content: Any) -> tuple[Any, list[str]]:
    issues: list[str] = []
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "annotations.json").write_bytes(text)
    return read_coco(folder / "annotations.json", issues), issues


def test_boxes_are_read_and_rounded_to_the_nearest_pixel(tmp_path):
    annotations, issues = read(tmp_path, GOOD)
    assert issues == []
    assert list(annotations.boxes) == ["a.png", "sub/b.png"]
    assert [(box.corners, box.label) for box in annotations.boxes["a.png"]] == [
        ((1, 2, 4, 6), "A"),
        ((1, 0, 3, 4), "1"),
    ]
    assert annotations.boxes["sub/b.png"] == []
    assert annotations.alphabet == "1A"
    assert list(annotations.sizes) == ["a.png"]
    assert annotations.sizes["a.png"] == (40, 20)


def _changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """GOOD with values changed by names such as `images.0.id`; None removes one."""
    content = copy.deepcopy(GOOD)
    for name, value in changes:
        *parents, last = (int(part) if part.isdecimal() else part for part in name.split("."))
        place: Any = content
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return content


NOT_COCO = {
    "empty": (b"", "cannot be read as JSON: Expecting value"),
    "cut": (json.dumps(GOOD).encode()[:100], "cannot be read as JSON"),
    "text": (b"path,x1,y1,x2,y2,class\n", "cannot be read as JSON"),
    "not UTF-8": (b'{"images": "\xff"}', "line 1: not UTF-8"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "thousands of digits": (b'{"images": [' + b"9" * 5000 + b"]}", "cannot be read as JSON"),
    "a list": ([GOOD], "expected an object with images, categories and annotations, found a list"),
    "null": (b"null", "expected an object with images, categories and annotations, found None"),
    "no images": (_changed(("images", None)), "expected a list of images as 'images', found nothing"),
    "no categories": (
        _changed(("categories", None)),
        "expected a list of categories as 'categories', found nothing",
    ),
    "annotations by id": (_changed(("annotations", {"1": {}})), "as 'annotations', found an object"),
    "images as text": (_changed(("images", "a.png")), "as 'images', found 'a.png'"),
}


@pytest.mark.parametrize("case", NOT_COCO)
def test_a_file_that_is_not_coco_is_an_issue(tmp_path, case):
    content, said = NOT_COCO[case]
    annotations, issues = read(tmp_path, content)
    assert annotations is None
    assert [issue.startswith(str(tmp_path / "annotations.json")) and said in issue for issue in issues] == [True]


NAN, INFINITY = float("nan"), float("inf")
NO_NUMBERS = (
    "expected four numbers x,y,width,height, the first two at least 0 and the others at least 1, as 'bbox', found"
)
INVALID: dict[str, tuple[list[tuple[str, Any]], str, str]] = {
    "an image is text": ([("images.1", "b.png")], "images[1]", "expected an object, found 'b.png'"),
    "an image without id": ([("images.1.id", None)], "images[1]", "expected a whole number as 'id', found nothing"),
    "an id in quotes": ([("images.1.id", "3")], "images[1]", "expected a whole number as 'id', found '3'"),
    "true for an id": ([("categories.0.id", True)], "categories[0]", "expected a whole number as 'id', found True"),
    "an id with a fraction": ([("annotations.1.id", 2.5)], "annotations[1]", "expected a whole number as 'id'"),
    "an image's id twice": ([("images.1.id", 7)], "images[1]", "the id 7 is listed twice"),
    "a category's id twice": ([("categories.0.id", 5)], "categories[2]", "the id 5 is listed twice"),
    "a box's id twice": ([("annotations.1.id", 1)], "annotations[1]", "the id 1 is listed twice"),
    "no file name": ([("images.1.file_name", None)], "images[1]", "expected text as 'file_name', found nothing"),
    "a number for a file name": ([("images.1.file_name", 3)], "images[1]", "expected text as 'file_name', found 3"),
    "an empty file name": ([("images.1.file_name", "")], "images[1]", "expected text as 'file_name', found ''"),
    "a way out": ([("images.1.file_name", "x/../../b.png")], "images[1]", "is not the path of an image inside"),
    "an absolute path": ([("images.1.file_name", "/etc/b.png")], "images[1]", "is not the path of an image inside"),
    "a NUL": ([("images.1.file_name", "b\0.png")], "images[1]", "expected text as 'file_name', found"),
    "half a character": ([("images.1.file_name", "b\ud800.png")], "images[1]", "expected text as 'file_name', found"),
    "an image twice": ([("images.1.file_name", "./a.png")], "images[1]", "the file_name 'a.png' is listed twice"),
    "no name": ([("categories.2.name", None)], "categories[2]", "expected text as 'name', found nothing"),
    "a name of two letters": ([("categories.2.name", "AB")], "categories[2]", "there are boxes of 'AB': expected one"),
    "a name twice": ([("categories.2.name", "1")], "categories[2]", "the name '1' is listed twice"),
    "a box of no image": (
        [("annotations.1.image_id", 8)],
        "annotations[1]",
        "the id of an image as 'image_id', found 8",
    ),
    "no image's id": (
        [("annotations.1.image_id", None)],
        "annotations[1]",
        "the id of an image as 'image_id', found nothing",
    ),
    "a list of images": (
        [("annotations.1.image_id", [7])],
        "annotations[1]",
        "the id of an image as 'image_id', found [7]",
    ),
    "a box of no class": ([("annotations.1.category_id", 9)], "annotations[1]", "as 'category_id', found 9"),
    "no box": ([("annotations.1.bbox", None)], "annotations[1]", f"{NO_NUMBERS} nothing"),
    "three numbers": ([("annotations.1.bbox", [1, 2, 3])], "annotations[1]", f"{NO_NUMBERS} [1, 2, 3]"),
    "numbers in quotes": ([("annotations.1.bbox", ["1", 2, 3, 4])], "annotations[1]", f"{NO_NUMBERS} ['1', 2, 3, 4]"),
    "not a number": ([("annotations.1.bbox", [NAN, 2, 3, 4])], "annotations[1]", f"{NO_NUMBERS} [nan, 2, 3, 4]"),
    "infinity": ([("annotations.1.bbox", [1, 2, INFINITY, 4])], "annotations[1]", f"{NO_NUMBERS} [1, 2, inf, 4]"),
    "huge": ([("annotations.1.bbox", [1, 2, 10**400, 4])], "annotations[1]", f"{NO_NUMBERS} [1, 2, 1000"),
    "a width below 0": ([("annotations.1.bbox", [9, 2, -3, 4])], "annotations[1]", f"{NO_NUMBERS} [9, 2, "),
    "no height": ([("annotations.1.bbox", [9, 2, 3, 0])], "annotations[1]", f"{NO_NUMBERS} [9, 2, "),
    "less than a pixel": ([("annotations.1.bbox", [9, 2, 0.1, 4])], "annotations[1]", f"{NO_NUMBERS} [9, 2, 0.1, 4]"),
    "rotated in CVAT": (
        [("annotations.1.attributes", {"occluded": False, "rotation": 330.5})],
        "annotations[1]",
        "the box is rotated by 330.5: expected an upright one, by 0",
    ),
    "rotated": (
        [("annotations.1.rotation", -4)],
        "annotations[1]",
        "the box is rotated by -4: expected an upright one",
    ),
    "rotated by five numbers": ([("annotations.1.bbox", [9, 9, 5, 5, 0.5])], "annotations[1]", f"{NO_NUMBERS} [9, 9, "),
    "beyond the left": ([("annotations.1.bbox", [-1, 2, 3, 4])], "annotations[1]", f"{NO_NUMBERS} [-1, 2, 3, 4]"),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_entry_is_named_and_left_out(tmp_path, case):
    changes, where, said = INVALID[case]
    annotations, issues = read(tmp_path, _changed(*changes))
    assert annotations is not None
    assert len(issues) <= 2  # the second for a box of an entry that is left out
    assert issues[0].startswith(f"{tmp_path / 'annotations.json'}, {where}: "), issues
    assert said in issues[0]
    assert all(len(issue.removeprefix(str(tmp_path))) < 250 for issue in issues)


@pytest.mark.parametrize(
    "attributes", [{"rotation": 0.0}, {"occluded": True, "rotation": "left"}, {"rotation": None}, [], "rotation"]
)
def test_upright_boxes_and_other_attributes_are_taken(tmp_path, attributes):
    annotations, issues = read(tmp_path, _changed(("annotations.1.attributes", attributes), ("annotations.1.angle", 0)))
    assert issues == []
    assert [len(boxes) for boxes in annotations.boxes.values()] == [2, 0]


@pytest.mark.parametrize("place", ["", "images"])
def test_file_name_is_relative_to_the_file_or_to_images_beside_it(tmp_path, place):
    for name in ("a.png", "sub/b.png"):
        (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place / name).touch()
    annotations, issues = read(tmp_path, GOOD)
    assert issues == []
    assert [(tmp_path / name).relative_to(tmp_path / place).as_posix() for name in annotations.boxes] == [
        "a.png",
        "sub/b.png",
    ]
    assert annotations.entry(next(iter(annotations.boxes))) == f"{tmp_path / 'annotations.json'}, images[0] (id 7)"


def test_one_image_by_two_names_is_named(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").touch()
    _, issues = read(tmp_path, _changed(("images.1.file_name", "images/a.png")))
    file = tmp_path / "annotations.json"
    assert issues == [f"{file}, images[1]: the image images/a.png is listed twice, in {file}, images[0] too."]


def test_every_invalid_entry_of_a_file_is_named(tmp_path):
    changes = [change for case in ("no box", "a way out", "a category's id twice") for change in INVALID[case][0]]
    _, issues = read(tmp_path, _changed(*changes, ("annotations.0.image_id", 99)))
    entries = [issue.removeprefix(f"{tmp_path / 'annotations.json'}, ").split(":")[0] for issue in issues]
    assert entries == ["images[1]", "categories[2]", "annotations[0]", "annotations[1]"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(["id", "file_name", "width", "height", "name", "image_id", "category_id", "bbox"])
_VALUES = st.sampled_from([0, 1, "a", "a.png", [0, 0, 2, 2], [0, 0, 1e300, 2]]) | _JSON
_ENTRIES = st.lists(st.dictionaries(_KEYS, _VALUES, max_size=6) | _JSON, max_size=4)


@given(st.fixed_dictionaries({"images": _ENTRIES, "categories": _ENTRIES, "annotations": _ENTRIES}) | _JSON)
def test_no_json_makes_the_reader_fail(tmp_path_factory, content):
    annotations, issues = read(tmp_path_factory.getbasetemp(), content)
    assert annotations is not None or issues


def test_a_box_of_lists_in_lists_is_named(tmp_path):
    nested = json.dumps(GOOD).replace("[1, 2, 3, 4]", "[" * 900 + "]" * 900).encode()
    _, issues = read(tmp_path, nested)
    assert issues == [f"{tmp_path / 'annotations.json'}, annotations[0]: {NO_NUMBERS} a list."]


@st.composite
def _images(draw):
    """Names, sizes, boxes and characters of images, and their alphabet."""
    alphabet = draw(st.lists(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4, unique=True))
    corner, side = st.integers(0, 10**6), st.integers(1, 10**6)
    images = []
    for index in range(draw(st.integers(0, 4))):
        boxes = [
            (x, y, x + w, y + h) for x, y, w, h in draw(st.lists(st.tuples(corner, corner, side, side), max_size=3))
        ]
        characters = "".join(draw(st.sampled_from(alphabet)) for _ in boxes)
        images.append((f"images/{index}, é.png", draw(st.tuples(side, side)), np.reshape(boxes, (-1, 4)), characters))
    return "".join(alphabet), images


@given(_images())
def test_what_is_written_is_read_back(tmp_path_factory, content):
    alphabet, images = content
    path = tmp_path_factory.getbasetemp() / "annotations.json"
    write_coco(path, alphabet, [(name, size, boxes.astype(int), shown) for name, size, boxes, shown in images])
    issues: list[str] = []
    read_back = read_coco(path, issues)
    assert issues == [] and read_back is not None and read_back.alphabet == alphabet
    assert [
        (name, read_back.sizes[name], [(*box.corners, box.label) for box in boxes])
        for name, boxes in read_back.boxes.items()
    ] == [
        (name, size, [(*box, character) for box, character in zip(boxes.astype(int).tolist(), shown, strict=True)])
        for name, size, boxes, shown in images
    ]


def test_what_is_written_is_read_back_by_us_and_by_pycocotools(tmp_path, capsys):
    boxes = [np.array([[1, 2, 11, 12], [20, 0, 40, 20]]), np.zeros((0, 4), np.int32), np.array([[0, 0, 5, 9]])]
    images = [
        (f"images/{name}.png", (40, 20), of_image, characters)
        for name, of_image, characters in zip("aéc", boxes, ("Ä1", "", "1"), strict=True)
    ]
    write_coco(tmp_path / "annotations.json", "1Ä7", images)
    issues: list[str] = []
    read_back = read_coco(tmp_path / "annotations.json", issues)
    assert issues == [] and read_back is not None
    assert read_back.alphabet == "1Ä7"
    assert list(read_back.boxes) == [name for name, _, _, _ in images]
    for name, size, of_image, characters in images:
        assert [list(box.corners) for box in read_back.boxes[name]] == of_image.tolist()
        assert "".join(box.label for box in read_back.boxes[name]) == characters
        assert read_back.sizes[name] == size
    coco = COCO(str(tmp_path / "annotations.json"))
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == list("1Ä7")
    assert [a["bbox"] for a in coco.loadAnns(coco.getAnnIds(imgIds=[1]))] == [[1, 2, 10, 10], [20, 0, 20, 20]]
