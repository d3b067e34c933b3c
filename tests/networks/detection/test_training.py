"""Training on a handful of boards, and what it writes."""

import contextlib
import csv
import io
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import read_photograph_set
from platefuse.data.plate_set import AnnotatedPlate, read_plate_set, write_plate_set
from platefuse.networks.common.keras2 import keras
from platefuse.networks.detection.anchors import anchor_boxes, anchor_targets
from platefuse.networks.detection.letterboxed import LetterboxedSet, load_letterboxed
from platefuse.networks.detection.params import DetectorParams, LightParams, PlateDetectorParams
from platefuse.networks.detection.retinanet import load_detector
from platefuse.networks.detection.training import (
    train_detector,
    train_plate_detector,
    training_batches,
    validation_batches,
)
from tests.helpers.checksums import checksums
from tests.helpers.eager import eagerly
from tests.helpers.photographs import write_photographs
from tests.helpers.small_models import DETECTOR, INPUT_SIZE
from tests.helpers.stopping import StoppedError, stopping_at

WIDE = 120  # not the input size, so that boards are scaled


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boards of a bright square each, and one of nothing."""
    folder = tmp_path_factory.mktemp("plates")
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 3)):
        boards = []
        for i in range(count):
            image = np.zeros((80, WIDE, 3), np.uint8)
            x, y = rng.integers(0, WIDE - 25), rng.integers(0, 50)
            empty = i == 0
            if not empty:
                image[y : y + 25, x : x + 25] = 255
            boxes = np.array([[x, y, x + 25, y + 25]][: 0 if empty else 1], np.int32).reshape(-1, 4)
            boards.append((image, AnnotatedPlate(Path(f"{i}.png"), boxes, "" if empty else "7", "" if empty else "7")))
        write_plate_set(folder / split, "0123456789", boards)
    return folder


def train(plates: Path, output: Path, in_graphs: bool = False, **changes: object) -> dict[str, float]:
    """Train as the stage does, in graphs, or faster without them."""
    params = DetectorParams.model_validate({**DETECTOR.model_dump(), **changes})
    files = {"model": "detector.h5", "metrics": "detector.json", "curves": "curves.csv"}
    paths = {name: output / file for name, file in files.items()}
    checkpoints = output.with_name(f"{output.name}-checkpoints")
    with nullcontext() if in_graphs else eagerly():
        train_detector(params, plates / "train", plates / "val", **paths, checkpoint_dir=checkpoints)
    return json.loads(paths["metrics"].read_text())


def test_a_training_that_was_stopped_goes_on_to_the_same_bytes_and_another_seed_gives_others(
    plates: Path, tmp_path: Path
) -> None:
    """That the same seed gives the same bytes follows: the stopped training began anew, in another folder."""
    changes = {"epochs": 2, "learning_rate_decay": "cosine", "augmentation": LightParams(brightness=0.2).model_dump()}
    metrics = train(plates, tmp_path / "whole", in_graphs=True, **changes)
    assert metrics.keys() == {"average_precision_50", "average_precision_50_95", "anchor_coverage"}
    assert all(0 <= value <= 1 for value in metrics.values())
    with (tmp_path / "whole" / "curves.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"loss", "val_loss"} <= rows[0].keys()
    with pytest.raises(StoppedError), stopping_at("epoch 1 of 2"):
        train(plates, tmp_path / "stopped", in_graphs=True, **changes)
    assert not (tmp_path / "stopped").exists()
    train(plates, tmp_path / "stopped", in_graphs=True, **changes)
    assert checksums(tmp_path / "stopped") == checksums(tmp_path / "whole")
    loaded = load_detector(tmp_path / "whole" / "detector.h5")
    assert loaded.alphabet == ""
    assert loaded.model.output_shape[1][-1] == 1
    train(plates, tmp_path / "other", **changes, seed=4)
    other = load_detector(tmp_path / "other" / "detector.h5").model
    pairs = zip(loaded.model.get_weights(), other.get_weights(), strict=True)
    assert any(not np.array_equal(ours, theirs) for ours, theirs in pairs)


class Trained(NamedTuple):
    """A folder with the plate sets and what training wrote, its metrics, and what it said on stderr."""

    folder: Path
    metrics: dict[str, float]
    said: str


@pytest.fixture(scope="module")
def of_characters(plates: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training on characters as classes, with anchors that are too large for them all."""
    folder = tmp_path_factory.mktemp("characters")
    for split in ("train", "val"):
        shutil.copytree(plates / split, folder / split)
    (folder / "train" / "classes.csv").write_text("9,0\n7,1\nA,2\n")
    anchors = {**DETECTOR.anchors.model_dump(), "sizes": (60, 80, 100)}
    with contextlib.redirect_stderr(io.StringIO()) as said:
        metrics = train(folder, folder, classes="character", anchors=anchors)
    return Trained(folder, metrics, said.getvalue())


