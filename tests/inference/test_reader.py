"""Reading with a model in miniature that keeps the fused model's contract (tests/helpers/reader.py)."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import platefuse.inference.reader
from platefuse import Character, Plate, PlatefuseError, Reader, Reading
from platefuse.networks.common.keras2 import tf
from tests.helpers.photograph_reader import photograph, save_photograph_reader
from tests.helpers.reader import ALPHABET, board, digits, save_rule_reader


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_rule_reader(tmp_path_factory.mktemp("models") / "fused")


@pytest.fixture(scope="module")
def reader(model):
    return Reader(model)


def test_keras_makes_no_folder_where_no_home_folder_is_known(model, monkeypatch):
    for home, told in ((str(model), "as it was"), ("~", os.devnull)):  # ~ is not expanded for an unknown user
        monkeypatch.setenv("HOME", home)
        monkeypatch.setenv("KERAS_HOME", "as it was")
        if home == "~":
            monkeypatch.delenv("KERAS_HOME")
        Reader(model).read_images([digits("1")])
        assert os.environ["KERAS_HOME"] == told


def raw_outputs(model, image):
    """The SavedModel's outputs for one image, by TensorFlow alone."""
    signature = tf.saved_model.load(str(model)).signatures["serving_default"]
    return {name: output.numpy()[0] for name, output in signature(images=tf.constant(image[None])).items()}


def test_a_reading_is_the_models_outputs_to_the_last_bit(model, reader):
    image = board(40, 70, (7, (5, 3, 15, 33), 204, 255), (0, (40, 10, 60, 20), 251, 51))
    outputs = raw_outputs(model, image)
    count = outputs["count"]
    characters = tuple(
        Character(
            ALPHABET[outputs["character_ids"][i]],
            float(outputs["character_scores"][i]),
            float(outputs["scores"][i]),
            tuple(map(float, outputs["boxes"][i])),
        )
        for i in range(count)
    )
    text, confidence = outputs["text"].decode(), float(outputs["confidence"])
    plate = Plate(text, confidence, 1.0, (0.0, 0.0, 70.0, 40.0), characters, truncated=False)
    reading = reader.read(image)
    assert reading == Reading(None, (plate,), None)
    assert count == 2 and (reading.text, reading.confidence) == ("70", confidence)
    assert reading.characters[1].box == (40.0, 10.0, 60.0, 20.0)


def test_nothing_read_is_no_plate(reader):
    reading = reader.read(board(8, 9))
    assert reading == Reading(image=None, plates=(), error=None)
    assert (reading.text, reading.confidence, reading.characters) == ("", 0.0, ())


def test_the_best_plate_gives_text_and_confidence():
    plates = tuple(Plate(text, score, score, (0, 0, 9, 9), ()) for text, score in (("A1", 0.9), ("B2", 0.8)))
    assert (Reading(plates=plates).text, Reading(plates=plates).confidence) == ("A1", 0.9)


def test_a_plates_regions_are_the_lists_that_its_text_fits():
    plate = Plate("BRA2E19", 0.9, 1.0, (0, 0, 9, 9), ())
    assert "br" in plate.regions
    assert plate.regions == tuple(sorted(plate.regions))
    assert replace(plate, truncated=True).regions == replace(plate, text="HELLO").regions == ()


def test_a_path_a_picture_and_pixels_read_the_same(reader, tmp_path):
    pixels = digits("173")
    path = tmp_path / "plate.png"
    Image.fromarray(pixels).save(path)
    expected = reader.read(pixels)
    assert (expected.text, expected.image) == ("173", None)
    for image in (path, str(path)):
        assert reader.read(image) == Reading(path, expected.plates)
    assert reader.read(Image.open(path)) == expected
    assert reader.read(pixels[..., ::-1].copy()[..., ::-1]) == expected  # a view, as OpenCV's users make it


