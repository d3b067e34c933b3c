"""The service behind all dialects: from the bytes of images to readings."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.requests import Request

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading
from platefuse.serving.batcher import Batcher
from platefuse.serving.body import chunks_of
from platefuse.serving.bounds import Bounds
from platefuse.serving.encoded import encoded_image
from platefuse.serving.form import Upload
from platefuse.serving.gate import Gate
from platefuse.serving.metrics import Metrics
from platefuse.serving.refusal import Refusal
from platefuse.serving.token import check_token


class Service:
    """One model, its queue and its metrics.

    Args:
        reader: the model.
        bounds: limits of what is taken.
        token: callers must send it; None lets everybody in.

    Attributes:
        bounds: the same.
        model: the model's name, without its folders.
        reads_photographs: whether the model finds the plates of whole photographs.
        alternatives: how many of the most probable readings of a plate the model gives.
        gate: counts the requests that are taken.
        metrics: count answers and batches.
    """

    def __init__(self, reader: Reader, bounds: Bounds, token: str | None) -> None:
        self.bounds = bounds
        self.model = reader.model.resolve().name
        self.reads_photographs, self.alternatives = reader.reads_photographs, reader.alternatives
        self.gate = Gate(bounds.queue)
        self.metrics = Metrics(lambda: len(self._batcher), lambda: self.gate.taken)
        self._token = token
        self._batcher = Batcher(reader, bounds.batch, self.metrics.read_batch)

    @asynccontextmanager
    async def taking(self, request: Request) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """Check a request's token, count it, and bound its time.

        Yields:
            The parts of the request's body.

        Raises:
            Refusal: 401, 429 or 503 before anything is read; 504 if the block takes too long; from the parts 413.
        """
        self.check(request)
        with self.gate.let_in():
            try:
                async with asyncio.timeout(self.bounds.seconds):
                    yield chunks_of(request, self.bounds.body)
            except TimeoutError:
                raise Refusal(
                    504, f"The answer was not ready within {self.bounds.seconds:g} s: send fewer or smaller images."
                ) from None

    def check(self, request: Request) -> None:
        """Check a request's token.

        Raises:
            Refusal: 401 if it is missing or wrong.
        """
        check_token(request.headers.get("authorization"), self._token)

    async def read(self, upload: Upload) -> Reading:
        """Read one image.

        Raises:
            Refusal: 413 or 415 if the image is too large or cannot be read, 500 if the model fails.
        """
        image = await asyncio.to_thread(encoded_image, upload, self.bounds.pixels)
        try:
            reading = await asyncio.wrap_future(self._batcher.submit(image))
        except PlatefuseError as error:
            raise Refusal(500, str(error)) from None
        if reading.error:
            raise Refusal(415, str(reading.error))
        return reading

    async def read_all(self, uploads: Sequence[Upload]) -> list[Reading | Refusal]:
        """Read several images; each has a reading or the refusal of `read`."""

        async def read(upload: Upload) -> Reading | Refusal:
            try:
                return await self.read(upload)
            except Refusal as refusal:
                return refusal

        return await asyncio.gather(*map(read, uploads))

    def close(self) -> None:
        """Read what is queued, and end."""
        self._batcher.close()


def service_of(request: Request) -> Service:
    """Give the service of the application that a request came to."""
    service: Service = request.app.state.service
    return service
