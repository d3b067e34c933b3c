"""`platefuse params`: what it prints is what params.yaml says, and the other way round."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from platefuse.cli.main import main
from platefuse.configuration.schema import markdown, schema_text
from platefuse.fusion.photographs.params import PhotographFuseParams
from tests.helpers.imports import ROOT
from tests.helpers.params import write_changed

FILES = [ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml"))]
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)


def leaves(content: Any, name: str = "") -> dict[str, Any]:
    """Values by full names; of a list of sections the list itself, too, and its items' values by names with a `*`."""
    if isinstance(content, dict):
        return {full: value for key in content for full, value in leaves(content[key], f"{name}.{key}").items()}
    found = {name.removeprefix("."): content}
    if isinstance(content, list) and content and isinstance(content[0], dict):
        found |= {f"{name}.*.{key}".removeprefix("."): [item[key] for item in content] for key in content[0]}
    return found


def given(path: Path) -> dict[str, Any]:
    """Values of a file by full names, without parameters left empty, which are printed without a value."""
    return {name: value for name, value in leaves(yaml.safe_load(path.read_text())).items() if value is not None}


def printed(text: str) -> dict[str, Any]:
    """Values by the names that the text gives them."""
    unwrapped = re.sub(r"\n  (?=\S)", " ", text)
    values = re.findall(r"^([a-z][\w.*]+) = (.*)$", unwrapped, flags=re.MULTILINE)
    assert len(dict(values)) == len(values)
    return {name: yaml.safe_load(value) for name, value in values}


@each_file
def test_what_is_printed_is_what_the_file_says(path: Path, capsys):
    assert main(["params", "--file", str(path)]) == 0
    text = capsys.readouterr().out
    assert printed(text) == given(path)
    assert all(len(line) <= 100 for line in text.splitlines())


