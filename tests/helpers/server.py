"""A real server in a thread of this process, and bytes that a well-behaved client would not send."""

import io
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import requests
import uvicorn
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from platefuse.inference.reader import Reader
from platefuse.serving.bounds import Bounds
from platefuse.serving.server import address_of, config_of, listen
from platefuse.serving.service import Service
from tests.helpers.imports import ROOT


@contextmanager
def running(reader: Reader, bounds: Bounds | None = None, token: str | None = None) -> Iterator[str]:
    """Serve a model on a free port while the block runs; give the address."""
    service = Service(reader, bounds or Bounds(), token)
    server = uvicorn.Server(config_of(service))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join()
            service.close()


@contextmanager
def command(model: Path, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`platefuse serve` in a folder, without one for temporary files, and its address; it is killed at the end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "platefuse", "serve", "--model", str(model), "--port", "0", *options],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        said = ""
        for line in server.stderr:
            said += line
            if address := re.search(r"serving \S+ at (http://\S+) until", line):
                yield server, address[1]
                return
        raise AssertionError(said)
    finally:
        server.kill()
        server.wait()


def encoded(image: np.ndarray, kind: str = "PNG") -> bytes:
    """An image as a file's bytes."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind)
    return stream.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG of one pixel whose header claims another size."""
    content = bytearray(encoded(np.zeros((1, 1, 3), np.uint8)))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@contextmanager
def half_sent(address: str, content: bytes) -> Iterator[socket.socket]:
    """A request for /v1/read whose last byte has not been sent."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        head = f"POST /v1/read HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content[:-1])
        wait_for(lambda: value(address, "platefuse_requests_taken") >= 1)
        yield connection


def answer_on(connection: socket.socket) -> bytes:
    """All that comes on a connection after its request, to its end or the end of the first answer."""
    received = b""
    while part := connection.recv(65536):
        received += part
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if lengths and len(body) >= int(lengths[0].split(b":")[1]):
            break
    return received


def value(address: str, name: str, **labels: str) -> float:
    """Sum of the samples of a metric that have these labels, parsed by Prometheus' own library."""
    text = requests.get(f"{address}/metrics", timeout=30).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


def wait_for(condition: object) -> None:
    """Wait until a condition holds; ten seconds at most."""
    assert callable(condition)
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited for 10 s in vain")
