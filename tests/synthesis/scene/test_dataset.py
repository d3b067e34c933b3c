"""Data sets of scenes: repeatable, tiles and whole photographs, the user's own backgrounds."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import check
from platefuse.data.photograph_set import read_photograph_set
from platefuse.data.plate_set import ImageStore
from platefuse.synthesis.dataset import synthesise_photographs
from platefuse.synthesis.licence import dataset as workers
from platefuse.synthesis.params import SYNTH_PARAMS, load_params
from platefuse.synthesis.scene.dataset import SceneSynthParams
from tests.helpers.checksums import checksums
from tests.helpers.fonts import make_families
from tests.helpers.imports import ROOT
from tests.helpers.scene_params import scene_values
from tests.helpers.scenes import BACKDROP_KINDS

ALPHABET = "AB12"
PARAMS = ROOT / "pipelines" / "photographs" / "params.yaml"


@pytest.fixture(scope="module")
def fonts(tmp_path_factory) -> Path:
    """A folder of three families of bars, one for each split."""
    return make_families(tmp_path_factory.mktemp("fonts"), ALPHABET)


def _values(fonts: Path, scene: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    of_fonts = {"alphabet": ALPHABET, "packages": [], "folders": [str(fonts)], "system": False}
    return {
        "seed": 1,
        "layout": "scene",
        "train": 5,
        "val": 2,
        "test": 3,
        "tile": [64, 96],
        "photograph": {"side": [80, 160], "aspect": [1.2, 1.6], "portrait": 0.5},
        "strokes": 3,
        "fonts": of_fonts | {"stem": [0, 2], "small_print": [], "val_share": 0.33, "test_share": 0.33},
        "scene": scene_values({"placing.none": 0.3, "plate.number.stroke_fonts": 0.5} | (scene or {})),
    } | changes


def _synthesise(folder: Path, values: dict[str, Any]) -> Path:
    synthesise_photographs(SceneSynthParams.model_validate(values), folder)
    return folder


@pytest.fixture(scope="module")
def made(fonts, tmp_path_factory) -> Path:
    return _synthesise(tmp_path_factory.mktemp("made") / "photographs", _values(fonts))


def test_the_bytes_do_not_depend_on_the_number_of_workers(made, fonts, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(workers, "_CHUNK", 1)  # so that each has something to do
    assert checksums(_synthesise(tmp_path / "again", _values(fonts))) == checksums(made)


def test_another_seed_gives_other_photographs(made, fonts, tmp_path):
    contents, others = checksums(made), checksums(_synthesise(tmp_path / "other", _values(fonts, seed=2)))
    assert not {content for name, content in contents.items() if name.endswith((".jpg", ".zip"))} & {*others.values()}


def test_tiles_have_one_size_and_whole_photographs_have_many(made):
    sizes: dict[str, set[tuple[int, int]]] = {}
    for split, count in (("train", 5), ("val", 2), ("test", 3)):
        photographs = read_photograph_set(made / split)
        assert len(photographs) == count
        sizes[split] = {ImageStore().size(photograph.path) for photograph in photographs}
        assert all(set(text) <= set(ALPHABET) for photograph in photographs for text in photograph.texts)
    assert sizes["train"] == sizes["val"] == {(96, 64)}
    assert len(sizes["test"]) == 3 and all(80 <= max(size) <= 160 for size in sizes["test"])
    assert [(made / split / "images.zip").exists() for split in ("train", "val", "test")] == [True, False, False]
    assert sorted(path.name for path in made.iterdir()) == ["test", "train", "val"]


def test_own_photographs_are_used_and_decide_the_bytes(made, fonts, tmp_path):
    (tmp_path / "mine").mkdir()
    Image.new("RGB", (200, 150), (200, 0, 150)).save(tmp_path / "mine" / "wall.tif")
    behind = {"backgrounds": str(tmp_path / "mine"), "background_share": 1.0}
    own = checksums(_synthesise(tmp_path / "own", _values(fonts, behind)))
    assert own.keys() == checksums(made).keys()
    assert all(own[name] != content for name, content in checksums(made).items() if name.endswith(".jpg"))


def test_unusable_folders_of_photographs_are_refused_before_work(fonts, tmp_path):
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    empty.mkdir()
    broken.mkdir()
    (broken / "x.jpg").write_text("no picture")
    cases = (
        (tmp_path / "none", "synth.scene.backgrounds names .*none, which is no folder"),
        (empty, "synth.scene.backgrounds names .*empty, which has no photograph in it"),
        (broken, "x.jpg"),
    )
    for folder, said in cases:
        with pytest.raises(PlatefuseError, match=said):
            _synthesise(tmp_path / "made", _values(fonts, {"backgrounds": str(folder), "background_share": 0.5}))
    assert not (tmp_path / "made").exists() or not list((tmp_path / "made").rglob("*.*"))


NO_BACKDROP = yaml.safe_load(PARAMS.read_text())["synth"]["scene"]["backdrop"] | dict.fromkeys(BACKDROP_KINDS, 0.0)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tile", [100, 384], "synth.tile.0 = 100: input should be a multiple of 32."),
        ("photograph.side", [900, 480], "synth.photograph.side = [900, 480]: expected the smaller number first."),
        ("scene.placing.width", [0.0, 0.8], "synth.scene.placing.width.0 = 0.0: input should be greater than"),
        ("scene.placing.cars", [0, 3], "synth.scene.placing.cars.0 = 0: input should be greater than or equal to 1."),
        ("scene.placing.visible", 0.0, "synth.scene.placing.visible = 0.0: input should be greater than 0."),
        ("scene.pose.turn", [-90, 9], "synth.scene.pose.turn.0 = -90: input should be greater than or equal to -60."),
        ("scene.pose.distance", [5, 900], "synth.scene.pose.distance.0 = 5: input should be greater than or equal"),
        ("scene.light.dusk", 0.95, "synth.scene.light.dusk = 0.95 and infrared = 0.07: expected 1 at most together."),
        (
            "scene.backdrop",
            NO_BACKDROP,
            "synth.scene.backdrop.street = 0, as are wall, greenery, pavement, hall, plain,",
        ),
        ("scene.background_share", 0.2, "synth.scene.background_share = 0.2: there are no photographs"),
        ("fonts.alphabet", "AÄ", "synth.fonts.alphabet has 'Ä', which parametric fonts cannot draw"),
    ],
)
def test_impossible_values_are_refused_by_name(name, value, said):
    content = yaml.safe_load(PARAMS.read_text())
    *sections, field = ["synth", *name.split(".")]
    place = content
    for section in sections:
        place = place[section]
    place[field] = value
    sentences = check(SYNTH_PARAMS, "synth", content)
    assert len(sentences) == 1 and sentences[0].startswith(said)


def test_the_pipelines_parameters_are_scenes_without_geometry_of_crops():
    params, geometry = load_params(PARAMS)
    assert isinstance(params, SceneSynthParams) and geometry is None
