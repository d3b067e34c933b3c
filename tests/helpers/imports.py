"""Which of our modules a script imports, directly or through others: read from the source, nothing is run."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules_of(script: Path) -> set[str]:
    """Paths, relative to the project's root, of the script and of every module of ours that it imports."""
    found: set[Path] = set()
    pending = [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _imported(path)
    return {path.relative_to(ROOT).as_posix() for path in found}


def _imported(path: Path) -> list[Path]:
    names: set[str] = set()
    for node in _run_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return [file for name in names for file in _files(name, path)]


def _run_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one but those that only type checkers see."""
    for child in ast.iter_child_nodes(node):
        typing_only = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        for shown in child.orelse if typing_only else [child]:
            yield shown
            yield from _run_nodes(shown)


def _files(name: str, importer: Path) -> list[Path]:
    """The files that importing `name` runs: the module's own and those of the packages around it."""
    files = [importer.parent / f"{name}.py"] if importer.parent.name == "stages" else []
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:depth])
        files += [place / "__init__.py", place.with_suffix(".py")]
    return [file for file in files if file.is_file()]


if __name__ == "__main__":
    for stage in ("synth", "train_detector", "train_classifier", "fuse", "evaluate"):
        print(stage, *sorted(modules_of(ROOT / "stages" / f"{stage}.py")), sep="\n      - ")
