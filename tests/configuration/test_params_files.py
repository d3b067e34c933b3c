"""Text of the parameter files: DVC's writer keeps it, and `dvc exp run -S` changes one line."""

import difflib
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from dvc.exceptions import InvalidArgumentError
from dvc.utils.hydra import apply_overrides

from platefuse.core.params_yaml import parse
from tests.helpers.imports import ROOT

FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml")))
}
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("pipelines/*/README.md"), *ROOT.glob("released/*.md")]
_YAML = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
SNIPPETS = {
    f"{page.relative_to(ROOT)}:{index}": textwrap.dedent(found[2])
    for page in PAGES
    for index, found in enumerate(_YAML.finditer(page.read_text(encoding="utf-8")))
}


def numbers(content: Any, name: str = "") -> dict[str, int | float]:
    """Numbers by full names, those in lists left out."""
    if isinstance(content, dict):
        inner = [numbers(value, f"{name}.{key}" if name else key) for key, value in content.items()]
        return {full: value for found in inner for full, value in found.items()}
    return {name: content} if type(content) in (int, float) else {}


@pytest.mark.parametrize("name", [*FILES, *SNIPPETS])
def test_a_number_set_by_dvc_changes_one_line(name: str, tmp_path: Path):
    text, path = {**FILES, **SNIPPETS}[name], tmp_path / "params.yaml"
    content = parse(text, name)
    path.write_text(text, encoding="utf-8")
    for number, value in {full.split(".")[0]: (full, value) for full, value in numbers(content).items()}.values():
        apply_overrides(str(path), [f"{number}={value + 1}"])
        lines = list(difflib.ndiff(text.splitlines(), path.read_text(encoding="utf-8").splitlines()))
        [before, after] = [line for line in lines if line.startswith(("-", "+"))]
        assert before.startswith("- ") and after.startswith("+ ") and f"{value + 1}" in after
        apply_overrides(str(path), [f"{number}={value}"])
        assert path.read_text(encoding="utf-8") == text


def test_a_list_set_by_dvc_changes_its_lines(tmp_path: Path):
    text, path = FILES["params.yaml"], tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    apply_overrides(str(path), ["synth.count=[2,5]"])
    assert path.read_text(encoding="utf-8") == text.replace("  - 1\n  - 6\n", "  - 2\n  - 5\n")


def test_dvc_says_of_an_unknown_parameter_what_the_page_says(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text(FILES["params.yaml"], encoding="utf-8")
    with pytest.raises(InvalidArgumentError) as refused:
        apply_overrides(str(path), ["fuse.scoer_threshold=0.7"])
    said = str(refused.value.__cause__)
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    assert "Could not override" in said and "Could not override" in page
    assert "+fuse.scoer_threshold" in said
