"""The server: its address, its start and its stop."""

import errno
import ipaddress
import logging
import signal
import socket
import sys
from types import FrameType

import uvicorn

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader
from platefuse.serving.app import make_app
from platefuse.serving.bounds import Bounds
from platefuse.serving.service import Service
from platefuse.serving.token import VARIABLE


def listen(host: str, port: int) -> socket.socket:
    """Take an address to serve at.

    Args:
        host: a name or an address of this machine.
        port: 0 for one that is free.

    Raises:
        PlatefuseError: if the address is in use, not allowed, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        where = f"--host {host} --port {port}"
        if error.errno == errno.EADDRINUSE:
            raise PlatefuseError(f"{where}: another program serves there; choose another --port.") from None
        raise PlatefuseError(f"{where}: {error.strerror or error}.") from None


def address_of(listener: socket.socket) -> str:
    """Give a listener's address as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def warning_of(listener: socket.socket, token: str | None) -> str | None:
    """Warn if other machines may read without a token."""
    host = listener.getsockname()[0]
    if token is not None or ipaddress.ip_address(host).is_loopback:
        return None
    return f"Everybody who reaches {address_of(listener)} may use it: set a token ({VARIABLE} or --token-file)."


def serve(reader: Reader, listener: socket.socket, bounds: Bounds, token: str | None) -> None:
    """Serve until SIGTERM or SIGINT.

    The first signal stops cleanly: what was taken is answered, and what comes then is refused with 503. A second
    signal stops at once.

    Args:
        reader: the model.
        listener: the address, from `listen`.
        bounds: limits of what is taken.
        token: callers must send it; None lets everybody in.
    """
    service = Service(reader, bounds, token)
    try:
        server = _Server(config_of(service), service, address_of(listener))
        server.run([listener])
        _say("stopped at once" if server.force_exit else f"stopped; {service.gate.answered} requests were answered")
    finally:
        service.close()


def config_of(service: Service) -> uvicorn.Config:
    """Configure uvicorn for a service.

    Its own logging would close the handlers of other libraries, and list each request.
    """
    app = make_app(service)
    return uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, server_header=False, lifespan="off"
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service, address: str) -> None:
        super().__init__(config)
        self._service = service
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _say(f"serving {self._service.model} at {self._address} until SIGTERM or Ctrl-C")

    async def on_tick(self, counter: int) -> bool:
        """Stop once the gate is closed and empty."""
        gate = self._service.gate
        if gate.closed and not gate.taken:
            self.should_exit = True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close the gate at the first signal, end at the second."""
        if self._service.gate.closed:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # else each request that is cut is listed
            self.should_exit = self.force_exit = True
        else:
            self._service.gate.close()
            _say(f"{signal.Signals(sig).name}: answering {self._service.gate.taken} requests, then stopping")


def _say(message: str) -> None:
    print(f"platefuse: {message}", file=sys.stderr, flush=True)
