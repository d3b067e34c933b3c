"""The plate-set contract: we and keras-retinanet read what we write; errors name the file and the line."""

import io
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import (
    AnnotatedPlate,
    ImageStore,
    missing_names,
    read_classes,
    read_plate_set,
    read_truth,
    write_plate_set,
)
from platefuse.networks.common import keras2  # noqa: F401  # before keras-retinanet: it chooses Keras 2

from keras_retinanet.preprocessing.csv_generator import CSVGenerator  # isort: skip

_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(',"\r\n \ufeff')


@st.composite
def _plate_sets(draw):
    alphabet = draw(st.lists(_LETTERS, min_size=1, max_size=5, unique=True))
    plates = []
    for index in range(draw(st.integers(0, 4))):
        height, width = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
        corners = st.tuples(
            st.integers(0, width - 1), st.integers(0, height - 1), st.integers(1, 30), st.integers(1, 30)
        )
        boxes = [(x, y, min(x + w, width), min(y + h, height)) for x, y, w, h in draw(st.lists(corners, max_size=3))]
        characters = "".join(draw(st.sampled_from(alphabet)) for _ in boxes)
        text = draw(st.text(_LETTERS, max_size=4))
        image = np.random.default_rng(index).integers(256, size=(height, width, 3), dtype=np.uint8)
        boxes = np.array(boxes, np.int32).reshape(-1, 4)
        plates.append((image, AnnotatedPlate(Path(f"{index}, «{index}».png"), boxes, characters, text)))
    return "".join(alphabet), plates


@given(_plate_sets(), st.booleans())
@settings(max_examples=150)
def test_what_is_written_is_read_back(plate_set, packed):
    alphabet, plates = plate_set
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / "set"
        write_plate_set(folder, alphabet, iter(plates), packed)
        assert (folder / "images").exists() != packed
        assert (folder / "images.zip").exists() == packed
        read = read_plate_set(folder)
        assert read_classes(folder / "classes.csv") == {c: i for i, c in enumerate(alphabet)}
        assert len(read) == len(plates)
        for found, (image, plate) in zip(read, plates, strict=True):
            assert found.path == folder / "images" / plate.path
            assert (found.characters, found.text) == (plate.characters, plate.text)
            assert found.boxes.dtype == np.int32
            np.testing.assert_array_equal(found.boxes, plate.boxes)
            np.testing.assert_array_equal(ImageStore().read(found.path), image)


def _digits_set(folder: Path, packed: bool = False) -> list[tuple[np.ndarray, AnnotatedPlate]]:
    """Write three plates of digits, the second without any character."""
    rng = np.random.default_rng(0)
    plates = []
    for name, boxes, text in (
        ("a", [[1, 2, 11, 12], [20, 0, 40, 20]], "71"),
        ("b", [], ""),
        ("c", [[0, 0, 5, 9]], "0"),
    ):
        image = rng.integers(256, size=(20, 40, 3), dtype=np.uint8)
        plates.append(
            (image, AnnotatedPlate(Path(f"{name}.png"), np.array(boxes, np.int32).reshape(-1, 4), text, text))
        )
    write_plate_set(folder, "0123456789", plates, packed)
    return plates


def test_the_csv_generator_of_keras_retinanet_reads_the_same(tmp_path):
    plates = _digits_set(tmp_path / "set")
    generator = CSVGenerator(str(tmp_path / "set" / "annotations.csv"), str(tmp_path / "set" / "classes.csv"))
    assert generator.size() == 3
    assert generator.num_classes() == 10
    for index, (image, plate) in enumerate(plates):
        annotations = generator.load_annotations(index)
        assert "".join(generator.label_to_name(int(label)) for label in annotations["labels"]) == plate.characters
        np.testing.assert_array_equal(annotations["bboxes"], plate.boxes)
        np.testing.assert_array_equal(generator.load_image(index), image[..., ::-1])  # BGR


def test_the_files_follow_the_contract(tmp_path):
    _digits_set(tmp_path / "set")
    assert (tmp_path / "set" / "annotations.csv").read_text() == (
        "images/a.png,1,2,11,12,7\nimages/a.png,20,0,40,20,1\nimages/b.png,,,,,\nimages/c.png,0,0,5,9,0\n"
    )
    assert (
        tmp_path / "set" / "truth.csv"
    ).read_text() == "image,text\nimages/a.png,71\nimages/b.png,\nimages/c.png,0\n"
    assert (tmp_path / "set" / "classes.csv").read_text().splitlines()[:2] == ["0,0", "1,1"]


