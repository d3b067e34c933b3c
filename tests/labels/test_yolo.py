"""YOLO text files: read as Ultralytics, Roboflow and CVAT write them, and each issue names its file and line."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from platefuse.labels.folder import read_annotated
from platefuse.labels.yolo import label_of, write_yolo
from tests.helpers.annotated import HEIGHT, WIDTH, write_image

NAMES = "names: ['0', A, plate]\n"
SPLITS = ("train", "val", "test")


def share(*corners: int) -> str:
    """A row's numbers for corners in pixels of an image of WIDTH x HEIGHT, by NumPy's arithmetic."""
    low, high = np.reshape(corners, (2, 2)) / (WIDTH, HEIGHT)
    return " ".join(f"{number:.6f}" for number in (*((low + high) / 2), *(high - low)))


def write_yolo_set(folder: Path, rows: dict[str, str], data: str = f"train: images\n{NAMES}") -> Path:
    """Write an image for each path, and its file of boxes."""
    for seed, (name, text) in enumerate(rows.items()):
        write_image(folder / name, seed)
        label = folder / label_of(name)
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(text)
    (folder / "data.yaml").write_text(data)
    return folder


def issues_of(folder: Path) -> list[str]:
    return [issue.replace(f"{folder}/", "") for issue in read_annotated(folder).issues]


def test_boxes_are_read_from_the_file_of_their_image(tmp_path):
    rows = f"1 {share(3, 4, 20, 22)}\n\n0 {share(0, 0, WIDTH, HEIGHT)}\r\n"
    write_yolo_set(tmp_path, {"images/b.c.png": rows, "images/a.png": ""})
    write_image(tmp_path / "images" / "later.png", 9)  # without a file
    annotated = read_annotated(tmp_path)
    assert (annotated.issues, annotated.alphabet, annotated.layout) == ([], "0A", "YOLO (data.yaml)")
    empty, full = annotated.splits[""]
    assert (empty.path, empty.characters) == (tmp_path / "images" / "a.png", "")
    assert (full.characters, full.boxes.tolist()) == ("A0", [[3, 4, 20, 22], [0, 0, WIDTH, HEIGHT]])
    assert annotated.unannotated == [tmp_path / "images" / "later.png"]


ULTRALYTICS = {f"images/{split}/{split}.png": f"1 {share(1, 2, 9, 9)}" for split in SPLITS}
ROBOFLOW = {f"{name}/images/{name}.png": f"1 {share(1, 2, 9, 9)}" for name in ("train", "valid", "test")}
STRUCTURES = {
    "Ultralytics": (ULTRALYTICS, "path: ../datasets/mine\ntrain: images/train\nval: images/val\ntest: images/test\n"),
    "Ultralytics, absolute": (
        ULTRALYTICS,
        "path: /content/mine\ntrain: images/train/\nval: ./images/val\ntest: [images/test]\n",
    ),
    "Ultralytics, in a folder": (
        {f"mine/{name}": rows for name, rows in ULTRALYTICS.items()},
        "path: mine\ntrain: images/train\nval: images/val\ntest: images/test\nnc: 3\n",
    ),
    "Roboflow": (ROBOFLOW, "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 3\n"),
    "Roboflow, by hand": (ROBOFLOW, "train: train/images\nval: valid/images\ntest: test/images\n"),
    "CVAT": (ULTRALYTICS, "path: ./\ntrain: train.txt\nval: val.txt\ntest: test.txt\n"),
}


@pytest.mark.parametrize("case", STRUCTURES)
def test_splits_are_where_data_yaml_says(tmp_path, case):
    rows, data = STRUCTURES[case]
    write_yolo_set(tmp_path, rows, data + NAMES)
    for split in SPLITS:
        (tmp_path / f"{split}.txt").write_text(f"./images/{split}/{split}.png\n")
    annotated = read_annotated(tmp_path)
    assert annotated.issues == []
    names = {
        split: [image.path.relative_to(tmp_path).as_posix() for image in annotated.splits[split]] for split in SPLITS
    }
    assert names == {split: [name] for split, name in zip(SPLITS, rows, strict=True)}
    assert all(image.boxes.tolist() == [[1, 2, 9, 9]] for images in annotated.splits.values() for image in images)


@pytest.mark.parametrize("paths", ["train: images\nval: images\n", "train: images\nval:\ntest: ~\n", "val: [images]\n"])
def test_one_folder_is_not_split(tmp_path, paths):
    annotated = read_annotated(write_yolo_set(tmp_path, {"images/a.png": ""}, paths + NAMES))
    assert (annotated.issues, list(annotated.splits)) == ([], [""])


@pytest.mark.parametrize(
    ("names", "alphabet"),
    [
        ("names: [0, 1, A]", "01A"),
        ("names:\n  0: 0\n  1: 1\n  2: no\n  3: N\n  4: y\n  5: 1e5\n  6: 01\n  7: ~\n  8: 'é'", "01Ny~é"),
        ("names: {2: B, 0: '0', 1: plate}", "0B"),
        ('names: ["\\u00c4", O]', "ÄO"),
    ],
)
def test_names_are_the_text_of_the_file(tmp_path, names, alphabet):
    annotated = read_annotated(write_yolo_set(tmp_path, {"images/a.png": ""}, f"train: images\n{names}\n"))
    assert (annotated.issues, annotated.alphabet) == ([], alphabet)


def test_outlines_and_oriented_boxes_that_are_upright_are_taken(tmp_path):
    corners = np.array([[30.2, 20], [30, 4], [6, 4.3], [6, 20]]) / (WIDTH, HEIGHT)  # a quarter of a pixel off
    outline = np.array([[10, 1], [20, 9], [11, 18], [2, 9], [4, 3]]) / (WIDTH, HEIGHT)
    rows = [f"1 {' '.join(f'{number:.9f}' for number in points.ravel())}\n" for points in (corners, outline)]
    annotated = read_annotated(write_yolo_set(tmp_path, {"images/a.png": "".join(rows)}))
    assert annotated.issues == []
    assert annotated.splits[""][0].boxes.tolist() == [[6, 4, 30, 20], [2, 1, 20, 18]]


def test_shares_are_of_the_image_as_displayed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    write_yolo_set(tmp_path, {"images/a.png": f"1 {0.5} {0.5} {1} {0.5}"})
    Image.new("RGB", (40, 20)).save(tmp_path / "images" / "a.png", exif=exif)
    (image,) = read_annotated(tmp_path).splits[""]
    assert (image.size, image.boxes.tolist()) == ((20, 40), [[0, 10, 20, 30]])


INVALID_ROWS = {
    "no class": ("0.5 0.5 0.1 0.1", "expected 'class x_center y_center width height'"),
    "a class with a point": ("1.0 0.5 0.5 0.1 0.1", "expected 'class x_center"),
    "a class below 0": ("-1 0.5 0.5 0.1 0.1", "expected 'class x_center"),
    "three numbers": ("1 0.5 0.5 0.1", "expected 'class x_center"),
    "a confidence": ("1 0.5 0.5 0.1 0.1 0.98", "expected 'class x_center"),
    "two points": ("1 0.5 0.5 0.1 0.1 0.98 0.1 0.2", "expected 'class x_center"),
    "pixels": ("1 30 12 10 10", "as shares of the image from 0 to 1, found '1 30 12 10 10'"),
    "below 0": ("1 0.5 -0.5 0.1 0.1", "expected 'class x_center"),
    "not a number": ("1 nan 0.5 0.1 0.1", "expected 'class x_center"),
    "infinity": ("1 0.5 0.5 inf 0.1", "expected 'class x_center"),
    "another script": ("1 0.٣ 0.5 0.1 0.1", "expected 'class x_center"),
    "digits in groups": ("1 0.5 0.5 0.1_0 0.1", "expected 'class x_center"),
    "an exponent alone": ("1 E-1 0.5 0.1 0.1", "expected 'class x_center"),
    "a point alone": ("1 . 0.5 0.1 0.1", "expected 'class x_center"),
    "commas": ("1,0.5,0.5,0.1,0.1", "expected 'class x_center"),
    "words": ("person on the left", "expected 'class x_center"),
    "no side": ("1 0.5 0.5 0.2 0", "expected a box of at least a pixel inside the image, found x1,y1,x2,y2 = 24, 12"),
    "beyond the left": ("1 0.1 0.5 0.4 0.5", "expected a box of at least a pixel inside the image"),
    "beyond the right": ("1 0.9 0.5 0.4 0.5", "the box '42,6,66,18' reaches beyond its image of 60 x 24 pixels"),
    "no such class": ("3 0.5 0.5 0.5 0.5", "the class 3 has no name in data.yaml"),
    "rotated": ("1 0.5 0.1 0.8 0.5 0.5 0.9 0.2 0.5", "the box is rotated, by its four points: expected an upright one"),
}


@pytest.mark.parametrize("case", INVALID_ROWS)
def test_an_invalid_row_is_named_and_left_out(tmp_path, case):
    row, said = INVALID_ROWS[case]
    write_yolo_set(tmp_path, {"images/a.png": f"\n{row}\n1 {share(3, 4, 20, 22)}\n"})
    (issue,) = issues_of(tmp_path)
    assert issue.startswith("labels/a.txt, line 2: ")
    assert said in issue
    assert [image.characters for image in read_annotated(tmp_path).splits[""]] == ["A"]


def test_a_class_of_several_letters_is_named_once_where_it_is_named(tmp_path):
    write_yolo_set(tmp_path, {f"images/{name}.png": f"2 {share(3, 4, 20, 22)}" for name in "ab"})
    assert issues_of(tmp_path) == ["data.yaml, line 2: there are boxes of 'plate': expected one character."]


DATA = {
    "empty": ("", "expected names, train, val and test, found no such keys"),
    "a list": ("- images\n", "expected names, train, val and test, found no such keys"),
    "no names": (
        "train: images\n",
        "data.yaml: expected 'names', a list of names or a map from whole numbers to names",
    ),
    "a name for a list": ("train: images\nnames: A\n", "line 2: expected 'names'"),
    "names by text": ("train: images\nnames: {A: 0}\n", "line 2: expected 'names'"),
    "a name twice": ("train: images\nnames: [A, A]\n", "line 2: the name 'A' is listed twice"),
    "a class twice": ("train: images\nnames:\n  1: A\n  01: B\n", "line 3: names has a class twice"),
    "no name": ("train: images\nnames:\n  0: A\n  1:\n", "line 4: expected the name of class 1, found none"),
    "a list for a name": ("train: images\nnames: [A, [B]]\n", "line 2: expected the name of class 1, found none"),
    "half a character": ('train: images\nnames: ["\\ud800"]\n', "line 2: expected the name of class 0, found none"),
    "a key twice": (f"train: images\ntrain: images\n{NAMES}", "line 2: expected a key that is text and given once"),
    "no split": (NAMES, "expected train, val and test, the folders of images, found none of them"),
    "two splits": (f"train: images\nval: labels\n{NAMES}", "has only train and val of train, val, test"),
    "no such folder": (f"train: imgs\n{NAMES}", "line 1: imgs is missing: expected a folder of images, or a .txt"),
    "a way out": (f"train: images/../../x\n{NAMES}", "line 1: expected the path of images inside"),
    "an absolute path": (f"train: /etc\n{NAMES}", "as 'train', found '/etc'"),
    "a NUL": (f'train: "images\\0"\n{NAMES}', "line 1: expected the path of images inside"),
    "a list of lists": (f"train: [[images]]\n{NAMES}", "line 1: expected the path of images inside"),
    "skeletons": (f"kpt_shape: [17, 3]\ntrain: images\n{NAMES}", "line 1: kpt_shape is for skeletons: expected boxes"),
    "an open bracket": ("names: [A\n", "cannot be read as YAML: line 2"),
    "nested": ("names: " + "[" * 1_000, "nested too deeply"),
    "a NUL byte": ("names: [\0]", "cannot be read as YAML"),
    "two documents": ("names: [A]\n---\nnames: [A]\n", "cannot be read as YAML: line 2"),
    "large": (f"train: images\n{NAMES}#" + "x" * 2**18, "is larger than 256 KiB"),
}


@pytest.mark.parametrize("case", DATA)
def test_a_malformed_data_yaml_is_named(tmp_path, case):
    content, said = DATA[case]
    write_yolo_set(tmp_path, {"images/a.png": ""}, content)
    issues = issues_of(tmp_path)
    assert issues[0].startswith("data.yaml"), issues
    assert said in issues[0]
    assert all(len(issue) < 300 for issue in issues)


def test_an_alias_is_no_list_without_an_end(tmp_path):
    write_yolo_set(tmp_path, {"images/a.png": ""}, "train: &a [*a, images]\nnames: &b [*b]\n")
    assert [issue.split(": ")[0] for issue in issues_of(tmp_path)] == ["data.yaml, line 2", "data.yaml, line 1"]


def test_files_without_their_other_half_are_named(tmp_path):
    write_yolo_set(tmp_path, {"images/a.png": "", "images/sub/b.png": ""})
    for name in ("labels/c.txt", "labels/sub/d.txt", "labels/classes.txt"):
        (tmp_path / name).write_text("")
    assert issues_of(tmp_path) == ["labels/c.txt has no image in images, nor have 1 more files there."]
    write_yolo_set(tmp_path, {}, f"train: list.txt\n{NAMES}")
    (tmp_path / "list.txt").write_text("images/a.png\nimages/x.png\n../b.png\n")
    (tmp_path / "labels" / "x.txt").write_text("")
    assert issues_of(tmp_path) == [
        "list.txt, line 3: '../b.png' is not the path of an image inside the folder.",
        "list.txt, line 2: images/x.png is missing.",
    ]


def test_images_without_any_file_of_boxes_are_named(tmp_path):
    for name in "ab":
        write_image(tmp_path / "images" / f"{name}.png", 0)
    (tmp_path / "data.yaml").write_text(f"train: images\n{NAMES}")
    assert issues_of(tmp_path) == ["data.yaml, line 1: no image of images has a file of boxes, as labels/a.txt."]
    (tmp_path / "data.yaml").write_text(f"train: list.txt\n{NAMES}")
    (tmp_path / "list.txt").write_text("images/a.png\nimages/b.png\n.\n")
    assert issues_of(tmp_path)[0].startswith("data.yaml, line 1: no image of list.txt has a file of boxes")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "b.txt").write_text("")
    annotated = read_annotated(tmp_path)
    assert [image.path.name for image in annotated.splits[""]] == ["b.png"]
    assert annotated.unannotated == [tmp_path / "images" / "a.png"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("images/a.png", "labels/a.txt"),
        ("images/images/a.b.png", "images/labels/a.b.txt"),
        ("train/images/sub/a.JPG", "train/labels/sub/a.txt"),
        ("train/images.png", "train/images.txt"),
        ("a.png", "a.txt"),
    ],
)
def test_boxes_are_in_labels_beside_images(name, label):
    assert label_of(name) == label


@given(
    st.lists(st.tuples(*[st.integers(0, 32_767)] * 2, *[st.integers(1, 32_768)] * 2), max_size=3, unique=True),
    st.data(),
)
def test_whole_pixels_come_back_from_six_decimals(boxes, data):
    corners = np.array([(x, y, min(x + w, 32_768), min(y + h, 32_768)) for x, y, w, h in boxes], int).reshape(-1, 4)
    with tempfile.TemporaryDirectory() as folder:
        size = (32_768, 32_768)
        write_yolo(Path(folder), "1", {"": [("images/a.png", size, corners, "1" * len(corners))]})
        rows = [line.split() for line in (Path(folder) / "labels" / "a.txt").read_text().splitlines()]
    centres, sides = np.hsplit(np.array(rows, float).reshape(-1, 5)[:, 1:], 2)
    edges = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1) * 32_768
    assert np.abs(edges - corners).max(initial=0) < 0.05


def test_what_is_written_is_plain_yaml_and_numbers(tmp_path):
    boxes = np.array([[0, 6, 30, 12], [30, 0, 60, 24]])
    images = {split: [(f"images/{split}/0.png", (60, 24), boxes, "0Ä")] for split in SPLITS}
    write_yolo(tmp_path, "0Än", images)
    assert yaml.safe_load((tmp_path / "data.yaml").read_text()) == {
        "train": "images/train",
        "val": "images/val",
        "test": "images/test",
        "names": {0: "0", 1: "Ä", 2: "n"},
    }
    rows = np.loadtxt(tmp_path / "labels" / "val" / "0.txt")
    assert rows.tolist() == [[0, 0.25, 0.375, 0.5, 0.25], [1, 0.75, 0.5, 0.5, 1]]


_ROWS = st.lists(
    st.lists(st.sampled_from(["0", "1", "2", "0.5", "1e-3", "-1", "nan", "é", "1" * 400]), max_size=10).map(" ".join)
)


@given(_ROWS.map("\n".join).map(str.encode) | st.binary(), st.text() | st.just(f"train: images\n{NAMES}"))
def test_no_files_make_the_reader_fail(rows, data):
    with tempfile.TemporaryDirectory() as folder:
        write_image(Path(folder) / "images" / "a.png", 0)
        (Path(folder) / "labels").mkdir()
        (Path(folder) / "labels" / "a.txt").write_bytes(rows)
        (Path(folder) / "data.yaml").write_text(data)
        annotated = read_annotated(Path(folder))
    assert annotated.issues or len(annotated.splits[""]) == 1
