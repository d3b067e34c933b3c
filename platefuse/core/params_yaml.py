"""Read a parameter file: one small YAML document without duplicate names."""

import re
from pathlib import Path
from typing import Any

import yaml

from platefuse.core.errors import PlatefuseError, printable, shortened

_MAX_BYTES = 2**18  # a hundred times the size of our own files


def read_parameters(path: Path) -> dict[str, Any]:
    """Read a parameter file.

    Returns:
        The content by section; nothing if the file is not a mapping of sections.

    Raises:
        PlatefuseError: names the file, the line where there is one, and what is wrong: no file, too large a file, no
            UTF-8, no YAML, or a name given twice.
    """
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise PlatefuseError(f"{path} cannot be read: it is no file.")
        if path.stat().st_size > _MAX_BYTES:
            raise PlatefuseError(f"{path} is larger than {_MAX_BYTES // 1024} KiB: it cannot be a file of parameters.")
        # S506 knows the class by the name SafeLoader only; it is one.
        parameters = yaml.load(path.read_bytes().decode("utf-8"), _ParameterLoader)  # noqa: S506
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is not in {Path.cwd()}: start stages in the folder that holds it.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise PlatefuseError(f"{path} cannot be read as YAML: its lists or sections are nested too deeply.") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:  # PyYAML's for a value unlike its tag
        raise PlatefuseError(f"{path} cannot be read as YAML: {_reason(error)}.") from None
    return parameters if isinstance(parameters, dict) else {}


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = str(error.problem)
        if problem.startswith("but "):  # continues PyYAML's sentence on what it expected
            problem = f"{error.context}, {problem}"
        hint = " (indent with spaces, not tabs)" if "'\\t'" in problem else ""
        return f"line {error.problem_mark.line + 1}: {printable(shortened(problem, 200))}{hint}"
    return printable(shortened(" ".join(str(error).split()), 200))


class _ParameterLoader(yaml.SafeLoader):
    """YAML loader that reads numbers like DVC and refuses aliases and duplicates.

    1e-05 is a number, as in DVC.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # a few of them can stand for a billion values
            event = self.peek_event()
            problem = f"*{shortened(str(event.anchor))} is an alias: write the value itself"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node, seen = super().compose_mapping_node(anchor), set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                problem = f"{shortened(key.value)} is given twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return node


# YAML 1.2's floats without a decimal point: `dvc exp run -S detector.learning_rate=1e-5` writes 1e-05.
_ParameterLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+$"), "-+0123456789")
