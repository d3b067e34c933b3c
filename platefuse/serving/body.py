"""Bodies of requests: read within a bound, and held in memory alone."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from platefuse.serving.refusal import Refusal

_DISCARDED_SECONDS = 5.0


async def chunks_of(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """Yield a body's parts.

    Args:
        request: the request; its body is not read yet.
        most: the most bytes that the body may have.

    Raises:
        Refusal: 413 as soon as the body is known to be larger, 400 if the connection ends in the middle.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            yield chunk
    except ClientDisconnect:
        raise Refusal(400, "The connection ended before the whole body had come.") from None


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    """Join a body's parts.

    Raises:
        Refusal: as `chunks_of`, and 400 if the body is empty.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
    if not body:
        raise Refusal(400, "The body is empty: expected the bytes of an image, or a form with images.")
    return bytes(body)


async def discard(receive: Receive, most: int) -> None:
    """Take the rest of a body off the connection, and drop it.

    Without that the connection breaks while the client still sends, and many a client loses the answer.

    Args:
        receive: gives the body's messages; the last one has not come yet.
        most: bytes after which the connection breaks all the same.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARDED_SECONDS):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"The body is too large: at most {most} bytes are taken. Scale the image down.")