def test_a_picture_is_upright_and_on_white_as_its_file_is(reader, tmp_path):
    sideways = Image.fromarray(digits("42")).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    sideways.save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        assert reader.read(picture).plates == reader.read(tmp_path / "turned.png").plates
        assert reader.read(picture).text == "42"
        assert picture.size == (40, 100)  # the caller's picture is as it was
    clear = Image.new("RGBA", (30, 20), (0, 0, 0, 155))  # on white a gray of 100, which reads 4
    clear.save(tmp_path / "clear.png")
    assert reader.read(clear).plates == reader.read(tmp_path / "clear.png").plates
    assert reader.read(clear).text == "4"


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (
            np.zeros((4, 5, 3), np.float32),
            r"Reader\.read: expected RGB pixels, uint8 \[H,W,3\] of at least 1 x 1, found f",
        ),
        (np.zeros((4, 0, 3), np.uint8), r"found uint8 \[4, 0, 3\]"),
        (Image.new("RGB", (0, 4)), r"found uint8 \[4, 0, 3\]"),
        (np.broadcast_to(np.uint8(0), (9, 40_000, 3)), "The image has 40000 x 9 pixels: at most"),
        (Image.new("F", (3, 3)), "The image has pixels of Pillow's mode F"),
        (Image.new("L", (40_000, 9)), "The image has 40000 x 9 pixels: at most"),
        (None, r"Reader\.read: expected a PIL image or RGB pixels, .* found NoneType"),
        ("nowhere.png", r"nowhere\.png is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_image_that_cannot_be_read_raises(reader, image, sentence):
    with pytest.raises(PlatefuseError, match=sentence):
        reader.read(image)


def test_a_damaged_picture_raises(reader, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(PlatefuseError, match="The image cannot be read as an image"):
        reader.read(Image.open(tmp_path / "a.png"))
    with pytest.raises(PlatefuseError, match=r"a\.png cannot be read as an image"):
        reader.read(tmp_path / "a.png")


def test_many_are_read_in_order_and_a_bad_one_has_its_error(reader, tmp_path):
    names = ["1.png", "bad.png", "nowhere.png", "23.png", "1.png"]
    for text in ("1", "23"):
        Image.fromarray(digits(text)).save(tmp_path / f"{text}.png")
    (tmp_path / "bad.png").write_bytes(b"not an image")
    paths = [str(tmp_path / name) for name in names]
    for batch_size in (1, 2, 16):
        readings = list(reader.read_many(paths, batch_size))
        assert [reading.image for reading in readings] == list(map(Path, paths))
        assert [reading.text for reading in readings] == ["1", "", "", "23", "1"]
        assert [reading.error is None for reading in readings] == [True, False, False, True, True]
        assert "bad.png cannot be read" in str(readings[1].error) and readings[1].plates == ()
        assert readings[0] == readings[4] == reader.read(paths[0])


def test_one_in_place_of_many_is_refused(reader):
    one = digits("1")
    for paths, found in (("plate.png", r"'plate\.png'"), (Path("a"), r"PosixPath\('a'\)"), (None, "None"), (7, "7")):
        with pytest.raises(PlatefuseError, match=rf"Reader\.read_many: expected several paths, found {found}"):
            reader.read_many(paths)
    for image, found in ((one, r"uint8 \[40, 100, 3\]"), (Image.fromarray(one), "<PIL"), (one[0, 0], r"uint8 \[3\]")):
        with pytest.raises(PlatefuseError, match=rf"Reader\.read_images: expected several images, found {found}"):
            reader.read_images(image)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "16", None])
def test_a_batch_of_no_whole_number_is_refused_before_anything_is_read(reader, batch_size):
    with pytest.raises(PlatefuseError, match=r"batch_size = .*: expected a whole number of at least 1"):
        reader.read_many(["nowhere.png"], batch_size)


@pytest.mark.parametrize("model", ["", 7, b"plates", ["plates"]])
def test_what_is_no_name_of_a_model_is_refused(model):
    with pytest.raises(
        PlatefuseError, match=r"Expected the name \(plates, photographs, digits\) or the path of a model, found"
    ):
        Reader(model)


def test_a_name_too_long_for_a_file_is_no_model():
    with pytest.raises(PlatefuseError, match="There is no fused model at xxx"):
        Reader("x" * 5000)


