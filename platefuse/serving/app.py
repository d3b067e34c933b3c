"""The application: dialects, health, metrics, and refusals in each dialect's form."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

import platefuse
from platefuse.serving.connection import Connection
from platefuse.serving.dialects import code_project, own, plate_recognizer
from platefuse.serving.dialects.documented import AUTHORIZATION
from platefuse.serving.metrics import CONTENT_TYPE
from platefuse.serving.refusal import Refusal
from platefuse.serving.service import Service, service_of

_REFUSED = {
    **dict.fromkeys(code_project.PATHS, code_project.refused),
    **dict.fromkeys(plate_recognizer.PATHS, plate_recognizer.refused),
}
_HEALTH, _METRICS, _READ = "/health", "/metrics", "/v1/read"
_PATHS = frozenset({_HEALTH, _METRICS, _READ, "/openapi.json", *_REFUSED})


def make_app(service: Service) -> FastAPI:
    """Make the application of a service.

    It has no pages of its own: the usual ones fetch scripts from elsewhere.
    """
    app = FastAPI(
        title="platefuse",
        version=platefuse.__version__,
        summary="Reads licence plates on images.",
        description=f"The model is {service.model}. Each refusal says in a sentence what is wrong.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.add_middleware(Connection, metrics=service.metrics, gate=service.gate, paths=_PATHS, body=service.bounds.body)
    app.add_exception_handler(Refusal, _answer_refusal)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    for dialect in (own, code_project, plate_recognizer):
        app.include_router(dialect.router)
    app.add_api_route(_HEALTH, _health, tags=["operation"], summary="Whether the server takes images")
    app.add_api_route(
        _METRICS,
        _metrics,
        tags=["operation"],
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"example": 'platefuse_requests_total{path="/v1/read"} 1.0'}}}},
        dependencies=[AUTHORIZATION],
    )
    return app


async def _health(request: Request) -> JSONResponse:
    """Tell which model reads.

    The status is 503 while the server stops. No token is needed.
    """
    service = service_of(request)
    stops = service.gate.closed
    content = {
        "status": "stopping" if stops else "ok",
        "model": service.model,
        "reads": "photographs" if service.reads_photographs else "plates",
    }
    return JSONResponse(content, 503 if stops else 200)


async def _metrics(request: Request) -> Response:
    """Count requests by status, seconds, images in a call, and what waits."""
    service = service_of(request)
    service.check(request)
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def _answer_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    as_dialect = _REFUSED.get(request.url.path, own.refused)
    return JSONResponse(as_dialect(error), error.status, error.headers)


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer a wrong path or method."""
    assert isinstance(error, HTTPException)
    sentence = {
        404: "There is no such path: /openapi.json lists them.",
        405: "The path takes another method: /openapi.json lists them.",
    }.get(error.status_code, f"{error.detail}.")
    headers: dict[str, Any] = dict(error.headers or {})
    return await _answer_refusal(request, Refusal(error.status_code, sentence, headers))
