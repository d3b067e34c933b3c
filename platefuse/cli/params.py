"""`platefuse params`: explain every parameter, or check parameter files."""

import argparse
import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platefuse.cli.common import BAD, PIPELINE, add_command, complain
from platefuse.core.errors import PlatefuseError, did_you_mean, not_installed

if TYPE_CHECKING:
    from platefuse.configuration.schema import Parameter

FILE = Path("params.yaml")


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "params",
        _params,
        "explain every parameter, or check params.yaml as a whole",
        "examples:\n"
        "  platefuse params                            every parameter: value, type, range, meaning\n"
        "  platefuse params fuse detector.anchors      those of a section or below a name\n"
        "  platefuse params --check                    each issue of params.yaml, across sections too\n"
        "  platefuse params --check params.yaml pipelines/plates/params.yaml\n\n"
        "With an issue the exit status is 1.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a section, or the beginning of a parameter's name")
    parser.add_argument(
        "--file", type=Path, default=FILE, help=f"the file whose values are shown (default: {FILE}, if there is one)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object a line")
    form.add_argument("--schema", action="store_true", help="print the JSON schema, params.schema.json")
    form.add_argument("--markdown", action="store_true", help="print the tables of docs/parameters.md")
    form.add_argument(
        "--check", type=Path, nargs="*", metavar="FILE", help=f"check files (default: {FILE}) instead; no NAME with it"
    )


def _params(arguments: argparse.Namespace) -> int:
    try:  # here, because the base install reads plates without pydantic
        from platefuse.configuration import schema
        from platefuse.core.params_yaml import read_parameters
    except ModuleNotFoundError as error:
        raise not_installed("`platefuse params`", [str(error.name)], PIPELINE) from None
    if arguments.check is not None:
        if arguments.names:
            raise PlatefuseError(f"--check checks whole files: leave out {' '.join(arguments.names)}.")
        return max([_check(path) for path in arguments.check or [arguments.file]])
    if arguments.schema or arguments.markdown:
        print(schema.schema_text() if arguments.schema else schema.markdown(), end="")
        return 0
    has_values = arguments.file.exists() or arguments.file != FILE
    values = read_parameters(arguments.file) if has_values else {}
    for parameter in _named(schema.list_parameters(), arguments.names):
        value = _value(values, parameter.name.split(".")) if _is_there(parameter, values) else None
        print(_as_json(parameter, value) if arguments.json else _in_words(parameter, value))
    return 0


def _check(path: Path) -> int:
    from platefuse.configuration.pipeline_params import issues_of, missing_reader

    try:
        issues = [f"{path}: {issue}" for issue in issues_of(path) or missing_reader(path)]
    except PlatefuseError as error:  # this file cannot be read; the next may be
        issues = str(error).splitlines()
    for issue in issues:
        complain(issue)
    if not issues:
        print(f"{path}: nothing is wrong.")
    return BAD if issues else 0


def _named(parameters: "list[Parameter]", names: Sequence[str]) -> "list[Parameter]":
    """Keep the parameters whose names begin with one of `names`.

    Without names, all are kept.

    Raises:
        PlatefuseError: for a name with which no parameter begins.
    """
    for name in names:
        if not any(parameter.name.startswith(name) for parameter in parameters):
            hint = _suggestion(name, [parameter.name for parameter in parameters])
            raise PlatefuseError(f"There is no parameter {name}{hint}: `platefuse params` lists all there are.")
    return [parameter for parameter in parameters if parameter.name.startswith(tuple(names) or "")]


def _suggestion(given: str, names: list[str]) -> str:
    """Suggest names with the given last part, or a similar name.

    Sections and blocks are names, too.
    """
    ending = [name for name in names if name.endswith(f".{given}")]
    if ending:
        return f" (did you mean {' or '.join(dict.fromkeys(ending))}?)"
    parts = [name.split(".") for name in names]
    return did_you_mean(given, {".".join(name[:length]): None for name in parts for length in range(1, len(name) + 1)})


def _is_there(parameter: "Parameter", values: dict[str, Any]) -> bool:
    """Tell whether the file's layout has the parameter."""
    name, equals, value = parameter.condition.partition(" = ")
    found = _value(values, name.removeprefix("no ").split("."))
    if not name or equals:
        return not name or found == value
    return (found is None) == name.startswith("no ")


def _value(content: Any, path: list[str]) -> Any:
    """Find the value at a path of keys; None if absent.

    The key `*` stands for every place in a list.
    """
    if not path:
        return content
    if path[0] == "*":
        return [_value(item, path[1:]) for item in content] if isinstance(content, list) else None
    return _value(content[path[0]], path[1:]) if isinstance(content, dict) and path[0] in content else None


def _as_json(parameter: "Parameter", value: Any) -> str:
    as_python_has_it = json.dumps(asdict(parameter) | {"value": value}, default=str)
    return json.dumps(json.loads(as_python_has_it, parse_constant=str))  # JSON has no NaN: it becomes a text


def _in_words(parameter: "Parameter", value: Any) -> str:
    """Format name and value as one paragraph, meaning and range as another."""
    shown = "" if value is None else f" = {json.dumps(value, default=str)}"
    condition = f" Only with {parameter.condition}." if parameter.condition else ""
    default = "" if parameter.default is None else f"; {json.dumps(parameter.default)} if left out"
    explained = f"{parameter.meaning} Expects {parameter.kind}{default}.{condition}"
    return "\n".join(
        textwrap.fill(text, 100, initial_indent=indent, subsequent_indent=indent or "  ", break_on_hyphens=False)
        for text, indent in ((parameter.name + shown, ""), (explained, "    "))
    )
