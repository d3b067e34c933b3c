"""CodeProject.AI's dialect, as its module of licence plates speaks it.

Source: the module's own code, https://github.com/codeproject/CodeProject.AI-ALPR (ALPR.py, ALPR_adapter.py).
"""

import time
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from platefuse.inference.reading import Plate
from platefuse.serving.dialects.documented import AUTHORIZATION, answers, form_body
from platefuse.serving.dialects.plates import corners_of
from platefuse.serving.form import Form, is_form, read_form
from platefuse.serving.refusal import Refusal
from platefuse.serving.service import service_of

router = APIRouter(tags=["CodeProject.AI"], dependencies=[AUTHORIZATION])

PATHS = ("/v1/vision/alpr", "/v1/image/alpr")
"""The path, and the older one that many clients still have."""


class PredictionJson(BaseModel):
    """A plate; its box is in whole pixels of the upright image."""

    confidence: float = Field(ge=0, le=1)
    label: str
    plate: str
    x_min: int
    y_min: int
    x_max: int
    y_max: int


class AlprJson(BaseModel):
    """The plates on one image, the best first."""

    success: bool
    processMs: int = Field(description="Milliseconds from the request to the answer.")  # noqa: N815  its name there
    inferenceMs: int = Field(description="Milliseconds in the queue and the model.")  # noqa: N815
    predictions: list[PredictionJson]
    message: str
    code: int


class FailedJson(BaseModel):
    """Why nothing was read."""

    success: bool = False
    error: str
    code: int


def refused(refusal: Refusal) -> dict[str, Any]:
    """Give a refusal as this dialect does."""
    return {"success": False, "error": refusal.sentence, "code": refusal.status}


_EXAMPLE = {
    "success": True,
    "processMs": 31,
    "inferenceMs": 28,
    "predictions": [
        {
            "confidence": 0.997,
            "label": "Plate: AB123CD",
            "plate": "AB123CD",
            **{"x_min": 210, "y_min": 318, "x_max": 305, "y_max": 343},
        }
    ],
    "message": "Found Plate: AB123CD",
    "code": 200,
}
_MORE = {"min_confidence": {"type": "number", "default": 0, "description": "Plates of less confidence are left out."}}
_ROUTE: dict[str, Any] = {
    "response_model": AlprJson,
    "responses": answers(FailedJson, _EXAMPLE),
    "openapi_extra": form_body("upload", _MORE),
}


@router.post(PATHS[0], summary="Read an image, as CodeProject.AI does", **_ROUTE)
@router.post(PATHS[1], include_in_schema=False, **_ROUTE)
async def alpr(request: Request) -> dict[str, Any]:
    """Read the first file of a form, whatever its field is called."""
    started = time.perf_counter()
    service = service_of(request)
    async with service.taking(request) as chunks:
        if not is_form(request.headers):
            raise Refusal(400, "Expected a form (multipart/form-data) with the image in its field `upload`.")
        form = await read_form(request.headers, chunks, service.bounds)
        if not form.uploads:
            raise Refusal(400, "The form has no file: expected the image in its field `upload`.")
        least = _min_confidence(form)
        taken = time.perf_counter()
        reading = await service.read(form.uploads[0])
    now = time.perf_counter()
    predictions = [_prediction(plate) for plate in reading.plates if plate.confidence >= least]
    found = ", ".join(prediction["label"] for prediction in predictions)
    return {
        "success": True,
        "processMs": round(1000 * (now - started)),
        "inferenceMs": round(1000 * (now - taken)),
        "predictions": predictions,
        "message": f"Found {found}" if found else "No plates found",
        "code": 200,
    }


def _min_confidence(form: Form) -> float:
    text = form.value("min_confidence")
    try:
        least = float(text or 0)
    except ValueError:
        least = -1.0
    if not 0 <= least <= 1:
        raise Refusal(400, "The field `min_confidence` is no number from 0 to 1.")
    return least


def _prediction(plate: Plate) -> dict[str, Any]:
    x1, y1, x2, y2 = corners_of(plate)
    return {
        "confidence": round(plate.confidence, 6),
        "label": f"Plate: {plate.text}",
        "plate": plate.text,
        **{"x_min": x1, "y_min": y1, "x_max": x2, "y_max": y2},
    }
