"""Reads one section of params.yaml into the frozen, strict model of the room that owns it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from platefuse.errors import PlatefuseError


class Params(BaseModel):
    """Base of every room's parameters: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _as_number(value: Any) -> Any:
    """Give back as a float what DVC writes for one.

    `dvc exp run -S detector.learning_rate=1e-5` writes `1e-05`: a float by YAML 1.2, text to PyYAML, which
    follows YAML 1.1 and wants a decimal point. Only that exact spelling is taken; any other text stays text
    and is refused, as a typing mistake should be.
    """
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return number if repr(number) == value else value
    return value


Real = Annotated[float, BeforeValidator(_as_number)]
"""A float in params.yaml, with or without a decimal point."""


def _as_items(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list")
    return tuple(value)


def _as_pair(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected a list of two")
    return tuple(value)


_Item = TypeVar("_Item")
Items = Annotated[tuple[_Item, ...], BeforeValidator(_as_items)]
"""A YAML list of any length."""
Pair = Annotated[tuple[_Item, _Item], BeforeValidator(_as_pair)]
"""A YAML list of two."""

_Model = TypeVar("_Model", bound=Params)
_FILE = Path("params.yaml")


def load(model: type[_Model], section: str, path: Path = _FILE) -> _Model:
    """Read and check one section of a parameter file.

    Args:
        model: the room's own parameter model.
        section: the name of the top-level key.
        path: the file; params.yaml of the working folder unless told otherwise.

    Raises:
        PlatefuseError: for an unreadable file, a missing section, or wrong values: one line for each, with
            the parameter's full name, its value and what is allowed.
    """
    return _checked(model, section, _read_section(section, path), path)


def load_choice(models: Mapping[str, type[Params]], choice: str, section: str, path: Path = _FILE) -> Params:
    """Read and check a section whose parameters depend on one of them.

    Args:
        models: the parameter model for each value of `choice`.
        choice: the name of the parameter that decides.
        section: the name of the top-level key.
        path: the file.

    Raises:
        PlatefuseError: as `load`, and for a choice that has no model.
    """
    content = _read_section(section, path)
    chosen = content.get(choice)
    if not isinstance(chosen, str) or chosen not in models:
        raise PlatefuseError(f"{path}: {section}.{choice} = {chosen!r}: expected {' or '.join(models)}.")
    return _checked(models[chosen], section, content, path)


def _read_section(section: str, path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is not in {Path.cwd()}: start stages in the folder that holds it.") from None
    except (yaml.YAMLError, ValueError, OSError) as error:  # ValueError: not UTF-8, or a date that is none
        raise PlatefuseError(f"{path} cannot be read as YAML: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get(section), dict):
        raise PlatefuseError(f"{path} has no section '{section}' with parameters in it.")
    return content[section]


def _checked(model: type[_Model], section: str, content: dict[str, Any], path: Path) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [_sentence(section, fault) for fault in error.errors()]
        raise PlatefuseError("\n".join(f"{path}: {line}" for line in lines)) from None


def _sentence(section: str, fault: Any) -> str:
    name = ".".join([section, *map(str, fault["loc"])])
    what = fault["msg"].removeprefix("Value error, ").replace("Tuple", "List")
    value = list(fault["input"]) if isinstance(fault["input"], tuple) else fault["input"]
    if fault["type"] == "extra_forbidden":
        return f"{name} = {value!r}: there is no parameter of that name."
    if fault["type"] == "missing":
        return f"{name} is missing."
    if fault["type"] == "value_error" and isinstance(fault["input"], dict):
        return f"{what}."  # a rule across fields names them itself
    hint = " (to YAML this is text: write numbers plainly, 0.001 or 1.0e-5)" if _is_texted_number(fault) else ""
    return f"{name} = {value!r}: {what[0].lower()}{what[1:]}{hint}."


def _is_texted_number(fault: Any) -> bool:
    return fault["type"] in ("float_type", "int_type") and isinstance(fault["input"], str)