def test_windows_line_endings_empty_lines_and_scattered_rows_of_an_image_are_read(tmp_path):
    (tmp_path / "annotations.csv").write_bytes(b'b.jpg,0,0,2,2,"1"\r\n\r\na.jpg,,,,,\r\nb.jpg,4,0,6,2,2\r\n')
    (tmp_path / "classes.csv").write_bytes(b"1,0\r\n2,1\r\n")
    (tmp_path / "truth.csv").write_bytes(b"image,text\r\na.jpg,\r\nb.jpg,12\r\n")
    empty, two = read_plate_set(tmp_path)
    assert (empty.path.name, empty.text, empty.boxes.shape) == ("a.jpg", "", (0, 4))
    assert (two.path.name, two.text, two.characters, two.boxes.tolist()) == (
        "b.jpg",
        "12",
        "12",
        [[0, 0, 2, 2], [4, 0, 6, 2]],
    )


_GOOD = {
    "annotations.csv": b"a.png,0,0,2,2,1\nb.png,,,,,\n",
    "classes.csv": b"1,0\n",
    "truth.csv": b"image,text\na.png,1\nb.png,\n",
}


def _error_of(folder: Path, changes: dict[str, bytes | None]) -> str:
    for name, content in {**_GOOD, **changes}.items():
        if content is not None:
            (folder / name).write_bytes(content)
    with pytest.raises(PlatefuseError) as raised:
        read_plate_set(folder)
    return str(raised.value)


_FIRST = b"a.png,0,0,2,2,1\n"


@pytest.mark.parametrize(
    ("name", "content", "line", "expected"),
    [
        ("annotations.csv", b"path,x1,y1,x2,y2,class\n" + _FIRST, 1, "annotations.csv has no header"),
        ("annotations.csv", _FIRST + b"a.png,0,0,2.0,2,1\n", 2, "whole numbers of pixels, found '0,0,2.0,2'"),
        ("annotations.csv", _FIRST + b"a.png,0,0,,2,1\n", 2, "whole numbers of pixels"),
        ("annotations.csv", _FIRST + b"a.png,2,0,2,2,1\n", 2, "x1 < x2"),
        ("annotations.csv", _FIRST + b"a.png,0,3,2,2,1\n", 2, "y1 < y2"),
        ("annotations.csv", _FIRST + b"a.png,-1,0,2,2,1\n", 2, "0 <= x1"),
        ("annotations.csv", _FIRST + b"a.png,0,0,2147483648,2,1\n", 2, "2147483648"),
        ("annotations.csv", _FIRST + b"a.png,0,0,2,2,7\n", 2, "the class '7' is not in classes.csv"),
        ("annotations.csv", _FIRST + b"a.png,0,0,2,2,\n", 2, "the class '' is not in classes.csv"),
        ("annotations.csv", _FIRST + b"a.png,0,0,2,2\n", 2, "expected 'path,x1,y1,x2,y2,class'"),
        ("annotations.csv", _FIRST + b"a.png\n", 2, "expected 'path,x1,y1,x2,y2,class'"),
        ("annotations.csv", _FIRST + b"\n../b.png,,,,,\n", 3, "'../b.png' is not the path of an image inside"),
        ("annotations.csv", _FIRST + b"/b.png,,,,,\n", 2, "'/b.png' is not the path of an image inside"),
        ("annotations.csv", _FIRST + b",,,,,\n", 2, "'' is not the path of an image inside"),
        ("annotations.csv", _FIRST * 2000 + b"b\xff.png,,,,,\n", 2001, "not UTF-8"),
        ("annotations.csv", _FIRST + b"b\0.png,,,,,\n", 2, "NUL"),
        ("annotations.csv", _FIRST + b'"b.png"x,,,,,\n', 2, "not CSV"),
        ("annotations.csv", _FIRST + b'"b.png,,,,,\n', 2, "not CSV"),
        ("classes.csv", b"1,0\n2\n", 2, "expected 'character,id', found '2'"),
        ("classes.csv", b"1,0\n22,1\n", 2, "expected 'character,id'"),
        ("classes.csv", b"1,0\n2,1.0\n", 2, "expected 'character,id'"),
        ("classes.csv", b"1,0\n2,-1\n", 2, "expected 'character,id'"),
        ("classes.csv", b"1,0\n1,1\n", 2, "is listed twice"),
        ("classes.csv", b"1,0\n2,0\n", 2, "is listed twice"),
        ("truth.csv", b"", 1, "expected the header 'image,text'"),
        ("truth.csv", b"a.png,1\n", 1, "expected the header 'image,text', found 'a.png,1'"),
        ("truth.csv", b"image,text\na.png\n", 2, "expected 'image,text', found 'a.png'"),
        ("truth.csv", b"image,text\na.png,1\nb.png,,\n", 3, "expected 'image,text'"),
        ("truth.csv", b"image,text\na.png,1\nb.png,\na.png,1\n", 4, "a.png is listed twice"),
        ("truth.csv", b"image,text\na.png,1\nsub/../../b.png,\n", 3, "not the path of an image inside"),
        ("truth.csv", b"image,text\na.png,1\nb.png,\xe9\n", 3, "not UTF-8"),
    ],
)
def test_a_row_that_breaks_the_contract_is_named(tmp_path, name, content, line, expected):
    message = _error_of(tmp_path, {name: content})
    assert message.startswith(f"{tmp_path / name}, line {line}: ")
    assert expected in message


