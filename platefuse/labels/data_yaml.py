"""data.yaml of YOLO: names of classes and places of images.

Scalars are taken as they are written: a class named 0, no or 1e5 is a name, and no number or truth value.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from platefuse.core.errors import PlatefuseError, printable, shortened
from platefuse.data.csv_annotations import image_name, read_text
from platefuse.labels.annotations import SPLIT_OF, name_splits

DATA = "data.yaml"

_MAX_CHARACTERS = 2**18
_NOTHING = ("", "~", "null")


@dataclass(frozen=True)
class DataYaml:
    """The content of a data.yaml.

    Attributes:
        names: for each class its line in the file, for issues, and its name.
        places: for each split the line and the path of each place of images, relative to the folder; under "" if
            there is one split, or if all have the same places, as Ultralytics asks for val.
    """

    names: dict[int, tuple[str, str]]
    places: dict[str, list[tuple[str, str]]]


def read_data_yaml(path: Path, issues: list[str]) -> DataYaml | None:
    """Read a data.yaml.

    Paths stay in its folder: `path` counts if it is a folder there, and `../` at the beginning of another path, which
    Roboflow writes, does not.

    Args:
        path: the file.
        issues: a sentence is appended for each name and path that is none.

    Returns:
        The content; None if the file is no such file.
    """
    try:
        nodes = _read_nodes(path)
        names = _names(path, nodes.get("names"), issues)
    except PlatefuseError as issue:
        issues.append(str(issue))
        return None
    root = _root(path.parent, nodes.get("path"))
    given = {
        key: _places(path, key, node, root, issues)
        for key, node in nodes.items()
        if key.lower() in SPLIT_OF and not _is_nothing(node)
    }
    if not given:
        issues.append(f"{path}: expected train, val and test, the folders of images, found none of them.")
    if len({tuple(place for _, place in places) for places in given.values()}) == 1:
        given = dict([next(iter(given.items()))])
    splits = name_splits(given, path, issues)
    return DataYaml(names, {split: given[key] for split, key in splits.items()})


def _read_nodes(path: Path) -> dict[str, yaml.Node]:
    """Read the values as nodes by their keys; construct no object."""
    text = read_text(path)
    if len(text) > _MAX_CHARACTERS:
        raise PlatefuseError(f"{path} is larger than {_MAX_CHARACTERS // 1024} KiB: expected names and a few paths.")
    try:
        document = yaml.compose(text, yaml.BaseLoader)
    except RecursionError:
        raise PlatefuseError(f"{path} cannot be read as YAML: its lists are nested too deeply.") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PlatefuseError(f"{path} cannot be read as YAML: {line}{printable(str(error.problem))}.") from None
    except yaml.YAMLError as error:
        reason = printable(shortened(" ".join(str(error).split())))
        raise PlatefuseError(f"{path} cannot be read as YAML: {reason}.") from None
    if not isinstance(document, yaml.MappingNode):
        raise PlatefuseError(f"{path}: expected names, train, val and test, found no such keys.")
    nodes: dict[str, yaml.Node] = {}
    for key, node in document.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in nodes:
            raise PlatefuseError(f"{_line(path, key)}: expected a key that is text and given once.")
        nodes[key.value] = node
    if "kpt_shape" in nodes:
        raise PlatefuseError(f"{_line(path, nodes['kpt_shape'])}: kpt_shape is for skeletons: expected boxes.")
    return nodes


def _names(path: Path, node: yaml.Node | None, issues: list[str]) -> dict[int, tuple[str, str]]:
    if isinstance(node, yaml.SequenceNode):
        given = dict(enumerate(node.value))
    elif isinstance(node, yaml.MappingNode) and all(_is_id(key) for key, _ in node.value):
        given = {int(key.value): value for key, value in node.value}
        if len(given) < len(node.value):
            issues.append(f"{_line(path, node)}: names has a class twice.")
    else:
        where = path if node is None else _line(path, node)
        raise PlatefuseError(f"{where}: expected 'names', a list of names or a map from whole numbers to names.")
    names: dict[int, tuple[str, str]] = {}
    seen = set()
    for index, value in given.items():
        where = _line(path, value)
        name = _text(value)
        if not name:
            issues.append(f"{where}: expected the name of class {index}, found none.")
        elif name in seen:
            issues.append(f"{where}: the name {shortened(name)!r} is listed twice.")
        else:
            seen.add(name)
            names[index] = where, name
    return names


def _is_id(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and re.fullmatch("[0-9]{1,9}", key.value) is not None


def _root(folder: Path, node: yaml.Node | None) -> str:
    """Return `path` if it is a folder inside `folder`, or "".

    Often it is a path on the machine that wrote the file.
    """
    try:
        root = image_name(_text(node))
    except PlatefuseError:
        return ""
    return root if (folder / root).is_dir() else ""


def _places(path: Path, key: str, node: yaml.Node, root: str, issues: list[str]) -> list[tuple[str, str]]:
    places = []
    for value in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        where, written = _line(path, value), _text(value)
        try:
            inside = re.sub(r"^(\.\./)+", "", written)
            places.append((where, PurePosixPath(root, image_name(inside)).as_posix()))
        except PlatefuseError:
            issues.append(
                f"{where}: expected the path of images inside {path.parent} as {key!r}, found {shortened(written)!r}."
            )
    return places


def _text(node: yaml.Node | None) -> str:
    """Return a scalar as it is written, or "".

    Text with a NUL or half a surrogate pair is no name of a file or a class.
    """
    is_text = isinstance(node, yaml.ScalarNode) and re.fullmatch(r"[^\0\ud800-\udfff]+", node.value)
    return str(node.value) if node and is_text else ""


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value in _NOTHING


def _line(path: Path, node: yaml.Node) -> str:
    return f"{path}, line {node.start_mark.line + 1}"
