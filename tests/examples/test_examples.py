"""The examples: no script needs platefuse, and the plate reads as the README shows.

tests/pipeline/test_docs.py runs the scripts and compares them with `platefuse read`.
"""

import ast
import re
from pathlib import Path

import pytest

from platefuse.cli.main import main
from tests.helpers.imports import ROOT
from tests.helpers.released import copy_released

EXAMPLES = ROOT / "examples"
PLATE = EXAMPLES / "plate.jpg"
NEEDS = {
    "serve_tensorflow": {"os", "sys", "tensorflow"},
    "serve_onnx": {"json", "numpy", "onnxruntime", "PIL", "sys"},
}


def test_every_script_is_named_here_and_in_the_docs() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == NEEDS.keys()
    pages = "".join(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/*.md"))
    assert all(f"$ python examples/{name}.py " in pages for name in NEEDS)


@pytest.mark.parametrize("name", NEEDS)
def test_a_script_is_short_and_needs_its_runtime_alone(name: str) -> None:
    tree = ast.parse((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports]
    assert set(modules) == NEEDS[name]
    statements = [node for node in tree.body[1:] if node not in imports]
    assert len(statements) <= 10


def test_the_released_model_reads_the_plate_as_the_readme_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(
        r"^examples/plate\.jpg\t(.*)\t(.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert shown
    assert main(["read", str(PLATE), "--model", str(copy_released("plates", tmp_path))]) == 0
    _, text, confidence = capsys.readouterr().out.split("\t")
    assert text == shown[1]
    assert float(confidence) == pytest.approx(float(shown[2]), abs=1e-3)
