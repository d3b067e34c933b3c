"""Reads a parameter file: a small YAML file in which every parameter stands once, with its value written out."""

from pathlib import Path
from typing import Any

import yaml

from platefuse.core.errors import PlatefuseError, printable, shortened

_MAX_BYTES = 2**18  # bytes; a hundred times what any of ours has, and read in seconds
_MAX_DEPTH = 20  # of sections and lists within each other
_DIGITS = 40  # more than any number that is meant needs
_STR, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float"))


def read_parameters(path: Path) -> dict[str, Any]:
    """Read a parameter file.

    Refuses, beside what is no YAML, what YAML takes and nobody means: a name given twice, of which the last would
    count; aliases, a few of which can stand for a billion values; tags and names that are not text; and files, numbers
    and levels too many to be parameters.

    Returns:
        What the file says, by section; nothing if it is no mapping of sections.

    Raises:
        PlatefuseError: names the file and, where there is one, the line.
    """
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for whoever writes into it
            raise PlatefuseError(f"{path} cannot be read: it is no file.")
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise PlatefuseError(f"{path} is larger than {_MAX_BYTES // 1024} KiB: it cannot be a file of parameters.")
        # S506 knows the class by the name SafeLoader only; it is one.
        parameters = yaml.load(content.decode("utf-8"), _ParameterLoader)  # noqa: S506
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is not in {Path.cwd()}: start stages in the folder that holds it.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that is none
        raise PlatefuseError(f"{path} cannot be read as YAML: {_reason(error)}.") from None
    return parameters if isinstance(parameters, dict) else {}


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = str(error.problem)
        if problem.startswith("but "):  # goes on from what PyYAML says was expected
            problem = f"{error.context}, {problem}"
        hint = " (indent with spaces, not tabs)" if "'\\t'" in problem else ""
        return f"line {error.problem_mark.line + 1}: {printable(shortened(problem, 200))}{hint}"
    return printable(shortened(" ".join(str(error).split()), 200))


class _ParameterLoader(yaml.SafeLoader):
    """Refuses at the line, before any value is made, what `read_parameters` says."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _issue(event, f"*{shortened(str(event.anchor))}: write the value itself, not an alias")
        if event.tag is not None:
            raise _issue(event, f"{shortened(event.tag)}: write the value without a tag")
        if self._depth > _MAX_DEPTH:
            raise _issue(event, f"more than {_MAX_DEPTH} levels deep")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if node.tag in (_INT, _FLOAT) and len(node.value) > _DIGITS:
            raise _issue(node, f"{shortened(node.value)}: a number of more than {_DIGITS} characters")
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != _STR:
                raise _issue(key, f"{shortened(str(key.value))}: the name of a parameter is text")
            if key.value in seen:
                raise _issue(key, f"{shortened(key.value)} is given twice")
            seen.add(key.value)
        return node


def _issue(where: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)
