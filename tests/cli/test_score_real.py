"""tools/score_real.py: the rows of metrics/real.json, by hand and from small models, and what is refused."""

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import Plate
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.detection.retinanet import Detector, save_detector
from platefuse.runner.atomic import write_csv
from tests.helpers import small_models
from tests.helpers.imports import ROOT
from tests.helpers.reader import digits, reading_of, save_rule_reader

TOOL = runpy.run_path(str(ROOT / "tools" / "score_real.py"))
SCORES = ["exact", "folded", "character_error_rate", "length_accuracy"]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["score_real.py", *map(str, arguments)])
    status: int = TOOL["main"]()
    return status


def write_folder(folder: Path, plates: dict[str, np.ndarray], truths: list[str]) -> None:
    folder.mkdir(parents=True)
    for name, image in plates.items():
        Image.fromarray(image).save(folder / name)
    write_csv(folder / "truth.csv", ["image", "text"], [list(row) for row in zip(plates, truths, strict=True)])


def plates(*truths: str) -> list[Plate]:
    return [Plate(Path("plate.png"), np.zeros((0, 4)), "", truth) for truth in truths]


def test_rows_by_hand():
    folders = {"eu": plates("AO1", "BB22"), "us": plates("CCC")}
    read = {
        "eu": {
            "": [reading_of("A01"), reading_of("BB2")],  # O read as 0; a character missed
            "_with_formats": [reading_of("AO1"), reading_of("BB2")],
        },
        "us": {"": [reading_of("CCC")], "_with_formats": [reading_of("CDC")]},
    }
    rows = TOOL["metrics_of"](folders, read)
    assert rows["eu"] == {
        "images": 2,
        "exact": 0.0,
        "folded": 0.5,
        "character_error_rate": pytest.approx(2 / 7),
        "length_accuracy": 0.5,
        "exact_with_formats": 0.5,
        "folded_with_formats": 0.5,
        "character_error_rate_with_formats": pytest.approx(1 / 7),
        "length_accuracy_with_formats": 0.5,
    }
    assert rows["us"]["exact"] == rows["us"]["folded"] == 1
    assert rows["us"]["exact_with_formats"] == rows["us"]["folded_with_formats"] == 0
    assert list(rows) == ["eu", "us", "all"]
    assert rows["all"]["images"] == 3
    assert rows["all"]["exact"] == pytest.approx(1 / 3)  # plates count, not folders
    assert rows["all"]["folded"] == pytest.approx(2 / 3)
    assert rows["all"]["character_error_rate_with_formats"] == pytest.approx(2 / 10)


# --- from images to numbers


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of boards that the rule reader reads as 12, 30 and 4; and one without a truth.csv."""
    folder = tmp_path_factory.mktemp("real")
    write_folder(folder / "br", {"a.png": digits("12"), "b.jpg.png": digits("30")}, ["12", "3O"])
    write_folder(folder / "us-studio", {"c.png": digits("4")}, ["55"])
    (folder / "notes").mkdir()
    return folder


def test_a_finished_model_is_scored_as_it_is(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    model, picture = save_rule_reader(tmp_path / "model"), tmp_path / "misread.png"
    assert run(monkeypatch, real, "--model", model, "--picture", picture) == 0
    rows = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["images", "exact", "folded", "errors", "length"],
        ["br", "2", "0.500", "1.000", "0.250", "1.000"],
        ["us-studio", "1", "0.000", "0.000", "1.000", "0.000"],
        ["all", "3", "0.333", "0.667", "0.500", "0.667"],
    ]
    with Image.open(picture) as drawn:  # two misread plates beside each other
        assert drawn.width > 2 * 288
    assert not (tmp_path / "pipelines").exists()


def test_the_pipelines_models_are_fused_again_and_their_scores_written(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    save_detector(
        tmp_path / "models/detector.h5", Detector(small_models.small_detector(), small_models.DETECTOR.anchors, "")
    )
    save_classifier(
        tmp_path / "models/classifier.h5", Classifier(small_models.small_classifier(), small_models.ALPHABET)
    )
    settings = small_models.FUSE.model_dump(mode="json")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"fuse": settings}))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert run(monkeypatch, real, "elsewhere=us", "--pipeline", tmp_path) == 0
    rows: dict[str, Any] = json.loads((tmp_path / "metrics" / "real.json").read_text())
    assert list(rows) == ["br", "us-studio", "all"]
    for row in rows.values():
        assert list(row) == ["images", *SCORES, *(f"{score}_with_formats" for score in SCORES)]
        assert all(type(number) in (int, float) for number in row.values())
        assert [row[score] for score in SCORES] == [row[f"{score}_with_formats"] for score in SCORES], "no formats"
    assert {path.name for path in tmp_path.iterdir()} == {"metrics", "models", "params.yaml"}
    assert "with formats:" in capsys.readouterr().out


# --- formats


def test_formats_take_the_place_of_those_in_the_parameters():
    settings = small_models.FUSE.model_copy(update={"max_characters": 8, "formats": ("?",)})
    changed = TOOL["with_formats"](settings, ("br", "LL"))
    assert changed.formats == ("LLL0000", "LLL0L00", "LL")
    assert changed.model_copy(update={"formats": ("?",)}) == settings
    assert TOOL["with_formats"](settings, ()).formats == ()


def test_formats_are_parsed_by_folder():
    assert TOOL["parse_formats"](["eu=sk,cz", "us-studio=us"]) == {"eu": ("sk", "cz"), "us-studio": ("us",)}


@pytest.mark.parametrize("entry", ["eu", "eu=", "=sk", "br=br"])
def test_an_entry_of_another_form_is_refused(entry: str):
    with pytest.raises(PlatefuseError, match=rf"FORMATS: '{entry}' is not FOLDER=LIST,LIST"):
        TOOL["parse_formats"](["br=br", entry])


# --- what is refused


def refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, *arguments: object
) -> str:
    assert run(monkeypatch, *arguments, "--pipeline", folder) == 1
    assert not (folder / "metrics").exists()
    return capsys.readouterr().err


def test_what_is_missing_is_named(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refused(*arguments: object) -> str:
        return refusal(monkeypatch, capsys, tmp_path, *arguments)

    assert "score-real: nowhere: neither this folder nor a subfolder has a truth.csv" in refused("nowhere")
    assert "neither this folder nor a subfolder has a truth.csv" in refused(real / "notes")
    assert "There is no fused model at nowhere" in refused(real, "--model", "nowhere")
    assert "params.yaml is not in" in refused(real)
    settings = small_models.FUSE.model_dump(mode="json")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"fuse": settings}))
    assert "models/detector.h5" in refused(real)
    assert "FORMATS=xx: 'xx' is neither made of L, 0 and ?" in refused(real, "br=xx")
    assert "fuse.formats: 'LLL0000' is longer than fuse.max_characters = 5" in refused(real, "br=br")
