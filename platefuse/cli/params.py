"""`platefuse params`: what params.yaml may say, and whether it does."""

import argparse
import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platefuse.cli.common import BAD, add_command, complain
from platefuse.core.errors import PlatefuseError

if TYPE_CHECKING:
    from platefuse.configuration.parameter_list import Parameter

FILE = Path("params.yaml")
_WIDTH = 100


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "params",
        _params,
        "explain every parameter, or check params.yaml as a whole",
        "examples:\n"
        "  platefuse params                            every parameter: value, type, range, what it does\n"
        "  platefuse params fuse detector.anchors      those of a section or below a name\n"
        "  platefuse params --check                    each issue of params.yaml, those between sections too\n"
        "  platefuse params --check params.yaml pipelines/plates/params.yaml\n\n"
        "The default of a parameter is what params.yaml says: all stand there, but those that say what they are\n"
        "if left out. With a issue the exit status is 1.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a section, or what a parameter's name begins with")
    parser.add_argument(
        "--file", type=Path, default=FILE, help=f"where the values shown are from (default: {FILE}, if it is there)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--check", type=Path, nargs="*", metavar="FILE", help=f"check files (default: {FILE}) instead; no NAME with it"
    )


def _params(arguments: argparse.Namespace) -> int:
    try:  # here: the base install reads plates and has no parameters
        from platefuse.configuration.parameter_list import list_parameters
        from platefuse.configuration.pipeline_params import issues_of
        from platefuse.core.params_yaml import read_parameters
    except ModuleNotFoundError as error:
        raise PlatefuseError(
            f'`platefuse params` needs {error.name}, which `pip install "platefuse[pipeline]"` brings.'
        ) from None
    if arguments.check is not None:
        if arguments.names:
            raise PlatefuseError(f"--check checks whole files: leave out {' '.join(arguments.names)}.")
        return max([_report(path, issues_of) for path in arguments.check or [arguments.file]])
    is_there = arguments.file.exists() or arguments.file != FILE
    parameters = list_parameters(read_parameters(arguments.file) if is_there else {})
    _print(_named(parameters, arguments.names), arguments.json)
    return 0


def _report(path: Path, issues_of: Callable[[Path], Sequence[str]]) -> int:
    try:
        issues = [f"{path}: {issue}" for issue in issues_of(path)]
    except PlatefuseError as error:  # it cannot be read; the next one may be
        issues = [str(error)]
    for issue in issues:
        complain(issue)
    if not issues:
        print(f"{path}: nothing is wrong.")
    return BAD if issues else 0


def _named(parameters: "list[Parameter]", names: Sequence[str]) -> "list[Parameter]":
    """Keep the parameters whose names begin with one of these; all if there are none.

    Raises:
        PlatefuseError: for a name with which no parameter begins.
    """
    for name in names:
        if not any(parameter.name.startswith(name) for parameter in parameters):
            raise PlatefuseError(f"There is no parameter {name}: `platefuse params` lists all there are.")
    return [parameter for parameter in parameters if parameter.name.startswith(tuple(names) or "")]


def _print(parameters: "list[Parameter]", as_json: bool) -> None:
    heading = ""
    for parameter in parameters:
        if as_json:
            as_python_has_it = json.dumps(asdict(parameter), default=str)
            print(json.dumps(json.loads(as_python_has_it, parse_constant=str)))  # JSON has no NaN: it becomes a text
            continue
        when = f", if {parameter.condition}" if parameter.condition else ""
        new_heading = f"# Stage {parameter.stage}{when}"
        if new_heading != heading:
            print(f"\n{new_heading}\n" if heading else f"{new_heading}\n")
        heading = new_heading
        print(_in_words(parameter))


def _in_words(parameter: "Parameter") -> str:
    """Name and value in one paragraph, what it does and may be in another; values as YAML takes them, too."""
    value = "" if parameter.value is None else f" = {json.dumps(parameter.value, default=str)}"
    default = "" if parameter.default is None else f"; {json.dumps(parameter.default)} if left out"
    explained = f"{parameter.explanation} ({parameter.kind}{default})"
    wrapped = [
        textwrap.fill(f"{parameter.name}{value}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False),
        textwrap.fill(explained, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False),
    ]
    return "\n".join(wrapped)
