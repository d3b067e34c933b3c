"""Middleware around all answers: metrics, and the end of a connection."""

import time
from collections.abc import Container

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platefuse.serving.body import discard
from platefuse.serving.gate import Gate
from platefuse.serving.metrics import Metrics

_OTHER = "other"
_TOO_SLOW = 504  # whose body may never come
_DISCARDED = 8  # times the bound of a body


class Connection:
    """ASGI middleware that counts each answer.

    A refusal is sent when the rest of the body is off the connection. A stopping server closes each connection after
    its answer.

    Args:
        app: the application.
        metrics: count the answers.
        gate: tells whether the server is stopping.
        paths: are counted by their names, all others as one.
        body: bytes that a body may have.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, gate: Gate, paths: Container[str], body: int) -> None:
        self._app = app
        self._metrics = metrics
        self._gate = gate
        self._paths = paths
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = time.perf_counter()
        status, whole = 500, False
        waits = "expect" in Headers(scope=scope)  # for leave to send its body, which a refusal does not give

        async def receiving() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body")
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status >= 400 and status != _TOO_SLOW and not whole and not waits:
                    await discard(receiving, _DISCARDED * self._body)
                if self._gate.closed:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            path = scope["path"] if scope["path"] in self._paths else _OTHER
            self._metrics.answered(path, status, time.perf_counter() - started)
