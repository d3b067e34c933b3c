"""params.yaml as a whole: the stages' sections and the rules across them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platefuse.configuration.rules import broken_rules
from platefuse.core.errors import did_you_mean, shortened
from platefuse.core.params import Params, check
from platefuse.core.params_yaml import read_parameters
from platefuse.evaluation.params import EvaluateParams
from platefuse.fusion.params import FuseParams
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.detection.params import DetectorParams
from platefuse.synthesis.params import SYNTH_PARAMS, SynthParams


class PipelineParams(Params):
    """Parameters of the platefuse pipeline."""

    synth: SynthParams
    detector: DetectorParams
    classifier: ClassifierParams
    fuse: FuseParams
    evaluate: EvaluateParams

    def check_rules(self) -> Iterator[str]:
        yield from broken_rules(dict(self))


SECTIONS: dict[str, Any] = {
    name: SYNTH_PARAMS if name == "synth" else field.annotation for name, field in PipelineParams.model_fields.items()
}
"""Type of each section, as `check` uses it."""


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
    for name, model in SECTIONS.items():
        checked = check(model, name, parameters)
        if isinstance(checked, list):
            issues += checked
        else:
            valid[name] = checked
    return issues + [f"{broken}." for broken in broken_rules(valid)]
