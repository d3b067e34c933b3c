"""Plate Recognizer's dialect, as its Snapshot API speaks it.

Source: its clients, https://github.com/parkpow/deep-license-plate-recognition (plate_recognition.py).
"""

import base64
import binascii
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from platefuse.inference.reading import Plate
from platefuse.serving.dialects.documented import AUTHORIZATION, answers, form_body
from platefuse.serving.dialects.plates import candidates_of, corners_of
from platefuse.serving.form import Form, Upload, is_form, read_form
from platefuse.serving.refusal import Refusal
from platefuse.serving.service import service_of

router = APIRouter(tags=["Plate Recognizer"], dependencies=[AUTHORIZATION])

PATHS = ("/v1/plate-reader/", "/v1/plate-reader")
"""The path, and as some clients have it."""


_MAX_CALLS = 2**31 - 1


class BoxJson(BaseModel):
    """A box in whole pixels of the upright image."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int


class CandidateJson(BaseModel):
    """A possible text of a plate."""

    score: float = Field(ge=0, le=1)
    plate: str


class RegionJson(BaseModel):
    """A list of formats that the text fits.

    The code is empty and the score 0 if the text fits none, or several that nobody asked for.
    """

    code: str
    score: float


class VehicleJson(BaseModel):
    """The plate's vehicle: never looked for, so its score is 0."""

    score: float
    type: str
    box: BoxJson


class ResultJson(BaseModel):
    """A plate, in lower case as there.

    The last three are empty, and there only if the form has `mmc`: nothing looks for vehicles.
    """

    box: BoxJson
    plate: str
    region: RegionJson
    score: float = Field(ge=0, le=1, description="Confidence of the text.")
    candidates: list[CandidateJson]
    dscore: float = Field(ge=0, le=1, description="The plate detector's score of the box.")
    vehicle: VehicleJson
    model_make: list[str] | None = None
    color: list[str] | None = None
    orientation: list[str] | None = None


class UsageJson(BaseModel):
    """Calls so far, and how many there may be."""

    calls: int
    max_calls: int = _MAX_CALLS


class SnapshotJson(BaseModel):
    """The plates on one image, the best first."""

    processing_time: float = Field(description="Milliseconds from the request to the answer.")
    results: list[ResultJson]
    filename: str | None
    version: int
    camera_id: str | None
    timestamp: str
    usage: UsageJson


class DetailJson(BaseModel):
    """Why nothing was read."""

    detail: str
    status_code: int


def refused(refusal: Refusal) -> dict[str, Any]:
    """Give a refusal as this dialect does."""
    return {"detail": refusal.sentence, "status_code": refusal.status}


_NOWHERE = {"xmin": 0, "ymin": 0, "xmax": 0, "ymax": 0}
_VEHICLE = {"score": 0.0, "type": "Unknown", "box": _NOWHERE}
_VEHICLES: dict[str, list[str]] = {"model_make": [], "color": [], "orientation": []}
_EXAMPLE = {
    "processing_time": 31.0,
    "results": [
        {
            "box": {"xmin": 210, "ymin": 318, "xmax": 305, "ymax": 343},
            "plate": "ab123cd",
            "region": {"code": "it", "score": 1.0},
            "score": 0.997,
            "candidates": [{"score": 0.997, "plate": "ab123cd"}],
            "dscore": 0.968,
            "vehicle": _VEHICLE,
        }
    ],
    "filename": "car.jpg",
    "version": 1,
    "camera_id": None,
    "timestamp": "2026-11-30T12:00:00.000000Z",
    "usage": {"calls": 7, "max_calls": _MAX_CALLS},
}
_MORE = {
    "regions": {"type": "array", "items": {"type": "string"}, "description": "Countries to expect, such as it."},
    "camera_id": {"type": "string", "description": "Comes back in the answer."},
    "timestamp": {"type": "string", "description": "Comes back in the answer."},
}
_ROUTE: dict[str, Any] = {
    "status_code": 201,
    "response_model": SnapshotJson,
    "response_model_exclude_unset": True,
    "responses": answers(DetailJson, _EXAMPLE, 201),
    "openapi_extra": form_body("upload", _MORE),
}


@router.post(PATHS[0], summary="Read an image, as Plate Recognizer does", **_ROUTE)
@router.post(PATHS[1], include_in_schema=False, **_ROUTE)
async def plate_reader(request: Request) -> dict[str, Any]:
    """Read the image in the field `upload`.

    It is a file, or its bytes in base64. `upload_url` is refused, since the server opens no connections. Other fields
    are taken and not used.
    """
    started = time.perf_counter()
    service = service_of(request)
    async with service.taking(request) as chunks:
        if not is_form(request.headers):
            raise Refusal(
                400,
                "Expected a form (multipart/form-data) with the image in its field `upload`; the server fetches no "
                "`upload_url`.",
            )
        form = await read_form(request.headers, chunks, service.bounds)
        upload = _upload_of(form)
        reading = await service.read(upload)
    regions, looked_for = form.values("regions"), _VEHICLES if _is_set(form.value("mmc")) else {}
    return {
        "processing_time": round(1000 * (time.perf_counter() - started), 3),
        "results": [_result(plate, regions) | looked_for for plate in reading.plates],
        "filename": upload.name,
        "version": 1,
        "camera_id": form.value("camera_id"),
        "timestamp": form.value("timestamp") or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "usage": {"calls": service.gate.answered, "max_calls": _MAX_CALLS},
    }


def _is_set(text: str | None) -> bool:
    return (text or "").lower() in ("true", "1", "yes", "on")


def _upload_of(form: Form) -> Upload:
    for upload in form.uploads:
        if upload.field == "upload":
            return upload
    if form.value("upload_url") is not None:
        raise Refusal(400, "The server fetches no `upload_url`: send the image itself in the field `upload`.")
    text = form.value("upload")
    if text is None:
        raise Refusal(400, "The form has no image: expected a file in its field `upload`.")
    try:
        return Upload(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise Refusal(415, "The field `upload` is neither a file nor base64.") from None


def _result(plate: Plate, regions: Sequence[str]) -> dict[str, Any]:
    box = dict(zip(("xmin", "ymin", "xmax", "ymax"), corners_of(plate), strict=True))
    return {
        "box": box,
        "plate": plate.text.lower(),
        "region": _region(plate, regions),
        "score": round(plate.confidence, 6),
        "candidates": [{"score": score, "plate": text.lower()} for text, score in candidates_of(plate)],
        "dscore": round(plate.score, 6),
        "vehicle": _VEHICLE,
    }


def _region(plate: Plate, regions: Sequence[str]) -> dict[str, Any]:
    """Choose a list that the text fits.

    The first expected one that it fits comes before the only one that it fits. A part of a country, such as us-ca,
    counts as the country.
    """
    fitting = plate.regions
    expected = [region for region in regions if region.lower().partition("-")[0] in fitting]
    code = expected[0] if expected else fitting[0] if len(fitting) == 1 else ""
    return {"code": code, "score": 1.0 if code else 0.0}
