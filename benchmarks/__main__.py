"""Measure the fused model beside its detector, its two models glued in Python, its exported forms and other readers.

Every number comes from this machine, in processes of their own kept on one core and on all; rows are timed in turn, so
that what disturbs the machine disturbs all alike. The results go to latest.json and latest.png in the folder --out, and
a table is printed. Models come from the pipelines' models/, or where these have not run, from released/.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from benchmarks.chart import draw_chart
from benchmarks.child import ROOT, measure
from benchmarks.machine import cores_of, describe
from benchmarks.processes import measure_folders, measure_start
from benchmarks.ratios import ratios_of
from benchmarks.subject import Subject, find_subject
from benchmarks.table import table_of
from platefuse.core.errors import PlatefuseError
from platefuse.labels.text_only import read_text_only
from platefuse.runner.atomic import write_json

RESULTS = ROOT / "benchmarks" / "results"
# What the stages train with (stages/start.py); reading is left as TensorFlow chooses for those who read.
_AS_STAGES_TRAIN = {"TF_ENABLE_ONEDNN_OPTS": "1"}


def main(argv: list[str] | None = None) -> int:
    """Run the bench and give the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        results = bench(arguments)
        write_json(arguments.out / "latest.json", results)
        draw_chart(results, arguments.out / "latest.png")
    except PlatefuseError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table_of(results))
    print(f"\nWritten: {arguments.out / 'latest.json'} and latest.png")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--digits", type=Path, default=ROOT, help="folder of the digits' pipeline (default: the root)")
    parser.add_argument(
        "--plates", type=Path, default=ROOT / "pipelines" / "plates", help="of the plates' (default: pipelines/plates)"
    )
    parser.add_argument("--released", type=Path, default=ROOT / "released", help="folder of the released models")
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="PLATES",
        help="plates for the other readers: a folder, or a folder of folders, of images with a truth.csv of image,text "
        "(default: rendered test plates)",
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write (default: benchmarks/results)")
    parser.add_argument("--quick", action="store_true", help="few repeats: shows that all works, measures nothing")
    return parser


def bench(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure everything.

    Raises:
        PlatefuseError: for models, plates or parameters that are missing or wrong, before anything is measured.
    """
    if arguments.photographs:
        read_text_only(arguments.photographs)
    with TemporaryDirectory() as work:
        subjects = [
            find_subject(name, pipeline, arguments.released / name, photographs, arguments.quick, Path(work))
            for name, pipeline, photographs in (
                ("digits", arguments.digits, None),
                ("plates", arguments.plates, arguments.photographs),
            )
        ]
        models = {subject.name: _measure(subject) for subject in subjects}
    return {"machine": describe(), "quick": arguments.quick, "ratios": ratios_of(models), "models": models}


def _measure(subject: Subject) -> dict[str, Any]:
    """Everything of one model: by what is measured, and where that is so, by `one` core and `all`."""
    settings = {setting: cores_of(setting) for setting in ("one", "all")}
    steps = [(task, setting) for task in ("reading", "callers") for setting in settings] + [("training", "all")]
    if subject.name == "plates":
        steps += [("others", setting) for setting in settings]
    results: dict[str, Any] = {"source": subject.source}
    for task, setting in tqdm(steps, desc=f"{subject.name}: parts", disable=None):
        environment = _AS_STAGES_TRAIN if task == "training" else {}
        found = measure(task, subject, settings[setting], **environment)
        results[task] = found if task == "training" else {**results.get(task, {}), setting: found}
    results["start"] = measure_start(subject, settings["all"])
    if subject.name == "digits":  # how folders are read does not depend on the model
        results["folders"] = measure_folders(subject, settings["all"])
    return results


if __name__ == "__main__":
    sys.exit(main())
