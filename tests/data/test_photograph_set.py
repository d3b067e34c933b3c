"""The photograph-set contract: we and keras-retinanet read what we write; errors name the file and the line."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import AnnotatedPhotograph, read_photograph_set, write_photograph_set
from platefuse.data.plate_set import ImageStore
from platefuse.networks.common import keras2  # noqa: F401  # before keras-retinanet: it chooses Keras 2

from keras_retinanet.preprocessing.csv_generator import CSVGenerator  # isort: skip

_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(',"\r\n \ufeff')


@st.composite
def _photographs(draw):
    photographs = []
    for index in range(draw(st.integers(0, 4))):
        height, width = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
        corners = st.tuples(
            st.integers(0, width - 1), st.integers(0, height - 1), st.integers(1, 30), st.integers(1, 30)
        )
        boxes = [(x, y, min(x + w, width), min(y + h, height)) for x, y, w, h in draw(st.lists(corners, max_size=3))]
        texts = tuple(draw(st.text(_LETTERS, max_size=4)) for _ in boxes)
        image = np.random.default_rng(index).integers(256, size=(height, width, 3), dtype=np.uint8)
        boxes = np.array(boxes, np.int32).reshape(-1, 4)
        photographs.append((image, AnnotatedPhotograph(Path(f"{index}, «{index}».png"), boxes, texts)))
    return photographs


@given(_photographs(), st.booleans())
def test_what_is_written_is_read_back(photographs, packed):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / "set"
        write_photograph_set(folder, iter(photographs), packed)
        assert (folder / "images.zip").exists() == packed
        for found, (image, photograph) in zip(read_photograph_set(folder), photographs, strict=True):
            assert found.path == folder / "images" / photograph.path
            assert found.texts == photograph.texts
            assert found.boxes.dtype == np.int32
            np.testing.assert_array_equal(found.boxes, photograph.boxes)
            np.testing.assert_array_equal(ImageStore().read(found.path), image)


def _small_set(folder: Path, packed: bool = False) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(3, 20, 40, 3), dtype=np.uint8)
    boxes = ([[1, 2, 11, 12], [20, 0, 40, 20]], [], [[0, 0, 5, 9]])
    texts = ("B 1", "A"), (), ("B 1",)
    write_photograph_set(
        folder,
        [
            (image, AnnotatedPhotograph(Path(f"{name}.png"), np.array(of, np.int32).reshape(-1, 4), text))
            for image, name, of, text in zip(images, "abc", boxes, texts, strict=True)
        ],
        packed,
    )


def test_the_files_follow_the_contract_and_keras_retinanet_reads_them(tmp_path):
    _small_set(tmp_path / "set")
    rows = "images/a.png,1,2,11,12,B 1\nimages/a.png,20,0,40,20,A\nimages/b.png,,,,,\nimages/c.png,0,0,5,9,B 1\n"
    assert (tmp_path / "set/annotations.csv").read_text() == rows
    assert (tmp_path / "set/truth.csv").read_text() == "image,x1,y1,x2,y2,text\n" + rows
    assert (tmp_path / "set/classes.csv").read_text() == "B 1,0\nA,1\n"
    generator = CSVGenerator(str(tmp_path / "set/annotations.csv"), str(tmp_path / "set/classes.csv"))
    for index, photograph in enumerate(read_photograph_set(tmp_path / "set")):
        annotations = generator.load_annotations(index)
        np.testing.assert_array_equal(annotations["bboxes"], photograph.boxes)
        assert tuple(generator.label_to_name(int(label)) for label in annotations["labels"]) == photograph.texts


def test_a_packed_set_always_has_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        _small_set(tmp_path / name, packed=True)
    assert (tmp_path / "one/images.zip").read_bytes() == (tmp_path / "two/images.zip").read_bytes()


def test_truth_csv_alone_suffices_and_scattered_rows_of_a_photograph_are_one(tmp_path):
    (tmp_path / "truth.csv").write_bytes(
        b"image,x1,y1,x2,y2,text\r\nb.jpg,0,0,2,2,A\r\n\r\na.jpg,,,,,\r\nb.jpg,4,0,6,2,\r\n"
    )
    two, empty = read_photograph_set(tmp_path)
    assert (two.path, two.texts, two.boxes.tolist()) == (tmp_path / "b.jpg", ("A", ""), [[0, 0, 2, 2], [4, 0, 6, 2]])
    assert (empty.path, empty.texts, empty.boxes.shape) == (tmp_path / "a.jpg", (), (0, 4))


_HEADER = b"image,x1,y1,x2,y2,text\n"
_FIRST = _HEADER + b"a.png,0,0,2,2,1\n"


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"", 1, "expected the header 'image,x1,y1,x2,y2,text'"),
        (b"image,text\na.png,1\n", 1, "expected the header 'image,x1,y1,x2,y2,text', found 'image,text'"),
        (_FIRST + _HEADER, 3, "whole numbers of pixels, found 'x1,y1,x2,y2'"),
        (_FIRST + b"a.png,0,0,2.0,2,1\n", 3, "whole numbers of pixels, found '0,0,2.0,2'"),
        (_FIRST + b"a.png,,,,,1\n", 3, "whole numbers of pixels"),
        (_FIRST + b"a.png,2,0,2,2,1\n", 3, "x1 < x2"),
        (_FIRST + b"a.png,0,0,2147483648,2,1\n", 3, "2147483648"),
        (_FIRST + b"a.png,1\n", 3, "expected 'image,x1,y1,x2,y2,text' (or 'image,,,,,' for a photograph"),
        (_FIRST + b"../b.png,,,,,\n", 3, "'../b.png' is not the path of an image inside"),
        (_FIRST + b"b\xff.png,,,,,\n", 3, "not UTF-8"),
        (_FIRST + b'"b.png"x,,,,,\n', 3, "not CSV"),
    ],
)
def test_a_row_that_breaks_the_contract_is_named(tmp_path, content, line, expected):
    (tmp_path / "truth.csv").write_bytes(content)
    with pytest.raises(PlatefuseError) as raised:
        read_photograph_set(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'truth.csv'}, line {line}: ")
    assert expected in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PlatefuseError, match=r"truth\.csv is missing"):
        read_photograph_set(tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_box_beyond_its_photograph_is_named(tmp_path, packed):
    _small_set(tmp_path / "set", packed)
    with (tmp_path / "set/truth.csv").open("a") as stream:
        stream.write("images/a.png,30,0,41,20,3\n")
    with pytest.raises(PlatefuseError, match=r"truth\.csv, line 6: .* reaches beyond its image of 40 x 20"):
        read_photograph_set(tmp_path / "set")
