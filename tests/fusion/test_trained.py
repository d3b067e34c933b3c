"""`platefuse fuse`: networks joined anew are what the stage would make of them with those parameters."""

import json
import shutil
from pathlib import Path

import pytest

from platefuse.cli.main import main
from platefuse.fusion.trained import parameters_of
from platefuse.inference.reader import Reader
from tests.helpers.small_models import ALPHABET, INPUT_SIZE, WITH_FORMATS, random_boards


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_networks_and_model_of_one_released_folder_give_the_same_model_without_changes(
    networks: Path, tmp_path: Path
) -> None:
    released, again = tmp_path / "released", tmp_path / "again"
    shutil.copytree(networks / "fused", released)
    for name in ("detector.h5", "classifier.h5"):
        shutil.copy(networks / name, released)
    assert main(["fuse", str(released), str(again)]) == 0
    assert (again / "platefuse.json").read_bytes() == (networks / "fused" / "platefuse.json").read_bytes()
    boards = list(random_boards(4, *INPUT_SIZE))
    readings = [Reader(model).read_images(boards) for model in (networks / "fused", again)]
    for before, after in zip(*readings, strict=True):
        assert before.text == after.text != ""
        assert before.characters == after.characters


def test_changes_are_in_the_graph_and_in_the_metadata(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digits"
    changes = ["--set", "formats=['000', '00', '0']", "--set", "format_tolerance=1000", "--set", "max_characters=3"]
    assert main(["fuse", str(networks), str(out), *changes]) == 0
    assert f"--model {out}" in capsys.readouterr().out
    expected = WITH_FORMATS.model_dump(mode="json") | {
        "formats": ["000", "00", "0"],
        "format_tolerance": 1000.0,
        "max_characters": 3,
    }
    metadata = json.loads((out / "platefuse.json").read_text())
    assert metadata == {"alphabet": ALPHABET, "input_size": list(INPUT_SIZE), **expected}
    boards = list(random_boards(4, *INPUT_SIZE))
    before, after = (Reader(model).read_images(boards) for model in (networks / "fused", out))
    assert any(set(reading.text) & set("ABCDE") for reading in before)
    for old, new in zip(before, after, strict=True):
        assert len(new.text) == min(len(old.text), 3)
        assert set(new.text) <= set("01234")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["formats"], "--set formats: expected NAME=VALUE, such as 'formats=[br]' or max_characters=12."),
        (["formats=[br"], "--set formats=[br cannot be read as YAML: line 1: expected ',' or ']'"),
        (["formats=br"], "fuse.formats = 'br': expected a list."),
        (
            ["formats=[brasil]"],
            "fuse.formats = ['brasil']: 'brasil' is neither made of L, 0 and ? nor a list's name (did you mean br",
        ),
        (["formats=[all]"], "(11 characters) is longer than fuse.max_characters = 5"),
        (["max_characters=0"], "fuse.max_characters = 0: input should be greater than or equal to 1."),
        (["slot=9"], "fuse.slot = 9: there is no parameter of that name."),
        (["scoer_threshold=0.5"], "there is no parameter of that name (did you mean score_threshold?)."),
        (
            ["max_characters=012"],
            "--set max_characters=012: max_characters = 012 is 10 in YAML 1.1 and 12 in YAML 1.2: write 10 or 12.",
        ),
        (["formats=[0LL, no]"], "formats.1 = no is false in YAML 1.1 and 'no' in YAML 1.2: write false or 'no'."),
        (["round=!!bool x"], "--set round=!!bool x cannot be read as YAML: line 1: !!bool is a tag"),
        (["max_characters=0x_"], "--set max_characters=0x_ cannot be read as YAML: invalid literal"),
        (["max_characters=2", "formats=[LLL]"], "'LLL' (3 characters) is longer than fuse.max_characters = 2"),
        (["detector_class_weight=1.0"], "the detector names no characters"),
    ],
)
def test_what_cannot_be_set_is_a_sentence(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], sentence: str
) -> None:
    out = tmp_path / "out"
    assert main(["fuse", str(networks), str(out), *[word for change in changes for word in ("--set", change)]]) == 1
    assert sentence in capsys.readouterr().err
    assert not out.exists()


def test_a_model_from_before_a_parameter_is_fused_again_as_it_was(networks: Path, tmp_path: Path) -> None:
    old, again = tmp_path / "old", tmp_path / "again"
    shutil.copytree(networks, old)
    metadata = json.loads((networks / "fused" / "platefuse.json").read_text())
    assert [metadata.pop(name) for name in ("deskew", "temperature", "alternatives")] == [False, 1.0, 0]
    (old / "fused" / "platefuse.json").write_text(json.dumps(metadata))
    assert main(["fuse", str(old), str(again)]) == 0
    assert files(again)["platefuse.json"] == files(networks / "fused")["platefuse.json"]


@pytest.mark.parametrize("reads", ["plates", "photographs"])
def test_parameters_of_an_older_plate_reader_have_the_values_of_its_time(tmp_path: Path, reads: str) -> None:
    metadata = {"alphabet": ALPHABET, "max_characters": 5}
    if reads == "photographs":
        metadata = {"reads": reads, "alphabet": ALPHABET, "max_plates": 3, "reader": {"max_characters": 5}}
    (tmp_path / "platefuse.json").write_text(json.dumps(metadata))
    parameters = parameters_of(tmp_path)
    of_reader = parameters["reader"] if reads == "photographs" else parameters
    assert of_reader == {"max_characters": 5, "deskew": False, "temperature": 1.0, "alternatives": 0}
    assert ("deskew" in parameters) is (reads == "plates")


def test_a_folder_that_is_there_is_left_alone(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["fuse", str(networks), str(tmp_path)]) == 1
    assert f"{tmp_path} exists: choose another name" in capsys.readouterr().err
    assert files(tmp_path) == {"mine.txt": b"mine"}


def test_a_folder_without_networks_or_metadata_is_named(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lone = tmp_path / "lone"
    lone.mkdir()
    for content, sentence in (
        (None, f"{lone} has no platefuse.json, nor fused/platefuse.json"),
        ("[]", f"{lone / 'platefuse.json'} is not the metadata of a fused model"),
        ("{", f"{lone / 'platefuse.json'} is not the metadata of a fused model"),
        (json.dumps(WITH_FORMATS.model_dump(mode="json")), f"{lone / 'detector.h5'} is missing"),
    ):
        if content is not None:
            (lone / "platefuse.json").write_text(content)
        assert main(["fuse", str(lone), str(tmp_path / "out")]) == 1
        assert sentence in capsys.readouterr().err
