"""Docstrings: a short first line that is a whole sentence or phrase."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.imports import ROOT

FOLDERS = ["platefuse", "stages", "benchmarks", "tools"]
MOST_WORDS = 12
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def first_lines(folder: str) -> Iterator[tuple[str, str]]:
    """Place and first line of each docstring below a folder of the project."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, _DOCUMENTED) and (docstring := ast.get_docstring(node)) is not None:
                yield _place(path, node), docstring.partition("\n")[0]


def _place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_first_lines_are_short_and_complete(folder: str):
    lines = [*first_lines(folder)]
    assert lines, f"{folder} has no docstrings"
    long = [f"{place}: {line}" for place, line in lines if len(line.split()) > MOST_WORDS]
    assert not long, "\n".join([f"More than {MOST_WORDS} words; move the rest into the body:", *long])
    incomplete = [f"{place}: {line}" for place, line in lines if not line.endswith((".", ":", "?"))]
    assert not incomplete, "\n".join(["Expected a full stop, colon or question mark at the end:", *incomplete])


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_no_first_line_is_a_relative_clause(folder: str):
    clauses = [f"{place}: {line}" for place, line in first_lines(folder) if line.startswith("What ")]
    assert not clauses, "\n".join(["Write an imperative or a noun phrase:", *clauses])
