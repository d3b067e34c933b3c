"""Training on a handful of boards, and what it writes."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from platefuse.dataset import Plate, write_plate_set
from platefuse.detector import DetectorParams, load_detector
from platefuse.detector_training import train_detector
from platefuse.errors import PlatefuseError
from tests.small_models import DETECTOR

WIDE = 120  # not the canvas' size, so that boards are scaled to it


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
            boards.append((image, Plate(Path(f"{i}.png"), boxes, "" if empty else "7", "" if empty else "7")))
        write_plate_set(folder / split, "0123456789", boards)
    return folder


def train(plates: Path, output: Path, **changes: object) -> dict[str, float]:
    params = DetectorParams.model_validate({**DETECTOR.model_dump(), **changes})
    files = {"model": "detector.h5", "metrics": "detector.json", "curves": "curves.csv"}
    paths = {name: output / file for name, file in files.items()}
    train_detector(params, plates / "train", plates / "val", **paths)
    return json.loads(paths["metrics"].read_text())


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_training_writes_model_metrics_and_curves_and_repeats_to_the_byte(plates: Path, tmp_path: Path) -> None:
    metrics = train(plates, tmp_path / "first", epochs=2)
    assert metrics.keys() == {"average_precision_50", "average_precision_50_95", "anchor_coverage"}
    assert all(0 <= value <= 1 for value in metrics.values())
    with (tmp_path / "first" / "curves.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"loss", "val_loss"} <= rows[0].keys()
    train(plates, tmp_path / "second", epochs=2)
    assert hashes(tmp_path / "first") == hashes(tmp_path / "second")


def test_another_seed_gives_other_weights_and_classes_may_be_characters(plates: Path, tmp_path: Path) -> None:
    train(plates, tmp_path / "one", seed=1, classes="character")
    train(plates, tmp_path / "two", seed=2, classes="character")
    one, two = (load_detector(tmp_path / name / "detector.h5")[0] for name in ("one", "two"))
    assert any(not np.array_equal(a, b) for a, b in zip(one.get_weights(), two.get_weights(), strict=True))


def test_an_empty_set_is_named(plates: Path, tmp_path: Path) -> None:
    write_plate_set(tmp_path / "train", "0123456789", [])
    shutil.copytree(plates / "val", tmp_path / "val")
    with pytest.raises(PlatefuseError, match=r"train has no plates"):
        train(tmp_path, tmp_path)


def test_boxes_that_no_anchor_covers_are_warned_of(
    plates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anchors = {**DETECTOR.anchors.model_dump(), "sizes": (60, 80, 100)}
    metrics = train(plates, tmp_path, anchors=anchors)
    assert metrics["anchor_coverage"] == 0
    warning = capsys.readouterr().err
    assert "WARNING: anchor coverage is 0.0% of the training boxes" in warning
    assert "detector.anchors.sizes (now [60.0, 80.0, 100.0])" in warning