_FIELDS = st.sampled_from(
    ["", "a.png", "b.png", "./a.png", "../a.png", "images/a.png", ".", "1", "2", "0", "-1", "9" * 5000]
) | (st.text(max_size=4))
_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "", " \n", '"\n', ",\n"])


@st.composite
def _rows_nearly_right(draw):
    """A file of nearly valid rows: some fields are changed, missing, quoted or superfluous."""
    rows = draw(st.sampled_from([content.decode().splitlines() for content in _GOOD.values()]))
    text = draw(st.sampled_from(["", "\ufeff"]))
    for row in draw(st.lists(st.sampled_from(rows), max_size=4)):
        fields = row.split(",")
        for _ in range(draw(st.integers(0, 2))):
            place = draw(st.integers(0, len(fields)))
            fields[place : place + draw(st.integers(0, 1))] = [draw(_FIELDS)]
        text += ",".join(fields) + draw(_ENDS)
    return text.encode("utf-8", "surrogatepass")


@given(st.sampled_from(list(_GOOD)), _rows_nearly_right() | st.binary(max_size=60))
@settings(max_examples=1000)
def test_any_bytes_are_read_or_rejected_by_name(name, content):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for good, right in {**_GOOD, name: content}.items():
            (folder / good).write_bytes(right)
        try:
            plates = read_plate_set(folder)
        except PlatefuseError as error:
            assert str(folder) in str(error)
        else:
            assert {len(plate.boxes) == len(plate.characters) for plate in plates} <= {True}
            assert all(plate.path.resolve().is_relative_to(folder.resolve()) for plate in plates)


@pytest.mark.parametrize("name", _GOOD)
def test_a_missing_file_is_named(tmp_path, name):
    message = _error_of(tmp_path, {name: None})
    assert message == f"{tmp_path / name} is missing: a plate set has annotations.csv, classes.csv and truth.csv."


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    (tmp_path / "truth.csv").mkdir()
    with pytest.raises(PlatefuseError, match=r"truth\.csv cannot be read"):
        read_truth(tmp_path / "truth.csv")


def test_empty_annotations_lack_the_images_of_truth_csv(tmp_path):
    assert "names a.png, which" in _error_of(tmp_path, {"annotations.csv": b""})


@pytest.mark.parametrize(
    ("changes", "has", "lacks"),
    [
        ({"annotations.csv": _FIRST}, "truth.csv", "annotations.csv"),
        ({"truth.csv": b"image,text\na.png,1\n"}, "annotations.csv", "truth.csv"),
    ],
)
def test_an_image_in_one_file_only_is_named(tmp_path, changes, has, lacks):
    assert _error_of(tmp_path, changes) == f"{tmp_path / has} names b.png, which {tmp_path / lacks} does not."


def test_many_images_in_one_file_only_are_one_issue() -> None:
    names = [f"{number}.png" for number in range(9)]
    assert missing_names(Path("a.csv"), names[:8], Path("b.csv"), names[6:]) == [
        "a.csv names 6 images that b.csv does not: 0.png, 1.png, 2.png and others.",
        "b.csv names 8.png, which a.csv does not.",
    ]


