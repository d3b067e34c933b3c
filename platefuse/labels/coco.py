"""COCO JSON, the format of labelling tools, read and written.

Its specification is https://cocodataset.org/#format-data. Reading collects the issues of a file. A box is
x,y,width,height in pixels of the image as displayed, rounded to the nearest pixel. Fields that are not named below,
such as segmentations, crowds or licences, are ignored.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from platefuse.core.errors import PlatefuseError, shortened
from platefuse.data.csv_annotations import Annotations, Box, image_name, read_text
from platefuse.runner.atomic import atomic_write

# Beyond 2**53, rounding a float would not give the pixel that is meant; boxes are kept as int32.
_MAX_COORDINATE = 1e9

_Text = Annotated[str, Field(pattern=r"^[^\x00]+$", description="text")]  # nor half a surrogate pair, which JSON allows
_Corner = Annotated[float, Field(ge=-0.5, lt=_MAX_COORDINATE, allow_inf_nan=False)]
_Side = Annotated[float, Field(ge=1, lt=_MAX_COORDINATE, allow_inf_nan=False)]


class _File(BaseModel):
    model_config = ConfigDict(title="an object with images, categories and annotations")
    images: list[Any] = Field(description="a list of images")
    categories: list[Any] = Field(description="a list of categories")
    annotations: list[Any] = Field(description="a list of annotations")


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True, title="an object")
    unique: ClassVar[tuple[str, ...]] = ("id",)
    id: int = Field(description="a whole number")


class _Image(_Entry):
    unique = ("id", "file_name")
    file_name: Annotated[_Text, AfterValidator(image_name)]
    width: Any = None  # used only where both are whole numbers
    height: Any = None


class _Category(_Entry):
    unique = ("id", "name")
    name: _Text


class _Annotation(_Entry):
    image_id: int = Field(description="the id of an image")
    category_id: int = Field(description="the id of a category")
    bbox: tuple[_Corner, _Corner, _Side, _Side] = Field(
        strict=False,  # JSON has lists, and no tuples
        description="four numbers x,y,width,height, the first two at least 0 and the others at least 1,",
    )

    @field_validator("image_id", "category_id")
    @classmethod
    def _check_reference(cls, value: int, info: ValidationInfo) -> int:
        ids: dict[str | None, set[int]] = info.context or {}
        if value not in ids[info.field_name]:
            raise ValueError
        return value

    def corners(self) -> tuple[int, int, int, int]:
        """Return x1,y1,x2,y2 in whole pixels.

        Halves go up; round() would send them to the even pixel.
        """
        x, y, width, height = self.bbox
        x1, y1, x2, y2 = (math.floor(value + 0.5) for value in (x, y, x + width, y + height))
        return x1, y1, x2, y2


_AnyEntry = TypeVar("_AnyEntry", bound=_Entry)


def read_coco(path: Path, issues: list[str]) -> Annotations | None:
    """Read annotated images whose categories are named after their characters.

    A category without boxes may have any name: tools add one above the others.

    Args:
        path: the file; paths of images are relative to its folder.
        issues: a sentence is appended for each entry that breaks the format; the entry is left out.

    Returns:
        The images in the order of the file; None if it is not a COCO file.
    """
    file = _read_file(path, issues)
    if file is None:
        return None
    # Ids of invalid entries too: what refers to them is no second issue.
    ids = {"image_id": _ids(file.images), "category_id": _ids(file.categories)}
    images = dict(_valid_entries(_Image, file.images, f"{path}, images", ids, issues))
    categories = dict(_valid_entries(_Category, file.categories, f"{path}, categories", ids, issues))
    paths = {image.id: image.file_name for image in images.values()}
    names = {category.id: category.name for category in categories.values()}
    boxes: dict[str, list[Box]] = {image: [] for image in paths.values()}
    words = set()  # categories that have boxes, and are no character
    for where, annotation in _valid_entries(_Annotation, file.annotations, f"{path}, annotations", ids, issues):
        image, name = paths.get(annotation.image_id), names.get(annotation.category_id, "")
        if len(name) > 1:
            words.add(annotation.category_id)
        elif image and name:
            boxes[image].append(Box(where, annotation.corners(), name))
    for where, category in categories.items():
        if category.id in words:
            issues.append(f"{where}: there are boxes of {shortened(category.name)!r}: expected one character.")
    sizes = {
        image.file_name: (where, image.width, image.height)
        for where, image in images.items()
        if type(image.width) is type(image.height) is int
    }
    return Annotations(boxes, "".join(name for name in names.values() if len(name) == 1), sizes)


def write_coco(path: Path, alphabet: str, images: Sequence[tuple[str, tuple[int, int], Any, str]]) -> None:
    """Write annotated images.

    Args:
        path: the file.
        alphabet: every character, in the order of the category ids.
        images: for each image its path relative to the file's folder, its width and height, its boxes int [n,4],
            x1,y1,x2,y2 in pixels with x2 and y2 exclusive, and their n characters.
    """
    ids = {character: index for index, character in enumerate(alphabet, 1)}
    annotations: list[dict[str, Any]] = []
    for image, (_, _, boxes, characters) in enumerate(images, 1):
        for (x1, y1, x2, y2), character in zip(boxes.tolist(), characters, strict=True):
            width, height = x2 - x1, y2 - y1
            annotation = {"id": len(annotations) + 1, "image_id": image, "category_id": ids[character]}
            annotations.append(annotation | {"bbox": [x1, y1, width, height], "area": width * height, "iscrowd": 0})
    content = {
        "images": [
            {"id": index, "file_name": name, "width": width, "height": height}
            for index, (name, (width, height), _, _) in enumerate(images, 1)
        ],
        "categories": [{"id": index, "name": character} for character, index in ids.items()],
        "annotations": annotations,
    }
    with atomic_write(path) as draft:
        draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_file(path: Path, issues: list[str]) -> _File | None:
    try:
        content = json.loads(read_text(path))
        return _File.model_validate(content)
    except PlatefuseError as issue:
        issues.append(str(issue))
    except ValidationError as error:
        issues.append(f"{path}: {_explain(error, _File, content)}")
    except RecursionError:
        issues.append(f"{path} cannot be read as JSON: its lists are nested too deeply.")
    except ValueError as error:  # not JSON, or a number of thousands of digits
        issues.append(f"{path} cannot be read as JSON: {error}.")
    return None


def _ids(entries: list[Any]) -> set[int]:
    return {entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), int)}


def _valid_entries(
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