@each_file
def test_the_values_of_the_working_folder_are_shown(path: Path, capsys, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert main(["params"]) == 0
    assert printed(capsys.readouterr().out) == given(path)


def test_every_parameter_of_every_model_is_explained(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where there is no params.yaml
    assert main(["params"]) == 0
    text = capsys.readouterr().out
    assert printed(text) == {}
    names = re.findall(r"^[a-z]\S+$", text, flags=re.MULTILINE)
    written = set().union(*(leaves(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in FILES))
    own = {
        name
        for name in names
        if name.startswith(("synth.mixed", "synth.folder", "synth.crops", "synth.reading", "plate_detector"))
    } | {f"fuse.{name}" for name in PhotographFuseParams.model_fields}
    assert set(names) - own == written - own
    # What synthetic plates beside one's own are made with is what they are made with alone.
    mixed = {re.sub(r"^synth\.mixed\.\w+", "synth", name) for name in own if name.count(".") > 2}
    assert {name for name in mixed if name.startswith("synth.licence.")} == {
        name for name in written if name.startswith("synth.licence.")
    }


def test_names_choose_what_begins_with_them(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["params", "fuse.format", "detector.anchors.s"]) == 0
    text = capsys.readouterr().out
    assert list(printed(text)) == [
        "detector.anchors.sizes",
        "detector.anchors.scales",
        "fuse.formats",
        "fuse.format_tolerance",
    ]
    assert text.startswith(
        "detector.anchors.sizes = [26, 40, 64]\n    Base size of the anchors in pixels, one for each level. Expects"
    )
    assert main(["params", "fuse.formt"]) == 1
    assert capsys.readouterr().err == (
        "platefuse: There is no parameter fuse.formt (did you mean fuse.formats?): `platefuse params` lists all there "
        "are.\n"
    )


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("detector.anchor", None),  # begins names
        ("detector.ancors", "detector.anchors"),
        ("deetctor", "detector"),
        ("scoer_threshold", "fuse.score_threshold"),
        ("epochs", "detector.epochs or classifier.epochs or plate_detector.epochs"),
        ("xyz", ""),
    ],
)
def test_a_similar_name_is_suggested(name: str, suggested: str | None, capsys):
    status = main(["params", name])
    said = capsys.readouterr().err
    assert status == (suggested is not None)
    if suggested is not None:
        hint = f" (did you mean {suggested}?)" if suggested else ""
        assert said.startswith(f"platefuse: There is no parameter {name}{hint}: ")


def test_json_is_an_object_a_line(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["params", "synth.box", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "synth.box",
        "condition": "synth.layout = scatter",
        "kind": "tile or ink",
        "meaning": "What a box encloses: the whole tile, or the ink alone.",
        "value": "tile",
        "default": None,
    }


def test_json_stays_json_whatever_the_file_says(tmp_path, capsys):
    path = tmp_path / "params.yaml"
    path.write_text("synth: {layout: scatter, val_share: .nan, test_share: -.inf}")
    assert main(["params", "synth.val_share", "synth.test_share", "--file", str(path), "--json"]) == 0
    said = [json.loads(line, parse_constant=pytest.fail)["value"] for line in capsys.readouterr().out.splitlines()]
    assert said[:2] == ["NaN", "-Infinity"]


def test_the_schema_and_the_page_are_printed(capsys):
    assert main(["params", "--schema"]) == 0
    assert capsys.readouterr().out == schema_text()
    assert main(["params", "--markdown"]) == 0
    assert capsys.readouterr().out == markdown()


def test_check_names_every_fault_and_exits_with_1(tmp_path, capsys):
    path = tmp_path / "params.yaml"
    write_changed(ROOT / "params.yaml", path, {"fuse.max_characters": 2, "evaluate.pictured": 0})
    assert main(["params", "--check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(" = ")[0] for line in err.splitlines()] == [
        f"platefuse: {path}: evaluate.pictured",
        f"platefuse: {path}: synth.count",
    ]
    path.write_text("synth: {train: 0040}\nfuse:\n  round: no\n")
    assert main(["params", "--check", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"platefuse: {path}: line 1: synth.train = 0040 is 32 in YAML 1.1 and 40 in YAML 1.2: write 32 or 40.\n"
        f"platefuse: {path}: line 3: fuse.round = no is false in YAML 1.1 and 'no' in YAML 1.2: write false or 'no'.\n"
    )


def test_check_finds_no_plate_reader_where_there_is_none(tmp_path, capsys):
    path = tmp_path / "params.yaml"
    write_changed(ROOT / "pipelines" / "photographs" / "params.yaml", path, {"fuse.reader": "readers/mine"})
    assert main(["params", "--check", str(path)]) == 1
    message = "fuse.reader = 'readers/mine': there is no such folder beside params.yaml, nor a .dvc file of it."
    assert f"{path}: {message}" in capsys.readouterr().err
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers" / "mine.dvc").touch()  # `dvc pull` brings the folder
    assert main(["params", "--check", str(path)]) == 0
    (tmp_path / "readers" / "mine.dvc").rename(tmp_path / "readers" / "mine")
    assert main(["params", "--check", str(path)]) == 1
    (tmp_path / "readers" / "mine").unlink()
    (tmp_path / "readers" / "mine").mkdir()
    assert main(["params", "--check", str(path)]) == 0


def test_check_of_the_working_folder(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT / "pipelines" / "plates")
    assert main(["params", "--check"]) == 0
    assert capsys.readouterr() == ("params.yaml: nothing is wrong.\n", "")
    monkeypatch.chdir(tmp_path)
    assert main(["params", "--check"]) == 1
    assert "params.yaml is not in" in capsys.readouterr().err


def test_check_reads_every_file_that_is_named_and_takes_no_names_of_parameters(tmp_path, capsys):
    missing, good = tmp_path / "none.yaml", ROOT / "params.yaml"
    assert main(["params", "--check", str(missing), str(good)]) == 1
    out, err = capsys.readouterr()
    assert out == f"{good}: nothing is wrong.\n"
    assert str(missing) in err
    assert main(["params", "--file", str(missing), "--check"]) == 1
    assert str(missing) in capsys.readouterr().err
    assert main(["params", "fuse", "--check"]) == 1
    assert "--check checks whole files: leave out fuse" in capsys.readouterr().err


@pytest.mark.parametrize("value", ['"\\ud800"', "'2024-01-01'", "{a: '2024-01-01'}", "'é'"])
def test_a_value_of_a_wrong_type_is_shown_all_the_same(value, tmp_path, capsys):
    (tmp_path / "params.yaml").write_text(f"fuse:\n  max_characters: {value}\n", encoding="utf-8")
    for option in ([], ["--json"]):
        assert main(["params", "fuse.max_characters", "--file", str(tmp_path / "params.yaml"), *option]) == 0
        assert capsys.readouterr().out.isascii()


def test_the_check_needs_no_tensorflow_and_a_lacking_package_is_named(tmp_path):
    script = "import sys; sys.modules[sys.argv.pop(1)] = None; from platefuse.cli.main import main; sys.exit(main())"

    def without(package: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, package, "params", "--check"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert without("tensorflow").stdout == "params.yaml: nothing is wrong.\n"
    lacking = without("pydantic")
    assert lacking.returncode == 1
    assert lacking.stderr.startswith(
        "platefuse: `platefuse params` needs pydantic, which is not installed: pip install"
    )