@pytest.mark.parametrize("box", ["30,0,41,20", "0,15,10,21"])
def test_a_box_beyond_its_image_is_named(tmp_path, box):
    _digits_set(tmp_path / "set")
    with (tmp_path / "set" / "annotations.csv").open("a") as stream:
        stream.write(f"images/a.png,{box},3\n")
    with pytest.raises(PlatefuseError, match=r"annotations\.csv, line 5: .* reaches beyond its image of 40 x 20"):
        read_plate_set(tmp_path / "set")


def test_a_packed_set_has_the_same_annotations_and_images_and_always_the_same_bytes(tmp_path):
    _digits_set(tmp_path / "folder")
    for name in ("one", "two"):
        _digits_set(tmp_path / name, packed=True)
    for name in ("annotations.csv", "classes.csv", "truth.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "folder" / name).read_bytes()
    assert (tmp_path / "one" / "images.zip").read_bytes() == (tmp_path / "two" / "images.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "images.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        for name in ("a", "b", "c"):
            assert archive.read(f"images/{name}.png") == (tmp_path / "folder" / "images" / f"{name}.png").read_bytes()


@pytest.mark.parametrize("packed", [False, True])
def test_an_encoded_image_is_written_unchanged(tmp_path, packed):
    stream = io.BytesIO()
    Image.effect_noise((30, 20), 50).convert("RGB").save(stream, "JPEG", quality=70)
    write_plate_set(
        tmp_path / "set", "1", [(stream.getvalue(), AnnotatedPlate(Path("a.jpg"), np.zeros((0, 4)), "", ""))], packed
    )
    (plate,) = read_plate_set(tmp_path / "set")
    np.testing.assert_array_equal(ImageStore().read(plate.path), np.asarray(Image.open(stream)))
    if packed:
        content = zipfile.ZipFile(tmp_path / "set" / "images.zip").read("images/a.jpg")
    else:
        content = plate.path.read_bytes()
    assert content == stream.getvalue()


def test_a_packed_set_may_be_read_by_several_threads_and_replaced(tmp_path):
    plates = _digits_set(tmp_path / "set", packed=True)
    paths = [plate.path for plate in read_plate_set(tmp_path / "set")] * 20
    with ThreadPoolExecutor(4) as pool:
        for read, (image, _) in zip(pool.map(ImageStore().read, paths), plates * 20, strict=True):
            np.testing.assert_array_equal(read, image)
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        for name, (image, _) in zip("bca", plates, strict=True):
            stream = io.BytesIO()
            Image.fromarray(image).save(stream, "PNG")
            archive.writestr(f"images/{name}.png", stream.getvalue())
    (tmp_path / "new.zip").replace(tmp_path / "set" / "images.zip")
    np.testing.assert_array_equal(ImageStore().read(paths[1]), plates[0][0])


def test_boxes_of_a_packed_set_must_lie_in_their_images_too(tmp_path):
    _digits_set(tmp_path / "set", packed=True)
    with (tmp_path / "set" / "annotations.csv").open("a") as stream:
        stream.write("images/a.png,30,0,41,20,3\n")
    with pytest.raises(PlatefuseError, match=r"annotations\.csv, line 5: .* reaches beyond its image of 40 x 20"):
        read_plate_set(tmp_path / "set")


def test_an_archive_that_is_missing_damaged_or_lacks_an_image_is_named(tmp_path):
    _digits_set(tmp_path / "set", packed=True)
    archive, image = tmp_path / "set" / "images.zip", tmp_path / "set" / "images" / "a.png"
    whole = archive.read_bytes()
    with pytest.raises(PlatefuseError) as raised:
        ImageStore().read(image.with_name("d.png"))
    assert str(raised.value) == f"{archive} has no images/d.png."
    flipped = bytearray(whole)
    flipped[100] ^= 0xFF  # within the first image
    for content in (bytes(flipped), whole[:-100], b"", b"PK\x03\x04"):
        archive.write_bytes(content)
        with pytest.raises(PlatefuseError) as raised:
            ImageStore().read(image)
        assert str(raised.value).startswith(f"{image} cannot be read from {archive}: ")
    archive.unlink()
    with pytest.raises(PlatefuseError) as raised:
        ImageStore().read(image)
    assert str(raised.value) == f"{image} is missing."
