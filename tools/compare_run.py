"""Compare a run of the pipeline with the committed run.

Sources and data must be the same; metrics must agree within a tolerance. A folder is a project's: it holds dvc.lock and
metrics/. Sources that differ mean that code or a lock changed and dvc.lock was not brought up to date. Data made from
the same parameters must be the same to the last byte on every machine. Training is not: another processor adds in
another order.
"""

import argparse
import fnmatch
import json
import math
import sys
from pathlib import Path
from typing import Any

import yaml

# The largest absolute difference allowed to a metric, by "file.key"; the first pattern that fits counts.
TOLERANCES = {
    "detector.anchor_coverage": 1e-6,  # no training in it
    "classifier.*": 0.01,
    "*.average_precision_50": 0.01,
    "*.exact_match_by_length.*": 0.05,  # some 170 plates each, where one is 0.006
    "*": 0.02,
}


def tolerance(name: str) -> float:
    return next(allowed for pattern, allowed in TOLERANCES.items() if fnmatch.fnmatchcase(name, pattern))


def _entries(project: Path, kind: str) -> dict[str, str]:
    stages = yaml.safe_load((project / "dvc.lock").read_text())["stages"].values()
    return {entry["path"]: entry["md5"] for stage in stages for entry in stage.get(kind, [])}


def data_hashes(project: Path) -> dict[str, str]:
    """The hash of every output under data/, by its path."""
    return {path: md5 for path, md5 in _entries(project, "outs").items() if path.startswith("data/")}


def source_hashes(project: Path) -> dict[str, str]:
    """Hashes of the dependencies that no stage makes, by path.

    They are code and locks.
    """
    made = _entries(project, "outs")
    return {path: md5 for path, md5 in _entries(project, "deps").items() if path not in made}


def numbers(tree: dict[str, Any], prefix: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}.{key}")
        elif isinstance(value, int | float):
            found[f"{prefix}.{key}"] = value
    return found


def metrics(project: Path) -> dict[str, float]:
    """Every number in metrics/*.json, by "file.key"."""
    found: dict[str, float] = {}
    for path in sorted((project / "metrics").glob("*.json")):
        found |= numbers(json.loads(path.read_text()), path.stem)
    return found


def compare_data(committed: dict[str, str], run: dict[str, str]) -> list[str]:
    if not committed:
        return ["The committed dvc.lock has no output under data/, so there is nothing to compare with."]
    return compare_hashes(committed, run)


def compare_hashes(committed: dict[str, str], run: dict[str, str]) -> list[str]:
    problems = []
    for path in sorted(committed.keys() | run.keys()):
        if committed.get(path) != run.get(path):
            problems.append(
                f"{path} is {committed.get(path, 'missing')} in the committed dvc.lock, "
                f"and {run.get(path, 'missing')} in the run's."
            )
    return problems


def compare_metrics(committed: dict[str, float], run: dict[str, float]) -> tuple[list[str], list[str]]:
    """Rows of metrics that moved, and a sentence for each fault.

    A fault is a metric that moved too far or has no partner.
    """
    if not committed:
        return [], ["The committed metrics/ has no metrics, so there is nothing to compare with."]
    rows, problems = [], []
    for name in sorted(committed.keys() | run.keys()):
        if name not in run:
            problems.append(f"{name} is committed, and the run did not write it.")
        elif name not in committed:
            problems.append(f"{name} was written by the run, and is not committed.")
        elif not (math.isfinite(committed[name]) and math.isfinite(run[name])):
            problems.append(f"{name} must be a number: committed {committed[name]}, run {run[name]}.")
        elif committed[name] != run[name]:
            difference, allowed = run[name] - committed[name], tolerance(name)
            rows.append(f"{name:<45} {committed[name]:>10.5g} {run[name]:>10.5g} {difference:>+11.5f} {allowed:>9g}")
            if abs(difference) > allowed:
                problems.append(f"{name} moved by {difference:+.5f}, and {allowed:g} is allowed.")
    return rows, problems


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Tolerances, absolute, the first that fits:\n"
        + "\n".join(f"  {pattern:<30} {allowed:g}" for pattern, allowed in TOLERANCES.items()),
    )
    parser.add_argument("committed", type=Path, help="folder with the committed dvc.lock and metrics/")
    parser.add_argument("run", type=Path, help="folder with the run's dvc.lock and metrics/")
    options = parser.parse_args(arguments)

    for project in (options.committed, options.run):
        if not (project / "dvc.lock").is_file():
            print(f"{project / 'dvc.lock'} is missing: `dvc repro` writes it.", file=sys.stderr)
            return 1

    data = data_hashes(options.committed)
    problems = compare_data(data, data_hashes(options.run))
    print(f"Outputs under data/: {len(data)} committed, {len(problems)} that differ.")

    stale = compare_hashes(source_hashes(options.committed), source_hashes(options.run))
    print(f"Sources: {len(stale)} that differ.")
    problems += stale

    committed = metrics(options.committed)
    rows, moved = compare_metrics(committed, metrics(options.run))
    print(f"Metrics: {len(committed)} committed, {len(rows)} that moved.")
    if rows:
        print(f"\n{'metric':<45} {'committed':>10} {'run':>10} {'difference':>11} {'allowed':>9}")
        print(*rows, sep="\n")

    problems += moved
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
