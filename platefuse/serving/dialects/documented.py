"""Parts of the OpenAPI document that the dialects share."""

from typing import Any

from fastapi import Security
from fastapi.security import APIKeyHeader

AUTHORIZATION = Security(
    APIKeyHeader(
        name="Authorization",
        auto_error=False,
        description="`Token T`, `Bearer T`, or `Basic` with T as the password. Needed if the server has a token T.",
    )
)
"""A dependency that documents the header; the service checks it."""

STATUSES = {
    400: "The body is empty, damaged or of another form.",
    401: "The token is missing or wrong.",
    413: "The body has too many bytes, or the image too many pixels.",
    415: "The body is no image that is read, or a damaged one.",
    429: "Too many requests are waiting; Retry-After says when to ask again.",
    500: "The model failed.",
    503: "The server is stopping.",
    504: "The answer was not ready in time.",
}

_IMAGE = {"type": "string", "format": "binary"}


def answers(refused: Any, example: dict[str, Any], success: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a dialect.

    Args:
        refused: the model of a refusal's body.
        example: of an answer.
        success: the status of an answer.
    """
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": refused, "description": text} for status, text in STATUSES.items()
    }
    return {success: {"content": {"application/json": {"example": example}}}, **described}


def form_body(field: str, more: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """Describe a form with an image.

    Args:
        field: the name of the image's field.
        more: properties of further fields.
        other: bodies of other types than a form, by type.
    """
    form = {"type": "object", "required": [field], "properties": {field: _IMAGE, **(more or {})}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **other}}}


def raw_image() -> dict[str, Any]:
    """Describe an image as a body of its own."""
    return {"schema": _IMAGE}
