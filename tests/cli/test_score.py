"""`platefuse score`: one folder, a folder of folders, and networks fused again with the formats of each."""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.main import main
from platefuse.cli.score_reading import parse_formats, read_folders
from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import write_metadata
from platefuse.labels.text_only import read_text_only
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.detection.retinanet import Detector, save_detector
from platefuse.runner.atomic import write_csv
from tests.helpers import small_models
from tests.helpers.reader import digits, folder_of_plates, save_rule_reader

SCORES = ["exact", "equated", "character_error_rate", "length_accuracy"]


def write_folder(folder: Path, plates: dict[str, np.ndarray], truths: list[str]) -> None:
    folder.mkdir(parents=True)
    for name, image in plates.items():
        Image.fromarray(image).save(folder / name)
    write_csv(folder / "truth.csv", ["image", "text"], [list(row) for row in zip(plates, truths, strict=True)])


def score(*arguments: object) -> int:
    return main(["score", *map(str, arguments)])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of boards that the rule reader reads as 12, 30 and 4; and one without a truth.csv."""
    folder = tmp_path_factory.mktemp("real")
    write_folder(folder / "br", {"a.png": digits("12"), "b.jpg.png": digits("30")}, ["12", "3O"])
    write_folder(folder / "us-studio", {"c.png": digits("4")}, ["55"])
    (folder / "notes").mkdir()
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_rule_reader(tmp_path_factory.mktemp("models") / "fused")


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two small networks, and of the metadata that says how they were fused."""
    folder = tmp_path_factory.mktemp("networks")
    save_detector(folder / "detector.h5", Detector(small_models.small_detector(), small_models.DETECTOR.anchors, ""))
    save_classifier(folder / "classifier.h5", Classifier(small_models.small_classifier(), small_models.ALPHABET))
    write_metadata(folder, small_models.FUSE.model_dump(mode="json") | {"format_tolerance": 100.0})
    return folder


# --- one folder


PLATES = [("1234", "1234"), ("1234", "1284"), ("77", "7"), ("", "")]
OF_PLATES = {"images": 4, "exact_match": 0.5, "character_error_rate": 0.2, "length_accuracy": 0.75}


def test_scores_are_printed_and_written(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", PLATES)
    scores, table = tmp_path / "new" / "scores.json", tmp_path / "table.csv"
    assert score(folder, "--model", model, "--json", scores, "--out", table) == 0
    assert [line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines()] == [
        ["images", "4"],
        ["exact match", "0.5000"],
        ["character error rate", "0.2000"],
        ["length accuracy", "0.7500"],
    ]
    assert json.loads(scores.read_text()) == OF_PLATES
    with table.open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["image", "truth", "text", "confidence", "right"]
    assert rows[1:3] == [["0.png", "1234", "1234", "1.0", "1"], ["1.png", "1234", "1284", "1.0", "0"]]
    assert rows[4] == ["3.png", "", "", "0.0", "1"]


def test_look_alikes_are_counted_as_equal(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", PLATES)
    scores = tmp_path / "scores.json"
    assert score(folder, "--model", model, "--equate", "38,17", "--json", scores) == 0
    assert json.loads(scores.read_text()) == {**OF_PLATES, "exact_match_equated": 0.75}
    assert "exact match equated   0.7500" in capsys.readouterr().out


def test_an_unreadable_image_counts_as_wrong(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("12", "12"), ("34", "34"), ("", "")])
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"not an image")
    scores = tmp_path / "scores.json"
    assert score(folder, "--model", model, "--json", scores) == 1
    # 2 characters of plate 1 are missing; plate 2, which is empty, must not pass for read: 3 edits over 4.
    expected = {"images": 3, "exact_match": 1 / 3, "character_error_rate": 0.75, "length_accuracy": 1 / 3}
    assert json.loads(scores.read_text()) == pytest.approx(expected, abs=1e-6)
    assert "2 of 3 images could not be read" in capsys.readouterr().err


def test_a_missing_image_stops_the_command_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "0.png").unlink()
    (folder / "2.png").unlink()
    assert score(folder, "--model", "nowhere") == 1
    assert "not there: 0.png and 1 more" in capsys.readouterr().err


