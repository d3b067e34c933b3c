"""`platefuse serve`: read images over HTTP."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.common import add_reading_command, find_model, open_reader, positive
from platefuse.core.errors import not_installed
from platefuse.data.images import MAX_PIXELS
from platefuse.serving.bounds import Bounds

SERVE = '"platefuse[serve]"'
_PACKAGES = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python-multipart": "python_multipart",
    "prometheus-client": "prometheus_client",
}
_DEFAULT = Bounds()
_MOST_PORT = 2**16 - 1


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "serve",
        _serve,
        "read images over HTTP",
        "examples:\n"
        "  platefuse serve                               plates, on this machine alone\n"
        "  platefuse serve --model photographs --port 32168\n"
        "  PLATEFUSE_TOKEN=… platefuse serve --host 0.0.0.0       for others, who must send the token\n"
        "  curl --data-binary @plate.jpg http://127.0.0.1:8000/v1/read\n"
        "  curl --form image=@a.jpg --form image=@b.jpg http://127.0.0.1:8000/v1/read\n\n"
        "paths:\n"
        "  POST /v1/read            the JSON of `platefuse read --json`\n"
        "  POST /v1/vision/alpr     as CodeProject.AI\n"
        "  POST /v1/plate-reader/   as Plate Recognizer\n"
        "  GET  /health, /metrics (Prometheus), /openapi.json\n\n"
        "Images that wait at the same time share a call of the model. What is too large (413), no image (415),\n"
        "too much at once (429) or too slow (504) is refused with a sentence. No file is written. SIGTERM and\n"
        "Ctrl-C stop the server when it has answered what it has taken; whatever comes then gets a 503.\n\n"
        "The token is read from the environment variable PLATEFUSE_TOKEN or from --token-file. Clients send\n"
        "`Authorization: Token …`, or have it in their URL: http://any:TOKEN@host:8000/v1/vision/alpr.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to serve at; 0.0.0.0 for all (default: 127.0.0.1)"
    )
    parser.add_argument("--port", type=_port, default=8000, help="0 for one that is free (default: 8000)")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="the token that callers must send (default: PLATEFUSE_TOKEN)"
    )
    for option, kind, default, words in (
        ("--max-bytes", positive, _DEFAULT.body, "bytes of one request (default: %(default)s)"),
        ("--max-pixels", _pixels, _DEFAULT.pixels, "pixels of one image (default: %(default)s, the most that is read)"),
        ("--max-images", positive, _DEFAULT.images, "images of one form (default: %(default)s)"),
        ("--max-queue", positive, _DEFAULT.queue, "requests that wait for their answers (default: %(default)s)"),
    ):
        parser.add_argument(option, type=kind, default=default, metavar="N", help=words)
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=_DEFAULT.seconds,
        metavar="SECONDS",
        help="from a request to its answer (default: %(default)g)",
    )


def _serve(arguments: argparse.Namespace) -> int:
    missing = [package for package, module in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise not_installed("`platefuse serve`", missing, SERVE)
    from platefuse.serving import server
    from platefuse.serving.token import find_token

    token = find_token(arguments.token_file)
    model = find_model(arguments)
    with server.listen(arguments.host, arguments.port) as listener:
        if warning := server.warning_of(listener, token):
            print(f"platefuse: {warning}", file=sys.stderr)
        reader = open_reader(model)
        reader.read(np.zeros((32, 64, 3), np.uint8))  # a model's first call takes longer than all others
        server.serve(reader, listener, _bounds(arguments), token)
    return 0


def _bounds(arguments: argparse.Namespace) -> Bounds:
    return Bounds(
        body=arguments.max_bytes,
        pixels=arguments.max_pixels,
        images=arguments.max_images,
        queue=arguments.max_queue,
        seconds=arguments.timeout,
        batch=arguments.batch_size,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_PORT:
        raise argparse.ArgumentTypeError(f"expected 0 to {_MOST_PORT}, found {text!r}")
    return int(text)


def _pixels(text: str) -> int:
    if positive(text) > MAX_PIXELS:
        raise argparse.ArgumentTypeError(f"expected at most {MAX_PIXELS}, found {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, found {text!r}")
    return seconds
