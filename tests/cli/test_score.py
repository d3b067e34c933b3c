"""`platefuse score`: one folder, a folder of folders, and networks fused again with the formats of each."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.main import main
from platefuse.cli.score_comparison import compare
from platefuse.cli.score_reading import ModelReads, parse_formats, read_folders
from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import write_metadata
from platefuse.labels.text_only import TextOnlyPlate, read_text_only
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.detection.retinanet import Detector, save_detector
from platefuse.runner.atomic import write_csv
from tests.helpers import small_models
from tests.helpers.reader import board, digits, folder_of_plates, reading_of, save_rule_reader

SCORES = ["exact", "equated", "character_error_rate", "length_accuracy"]
SCORES += ["expected_calibration_error", "coverage_at_99"]


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
# One in three plates of confidence 1 is right; the empty plate has 0 and is right.
CALIBRATION = {"expected_calibration_error": 0.75, "coverage_at_99": 0.0}
OF_PLATES = {"images": 4, "exact_match": 0.5, "character_error_rate": 0.2, "length_accuracy": 0.75} | CALIBRATION


def test_scores_are_printed_and_written(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", PLATES)
    scores, table = tmp_path / "new" / "scores.json", tmp_path / "table.csv"
    assert score(folder, "--model", model, "--json", scores, "--out", table) == 0
    assert [line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines()[:6]] == [
        ["images", "4"],
        ["exact match", "0.5000"],
        ["character error rate", "0.2000"],
        ["length accuracy", "0.7500"],
        ["expected calibration error", "0.7500"],
        ["coverage at 99", "0.0000"],
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
    assert "exact match equated         0.7500" in capsys.readouterr().out


def test_an_unreadable_image_counts_as_wrong(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("12", "12"), ("34", "34"), ("", "")])
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"not an image")
    scores = tmp_path / "scores.json"
    assert score(folder, "--model", model, "--json", scores) == 1
    # 2 characters of plate 1 are missing; plate 2, which is empty, must not pass for read: 3 edits over 4.
    expected = {"images": 3, "exact_match": 1 / 3, "character_error_rate": 0.75, "length_accuracy": 1 / 3}
    expected |= {"expected_calibration_error": 0, "coverage_at_99": 1 / 3}
    assert json.loads(scores.read_text()) == pytest.approx(expected, abs=1e-6)
    assert "2 of 3 images could not be read" in capsys.readouterr().err


def test_a_missing_image_stops_the_command_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "0.png").unlink()
    (folder / "2.png").unlink()
    assert score(folder, "--model", "nowhere") == 1
    expected = f"{folder}/truth.csv, line 2: there is no image {folder}/0.png. Rows without an image in all: 2."
    assert expected in capsys.readouterr().err


def test_a_folder_without_plates_is_refused(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(folder_of_plates(tmp_path / "plates", []), "--model", model) == 1
    assert f"{tmp_path}/plates/truth.csv has no rows" in capsys.readouterr().err


def test_an_image_without_a_text_is_named(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("1", "1")])
    for count, expected in enumerate(
        ("a.png is not scored: no truth.csv names it.", "a.png and 1 more are not scored")
    ):
        Image.fromarray(digits("2")).save(folder / f"{'ab'[count]}.png")
        assert score(folder, "--model", model) == 0
        assert f"platefuse: {folder}/{expected}" in capsys.readouterr().err


# --- texts of another alphabet than the model's


# What people write for 12 and 34, which the model reads; and a letter that it does not know.
OTHERS = ["12", "1-2", "1 2", "1\N{NO-BREAK SPACE}2", "\N{FULLWIDTH DIGIT ONE}2", "3\N{ZERO WIDTH SPACE}4", "A3-4"]
READ = ["12", "12", "12", "12", "12", "34", "34"]


def test_characters_that_the_alphabet_lacks_are_named_with_their_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of_plates(tmp_path / "plates", list(zip(OTHERS, READ, strict=True)))
    assert score(folder, "--model", model, "--json", tmp_path / "scores.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "6 of 7 truths cannot be read right: they have characters that the model's alphabet lacks." in lines
    assert f"  '-'  U+002D HYPHEN-MINUS: 2, first in {folder}/truth.csv, line 3" in lines
    assert f"  '\\xa0'  U+00A0 NO-BREAK SPACE: 1, first in {folder}/truth.csv, line 5" in lines
    assert "With --normalise 5 of these 6 can be read right." in lines
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["exact_match"] == pytest.approx(1 / 7, abs=1e-6) and "normalised" not in scores
    assert scores["not_in_alphabet"][0] == {
        "character": "-",
        "name": "U+002D HYPHEN-MINUS",
        "times": 2,
        "first": f"{folder}/truth.csv, line 3",
    }


def test_normalised_texts_are_compared_and_the_report_says_so(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of_plates(tmp_path / "plates", list(zip(OTHERS, READ, strict=True)))
    files = ["--json", tmp_path / "scores.json", "--out", tmp_path / "table.csv"]
    assert score(folder, "--model", model, "--normalise", *files) == 0
    out = capsys.readouterr().out
    assert "--normalise changed 6 of 7 truths before they were compared." in out
    assert "1 of 7 truths cannot be read right" in out and "U+0041 LATIN CAPITAL LETTER A" in out
    assert "With --normalise" not in out
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["exact_match"] == pytest.approx(6 / 7, abs=1e-6) and scores["normalised"] == 6
    with (tmp_path / "table.csv").open(newline="") as stream:
        assert [row[1:3] for row in csv.reader(stream)][1:] == [["12", "12"]] * 5 + [["34", "34"], ["A34", "34"]]


def test_look_alikes_are_normalised_too_and_named_where_they_are_in_vain(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("o-1", "01")])
    in_vain = "--equate: neither the model's alphabet nor a truth has 'O', U+004F LATIN CAPITAL LETTER O."
    for options, right, named in (
        (["O0"], 0, True),
        (["o0", "--normalise"], 1, False),
        (["o0"], 0, False),
        (["Oo0", "--normalise"], 1, False),
    ):
        assert score(folder, "--model", model, "--json", tmp_path / "scores.json", "--equate", *options) == 0
        assert json.loads((tmp_path / "scores.json").read_text())["exact_match_equated"] == right
        assert (in_vain in capsys.readouterr().out) == named


def test_rows_of_folders_tell_of_their_own_texts(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of_plates(tmp_path / "plates" / "br", [("1-2", "12")])
    folder_of_plates(tmp_path / "plates" / "eu", [("3", "3"), ("4\N{EN DASH}5", "45")])
    assert score(tmp_path / "plates", "--model", model, "--json", tmp_path / "scores.json") == 0
    assert "2 of 3 truths cannot be read right" in capsys.readouterr().out
    rows = json.loads((tmp_path / "scores.json").read_text())
    lacking = {name: [entry["character"] for entry in row["not_in_alphabet"]] for name, row in rows.items()}
    assert lacking == {"br": ["-"], "eu": ["\N{EN DASH}"], "all": ["-", "\N{EN DASH}"]}


def test_readings_of_a_model_with_small_letters_are_normalised() -> None:
    comparison = compare(
        {"eu": [TextOnlyPlate(Path("a.png"), np.zeros((0, 4), np.int32), "", "AB-1", "truth.csv, line 2")]},
        ModelReads("ab1-", {"": {Path("a.png"): reading_of("ab1-")}}),
        normalised=True,
    )
    assert comparison.plates["eu"][0].text == comparison.reads[""][Path("a.png")].text == "AB1"
    assert len(comparison.reads[""][Path("a.png")].characters) == 3
    assert comparison.remarks(["eu"]).as_json() == {"normalised": 1}


def test_truncated_plates_are_counted() -> None:
    reading = reading_of("1")
    truncated = replace(reading, plates=(replace(reading.plates[0], truncated=True),))
    reads = {Path("a.png"): truncated, Path("b.png"): reading, Path("c.png"): reading_of("")}
    plates = [TextOnlyPlate(path, np.zeros((0, 4), np.int32), "", "1", "") for path in reads]
    remarks = compare({"eu": plates}, ModelReads("1", {"": reads}), normalised=False).remarks(["eu"])
    assert remarks.as_json() == {"truncated": 1}
    assert remarks.lines() == ["1 of 3 plates have more characters than the model gives."]


# --- misread plates


def test_misread_plates_are_listed_worst_first(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("12", "12"), ("13", "12"), ("777", "1"), ("13", "19")])
    Image.fromarray(board(40, 100, (1, (5, 5, 15, 25), 200, 255))).save(folder / "1.png")  # a 1, and less sure of it
    assert score(folder, "--model", model) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[lines.index("3 of 4 plates were misread, worst first:") + 1 :]] == [
        ["read", "true", "edits", "confidence", "image"],
        ["1", "777", "3", "1.0000", "2.png"],
        ["19", "13", "1", "1.0000", "3.png"],
        ["1", "13", "1", "0.7843", "1.png"],
    ]
    assert score(folder, "--model", model, "--misread", 1, "--draw", tmp_path / "one.png") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3] == "3 of 4 plates were misread, 1 of them (--misread N lists N), worst first:"
    assert lines[-1].endswith("2.png")
    assert score(folder, "--model", model, "--misread", 0) == 0
    assert "worst" not in capsys.readouterr().out
    assert score(folder, "--model", model, "--draw", tmp_path / "three.png") == 0
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "three.png") as three:
        assert three.width > 2.5 * one.width


# --- a folder of folders


def test_a_folder_of_folders_gets_a_row_each_and_one_for_all(
    real: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores, table, picture = tmp_path / "scores.json", tmp_path / "table.csv", tmp_path / "misread.png"
    assert score(real, "--model", model, "--json", scores, "--out", table, "--draw", picture) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[:4]]
    assert rows == [
        ["images", "exact", "equated", "errors", "length", "at", "99", "%"],
        ["br", "2", "0.500", "1.000", "0.250", "1.000", "0.000"],  # all are read with confidence 1
        ["us-studio", "1", "0.000", "0.000", "1.000", "0.000", "0.000"],
        ["all", "3", "0.333", "0.667", "0.500", "0.667", "0.000"],
    ]
    written = json.loads(scores.read_text())
    lacking = written["br"].pop("not_in_alphabet")
    assert [entry["character"] for entry in lacking] == ["O"]
    assert written["br"] == dict(zip(["images", *SCORES], [2, 0.5, 1.0, 0.25, 1.0, 0.5, 0.0], strict=True))
    assert list(written) == ["br", "us-studio", "all"]
    with table.open(newline="") as stream:
        assert list(csv.reader(stream))[1:] == [
            ["br/a.png", "12", "12", "1.0", "1"],
            ["br/b.jpg.png", "3O", "30", "1.0", "0"],
            ["us-studio/c.png", "55", "4", "1.0", "0"],
        ]
    with Image.open(picture) as drawn:  # two misread plates beside each other
        assert drawn.width > 2 * 288


def test_a_row_is_one_line_whatever_its_folder_is_called(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b\nc"):
        folder_of_plates(tmp_path / "real" / name, [("12", "12")])
    assert score(tmp_path / "real", "--model", model) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-3:]] == ["a", r"b\nc", "all"]


def test_a_folder_named_as_the_last_row_is_refused(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("br", "all"):
        folder_of_plates(tmp_path / "plates" / name, [("1", "1")])
    assert score(tmp_path / "plates", "--model", "nowhere") == 1
    assert "plates/all: rename it" in capsys.readouterr().err


def test_other_look_alikes_take_the_place_of_o_and_0(
    real: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(real, "--model", model, "--equate", "38") == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["br", "2", "0.500", "0.500"]


def test_no_picture_is_drawn_where_all_is_right(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "right", {"a.png": digits("12")}, ["12"])
    assert score(tmp_path / "right", "--model", model, "--draw", tmp_path / "misread.png") == 0
    assert not (tmp_path / "misread.png").exists()
    assert "misread.png is not written" in capsys.readouterr().out


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
        names = ["images", *SCORES, *(f"{name}_with_formats" for name in SCORES), "truncated", "not_in_alphabet"]
        assert list(row) == names
        assert all(type(number) in (int, float) for number in list(row.values())[:-1])
        assert [row[name] for name in SCORES] == [row[f"{name}_with_formats"] for name in SCORES], "no formats"
    assert {path.name for path in tmp_path.iterdir()} == {"metrics"}
    assert {path.name: path.read_bytes() for path in networks.iterdir()} == before
    printed = capsys.readouterr()
    assert "with formats:" in printed.out
    assert "--formats: not used, no folder is named elsewhere." in printed.err


def test_each_folder_is_read_with_its_own_formats(real: Path, networks: Path) -> None:
    arguments = argparse.Namespace(
        networks=networks, reader=None, formats=["br=LLLLL", "us-studio=00000"], batch_size=2
    )
    arguments.batch_size = 2
    read = read_folders(arguments, read_text_only(real))
    assert read.alphabet == small_models.ALPHABET
    reads = read.by_suffix

    def texts(suffix: str, folder: str) -> set[str]:
        return {read.text for path, read in reads[suffix].items() if path.parent.name == folder}

    assert all(len(text) == 5 and text.isalpha() for text in texts("_with_formats", "br"))
    assert all(len(text) == 5 and text.isdigit() for text in texts("_with_formats", "us-studio"))
    assert any(texts("", folder) != texts("_with_formats", folder) for folder in ("br", "us-studio"))


def test_formats_are_parsed_by_folder() -> None:
    assert parse_formats(["eu=sk,cz", "us-studio=us"]) == {"eu": ("sk", "cz"), "us-studio": ("us",)}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            "eu=xx",
            r"'xx' is neither .* nor a list's name \(did you mean mx \(Mexico\)\?\): docs/formats\.md has all lists\.$",
        ),
        ("eu=sk,uk", r"did you mean gb \(the United Kingdom\)"),
        ("eu=sk,", "'' is neither"),
        ("eu=sk,sk", "'sk' is given twice"),
    ],
)
def test_a_list_that_is_not_there_is_refused(entry: str, sentence: str) -> None:
    with pytest.raises(PlatefuseError, match=rf"^--formats {entry}: .*{sentence}"):
        parse_formats(["br=br", entry])


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

    assert "platefuse: nowhere does not exist." in refused("nowhere")
    assert f"platefuse: {real}/notes/truth.csv is missing: it has the header image,text" in refused(real / "notes")
    assert "--formats needs --networks" in refused(real, "--formats", "br=br")
    assert "nothing says how its networks were fused" in refused(real, "--networks", tmp_path)
    write_metadata(tmp_path, small_models.FUSE.model_dump(mode="json"))
    assert "detector.h5" in refused(real, "--networks", tmp_path)
    unknown = refused(real, "--networks", networks, "--formats", "br=brasil")
    assert "--formats br=brasil: 'brasil' is neither made of L, 0 and ? nor a list's name (did you mean br" in unknown
    longer = refused(real, "--networks", networks, "--formats", "br=br")
    assert "fuse.formats: 'LLL0000' (7 characters) is longer than fuse.max_characters = 5" in longer


@pytest.mark.parametrize("picture", ["{real}/br/a.png", "{real}/misread.png", "misread.jpg"])
def test_no_picture_takes_the_place_of_a_plate(
    real: Path, model: Path, picture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in real.rglob("*.png")}
    assert score(real, "--model", model, "--draw", picture.format(real=real)) == 1
    assert "--draw" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in real.rglob("*.png")} == before


def test_images_that_cannot_be_read_are_named_although_the_scores_cannot_be_written(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("12", "13"), ("34", "34")])
    (folder / "1.png").write_bytes(b"not an image")
    for option in ("--json", "--out", "--draw"):
        assert score(folder, "--model", model, option, "/proc/scores.png") == 1
        read, counted, written = capsys.readouterr().err.splitlines()
        assert read.startswith(f"platefuse: {folder}/1.png cannot be read as an image")
        assert counted == "platefuse: 1 of 2 images could not be read."
        assert written.startswith("platefuse: /proc/scores.png cannot be written")


def test_an_output_that_cannot_be_written_costs_no_other(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of_plates(tmp_path / "plates", [("12", "13")])
    outputs = ["--json", "/proc/scores.json", "--out", tmp_path / "table.csv", "--draw", tmp_path / "misread.png"]
    assert score(folder, "--model", model, *outputs) == 1
    assert capsys.readouterr().err.startswith("platefuse: /proc/scores.json cannot be written")
    assert (tmp_path / "table.csv").is_file() and (tmp_path / "misread.png").is_file()
