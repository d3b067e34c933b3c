"""Parameters of licence plates: impossible values are refused by name."""

from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params, load
from platefuse.synthesis.params import SYNTH_PARAMS
from tests.helpers.imports import ROOT
from tests.helpers.params import write_changed

SOURCE = ROOT / "pipelines" / "plates" / "params.yaml"


def _load_with(folder: Path, changes: dict[str, object]) -> Params:
    """Load section `synth` of the plates' params.yaml with some values changed."""
    path = folder / "params.yaml"
    write_changed(SOURCE, path, changes)
    return load(SYNTH_PARAMS, "synth", path)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        # The values of a range are named by their place in it.
        ("synth.layout", "license", "'scatter', 'licence', 'folder' or 'scene'"),
        ("synth.layout", None, "'scatter', 'licence', 'folder' or 'scene'"),
        ("synth.layout", ["licence"], "'scatter', 'licence', 'folder' or 'scene'"),
        ("synth.characters", "mnist", "'fonts'"),
        ("synth.train", 0, "greater than or equal to 1"),
        ("synth.strokes", 0, "greater than or equal to 1"),
        ("synth.fonts.alphabet", "", "at least 1 character"),
        ("synth.fonts.alphabet", "ABCA", "'A' is there more often"),
        ("synth.fonts.test_share", 0.5, "less than 0.5"),
        ("synth.crops.shift", 0.6, "less than or equal to 0.5"),
        ("synth.crops.size", [32, 4], "greater than or equal to 8"),
        ("synth.crops.hard_negatives", -1, "greater than or equal to 0"),
        ("synth.crops.hard_negatives", 21, "less than or equal to 20"),
        ("synth.crops.hard_negatives", 1.5, "integer"),
        ("synth.licence.number.none", 1.1, "less than or equal to 1"),
        ("synth.licence.number.count", [5, 1], "the smaller number first"),
        ("synth.licence.number.count", [0, 5], "greater than or equal to 1"),
        ("synth.licence.number.count", [1.5, 5], "integer"),
        ("synth.licence.number.count", [1, 21], "less than or equal to 20"),
        ("synth.licence.number.aspect", [0, 1], "greater than or equal to 0.1"),
        ("synth.licence.number.gap", [-0.1, 0.2], "greater than or equal to 0"),
        ("synth.licence.number.group_gap", [0.1, 6], "less than or equal to 5"),
        ("synth.licence.number.vanity", [0, 1], "number"),
        ("synth.licence.face.shapes", [], "at least 1 item"),
        ("synth.licence.face.shapes", 3, "a list"),
        ("synth.licence.face.shapes.0.aspect", [0, 2], "greater than or equal to 1"),
        ("synth.licence.face.shapes.1.aspect", [3.6, 2.6], "the smaller number first"),
        ("synth.licence.face.shapes.2.characters", [0.5, 1], "less than or equal to 0.94"),
        ("synth.licence.face.shapes.0.share", -0.1, "greater than or equal to 0"),
        ("synth.licence.face.contrast", 10, "greater than or equal to 20"),
        ("synth.licence.face.contrast", 201, "less than or equal to 200"),
        ("synth.licence.face.outlined", 1.1, "less than or equal to 1"),
        ("synth.licence.face.emboss", [0, 1.5], "less than or equal to 1"),
        ("synth.licence.face.bands", 0.5, "no parameter of that name"),
        ("synth.licence.background.frame", 2, "less than or equal to 1"),
        ("synth.licence.camera.width", [-56, 330], "greater than or equal to 16"),
        ("synth.licence.camera.width", [330, 56], "the smaller number first"),
        ("synth.licence.camera.width", 200, "a list of two"),
        ("synth.licence.camera.margin", [-0.5, 0], "greater than or equal to -0.1"),
        ("synth.licence.camera.tilt", [-90, 7], "greater than or equal to -30"),
        ("synth.licence.camera.shear", [0, 0.5], "less than or equal to 0.3"),
        ("synth.licence.camera.perspective", [0, 0.5], "less than or equal to 0.2"),
        ("synth.licence.camera.light", [0, 1.2], "less than or equal to 1"),
        ("synth.licence.camera.brightness", [0, 1], "greater than or equal to 0.1"),
        ("synth.licence.camera.contrast", [-1, 1], "greater than or equal to 0.1"),
        ("synth.licence.camera.gamma", [0, 1], "greater than or equal to 0.1"),
        ("synth.licence.camera.cast", [-1, 1], "greater than or equal to 0.1"),
        ("synth.licence.camera.focus_blur", [-1, 1], "greater than or equal to 0"),
        ("synth.licence.camera.motion_blur", [0, 21], "less than or equal to 20"),
        ("synth.licence.camera.motion", -0.2, "greater than or equal to 0"),
        ("synth.licence.camera.enlargement", [0.5, 2], "greater than or equal to 1"),
        ("synth.licence.camera.noise", [-1, 14], "greater than or equal to 0"),
        ("synth.licence.camera.noise", ["0,1", 14], "number"),
        ("synth.licence.camera.jpeg_quality", [0, 96], "greater than or equal to 1"),
        ("synth.licence.camera.jpeg_quality", [25, 101], "less than or equal to 100"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_the_allowed_values(tmp_path, name, value, expected):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {name: value})
    message = str(refused.value)
    assert message.count("\n") == 0
    assert message.startswith(f"{tmp_path / 'params.yaml'}: {name}") and message.endswith(".")
    assert expected in message


def test_shapes_without_any_share_are_refused(tmp_path):
    shares = {f"synth.licence.face.shapes.{index}.share": 0 for index in range(3)}
    with pytest.raises(PlatefuseError, match=r"synth\.licence\.face\.shapes = .*: expected a share above 0\.$"):
        _load_with(tmp_path, shares)
    _load_with(tmp_path, shares | {"synth.licence.face.shapes.1.share": 0.1})


def test_an_alphabet_that_parametric_fonts_cannot_draw_is_refused(tmp_path):
    alphabet = {"synth.fonts.alphabet": "AČ1é"}
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, alphabet)
    assert "synth.fonts.alphabet has 'éČ', which parametric fonts cannot draw" in str(refused.value)
    assert "synth.licence.number.stroke_fonts to 0." in str(refused.value)
    _load_with(tmp_path, alphabet | {"synth.licence.number.stroke_fonts": 0})