BAD_PIXELS = [
    np.zeros((0, 0, 3), np.uint8),
    np.zeros((4, 5, 3), np.float32),
    np.zeros((4, 5, 3), bool),
    np.zeros((4, 5, 3), object),
    np.zeros((4, 5), np.uint8),
    np.zeros((4, 5, 1), np.uint8),
    np.zeros((4, 5, 4), np.uint8),
    np.zeros((1, 4, 5, 3), np.uint8),
    np.zeros((40_000, 1, 3), np.uint8),
    Image.new("F", (3, 3)),
    [[[0, 0, 0]]],
    "plate.png",
    None,
]


def test_among_images_each_bad_one_has_its_error_and_the_others_are_read(reader):
    good = [digits("12"), digits("3", 60)]
    readings = reader.read_images([good[0], *BAD_PIXELS, good[1]])
    assert [reading.text for reading in readings] == ["12", *[""] * len(BAD_PIXELS), "3"]
    assert readings[0].error is readings[-1].error is None
    for index, (image, reading) in enumerate(zip(BAD_PIXELS, readings[1:-1], strict=True), 1):
        assert str(reading.error).startswith(f"Reader.read_images, index {index}: "), image
        assert reading.plates == ()
    found = [str(reading.error).rpartition("found ")[2] for reading in readings[1:9]]
    assert found == [f"{image.dtype} {list(image.shape)}." for image in BAD_PIXELS[:8]]


def test_a_batch_and_views_are_read_as_they_are_seen(reader):
    batch = np.stack([digits("12"), digits("34")])
    assert [reading.text for reading in reader.read_images(batch)] == ["12", "34"]
    assert reader.read_images(batch[:0]) == []
    swapped = batch[..., ::-1].copy()[..., ::-1]
    turned = np.asfortranarray(batch[0])
    assert [r.text for r in reader.read_images([*swapped, turned, Image.fromarray(batch[0])])] == [
        "12",
        "34",
        "12",
        "12",
    ]


def test_what_is_no_path_has_an_error_with_its_index(reader, tmp_path):
    Image.fromarray(digits("1")).save(tmp_path / "1.png")
    readings = list(reader.read_many([tmp_path / "1.png", digits("2"), str(tmp_path / "1.png"), np.str_("a\0b")]))
    assert [reading.text for reading in readings] == ["1", "", "1", ""]
    assert str(readings[1].error) == "Reader.read_many, index 1: expected a path, found ndarray."
    assert readings[3].error


def test_pixels_of_ones_own_decoder_are_checked_too(reader):
    decoded = {"a": digits("1"), "b": np.zeros((3, 3)), "c": digits("2")}
    readings = list(reader.read_many(decoded, decode=lambda path: decoded[path.name]))
    assert [reading.text for reading in readings] == ["1", "", "2"]
    assert str(readings[1].error).startswith("b: expected RGB pixels")


def test_a_plate_with_more_characters_than_slots_says_so(reader):
    reading = reader.read(digits("12345", 120))
    assert (reading.text, reading.confidence, reading.plates[0].truncated) == ("1234", 0, True)
    assert not reader.read(digits("1234", 120)).plates[0].truncated


def test_images_of_mixed_shapes_come_back_in_order(reader):
    texts = ["12", "3", "", "4567", "89", "0"]
    images = [digits(text, width) for text, width in zip(texts, (90, 60, 90, 90, 60, 50), strict=True)]
    assert [reading.text for reading in reader.read_images(images)] == texts
    assert reader.read_images([]) == []


def test_images_of_one_shape_go_through_the_model_in_one_call(model, monkeypatch):
    reader, shapes = Reader(model), []
    runtime = reader._runtime
    monkeypatch.setattr(reader, "_runtime", lambda images: shapes.append(images.shape) or runtime(images))
    reader.read_images([digits("1", 60), digits("2", 80), digits("3", 60)])
    assert shapes == [(2, 40, 60, 3), (1, 40, 80, 3)]


def test_no_more_than_a_batch_of_images_is_loaded(reader, tmp_path, monkeypatch):
    path = tmp_path / "1.png"
    Image.fromarray(digits("1")).save(path)
    loaded, read_image = [], platefuse.inference.reader.read_image
    monkeypatch.setattr(platefuse.inference.reader, "read_image", lambda p: loaded.append(p) or read_image(p))
    results = reader.read_many((path for _ in range(10)), batch_size=4)
    assert next(results).text == "1"
    assert len(loaded) == 4
    assert len(list(results)) == 9 and len(loaded) == 10


