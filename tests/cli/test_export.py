"""`platefuse export`: the name that its file gets. tests/export converts models."""

from pathlib import Path

import pytest

from platefuse.cli.export import path_beside
from platefuse.cli.main import main
from platefuse.core.errors import PlatefuseError


@pytest.mark.parametrize("model", [".", "../fused", "variables/..", "./", "../fused/.", ".."])
def test_the_file_is_named_after_the_models_folder(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "fused" / "variables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "models" / "fused")
    expected = "models.onnx" if model == ".." else "models/fused.onnx"
    assert path_beside(Path(model), ".onnx").resolve() == tmp_path / expected


def test_a_link_to_a_model_gives_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("fused-7")
    assert path_beside(tmp_path / "latest", ".tflite") == tmp_path / "latest.tflite"


def test_the_root_has_no_name() -> None:
    with pytest.raises(PlatefuseError, match=r"^--model /: it has no name .* with --out\.$"):
        path_beside(Path("/"), ".onnx")


@pytest.mark.parametrize("model", [".", "..", "/"])
def test_a_folder_without_a_model_is_refused_in_a_sentence(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "plates").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert main(["export", "--to", "onnx", "--model", model, "--plates", str(tmp_path / "plates")]) == 1
    assert capsys.readouterr().err.startswith("platefuse: ")
