"""`platefuse score` with models of photographs: several plates a photograph, with and without true boxes."""

import csv
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.fuse import fuse_again
from platefuse.cli.main import main
from platefuse.inference.metadata import known_metadata, write_metadata
from platefuse.inference.reader import Reader
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.detection.retinanet import Detector, save_detector
from tests.helpers import small_models, small_photographs
from tests.helpers.photograph_reader import photograph, save_photograph_reader
from tests.helpers.reader import folder_of_plates, save_rule_reader

HEADER = "image,x1,y1,x2,y2,text\n"
# a.png has two plates and a false alarm; b.png a plate read as 30; c.png nothing; d.png none, and a false alarm.
PHOTOGRAPHS = {
    "a.png": photograph(("12", (20, 20), 255), ("345", (100, 100), 200), ("7", (300, 200), 150)),
    "b.png": photograph(("30", (50, 50), 255)),
    "c.png": photograph(),
    "d.png": photograph(("9", (50, 50), 255)),
}
# "345" is 38 x 20 pixels, and its true box is wider: IoU 38 / 50. The others are exact.
TRUTH = (
    HEADER + "a.png,20,20,44,40,12\na.png,100,100,150,120,345\nb.png,50,50,74,70,3O\nc.png,10,10,60,30,88\nd.png,,,,,\n"
)


def write(folder: Path, photographs: Mapping[str, np.ndarray], truth: str) -> Path:
    folder.mkdir(parents=True)
    for name, image in photographs.items():
        Image.fromarray(image).save(folder / name)
    (folder / "truth.csv").write_text(truth)
    return folder


def words(line: str) -> list[str]:
    return line.split()


def score(*arguments: object) -> int:
    return main(["score", *map(str, arguments)])


def scores_of(folder: Path, model: Path, *options: object) -> dict[str, Any]:
    file = folder.parent / "scores.json"
    assert score(folder, "--model", model, "--json", file, *options) == 0
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_photograph_reader(tmp_path_factory.mktemp("models") / "photographs")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "eu", PHOTOGRAPHS, TRUTH)


