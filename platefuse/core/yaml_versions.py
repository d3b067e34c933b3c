"""Scalars that YAML 1.1 and YAML 1.2 read differently.

PyYAML reads YAML 1.1: 0040 is octal, 1:20 has base 60, `no` is a truth value. DVC reads YAML 1.2
(https://yaml.org/spec/1.2.2/, section 10.3): 40, a text and a text. A file of parameters has both as readers.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from platefuse.core.errors import printable, shortened

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?([0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.?[0-9]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# Floats of YAML 1.2 that PyYAML takes for text: `dvc exp run -S detector.learning_rate=1e-5` writes 1e-05.
_MORE_FLOATS = re.compile(r"[-+]?[0-9]+\.?[0-9]*[eE][-+]?[0-9]+$|[-+]\.[0-9]+([eE][-+][0-9]+)?$")
# What YAML 1.1 alone has, by the last part of its tag.
_OTHER_TYPES = {"timestamp": "a date", "merge": "a merge of mappings", "value": "a default value"}


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which reads floats like DVC."""


Loader.add_implicit_resolver("tag:yaml.org,2002:float", _MORE_FLOATS, "-+0123456789")


def disagreements(loader: Loader, node: yaml.Node | None, name: str = "") -> Iterator[tuple[int, str]]:
    """Find the plain scalars that the two versions read differently.

    Args:
        loader: what composed the node.
        node: a document or a part of it, without tags of its own; None for an empty document.
        name: the node's full name; "" for a document.

    Yields:
        The line, from 1, and a clause with the name, both readings and the remedy.
    """
    if isinstance(node, yaml.ScalarNode):
        yield from _about(loader, node, f"{name} = {node.value}" if name else node.value)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from disagreements(loader, item, _joined(name, str(index)))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = _joined(name, key.value if isinstance(key, yaml.ScalarNode) else "?")
            if isinstance(key, yaml.ScalarNode):
                yield from _about(loader, key, f"the name {inner}")
            yield from disagreements(loader, value, inner)


def _joined(name: str, last: str) -> str:
    return f"{name}.{last}" if name else last


def _about(loader: Loader, node: yaml.ScalarNode, what: str) -> Iterator[tuple[int, str]]:
    if node.style is not None:  # quoted, or a block of text
        return
    new = _as_1_2(node.value)
    if other := _OTHER_TYPES.get(node.tag.rpartition(":")[2]):
        old, remedy = other, _written(new)
    else:
        value = _as_1_1(loader, node)
        if type(value) is type(new) and (value == new or value != value):  # not a number is unlike itself
            return
        old, remedy = _written(value), f"{_written(value)} or {_written(new)}"
    what = printable(shortened(what))
    yield node.start_mark.line + 1, f"{what} is {old} in YAML 1.1 and {_written(new)} in YAML 1.2: write {remedy}"


def _as_1_1(loader: Loader, node: yaml.ScalarNode) -> Any:
    """Read a scalar as YAML 1.1 does, every number with underscores included.

    PyYAML lacks some of those numbers; DVC's library still has them.
    """
    value = loader.construct_object(node)
    without = _as_1_2(value.replace("_", "")) if isinstance(value, str) and "_" in value else None
    return without if type(without) in (int, float) else value


def _as_1_2(text: str) -> Any:
    """Read a plain scalar by YAML 1.2's core schema.

    Octal and hexadecimal numbers may have a sign, as for DVC.
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text, 0) if "o" in text or "x" in text else int(text)
    if _FLOAT.fullmatch(text):
        return float(text if any(map(str.isdigit, text)) else text.replace(".", ""))  # Python writes .inf without dot
    return text


def _written(value: Any) -> str:
    """Write a value so that both versions read it."""
    return f"'{shortened(value)}'" if isinstance(value, str) else yaml.safe_dump(value).split("\n")[0]
