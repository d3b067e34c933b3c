"""Reading with a model in miniature that keeps the fused model's contract (fixtures_reader.py)."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import platefuse.inference.reader
from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader, find_images
from tests.helpers.reader import board, digits, save_rule_reader


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_rule_reader(tmp_path_factory.mktemp("models") / "fused")


@pytest.fixture(scope="module")
def reader(model):
    return Reader(model)


def test_a_reading_holds_the_used_slots_in_pixels_of_the_image(reader):
    image = board(40, 70, (7, (5, 3, 15, 33), 204, 255), (0, (40, 10, 60, 20), 255, 51))
    [reading] = reader.read_images([image])
    assert (reading.text, reading.characters) == ("70", "70")
    assert reading.confidence == pytest.approx(0.8)
    assert_array_equal(reading.boxes, np.float32([[5, 3, 15, 33], [40, 10, 60, 20]]))
    assert_allclose(reading.scores, [1, 0.2], rtol=1e-6)
    assert_allclose(reading.character_scores, [0.8, 1], rtol=1e-6)
    assert reading.boxes.dtype == reading.scores.dtype == reading.character_scores.dtype == np.float32


def test_an_empty_plate(reader):
    [reading] = reader.read_images([board(8, 9)])
    assert (reading.text, reading.characters, reading.confidence) == ("", "", 0)
    assert reading.boxes.shape == (0, 4) and reading.scores.shape == reading.character_scores.shape == (0,)


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


def test_files_are_read_in_batches_and_a_bad_one_stops_no_other(reader, tmp_path):
    texts = ["1", "23", "bad", "4", "56"]
    paths = [tmp_path / f"{index}.png" for index in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        if text == "bad":
            path.write_bytes(b"not an image")
        else:
            Image.fromarray(digits(text)).save(path)
    for batch_size in (1, 2, 3, 16):
        results = list(reader.read_files(paths, batch_size))
        assert [path for path, _ in results] == paths
        assert isinstance(results[2][1], PlatefuseError) and "2.png" in str(results[2][1])
        assert [r.text for _, r in results if not isinstance(r, PlatefuseError)] == ["1", "23", "4", "56"]
    assert list(reader.read_files([])) == []
    assert [isinstance(r, PlatefuseError) for _, r in reader.read_files([paths[2]])] == [True]


def test_no_more_than_a_batch_of_images_is_loaded(reader, tmp_path, monkeypatch):
    path = tmp_path / "1.png"
    Image.fromarray(digits("1")).save(path)
    loaded, read_image = [], platefuse.inference.reader.read_image
    monkeypatch.setattr(platefuse.inference.reader, "read_image", lambda p: loaded.append(p) or read_image(p))
    results = reader.read_files((path for _ in range(10)), batch_size=4)
    assert next(results)[1].text == "1"
    assert len(loaded) == 4
    assert len(list(results)) == 9 and len(loaded) == 10


def test_no_model_says_which_stage_makes_it(tmp_path):
    with pytest.raises(PlatefuseError, match="dvc repro fuse"):
        Reader(tmp_path / "fused")


def test_what_is_not_a_fused_model_is_named(model, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PlatefuseError, match=r"empty is not a fused model: saved_model\.pb"):
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
    from platefuse.networks.common.keras2 import tf

    module = tf.Module()
    double = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([], tf.float32)])
    module.double = double
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": double})
    (tmp_path / "platefuse.json").write_text('{"alphabet": "01"}')
    with pytest.raises(PlatefuseError, match="lacks the outputs"):
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


def _touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_find_images_expands_folders(tmp_path):
    _touch(
        tmp_path,
        "b.png",
        "a.JPG",
        "c.tiff",
        "d.webp",
        "._b.png",
        ".hidden.png",
        "notes.txt",
        "e.bmp",
        "f.Jpeg",
    )
    _touch(tmp_path / "deeper.png", "g.png")
    names = [path.name for path in find_images([tmp_path])]
    assert names == ["a.JPG", "b.png", "c.tiff", "d.webp", "e.bmp", "f.Jpeg"]


def test_find_images_takes_files_as_given_and_each_once(tmp_path):
    _touch(tmp_path, "b.png", "a.png", "photo")
    found = find_images([tmp_path / "photo", tmp_path / "b.png", tmp_path])
    assert [path.name for path in found] == ["photo", "b.png", "a.png"]


def test_find_images_names_what_is_wrong(tmp_path):
    with pytest.raises(PlatefuseError, match=r"nowhere\.png does not exist"):
        find_images([tmp_path / "nowhere.png"])
    _touch(tmp_path / "set", "truth.csv")
    with pytest.raises(PlatefuseError, match=r"set has no images in it .*\.$"):
        find_images([tmp_path / "set"])
    _touch(tmp_path / "set" / "images", "a.png")
    with pytest.raises(PlatefuseError, match=r"Did you mean .*images\?"):
        find_images([tmp_path / "set"])
