"""The entries of a COCO file, checked one by one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from platefuse.core.errors import PlatefuseError, shortened
from platefuse.data.csv_annotations import image_name, read_text
from platefuse.labels.annotations import ROTATIONS, check_upright, whole_pixels

_MAX_COORDINATE = 1e9

_Text = Annotated[str, Field(pattern=r"^[^\x00]+$", description="text")]  # nor half a surrogate pair, which JSON allows
_Corner = Annotated[float, Field(ge=-0.5, lt=_MAX_COORDINATE, allow_inf_nan=False)]
_Side = Annotated[float, Field(ge=1, lt=_MAX_COORDINATE, allow_inf_nan=False)]


class CocoFile(BaseModel):
    model_config = ConfigDict(title="an object with images, categories and annotations")
    images: list[Any] = Field(description="a list of images")
    categories: list[Any] = Field(description="a list of categories")
    annotations: list[Any] = Field(description="a list of annotations")


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True, title="an object")
    unique: ClassVar[tuple[str, ...]] = ("id",)
    id: int = Field(description="a whole number")


class CocoImage(_Entry):
    unique = ("id", "file_name")
    file_name: Annotated[_Text, AfterValidator(image_name)]
    width: Any = None  # used only where both are whole numbers
    height: Any = None


class CocoCategory(_Entry):
    unique = ("id", "name")
    name: _Text


class CocoAnnotation(_Entry):
    image_id: int = Field(description="the id of an image")
    category_id: int = Field(description="the id of a category")
    bbox: tuple[_Corner, _Corner, _Side, _Side] = Field(
        strict=False,  # JSON has lists, and no tuples
        description="four numbers x,y,width,height, the first two at least 0 and the others at least 1,",
    )
    rotation: Any = None
    angle: Any = None
    attributes: Any = None

    @field_validator("image_id", "category_id")
    @classmethod
    def _check_reference(cls, value: int, info: ValidationInfo) -> int:
        ids: dict[str | None, set[int]] = info.context or {}
        if value not in ids[info.field_name]:
            raise ValueError
        return value

    def corners(self) -> tuple[int, int, int, int]:
        """Return x1,y1,x2,y2 in whole pixels.

        Raises:
            PlatefuseError: if the box is rotated.
        """
        attributes = self.attributes if isinstance(self.attributes, dict) else {}
        for name in ROTATIONS:
            check_upright(getattr(self, name))
            check_upright(attributes.get(name))
        x, y, width, height = self.bbox
        return whole_pixels((x, y, x + width, y + height))


_AnyEntry = TypeVar("_AnyEntry", bound=_Entry)


def read_file(path: Path, issues: list[str]) -> CocoFile | None:
    try:
        content = json.loads(read_text(path))
        return CocoFile.model_validate(content)
    except PlatefuseError as issue:
        issues.append(str(issue))
    except ValidationError as error:
        issues.append(f"{path}: {_explain(error, CocoFile, content)}")
    except RecursionError:
        issues.append(f"{path} cannot be read as JSON: its lists are nested too deeply.")
    except ValueError as error:  # not JSON, or a number of thousands of digits
        issues.append(f"{path} cannot be read as JSON: {error}.")
    return None


def ids_of(entries: list[Any]) -> set[int]:
    return {entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), int)}


def valid_entries(
    model: type[_AnyEntry], entries: list[Any], part: str, ids: dict[str, set[int]], issues: list[str]
) -> Iterator[tuple[str, _AnyEntry]]:
    """Yield the place and content of each valid entry.

    A sentence is appended for each invalid entry.
    """
    seen: set[int | str] = set()
    for index, entry in enumerate(entries):
        where = f"{part}[{index}]"
        try:
            valid = model.model_validate(entry, context=ids)
            for field in model.unique:
                value = getattr(valid, field)
                if value in seen:
                    raise PlatefuseError(f"the {field} {_shown(value)} is listed twice.")
                seen.add(value)
            yield where, valid
        except (PlatefuseError, ValidationError) as error:
            issues.append(f"{where}: {_explain(error, model, entry)}")


def _explain(error: PlatefuseError | ValidationError, model: type[BaseModel], value: Any) -> str:
    """Say in one sentence what each invalid field should be.

    The sentence shows the field's value too.
    """
    if isinstance(error, PlatefuseError):
        return str(error)
    fields = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors() if detail["loc"])
    if not fields:
        return f"expected {model.model_config['title']}, found {_shown(value)}."
    return (
        "; ".join(
            f"expected {model.model_fields[field].description} as {field!r}, "
            f"found {_shown(value[field]) if field in value else 'nothing'}"
            for field in fields
        )
        + "."
    )


def _shown(value: Any) -> str:
    """Show a value as Python writes it, cut to fit a sentence.

    Nested values may be endless.
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "a list"
    return shortened(repr(value), 80)
