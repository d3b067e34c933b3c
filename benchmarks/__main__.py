"""Compare the fused model with its detector, exports and other readers.

A detector with Python glue is one of the other readers. Every number comes from this machine, in separate processes
pinned to one core and to all cores. Rows are timed in turn, so that disturbances affect all rows alike. The results are
written to latest.json and latest.png in the folder --out, and a table is printed. Models come from the pipelines'
models/, or from released/ where a pipeline has not trained.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from benchmarks.chart import draw_chart
from benchmarks.machine import cores_of, describe
from benchmarks.model_under_test import ModelUnderTest, find_model
from benchmarks.processes import measure_folders, measure_start
from benchmarks.ratios import ratios_of
from benchmarks.table import table_of
from benchmarks.worker import ROOT, run_worker
from platefuse.cli.common import folder_path
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError
from platefuse.labels.text_only import read_text_only
from platefuse.runner.atomic import write_json

RESULTS = ROOT / "benchmarks" / "results"
RESULT_FILES = ("latest.json", "latest.png")
# Training uses the stages' setting (stages/start.py); reading uses TensorFlow's default, as users do.
_STAGE_ENVIRONMENT = {"TF_ENABLE_ONEDNN_OPTS": "1"}


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        results = measure_all(arguments)
        numbers, chart = (arguments.out / name for name in RESULT_FILES)
        write_json(numbers, results)
        draw_chart(results, chart)
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
    parser.add_argument("--digits", type=Path, default=ROOT, help="folder of the digits pipeline (default: the root)")
    parser.add_argument(
        "--plates",
        type=Path,
        default=ROOT / "pipelines" / "plates",
        help="folder of the plates pipeline (default: pipelines/plates)",
    )
    parser.add_argument("--released", type=Path, default=ROOT / "released", help="folder of the released models")
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="PLATES",
        help="plates for the other readers: a folder, or a folder of folders, of images with a truth.csv of image,text "
        "(default: rendered test plates)",
    )
    parser.add_argument("--out", type=folder_path, default=RESULTS, help="output folder (default: benchmarks/results)")
    parser.add_argument("--quick", action="store_true", help="few repeats: a check that all works, not a measurement")
    return parser


def measure_all(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure both models.

    Raises:
        PlatefuseError: before anything is measured, if models, plates or parameters are missing or wrong.
    """
    _check_out(arguments)
    if arguments.photographs:
        read_text_only(arguments.photographs)
    with TemporaryDirectory() as work:
        models = [
            find_model(name, pipeline, arguments.released / name, photographs, arguments.quick, Path(work))
            for name, pipeline, photographs in (
                ("digits", arguments.digits, None),
                ("plates", arguments.plates, arguments.photographs),
            )
        ]
        results = {model.name: _measure(model) for model in models}
    return {"machine": describe(), "quick": arguments.quick, "ratios": ratios_of(results), "models": results}


def _check_out(arguments: argparse.Namespace) -> None:
    """Check that results go to a folder and replace no input."""
    if arguments.out.exists() and not arguments.out.is_dir():
        raise PlatefuseError(f"--out {arguments.out}: expected a folder.")
    outputs = [("--out", arguments.out / name) for name in RESULT_FILES]
    check_outputs(outputs, [folder for folder in (arguments.photographs, arguments.released) if folder])


def _measure(model: ModelUnderTest) -> dict[str, Any]:
    """All results of one model, by task and setting.

    A setting is `one` core or `all` cores.
    """
    settings = {setting: cores_of(setting) for setting in ("one", "all")}
    steps = [(task, setting) for task in ("reading", "callers") for setting in settings] + [("training", "all")]
    if model.name == "plates":
        steps += [("peers", setting) for setting in settings]
    results: dict[str, Any] = {"source": model.source}
    for task, setting in tqdm(steps, desc=f"{model.name}: parts", disable=None):
        environment = _STAGE_ENVIRONMENT if task == "training" else {}
        result = run_worker(task, model, settings[setting], **environment)
        results[task] = result if task == "training" else {**results.get(task, {}), setting: result}
    results["start"] = measure_start(model, settings["all"])
    if model.name == "digits":  # the speed of reading folders hardly depends on the model
        results["folders"] = measure_folders(model, settings["all"])
    return results


if __name__ == "__main__":
    sys.exit(main())
