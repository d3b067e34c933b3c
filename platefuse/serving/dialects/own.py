"""The server's own dialect: JSON as `platefuse read --json` prints it."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from platefuse.serving.body import whole
from platefuse.serving.dialects.documented import AUTHORIZATION, answers, form_body, raw_image
from platefuse.serving.form import Upload, is_form, read_form
from platefuse.serving.reading_json import reading_as_json
from platefuse.serving.refusal import Refusal
from platefuse.serving.service import Service, service_of

router = APIRouter(tags=["platefuse"], dependencies=[AUTHORIZATION])


class _Found(BaseModel):
    model_config = ConfigDict(extra="allow")

    text: str = Field(description="The text, in reading order.")
    confidence: float = Field(ge=0, le=1, description="Of a plate the smallest of its characters'; 0 if truncated.")
    score: float = Field(ge=0, le=1, description="The detector's score of the box.")
    box: tuple[float, float, float, float] = Field(description="x1,y1,x2,y2 in pixels of the upright image.")


class PlateJson(_Found):
    """A plate."""

    characters: list[_Found]
    truncated: bool = Field(description="The plate has more characters than the model gives.")
    regions: list[str] = Field(description="The lists of formats that the text fits, such as sk.")


class ReadingJson(BaseModel):
    """The plates on one image, the best first."""

    model_config = ConfigDict(extra="allow")

    image: str | None = Field(description="The file's name as it was sent; null if it has none.")
    model: str = Field(description="The model's name.")
    text: str = Field(description="The best plate's text; empty if nothing was read.")
    confidence: float = Field(ge=0, le=1, description="The best plate's confidence; 0 if nothing was read.")
    plates: list[PlateJson]


class UnreadJson(BaseModel):
    """An image of a form that was not read."""

    image: str | None
    error: str = Field(description="Why, as a sentence.")


class ReadingsJson(BaseModel):
    """The images of a form, in its order."""

    readings: list[ReadingJson | UnreadJson]


class RefusedJson(BaseModel):
    """Why nothing was read."""

    error: str = Field(description="A sentence that says what is wrong and what was expected.")


def refused(refusal: Refusal) -> dict[str, Any]:
    """Give a refusal as this dialect does."""
    return {"error": refusal.sentence}


_CHARACTER = {"text": "7", "confidence": 0.997, "score": 0.981, "box": [12.0, 8.5, 21.0, 33.0]}
_PLATE = {
    **_CHARACTER,
    "score": 1.0,
    "box": [0.0, 0.0, 120.0, 40.0],
    "characters": [_CHARACTER],
    "truncated": False,
    "regions": [],
}
_EXAMPLE = {"image": "plate.jpg", "model": "plates", "text": "7", "confidence": 0.997, "plates": [_PLATE]}


@router.post(
    "/v1/read",
    response_model=ReadingJson | ReadingsJson,
    summary="Read images",
    responses=answers(RefusedJson, _EXAMPLE),
    openapi_extra=form_body("image", **{"image/*": raw_image(), "application/octet-stream": raw_image()}),
)
async def read(request: Request) -> dict[str, Any]:
    """Read an image, or all the images of a form.

    A body that is an image is answered with its reading; a form with `readings`, one for each of its files, whatever
    their fields are called. A file that cannot be read has an `error` in the place of its reading. If none can be read,
    the status is the first one's.
    """
    service = service_of(request)
    async with service.taking(request) as chunks:
        if not is_form(request.headers):
            reading = await service.read(Upload(await whole(chunks)))
            return reading_as_json(reading, None, service.model, service.alternatives)
        form = await read_form(request.headers, chunks, service.bounds)
        return {"readings": await _read_form(service, form.uploads)}


async def _read_form(service: Service, uploads: tuple[Upload, ...]) -> list[dict[str, Any]]:
    if not uploads:
        raise Refusal(400, "The form has no file: expected an image, as `curl --form image=@plate.jpg` sends it.")
    results = await service.read_all(uploads)
    refusals = [result for result in results if isinstance(result, Refusal)]
    if len(refusals) == len(results):
        raise refusals[0]
    return [
        {"image": upload.name, "error": result.sentence}
        if isinstance(result, Refusal)
        else reading_as_json(result, upload.name, service.model, service.alternatives)
        for upload, result in zip(uploads, results, strict=True)
    ]