def test_a_folder_by_hand(folder: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, picture = tmp_path / "table.csv", tmp_path / "mistakes.png"
    scores = scores_of(folder, model, "--out", table, "--draw", picture)
    lacking = scores.pop("not_in_alphabet")
    assert [entry["character"] for entry in lacking] == ["O"] and lacking[0]["first"].endswith("truth.csv, line 4")
    assert scores == pytest.approx(
        {
            "photographs": 4,
            "plates": 4,
            "recall_50": 3 / 4,
            "recall_75": 3 / 4,
            "median_iou": (38 / 50 + 1) / 2,
            "exact": 2 / 4,
            "equated": 3 / 4,
            "character_error_rate": 1 / 7,
            "best_right": 1 / 3,
            "false_alarms": 2 / 4,
            "alarmed_without_plate": 1,
        },
        abs=1e-6,
    )
    out = capsys.readouterr().out.splitlines()
    assert words(out[0]) == words("photographs plates found .5 .75 IoU exact equated errors best alarms no plate")
    assert words(out[1]) == words("eu 4 4 0.750 0.750 0.880 0.500 0.750 0.143 0.333 0.500 1.000")
    assert out[2].startswith("1 of 4 truths cannot be read right")
    title = out.index("1 misread, 1 missed, 2 false alarms, worst first:")
    assert [line.split() for line in out[title + 1 :]] == [
        ["read", "true", "edits", "confidence", "image"],
        ["missed", "88", "2", "0.0000", "c.png"],
        ["misread", "30", "3O", "1", "1.0000", "b.png"],
        ["false", "alarm", "9", "1", "1.0000", "d.png"],
        ["false", "alarm", "7", "1", "0.5882", "a.png"],
    ]
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [words(" ".join(value or "-" for value in row.values())) for row in rows] == [
        words("a.png 20 20 44 40 12 20.0 20.0 44.0 40.0 12 1.0 1.0 1"),
        words("a.png 100 100 150 120 345 100.0 100.0 138.0 120.0 345 0.784314 0.76 1"),
        words("a.png - - - - - 300.0 200.0 310.0 220.0 7 0.588235 - 0"),
        words("b.png 50 50 74 70 3O 50.0 50.0 74.0 70.0 30 1.0 1.0 0"),
        words("c.png 10 10 60 30 88 - - - - - 0.0 0.0 0"),
        words("d.png - - - - - 50.0 50.0 60.0 70.0 9 1.0 - 0"),
    ]
    with Image.open(picture) as drawn:  # four mistakes in a row
        assert drawn.width > 4 * 288


def test_folders_get_a_row_each_and_one_for_all(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One folder has boxes, another texts only, the third no plates at all."""
    write(tmp_path / "real" / "br", PHOTOGRAPHS, TRUTH)
    texts = "image,text\na.png,345\na.png,12\nb.png,31\nc.png,\nd.png,\n"
    write(tmp_path / "real" / "eu", PHOTOGRAPHS, texts)
    write(tmp_path / "real" / "none", {"c.png": PHOTOGRAPHS["c.png"]}, HEADER + "c.png,,,,,\n")
    rows = scores_of(tmp_path / "real", model)
    assert list(rows) == ["br", "eu", "none", "all"]
    assert rows["br"]["recall_50"] == rows["all"]["recall_50"] == 0.75  # of the plates with boxes
    assert "recall_50" not in rows["eu"] and "median_iou" not in rows["eu"]
    of_texts = {"plates": 3, "exact": 2 / 3, "equated": 2 / 3, "character_error_rate": 1 / 7, "best_right": 1 / 2}
    of_texts |= {"photographs": 4, "false_alarms": 2 / 4, "alarmed_without_plate": 1 / 2}
    assert rows["eu"] == pytest.approx(of_texts, abs=1e-6)
    assert rows["none"] == {"photographs": 1, "plates": 0, "false_alarms": 0, "alarmed_without_plate": 0}
    assert (rows["all"]["photographs"], rows["all"]["plates"]) == (9, 7)
    assert rows["all"]["exact"] == pytest.approx(4 / 7, abs=1e-6)
    out = capsys.readouterr().out.splitlines()
    assert out[3].split() == ["none", "1", "0", *["-"] * 7, "0.000", "0.000"]


def test_normalised_texts_are_compared(model: Path, tmp_path: Path) -> None:
    truth = TRUTH.replace(",345", ",3-45").replace(",12\n", ",1 2\n")
    folder = write(tmp_path / "eu", PHOTOGRAPHS, truth)
    assert scores_of(folder, model)["exact"] == 0
    scores = scores_of(folder, model, "--normalise")
    assert (scores["exact"], scores["normalised"]) == (0.5, 2)


def test_a_photograph_that_cannot_be_read_praises_nobody(
    folder: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its plates are missed; without plates it is not counted."""
    for name in ("b.png", "d.png"):
        (folder / name).write_bytes(b"not an image")
    file, picture = tmp_path / "scores.json", tmp_path / "mistakes.png"
    assert score(folder, "--model", model, "--json", file, "--draw", picture) == 1
    scores = json.loads(file.read_text())
    assert (scores["photographs"], scores["plates"], scores["recall_50"]) == (3, 4, 0.5)
    assert "alarmed_without_plate" not in scores
    printed = capsys.readouterr()
    assert "0 misread, 1 missed, 1 false alarm, worst first:" in printed.out
    assert "2 of 4 images could not be read" in printed.err


def test_nothing_is_drawn_where_all_is_right(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "eu", {"b.png": PHOTOGRAPHS["b.png"]}, HEADER + "b.png,50,50,74,70,30\n")
    assert score(folder, "--model", model, "--draw", tmp_path / "mistakes.png", "--misread", 0) == 0
    assert not (tmp_path / "mistakes.png").exists()
    out = capsys.readouterr().out
    assert "mistakes.png is not written: there is no mistake to draw." in out and "worst" not in out


def test_look_alikes_in_vain_are_named_only_if_asked_for(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, named in ((["--equate", "QZ"], True), ([], False)):
        assert score(folder, "--model", model, *options) == 0
        assert ("has 'Q'" in capsys.readouterr().out) == named


def test_what_is_missing_or_wrong_is_named(
    folder: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plates = save_rule_reader(tmp_path / "plates")

    def refused(*arguments: object) -> str:
        assert score(*arguments, "--json", tmp_path / "scores.json") == 1
        assert not (tmp_path / "scores.json").exists()
        return capsys.readouterr().err

    boxes = refused(folder, "--model", plates)
    assert f"{folder}/truth.csv has boxes, the truth of whole photographs, and {plates} reads single plates" in boxes
    assert "--model photographs" in boxes
    assert "There is no fused model at nowhere" in refused(folder, "--model", "nowhere")
    assert "--reader needs --networks" in refused(folder, "--model", model, "--reader", tmp_path)
    assert "--formats needs --networks" in refused(folder, "--model", model, "--formats", "eu=br")
    (folder / "a.png").unlink()
    assert f"{folder}/truth.csv, line 2: there is no image {folder}/a.png." in refused(folder, "--model", model)
    (folder / "d.png").unlink()
    assert "Rows without an image in all: 2." in refused(folder, "--model", model)
    twice = write(tmp_path / "twice", PHOTOGRAPHS, "image,text\na.png,12\na.png,345\n")
    assert "line 3: a.png is listed twice" in refused(twice, "--model", plates)


def test_an_image_of_one_plate_is_a_photograph_too(model: Path, tmp_path: Path) -> None:
    scores = scores_of(folder_of_plates(tmp_path / "plates", [("12", "12"), ("", "")]), model)
    assert (scores["photographs"], scores["plates"], scores["exact"]) == (2, 1, 1)


# --- networks fused again


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a plate detector and a plate reader, small ones, and of the metadata of both together."""
    folder = tmp_path_factory.mktemp("networks")
    detector = Detector(small_models.unsaturated_detector(), small_models.DETECTOR.anchors, "")
    save_detector(folder / "plate_detector.h5", detector)
    save_detector(folder / "detector.h5", detector)
    save_classifier(folder / "classifier.h5", Classifier(small_models.small_classifier(), small_models.ALPHABET))
    params = small_photographs.PHOTOGRAPHS.model_copy(
        update={
            "reader": "elsewhere",
            "max_plates": 1,
            "candidates": 1,
            "input_sizes": ((64, 96),),
            "score_threshold": 0.0,
            "refined_size": (),
            "min_confidence": 0.0,
        }
    )
    reader = small_models.FUSE.model_dump(mode="json") | {"format_tolerance": 100.0}
    metadata = {"reads": "photographs", "alphabet": small_models.ALPHABET, **params.model_dump(mode="json")}
    write_metadata(folder, metadata | {"reader": reader})
    return folder


@pytest.mark.slow
def test_networks_of_photographs_are_fused_with_the_formats_of_a_folder(networks: Path, tmp_path: Path) -> None:
    """The model that stood beside them says with which parameters; its reader's folder need not be there any more."""
    before = {path.name: path.read_bytes() for path in networks.iterdir()}
    fuse_again(networks, {tmp_path / "fused": {"formats": ["LLL00"]}})
    metadata, given = (known_metadata(folder) for folder in (tmp_path / "fused", networks))
    assert metadata["reader"] == given["reader"] | {"formats": ["LLL00"]}
    assert {**metadata, "reader": None} == {**given, "reader": None}
    noise = np.random.default_rng(5).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    plates = Reader(tmp_path / "fused").read(noise).plates
    assert plates and all(re.fullmatch("[A-E]{3}[0-4]{2}", plate.text) for plate in plates)
    assert {path.name: path.read_bytes() for path in networks.iterdir()} == before


def test_networks_that_lack_a_part_are_named(
    networks: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*arguments: object) -> str:
        assert score(folder, *arguments) == 1
        return capsys.readouterr().err

    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("platefuse.json", "plate_detector.h5"):
        shutil.copy(networks / name, alone)
    assert f"{alone}/detector.h5" in refused("--networks", alone)
    assert "nothing says how its networks were fused" in refused("--networks", alone, "--reader", tmp_path)
    assert "'xx' is neither made of L, 0 and ?" in refused("--networks", networks, "--formats", "eu=xx")
    plates = tmp_path / "plates"
    plates.mkdir()
    write_metadata(plates, small_models.FUSE.model_dump(mode="json"))
    texts = folder_of_plates(tmp_path / "texts", [("12", "12")])
    assert score(texts, "--networks", plates, "--reader", networks) == 1
    assert "has the networks of single plates, which need no other" in capsys.readouterr().err
