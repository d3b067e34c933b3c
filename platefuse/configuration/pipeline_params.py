"""params.yaml as a whole: the stages' sections and the rules across them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from platefuse.configuration.rules import broken_rules
from platefuse.core.errors import did_you_mean, shortened
from platefuse.core.params import Params, check
from platefuse.core.params_yaml import read_parameters
from platefuse.evaluation.params import EvaluateParams
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.params import PhotographFuseParams, fuse_params_of
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.detection.params import DetectorParams, PlateDetectorParams
from platefuse.synthesis.params import SYNTH_PARAMS, SynthParams


class PipelineParams(Params):
    """Parameters of the platefuse pipeline.

    A pipeline of plates has the sections `detector` and `classifier`. A pipeline of photographs has `plate_detector`.
    """

    synth: SynthParams
    detector: DetectorParams | None = None
    classifier: ClassifierParams | None = None
    plate_detector: PlateDetectorParams | None = None
    fuse: FuseParams | PhotographFuseParams
    evaluate: EvaluateParams

    def check_rules(self) -> Iterator[str]:
        sections = {name: section for name, section in self if section is not None}
        yield from (_missing(name) for name in _needed(sections) if name not in sections)
        yield from broken_rules(sections)


SECTIONS: dict[str, Any] = {
    "synth": SYNTH_PARAMS,
    "detector": DetectorParams,
    "classifier": ClassifierParams,
    "plate_detector": PlateDetectorParams,
    "fuse": FuseParams,
    "evaluate": EvaluateParams,
}
"""Type of each section, as `check` uses it; of `fuse` in a pipeline of plates."""


def _needed(sections: Mapping[str, Any]) -> list[str]:
    """List the sections that a file with these sections needs, in order."""
    of_one_kind = {"plate_detector"} if "plate_detector" in sections else {"detector", "classifier"}
    return [name for name, field in PipelineParams.model_fields.items() if field.is_required() or name in of_one_kind]


def _missing(name: str) -> str:
    return f"there is no section '{name}' with parameters in it"


def issues_of(path: Path) -> list[str]:
    """Check a whole parameter file.

    Each section is checked by itself. The rules across sections are checked for valid sections only.

    Returns:
        A sentence for each issue.

    Raises:
        PlatefuseError: if the file cannot be read.
    """
    parameters = read_parameters(path)
    issues = [
        f"{shortened(repr(name))}: there is no section of that name{did_you_mean(name, SECTIONS)}."
        for name in parameters
        if name not in SECTIONS
    ]
    valid: dict[str, Params] = {}
    needed = _needed(parameters)
    for name, model in SECTIONS.items():
        if name not in parameters and name not in needed:
            continue
        checked = check(fuse_params_of(parameters.get(name)) if name == "fuse" else model, name, parameters)
        if isinstance(checked, list):
            issues += checked
        else:
            valid[name] = checked
    return issues + [f"{broken}." for broken in broken_rules(valid)]


def missing_reader(path: Path) -> list[str]:
    """Say that a pipeline of photographs lacks its plate reader.

    A reader that DVC can pull is there. Without this check the pipeline would train for hours, and then miss it.

    Args:
        path: a params.yaml without issues.
    """
    reader = read_parameters(path)["fuse"].get("reader")
    if reader is None:
        return []
    folder = path.parent / reader
    if folder.is_dir() or folder.with_name(f"{folder.name}.dvc").is_file():
        return []
    return [f"fuse.reader = {shortened(reader)!r}: there is no such folder beside {path.name}, nor a .dvc file of it."]