def test_classes_that_are_characters_are_those_of_the_training_sets_classes_in_their_order(
    of_characters: Trained,
) -> None:
    loaded = load_detector(of_characters.folder / "detector.h5")
    detector, alphabet = loaded.model, loaded.alphabet
    assert alphabet == "97A"
    assert detector.output_shape[1][-1] == 3
    letterboxed = load_letterboxed(read_plate_set(of_characters.folder / "train"), INPUT_SIZE, alphabet, "")
    assert letterboxed.labels.tolist() == [[0]] + [[1]] * 5


def test_a_character_that_only_the_validation_set_knows_is_named(plates: Path, tmp_path: Path) -> None:
    for split in ("train", "val"):
        shutil.copytree(plates / split, tmp_path / split)
    with (tmp_path / "val" / "annotations.csv").open("a") as stream:
        stream.write("images/1.png,0,0,5,5,8\n")
    (tmp_path / "train" / "classes.csv").write_text("7,0\n")
    with pytest.raises(PlatefuseError, match=r"val/annotations\.csv has the classes \['8'\], which .*train/classes"):
        train(tmp_path, tmp_path, classes="character")


def test_a_damaged_image_is_named_before_training(plates: Path, tmp_path: Path) -> None:
    for split in ("train", "val"):
        shutil.copytree(plates / split, tmp_path / split)
    (tmp_path / "val" / "images" / "2.png").write_bytes(b"no image")
    with pytest.raises(PlatefuseError, match=r"2\.png cannot be read as an image"):
        train(tmp_path, tmp_path)


def numbered(count: int) -> LetterboxedSet:
    """Plates of one gray each, their number, with one box each that starts there too."""
    images = np.zeros((count, *INPUT_SIZE, 3), np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None, None]
    boxes = np.array([[[i, i, i + 20, i + 20], [0] * 4] for i in range(count)], np.float32)
    return LetterboxedSet(images, np.full((count, 2), INPUT_SIZE, np.int32), boxes, np.zeros((count, 2), np.int32))


def order_of(batches: list) -> list[int]:
    return [int(image[0, 0, 0]) for images, _ in batches for image in images]


def test_training_goes_over_the_plates_in_another_order_each_pass_without_end() -> None:
    params = DETECTOR.model_copy(update={"batch_size": 4})
    seen = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        batches = list(training_batches(numbered(10), params, 1).take(8).as_numpy_iterator())
        assert {images.shape for images, _ in batches} == {(4, *INPUT_SIZE, 3)}
        seen.append(order_of(batches))
    assert seen[0] == seen[1]
    passes = [seen[0][i : i + 10] for i in (0, 10, 20)]
    assert all(sorted(one) == list(range(10)) for one in passes)
    assert passes[0] != passes[1] != passes[2]
    anchors = anchor_boxes(params.anchors, INPUT_SIZE)
    for images, targets in batches:
        boxes = numbered(10).boxes[images[:, 0, 0, 0].astype(int)]
        regression, classification = anchor_targets(anchors, INPUT_SIZE, boxes, np.zeros((4, 2), int), 1)
        np.testing.assert_array_equal(targets["regression"], regression)
        np.testing.assert_array_equal(targets["classification"], classification)


