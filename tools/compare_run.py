"""Compare a pipeline's run with the last commit's, and judge it.

Data made from the same parameters must be the same to the last byte on every machine. Training is not: another
processor adds in another order. Metrics must therefore agree within a tolerance. Where parameters differ there is no
verdict: the metrics are then what was to be found out.
"""

import argparse
import fnmatch
import json
import math
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

# The largest absolute difference allowed to a metric, by "file.key"; the first pattern that fits counts.
TOLERANCES = {
    "detector.anchor_coverage": 1e-6,  # no training in it
    "classifier.*": 0.01,
    "*.average_precision_50": 0.01,
    "*.coverage_at_99": 0.1,  # one wrong plate among the most confident moves it by many
    "*.exact_match_by_length.*": 0.05,  # some 170 plates each, where one is 0.006
    "*": 0.02,
}


_CODE = {"platefuse", "stages", "requirements"}  # other sources are data of one's own


class Run(NamedTuple):
    """A run of a pipeline.

    Attributes:
        stages: those of dvc.lock.
        metrics: every number in the stages' metrics, by "file.key".
    """

    stages: dict[str, Any]
    metrics: dict[str, float]

    def entries(self, kind: str) -> dict[str, str]:
        """Hashes of the stages' `deps` or `outs`, by path."""
        return {entry["path"]: entry["md5"] for stage in self.stages.values() for entry in stage.get(kind, [])}

    def data(self) -> dict[str, str]:
        """Hashes of the outputs under data/."""
        return {path: md5 for path, md5 in self.entries("outs").items() if path.startswith("data/")}

    def sources(self) -> dict[str, str]:
        """Hashes of dependencies that no stage makes, such as code."""
        made = self.entries("outs")
        return {path: md5 for path, md5 in self.entries("deps").items() if path not in made}

    def params(self) -> dict[str, Any]:
        """Every parameter, by its full name."""
        files = [params for stage in self.stages.values() for params in stage.get("params", {}).values()]
        return {name: value for params in files for name, value in flatten(params).items()}


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def read_run(read: Callable[[str], str]) -> Run:
    """Read a run's dvc.lock and metrics.

    Args:
        read: gives the text of a file by its path in the pipeline's folder.

    Raises:
        OSError: if there is no dvc.lock.
    """
    run = Run(yaml.safe_load(read("dvc.lock"))["stages"], {})
    for path in sorted(path for path in run.entries("outs") if path.startswith("metrics/") and path.endswith(".json")):
        try:
            values = flatten(json.loads(read(path)), f"{Path(path).stem}.")
        except OSError:
            continue  # the metric then lacks its partner
        run.metrics.update({name: float(value) for name, value in values.items() if isinstance(value, int | float)})
    return run


def committed_run(folder: Path) -> Run:
    """Read the run of the last commit."""

    def show(name: str) -> str:
        shown = subprocess.run(["git", "show", f"HEAD:./{name}"], cwd=folder, capture_output=True, encoding="utf-8")
        if shown.returncode:
            raise FileNotFoundError(shown.stderr)
        return shown.stdout

    return read_run(show)


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names whose values differ."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


# --- the table, and what is wrong


def tolerance(name: str) -> float:
    return next(allowed for pattern, allowed in TOLERANCES.items() if fnmatch.fnmatchcase(name, pattern))


def table(committed: dict[str, float], run: dict[str, float]) -> list[str]:
    """A heading and a row for each metric, in their names' order."""
    names = sorted(committed.keys() | run.keys())
    wide = max(map(len, ["metric", *names]))
    rows = [f"{'metric':<{wide}} {'HEAD':>8} {'this run':>8} {'change':>9} {'allowed':>7}"]
    for name in names:
        row = f"{name:<{wide}} {committed.get(name, '-'):>8.5} {run.get(name, '-'):>8.5}"
        if name in committed and name in run:
            row += f" {run[name] - committed[name]:>+9.5f} {tolerance(name):>7g}"
        rows.append(row)
    return rows


def metric_problems(committed: dict[str, float], run: dict[str, float]) -> list[str]:
    """A sentence for each metric that fails the comparison."""
    problems = []
    for name in sorted(committed.keys() | run.keys()):
        if name not in run:
            problems.append(f"{name} is committed, and the run did not write it.")
        elif name not in committed:
            problems.append(f"{name} was written by the run, and is not committed.")
        elif not (math.isfinite(committed[name]) and math.isfinite(run[name])):
            problems.append(f"{name} must be a number: committed {committed[name]}, run {run[name]}.")
        elif abs(run[name] - committed[name]) > tolerance(name):
            problems.append(f"{name} moved by {run[name] - committed[name]:+.5f}, and {tolerance(name):g} is allowed.")
    return problems


