"""What params.yaml is made of: its sections, the stage that reads each, and the models that check them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from platefuse.configuration.rules import RULES
from platefuse.core.errors import shortened
from platefuse.core.params import Params, check, check_choice
from platefuse.core.params_yaml import read_parameters
from platefuse.evaluation.params import EvaluateParams
from platefuse.fusion.params import FuseParams
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.detection.params import DetectorParams
from platefuse.synthesis.dataset import LAYOUTS


class Section(NamedTuple):
    """One section.

    Attributes:
        name: the top-level key.
        stage: which reads it.
        models: its model, by the value of the parameter `choice`; under "" where nothing is to be chosen.
        choice: the parameter that decides which model it is, or "".
    """

    name: str
    stage: str
    models: Mapping[str, type[Params]]
    choice: str = ""

    def check(self, parameters: Mapping[str, Any]) -> Params | list[str]:
        """Give this section of a parameter file as its model, or a sentence for each of its issues."""
        if self.choice:
            return check_choice(self.models, self.choice, self.name, parameters)
        return check(self.models[""], self.name, parameters)


SECTIONS = (
    Section("synth", "synth", LAYOUTS, "layout"),
    Section("detector", "train_detector", {"": DetectorParams}),
    Section("classifier", "train_classifier", {"": ClassifierParams}),
    Section("fuse", "fuse", {"": FuseParams}),
    Section("evaluate", "evaluate", {"": EvaluateParams}),
)


def issues_of(path: Path) -> list[str]:
    """Check a whole parameter file: each section, and what one section says against another.

    Returns:
        A sentence for each issue. Rules across sections are tried where the sections themselves are right.

    Raises:
        PlatefuseError: if the file cannot be read.
    """
    parameters = read_parameters(path)
    unknown = [name for name in parameters if name not in {section.name for section in SECTIONS}]
    issues = [f"{shortened(repr(name))}: there is no section of that name." for name in unknown]
    right: dict[str, Any] = {}
    for section in SECTIONS:
        checked = section.check(parameters)
        if isinstance(checked, list):
            issues += checked
        else:
            right[section.name] = checked
    for names, rule in RULES:
        if right.keys() >= set(names) and (broken := rule(*(right[name] for name in names))):
            issues.append(f"{broken}.")
    return issues
