"""`platefuse models` in a checkout with one model pulled. tests/pipeline/test_wheel.py lists what a wheel bundles."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.imports import ROOT

METRICS = {"evaluation": {"exact_match": 0.734}, "real": {"all": {"images": 393, "exact": 0.9059}}}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package beside a folder released/, into which `plates` was pulled and the others were not."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "platefuse", folder / "platefuse", ignore=shutil.ignore_patterns("__pycache__"))
    plates = folder / "released" / "plates"
    (plates / "variables").mkdir(parents=True)
    (plates / "platefuse.json").write_text(json.dumps({"alphabet": "01AÄ"}))
    (plates / "saved_model.pb").write_bytes(bytes(3_000_000))
    (plates / "detector.h5").write_bytes(bytes(1_000_000))  # not read with
    (plates / "release.json").write_text(json.dumps({"metrics": METRICS, "licence": "Apache-2.0"}))
    for name in ("plates", "photographs", "digits"):
        (folder / "released" / f"{name}.dvc").touch()
    return folder


def models(checkout: Path, *options: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "platefuse", "models", *options]
    ended = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_models_of_a_checkout_are_listed(checkout: Path) -> None:
    assert models(checkout).splitlines() == [
        "plates",
        f"  where     {checkout / 'released' / 'plates'}",
        "  alphabet  01AÄ",
        "  size      3.0 MB",
        "  accuracy  0.906 of 393 photographs",
        "  licence   Apache-2.0",
        "",
        "photographs",
        f"  {checkout / 'released' / 'photographs'} is missing: `dvc pull released/photographs` brings it.",
        "",
        "digits",
        f"  {checkout / 'released' / 'digits'} is missing: `dvc pull released/digits` brings it.",
    ]


def test_models_as_json_are_a_line_each(checkout: Path) -> None:
    plates, photographs, digits = map(json.loads, models(checkout, "--json").splitlines())
    assert plates == {
        "name": "plates",
        "path": str(checkout / "released" / "plates"),
        "missing": None,
        "alphabet": "01AÄ",
        "bytes": 3_000_000
        + len((checkout / "released/plates/platefuse.json").read_bytes())
        + len((checkout / "released/plates/release.json").read_bytes()),
        "exact_match": 0.9059,
        "measured_on": "393 photographs",
        "licence": "Apache-2.0",
    }
    assert photographs["path"] is None and "dvc pull released/photographs" in photographs["missing"]
    assert digits["path"] is digits["alphabet"] is None and "dvc pull released/digits" in digits["missing"]


def test_a_model_without_photographs_has_the_accuracy_of_its_pipeline(checkout: Path) -> None:
    digits = checkout / "released" / "digits"
    shutil.copytree(checkout / "released" / "plates", digits)
    (digits / "release.json").write_text(json.dumps({"metrics": {"evaluation": {"exact_match": 0.979}}}))
    assert "  accuracy  0.979 of synthetic test plates\n  licence   unknown\n" in models(checkout)
    (digits / "release.json").unlink()
    assert "  accuracy  unknown\n" in models(checkout)
    shutil.rmtree(digits)


def test_the_accuracy_on_whole_photographs_is_that_of_their_plates(checkout: Path) -> None:
    released = checkout / "released" / "photographs"
    shutil.copytree(checkout / "released" / "plates", released)
    metrics = {"real": {"all": {"photographs": 130, "plates": 133, "exact": 0.91}}}
    (released / "release.json").write_text(json.dumps({"metrics": metrics}))
    (checkout / "released" / "photographs.dvc").touch()
    assert "accuracy  0.910 of 133 plates in 130 photographs" in models(checkout)