def test_a_folder_without_plates_is_refused(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(folder_of_plates(tmp_path / "plates", []), "--model", model) == 1
    assert "no plates" in capsys.readouterr().err


# --- a folder of folders


def test_a_folder_of_folders_gets_a_row_each_and_one_for_all(
    real: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores, table, picture = tmp_path / "scores.json", tmp_path / "table.csv", tmp_path / "misread.png"
    assert score(real, "--model", model, "--json", scores, "--out", table, "--draw", picture) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["images", "exact", "equated", "errors", "length"],
        ["br", "2", "0.500", "1.000", "0.250", "1.000"],
        ["us-studio", "1", "0.000", "0.000", "1.000", "0.000"],
        ["all", "3", "0.333", "0.667", "0.500", "0.667"],
    ]
    written = json.loads(scores.read_text())
    assert written["br"] == dict(zip(["images", *SCORES], [2, 0.5, 1.0, 0.25, 1.0], strict=True))
    assert list(written) == ["br", "us-studio", "all"]
    with table.open(newline="") as stream:
        assert list(csv.reader(stream))[1:] == [
            ["br/a.png", "12", "12", "1.0", "1"],
            ["br/b.jpg.png", "3O", "30", "1.0", "0"],
            ["us-studio/c.png", "55", "4", "1.0", "0"],
        ]
    with Image.open(picture) as drawn:  # two misread plates beside each other
        assert drawn.width > 2 * 288


def test_other_look_alikes_take_the_place_of_o_and_0(
    real: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(real, "--model", model, "--equate", "38") == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["br", "2", "0.500", "0.500"]


def test_no_picture_is_drawn_where_all_is_right(real: Path, model: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "right", {"a.png": digits("12")}, ["12"])
    assert score(tmp_path / "right", "--model", model, "--draw", tmp_path / "misread.png") == 0
    assert not (tmp_path / "misread.png").exists()


def test_an_unreadable_image_of_a_folder_is_wrong_and_not_drawn(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "plates" / "br", {"a.png": digits("12"), "b.png": digits("")}, ["12", ""])
    (tmp_path / "plates" / "br" / "b.png").write_bytes(b"not an image")
    arguments = ["--json", tmp_path / "scores.json", "--draw", tmp_path / "misread.png"]
    assert score(tmp_path / "plates", "--model", model, *arguments) == 1
    assert "1 of 2 images could not be read" in capsys.readouterr().err
    assert json.loads((tmp_path / "scores.json").read_text())["all"]["exact"] == 0.5
    assert not (tmp_path / "misread.png").exists()


# --- networks fused again


def test_networks_are_fused_again_and_scored_without_and_with_formats(
    real: Path, networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in networks.iterdir()}
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    scores = tmp_path / "metrics" / "real.json"
    assert score(real / "br", "--networks", networks, "--formats", "elsewhere=us", "--json", scores) == 0
    rows: dict[str, Any] = json.loads(scores.read_text())
    assert list(rows) == ["br", "all"]
    for row in rows.values():
        assert list(row) == ["images", *SCORES, *(f"{name}_with_formats" for name in SCORES)]
        assert all(type(number) in (int, float) for number in row.values())
        assert [row[name] for name in SCORES] == [row[f"{name}_with_formats"] for name in SCORES], "no formats"
    assert {path.name for path in tmp_path.iterdir()} == {"metrics"}
    assert {path.name: path.read_bytes() for path in networks.iterdir()} == before
    assert "with formats:" in capsys.readouterr().out


def test_each_folder_is_read_with_its_own_formats(real: Path, networks: Path) -> None:
    arguments = argparse.Namespace(networks=networks, formats=["br=LLLLL", "us-studio=00000"], batch_size=2)
    reads = read_folders(arguments, read_text_only(real))

    def texts(suffix: str, folder: str) -> set[str]:
        return {read.text for path, read in reads[suffix].items() if path.parent.name == folder}

    assert all(len(text) == 5 and text.isalpha() for text in texts("_with_formats", "br"))
    assert all(len(text) == 5 and text.isdigit() for text in texts("_with_formats", "us-studio"))
    assert any(texts("", folder) != texts("_with_formats", folder) for folder in ("br", "us-studio"))


def test_formats_are_parsed_by_folder() -> None:
    assert parse_formats(["eu=sk,cz", "us-studio=us"]) == {"eu": ("sk", "cz"), "us-studio": ("us",)}


@pytest.mark.parametrize("entry", ["eu", "eu=", "=sk", "br=br"])
def test_an_entry_of_another_form_is_refused(entry: str) -> None:
    with pytest.raises(PlatefuseError, match=rf"--formats {entry}: expected FOLDER=LIST,LIST"):
        parse_formats(["br=br", entry])


# --- what is refused


def test_what_is_missing_or_wrong_is_named(
    real: Path, networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*arguments: object) -> str:
        assert score(*arguments, "--json", tmp_path / "scores.json") == 1
        assert not (tmp_path / "scores.json").exists()
        return capsys.readouterr().err

    assert "platefuse: nowhere: neither this folder nor a subfolder has a truth.csv" in refused("nowhere")
    assert "neither this folder nor a subfolder has a truth.csv" in refused(real / "notes")
    assert "--formats needs --networks" in refused(real, "--formats", "br=br")
    assert "nothing says how its networks were fused" in refused(real, "--networks", tmp_path)
    write_metadata(tmp_path, small_models.FUSE.model_dump(mode="json"))
    assert "detector.h5" in refused(real, "--networks", tmp_path)
    assert "'xx' is neither made of L, 0 and ?" in refused(real, "--networks", networks, "--formats", "br=xx")
    longer = refused(real, "--networks", networks, "--formats", "br=br")
    assert "fuse.formats: 'LLL0000' is longer than fuse.max_characters = 5" in longer


@pytest.mark.parametrize("picture", ["{real}/br/a.png", "{real}/misread.png", "misread.jpg"])
def test_no_picture_takes_the_place_of_a_plate(
    real: Path, model: Path, picture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in real.rglob("*.png")}
    assert score(real, "--model", model, "--draw", picture.format(real=real)) == 1
    assert "--draw" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in real.rglob("*.png")} == before
