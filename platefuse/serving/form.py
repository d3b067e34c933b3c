"""Forms with images (multipart/form-data), taken apart in memory."""

import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePath

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from platefuse.core.errors import printable, shortened
from platefuse.serving.bounds import Bounds
from platefuse.serving.refusal import Refusal

_FIELDS = 64


@dataclass(frozen=True)
class Upload:
    """An image that came with a request.

    Attributes:
        content: the bytes of the image file.
        field: the form's field; empty outside a form.
        name: the file's name at the client, without folders; None if it has none.
    """

    content: bytes
    field: str = ""
    name: str | None = None


@dataclass(frozen=True)
class Form:
    """A form's parts, in their order.

    Attributes:
        uploads: the parts that are files.
        fields: name and text of the others.
    """

    uploads: tuple[Upload, ...]
    fields: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str | None:
        """First text of a field; None if there is none."""
        return next(iter(self.values(name)), None)

    def values(self, name: str) -> list[str]:
        """All texts of a field."""
        return [text for field, text in self.fields if field == name]


class _InMemory(MultiPartParser):
    """The framework's parser, without its temporary files.

    Whole bodies are bounded before they come here.
    """

    spool_max_size = sys.maxsize


def is_form(headers: Headers) -> bool:
    """Whether a body is a form with files."""
    return headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_form(headers: Headers, chunks: AsyncGenerator[bytes, None], bounds: Bounds) -> Form:
    """Take a form apart.

    Args:
        headers: the request's; `is_form` holds of them.
        chunks: the body within its bound.
        bounds: limits of the number of images; a field's text may be as long as a body.

    Raises:
        Refusal: 400 if the form is damaged or has too many parts; and as `chunks` does.
    """
    _, options = parse_options_header(headers["content-type"])
    # The boundary alone: a form names no encoding of its own, and is UTF-8.
    content_type = b'multipart/form-data; boundary="%s"' % options.get(b"boundary", b"")
    plain = Headers(raw=[(b"content-type", content_type)])
    parser = _InMemory(plain, chunks, max_files=bounds.images, max_fields=_FIELDS, max_part_size=bounds.body)
    try:
        parts = (await parser.parse()).multi_items()
    except MultiPartException as error:
        expected = f"expected at most {bounds.images} images and {_FIELDS} other fields"
        raise Refusal(400, f"The form cannot be read: {error.message.rstrip('.')}; {expected}.") from None
    uploads, fields = [], []
    for name, part in parts:
        if isinstance(part, UploadFile):
            uploads.append(Upload(await part.read(), name, _file_name(part.filename)))
            await part.close()
        else:
            fields.append((name, part))
    return Form(tuple(uploads), tuple(fields))


def _file_name(given: str | None) -> str | None:
    """Last part of a path, fit to be printed."""
    name = PurePath((given or "").replace("\\", "/")).name
    return printable(shortened(name)) or None