def test_a_model_of_photographs_reads_each_with_its_plates(reader, tmp_path):
    of_photographs = Reader(save_photograph_reader(tmp_path / "fused"))
    assert of_photographs.reads_photographs and not reader.reads_photographs
    three = ("12", (20, 30), 204), ("345", (300, 100), 255), ("6", (5, 270), 102)
    images = [photograph(*three[:count], width=width) for count, width in ((2, 400), (0, 400), (3, 380), (1, 400))]
    expected = [["345", "12"], [], ["345", "12", "6"], ["12"]]
    for batch_size in (1, 3, 16):
        files = {tmp_path / str(index): image for index, image in enumerate(images)}
        readings = list(of_photographs.read_many(files, batch_size, files.__getitem__))
        assert [[plate.text for plate in reading.plates] for reading in readings] == expected
        assert [reading.image for reading in readings] == list(files)
    assert [r.plates for r in of_photographs.read_images(images)] == [reading.plates for reading in readings]
    assert (readings[2].text, readings[2].confidence, len(readings[2].characters)) == ("345", 1.0, 3)
    assert readings[2].plates[2].box == (5.0, 270.0, 15.0, 290.0)


def test_a_character_that_the_metadata_does_not_name_is_an_error(tmp_path):
    for save, image in ((save_rule_reader, digits("19")), (save_photograph_reader, photograph(("19", (9, 9), 255)))):
        model = save(tmp_path / save.__name__)
        metadata = json.loads((model / "platefuse.json").read_text())
        (model / "platefuse.json").write_text(json.dumps(metadata | {"alphabet": "0123"}))
        with pytest.raises(PlatefuseError, match="gave character 9, and its metadata names 4: make it anew"):
            Reader(model).read(image)


def test_no_model_says_which_stage_makes_it(tmp_path):
    with pytest.raises(PlatefuseError, match="dvc repro fuse"):
        Reader(tmp_path / "fused")


def test_what_is_not_a_fused_model_is_named(model, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PlatefuseError, match=r"empty is not a fused model: .*/saved_model\.pb is missing"):
        Reader(empty)
    for name, content, said in (
        ("platefuse.json", "{", "has no alphabet"),
        ("platefuse.json", json.dumps({"alphabet": 10}), "has no alphabet"),
        ("saved_model.pb", "garbage", "is damaged"),
    ):
        broken = shutil.copytree(model, tmp_path / "broken", dirs_exist_ok=True)
        (broken / name).write_text(content)
        with pytest.raises(PlatefuseError, match=said):
            Reader(broken)


def test_a_saved_model_of_another_kind_is_named(tmp_path):
    module = tf.Module()
    double = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([], tf.float32)])
    module.double = double
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": double})
    (tmp_path / "platefuse.json").write_text('{"alphabet": "01"}')
    with pytest.raises(PlatefuseError, match="lacks outputs of a fused model"):
        Reader(tmp_path)


def test_reading_needs_nothing_that_trains_and_says_so_without_tensorflow(model, tmp_path):
    Image.fromarray(digits("42")).save(tmp_path / "plate.png")
    script = """if True:
        import sys
        for name in sys.argv[1].split(","):
            sys.modules[name] = None  # importing it fails
        import platefuse.cli.main
        sys.exit(platefuse.cli.main.main(["read", sys.argv[2], "--model", sys.argv[3], "--draw", sys.argv[4]]))
    """
    training = "keras_retinanet,tf_keras,cv2,pydantic,yaml,scipy,pycocotools,matplotlib,mlxtend,dvc"

    def run(hidden: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, hidden, tmp_path / "plate.png", model, tmp_path / "drawn"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    done = run(training)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'plate.png'}\t42\t1.0000\n"), done.stderr
    bare = run(f"{training},tensorflow")
    assert bare.returncode == 1
    assert bare.stderr.strip().endswith("pip install tensorflow.") and "Traceback" not in bare.stderr