def data_problems(committed: dict[str, str], run: dict[str, str]) -> list[str]:
    """A sentence for each changed output under data/."""
    return [
        f"{path} is {committed.get(path, 'missing')} in the committed dvc.lock, "
        f"and {run.get(path, 'missing')} in the run's."
        for path in changed(committed, run)
    ]


# --- the verdict


def verdict(committed: Run, run: Run) -> tuple[str, bool]:
    """Say whether a run agrees with the committed one.

    Returns:
        The verdict, one or more lines; and whether the runs agree and were of the same parameters and sources.
    """
    if not committed.metrics:
        return "The last commit has no metrics, so there is nothing to compare with.", False
    if run == committed:
        return "This is the last commit's run, to the last byte.", True
    params, sources = changed(committed.params(), run.params()), changed(committed.sources(), run.sources())
    if params:
        return wrapped(f"No verdict: the last commit's run had other parameters ({', '.join(params)})."), False
    if data := [source for source in sources if not _CODE.intersection(Path(source).parts)]:
        return wrapped(f"No verdict: the last commit's run had other data ({', '.join(data)})."), False
    problems = metric_problems(committed.metrics, run.metrics)
    problems += [] if sources else data_problems(committed.data(), run.data())
    moved = len(changed(committed.metrics, run.metrics))
    if problems:
        lines = ["The run does not agree with the last commit's:", *(f"  {problem}" for problem in problems)]
    else:
        count = f"{moved} of {len(run.metrics)} metrics moved"
        lines = [wrapped(f"The run agrees with the last commit's: {count}, none by more than is allowed.")]
    if sources:
        lines.append(wrapped(f"The last commit's run had other sources: {', '.join(sources)}."))
    return "\n".join(lines), not problems and not sources


def wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, 80, break_long_words=False, break_on_hyphens=False)


def proposal(folder: Path, committed: Run, run: Run) -> str:
    """Propose to commit a run whose sources are committed.

    Nothing is proposed where the committed run's models are in the cache: one can go back to them.
    """
    inputs = ["params.yaml", "dvc.yaml", *run.sources(), *(f"{source}.dvc" for source in run.sources())]
    if not git(folder, "diff", "--quiet", "HEAD", "--", *inputs) or in_cache(folder, committed):
        return ""
    why = (
        "The last commit's models are those of another run, and not on this machine. Commit this run before you change "
        "anything: experiments are compared with the last commit, and you can go back to it."
    )
    lines = ["", wrapped(why), ""]
    if not git(folder, "var", "GIT_COMMITTER_IDENT"):
        lines += ['  git config user.name "Your Name"', "  git config user.email you@example.com"]
    paths = " ".join((folder / name).as_posix() for name in ("dvc.lock", "metrics"))
    return "\n".join([*lines, f'  git commit -m "This machine\'s run" {paths}'])


def in_cache(folder: Path, run: Run) -> bool:
    """Whether DVC's cache has the models of a run."""
    top = subprocess.run(["git", "rev-parse", "--show-cdup"], cwd=folder, capture_output=True, encoding="utf-8")
    objects = folder / top.stdout.strip() / ".dvc" / "cache" / "files" / "md5"
    models = [md5 for path, md5 in run.entries("outs").items() if path.startswith("models/")]
    return all((objects / md5[:2] / md5[2:]).exists() for md5 in models)


def git(folder: Path, *arguments: str) -> bool:
    """Run git in a folder, and give whether it succeeded."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True).returncode == 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Tolerances, absolute, the first that fits:\n"
        + "\n".join(f"  {pattern:<30} {allowed:g}" for pattern, allowed in TOLERANCES.items()),
    )
    parser.add_argument("folder", type=Path, help="the pipeline's folder, from the project's")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with status 1 unless parameters and sources are the committed run's, and the runs agree",
    )
    options = parser.parse_args(arguments)
    try:
        run = read_run(lambda name: (options.folder / name).read_text(encoding="utf-8"))
    except OSError:
        print(f"{options.folder / 'dvc.lock'} is missing: `dvc repro` writes it.", file=sys.stderr)
        return 1
    try:
        committed = committed_run(options.folder)
    except OSError:
        committed = Run({}, {})

    print(*table(committed.metrics, run.metrics), sep="\n")
    sentence, agrees = verdict(committed, run)
    print(f"\n{sentence}")
    if committed.stages and run != committed and (proposed := proposal(options.folder, committed, run)):
        print(proposed)
    return 1 if options.strict and not agrees else 0


if __name__ == "__main__":
    sys.exit(main())
