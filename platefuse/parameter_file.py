"""Reads a parameter file: a small YAML file in which every parameter stands once, with its value written out."""

from pathlib import Path
from typing import Any

import yaml

from platefuse.errors import PlatefuseError

_LARGEST = 2**18  # bytes; a hundred times what any of ours has, and read in seconds
_DEEPEST = 20  # of sections and lists within each other


def read_parameters(path: Path) -> dict[str, Any]:
    """Read a parameter file.

    Refuses, beside what is no YAML, what YAML takes and nobody means: a key given twice, of which the last would count;
    aliases, a few of which can stand for a billion values; and files too large or too deep to be parameters.

    Returns:
        What the file says, by section; nothing if it is no mapping of sections.

    Raises:
        PlatefuseError: names the file and, where there is one, the line.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise PlatefuseError(f"{path} is larger than {_LARGEST // 1024} KiB: it cannot be a file of parameters.")
        # S506 knows the class by the name SafeLoader only; it is one.
        parameters = yaml.load(content.decode("utf-8"), _ParameterLoader)  # noqa: S506
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is not in {Path.cwd()}: start stages in the folder that holds it.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, a date that is none, a number too long
        raise PlatefuseError(f"{path} cannot be read as YAML: {_reason(error)}.") from None
    return parameters if isinstance(parameters, dict) else {}


def shortened(text: str, longest: int = 100) -> str:
    """Cut a text that may be of any length to one that a sentence can hold."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        hint = " (indent with spaces, not tabs)" if "'\\t'" in str(error.problem) else ""
        return f"line {error.problem_mark.line + 1}: {shortened(str(error.problem))}{hint}"
    return shortened(" ".join(str(error).split()))


class _ParameterLoader(yaml.SafeLoader):
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem=f"*{event.anchor}: write the value itself", problem_mark=event.start_mark
            )
        if self._depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"more than {_DEEPEST} levels deep", problem_mark=event.start_mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"{shortened(key.value)!r} is given twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return node
