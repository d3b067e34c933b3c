"""Read a parameter file: one small YAML document without duplicate names.

Every reader of the file, of YAML 1.1 or 1.2, reads the same values.
"""

import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from platefuse.core.errors import PlatefuseError, printable, shortened
from platefuse.core.yaml_versions import Loader, disagreements

_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")  # next line, line separator, paragraph separator
_MAX_BYTES = 2**18  # a hundred times the size of our own files


def read_parameters(path: Path) -> dict[str, Any]:
    """Read a parameter file.

    Returns:
        The content by section; nothing if the file is not a mapping of sections.

    Raises:
        PlatefuseError: names the file, the line where there is one, and what is wrong: no file, too large a file, no
            UTF-8, no YAML, a name given twice, or values that YAML 1.1 and 1.2 read differently, a line for each.
    """
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise PlatefuseError(f"{path} cannot be read: it is no file.")
        if path.stat().st_size > _MAX_BYTES:
            raise PlatefuseError(f"{path} is larger than {_MAX_BYTES // 1024} KiB: it cannot be a file of parameters.")
        parameters = parse(path.read_bytes().decode("utf-8"), str(path))
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is not in {Path.cwd()}: start stages in the folder that holds it.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise PlatefuseError(f"{path} cannot be read as YAML: {_reason(error)}.") from None
    return parameters if isinstance(parameters, dict) else {}


def parse(text: str, source: str, name: str = "") -> Any:
    """Parse one YAML document.

    Args:
        text: the document.
        source: where it stands, for errors.
        name: the parameter whose value it is; "" for a file of parameters.

    Raises:
        PlatefuseError: as for `read_parameters`.
    """
    try:
        if ending := _OTHER_BREAKS.search(text):
            line = text.count("\n", 0, ending.start()) + 1
            raise yaml.YAMLError(f"line {line}: U+{ord(ending[0]):04X} ends a line in YAML 1.1 alone: leave it out")
        loader = _ParameterLoader(text)
        node = loader.get_single_node()
        if found := list(disagreements(loader, node, name)):
            places = [source if name else f"{source}: line {line}" for line, _ in found]
            raise PlatefuseError(
                "\n".join(f"{place}: {clause}." for place, (_, clause) in zip(places, found, strict=True))
            )
        return None if node is None else loader.construct_document(node)
    except RecursionError:
        reason = "its lists or sections are nested too deeply"
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:  # PyYAML's for numbers it cannot make
        reason = _reason(error)
    raise PlatefuseError(f"{source} cannot be read as YAML: {reason}.")


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = str(error.problem)
        if problem.startswith("but "):  # continues PyYAML's sentence on what it expected
            problem = f"{error.context}, {problem}"
        hint = " (indent with spaces, not tabs)" if "'\\t'" in problem else ""
        return f"line {error.problem_mark.line + 1}: {printable(shortened(problem, 200))}{hint}"
    return printable(shortened(" ".join(str(error).split()), 200))


class _ParameterLoader(Loader):
    """YAML loader that refuses duplicates, anchors, aliases, tags and directives.

    A few aliases can stand for a billion values. With the others DVC reads other values than PyYAML: `&a:b` is an
    anchor to DVC, and the anchor `&a` before `:b` to PyYAML.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            _refuse(event, f"*{shortened(str(event.anchor))} is an alias: write the value itself")
        if anchor := getattr(event, "anchor", None):
            _refuse(event, f"&{shortened(anchor)} is an anchor: leave it out, since no alias is taken")
        if tag := getattr(event, "tag", None):
            tag = shortened(tag.replace("tag:yaml.org,2002:", "!!"))
            _refuse(event, f"{tag} is a tag: write the value itself, text in quotes")
        return super().compose_node(parent, index)

    def compose_document(self) -> Any:
        event = self.peek_event()
        if event.version or event.tags:
            _refuse(event, "a directive changes how values are read: leave out what begins with %")
        return super().compose_document()

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node, seen = super().compose_mapping_node(anchor), set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                _refuse(key, f"{shortened(key.value)} is given twice")
            seen.add(key.value)
        return node


def _refuse(place: Any, problem: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)