class Recorder(keras.Model):
    """Learns nothing, and remembers which plates it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def train_step(self, data: tuple) -> dict:
        self.seen += order_of([data])
        return {}


def test_epochs_take_up_the_pass_where_the_last_one_left_it() -> None:
    keras.utils.set_random_seed(1)
    recorder = Recorder()
    recorder.compile(run_eagerly=True)
    batches = training_batches(numbered(12), DETECTOR.model_copy(update={"batch_size": 4}), 1)
    recorder.fit(batches, epochs=3, steps_per_epoch=2, verbose=0)
    assert sorted(recorder.seen[:12]) == list(range(12))
    assert sorted(recorder.seen[12:]) == list(range(12))


def test_validation_shows_each_plate_once_in_order_and_never_in_another_light() -> None:
    light = LightParams(brightness=0.2, contrast=0.2, colour=0.2, gray=0.5)
    params = DETECTOR.model_copy(update={"batch_size": 4, "augmentation": light})
    for _ in range(2):
        batches = list(validation_batches(numbered(10), params, 1).as_numpy_iterator())
        assert order_of(batches) == list(range(10))
    assert set(order_of(list(training_batches(numbered(1), params, 1).take(5).as_numpy_iterator()))) != {0}


def test_an_empty_set_is_named(plates: Path, tmp_path: Path) -> None:
    write_plate_set(tmp_path / "train", "0123456789", [])
    shutil.copytree(plates / "val", tmp_path / "val")
    with pytest.raises(PlatefuseError, match=r"train has no plates"):
        train(tmp_path, tmp_path)


def test_boxes_that_no_anchor_covers_are_warned_of(of_characters: Trained) -> None:
    assert of_characters.metrics["anchor_coverage"] == 0
    assert "WARNING: anchor coverage is 0.0% of the training boxes" in of_characters.said
    assert "detector.anchors.sizes (now [60.0, 80.0, 100.0])" in of_characters.said


PLATES = PlateDetectorParams.model_validate(
    DETECTOR.model_dump()
    | {
        "input_size": (64, 96),
        "contrast": "local",
        "backbone_width": 8,
        "pyramid_width": 16,
        "head_width": 16,
        "anchors": {"levels": (2, 3, 4, 5), "sizes": (17, 24, 34, 50), "ratios": (0.33,), "scales": (1.0,)},
        "regression_loss": "giou",
        "epochs": 1,
        "steps": 90,
        "batch_size": 8,
        "learning_rate": 0.008,
        "learning_rate_decay": "cosine",
    }
)


def train_on_photographs(photographs: Path, output: Path, params: PlateDetectorParams = PLATES) -> dict[str, float]:
    files = {"model": output / "plate_detector.h5", "metrics": output / "metrics.json", "curves": output / "curves.csv"}
    checkpoints = output.with_name(f"{output.name}-checkpoints")
    train_plate_detector(params, photographs / "train", photographs / "val", **files, checkpoint_dir=checkpoints)
    return json.loads(files["metrics"].read_text())


def test_plates_are_found_in_photographs_of_which_a_third_has_none(tmp_path: Path) -> None:
    write_photographs(tmp_path / "train", 48, (64, 96), seed=0, packed=True)
    write_photographs(tmp_path / "val", 12, (96, 144), seed=1)
    metrics = train_on_photographs(tmp_path, tmp_path / "output")
    assert metrics["anchor_coverage"] > 0.9
    assert metrics["average_precision_50"] > 0.6
    assert load_detector(tmp_path / "output" / "plate_detector.h5").anchors == PLATES.anchors


def test_photographs_on_the_disk_give_the_batches_of_those_in_memory(tmp_path: Path) -> None:
    write_photographs(tmp_path / "set", 10, (64, 96), packed=True)
    streams = []
    for stored in (True, False):
        keras.utils.set_random_seed(1)
        photographs = load_letterboxed(read_photograph_set(tmp_path / "set"), (64, 96), "", "", stored)
        streams.append(list(training_batches(photographs, PLATES, 1, done=1).take(2).as_numpy_iterator()))
    for (images, targets), (others, other_targets) in zip(*streams, strict=True):
        np.testing.assert_array_equal(images, others)
        for name, values in targets.items():
            np.testing.assert_array_equal(values, other_targets[name])


def test_photographs_without_any_plate_are_named_before_training(tmp_path: Path) -> None:
    write_photographs(tmp_path / "train", 3, INPUT_SIZE)
    write_photographs(tmp_path / "val", 1, INPUT_SIZE)
    with pytest.raises(PlatefuseError, match=r"val has no plates: truth\.csv names none"):
        train_on_photographs(tmp_path, tmp_path / "output")


def test_a_damaged_photograph_is_named_before_training(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_photographs(tmp_path / split, 3, INPUT_SIZE)
    (tmp_path / "train" / "images" / "2.png").write_bytes(b"no image")
    with pytest.raises(PlatefuseError, match=r"2\.png cannot be read as an image"):
        train_on_photographs(tmp_path, tmp_path / "output")
