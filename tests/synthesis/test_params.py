"""Parameters of the stage synth: what it loads, and what DVC must be told of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from platefuse.core.errors import PlatefuseError
from platefuse.synthesis.crops import CropGeometry
from platefuse.synthesis.folder import FolderSynthParams
from platefuse.synthesis.licence.dataset import LicenceSynthParams
from platefuse.synthesis.params import load_params
from platefuse.synthesis.scatter.dataset import ScatterSynthParams
from platefuse.synthesis.scene.dataset import SceneSynthParams
from tests.helpers.imports import ROOT
from tests.helpers.params import write_changed

PLATES = ROOT / "pipelines" / "plates" / "params.yaml"
PHOTOGRAPHS = ROOT / "pipelines" / "photographs" / "params.yaml"
CROPS = {"size": [32, 24], "shift": 0.0, "hard_negatives": 2}
FOLDER = {
    "seed": 1,
    "layout": "folder",
    "folder": "photographs",
    "val_share": 0.2,
    "test_share": 0.2,
    "reading_order": "rows",
    "characters": "mnist5k",
}


def _folder_file(place: Path, **changes: Any) -> Path:
    path = place / "params.yaml"
    write_changed(PLATES, path, {"synth": FOLDER | changes})
    return path


def _dvc_yaml(folder: Path, **stage: Any) -> None:
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"synth": {"cmd": "python synth.py"} | stage}}))


@pytest.mark.parametrize(
    ("file", "layout"),
    [("params.yaml", ScatterSynthParams), (PLATES, LicenceSynthParams), (PHOTOGRAPHS, SceneSynthParams)],
)
def test_the_layout_decides_which_parameters_there_are(file, layout):
    params, _ = load_params(ROOT / file)
    assert type(params) is layout


def test_a_layout_that_is_none_is_refused(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("synth:\n  seed: 1\n  layout: grid\n")
    monkeypatch.chdir(tmp_path)
    said = r"^params\.yaml: synth\.layout = 'grid': input should be 'scatter', 'licence', 'folder' or 'scene'\.$"
    with pytest.raises(PlatefuseError, match=said):
        load_params()


def test_crops_have_the_geometry_of_the_detector_and_of_the_fused_model(tmp_path):
    changes = {"detector.input_size": [64, 128], "fuse.crop_margin": 0.25, "fuse.deskew": True}
    changes |= {"synth.crops.hard_negatives": 7, "detector.epochs": "of no concern here"}
    write_changed(PLATES, tmp_path / "params.yaml", changes)
    params, geometry = load_params(tmp_path / "params.yaml")
    assert geometry == CropGeometry((64, 128), 0.25, "dark_on_light", deskew=True)
    crops = geometry.crops(params.crops)
    assert (crops.input_size, crops.margin, crops.size, crops.shift, crops.hard_negatives) == (
        *((64, 128), 0.25),
        *((32, 24), 0.06, 7),
    )


def test_the_geometry_is_read_only_where_characters_are_cut_out(tmp_path):
    licence = {
        name: value
        for name, value in yaml.safe_load(PLATES.read_text())["synth"].items()
        if name not in ("layout", "train", "val", "test")
    }
    assert load_params(ROOT / "params.yaml")[1] is None
    assert load_params(_folder_file(tmp_path))[1] is None
    assert load_params(_folder_file(tmp_path, characters="plates", crops=CROPS))[1]
    assert load_params(_folder_file(tmp_path, mixed={"share": 0.5, "licence": licence}))[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"detector.input_size": [96]}, "detector.input_size = [96]: expected a list of two."),
        ({"detector.input_size": [96, 200]}, "detector.input_size.1 = 200: input should be a multiple of 32."),
        ({"fuse.crop_margin": -0.5}, "fuse.crop_margin = -0.5: input should be greater than or equal to -0.4."),
        ({"fuse": {"polarity": "as_given", "deskew": False}}, "fuse.crop_margin is missing."),
        ({"detector": 3}, "there is no section 'detector' with parameters in it."),
    ],
)
def test_a_wrong_geometry_is_named_by_its_own_section(tmp_path, changes, said):
    write_changed(PLATES, tmp_path / "params.yaml", changes)
    with pytest.raises(PlatefuseError) as refused:
        load_params(tmp_path / "params.yaml")
    assert str(refused.value) == f"{tmp_path / 'params.yaml'}: {said}"


# --- what dvc.yaml declares


def test_without_a_dvc_yaml_that_can_be_read_there_is_nothing_to_check(tmp_path):
    path = _folder_file(tmp_path)
    for content in ("", "- 1\n", "stages: {}\n", "stages:\n  synth:\n    deps: 3\n", "stages: [\n"):
        (tmp_path / "dvc.yaml").write_text(content)
        assert isinstance(load_params(path)[0], FolderSynthParams)


@pytest.mark.parametrize(
    ("declared", "folder"), [("photographs", "./photographs/"), ("mine", "mine/photographs"), ("../all", "../all/x")]
)
def test_plates_that_dvc_would_not_watch_are_refused(tmp_path, declared, folder):
    _dvc_yaml(tmp_path, deps=[declared])
    load_params(_folder_file(tmp_path, folder=folder))
    with pytest.raises(PlatefuseError) as refused:
        load_params(_folder_file(tmp_path, folder="other"))
    assert str(refused.value) == (
        f"synth.folder = 'other' is not among the deps of the stage synth in {tmp_path / 'dvc.yaml'}: add a line "
        "'- other' there, so that DVC sees when your plates change."
    )


def test_photographs_that_dvc_would_not_watch_are_refused(tmp_path):
    _dvc_yaml(tmp_path, deps=["mine"])
    changes = {"synth.scene.backgrounds": "mine/walls", "synth.scene.background_share": 0.2}
    write_changed(PHOTOGRAPHS, tmp_path / "params.yaml", changes)
    load_params(tmp_path / "params.yaml")
    write_changed(PHOTOGRAPHS, tmp_path / "params.yaml", changes | {"synth.scene.backgrounds": "other"})
    with pytest.raises(PlatefuseError, match=r"synth.scene.backgrounds = 'other' is not among the deps .* photographs"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        (["synth"], "detector.input_size, fuse.crop_margin, fuse.polarity, fuse.deskew are"),
        (["synth", "detector.input_size", "fuse.polarity"], "fuse.crop_margin, fuse.deskew are"),
        ([{"params.yaml": ["synth", "fuse"]}], "detector.input_size is"),
        (["synth", "detector.input_size", "fuse.crop_margin", "fuse.polarity", "fuse.deskew"], ""),
        ([{"params.yaml": ["synth", "detector"]}, "fuse"], ""),
    ],
)
def test_parameters_that_dvc_would_not_watch_are_refused(tmp_path, parameters, missing):
    path = tmp_path / "params.yaml"
    write_changed(PLATES, path, {})
    _dvc_yaml(tmp_path, deps=["platefuse"], params=parameters)
    if not missing:
        assert load_params(path)[1]
        return
    with pytest.raises(PlatefuseError) as refused:
        load_params(path)
    assert str(refused.value) == (
        f"{missing} not among the params of the stage synth in {tmp_path / 'dvc.yaml'}, although characters are cut "
        "out of plates: write 'params: [synth, detector.input_size, fuse.crop_margin, fuse.polarity, fuse.deskew]' "
        "there, so that DVC sees when they change."
    )


def test_boards_need_no_parameters_of_other_sections(tmp_path):
    write_changed(ROOT / "params.yaml", tmp_path / "params.yaml", {})
    _dvc_yaml(tmp_path, deps=["platefuse"], params=["synth"])
    assert load_params(tmp_path / "params.yaml")[1] is None
