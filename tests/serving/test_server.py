"""The server's start and stop, in a process of its own, and that it writes no file."""

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader
from platefuse.serving.bounds import Bounds
from platefuse.serving.server import _Server, address_of, config_of, listen, warning_of
from platefuse.serving.service import Service
from tests.helpers.reader import board, digits
from tests.helpers.server import answer_on, command, encoded, half_sent, wait_for


def test_nothing_is_written_and_sigterm_loses_no_request_that_was_taken(plates_model: Path, tmp_path: Path) -> None:
    plates = {text: encoded(digits(text)) for text in ("1", "23", "456", "7890")}
    large = encoded(board(1000, 1500, (7, (5, 3, 15, 33), 255, 255)), "BMP")  # 4.5 MB: frameworks spool that to a file
    with command(plates_model, tmp_path) as (server, address):
        for sent in ({"data": large}, {"files": {"upload": large, "note": (None, "x" * 3_000_000)}}):
            answer = requests.post(f"{address}/v1/read", timeout=60, **sent)
            assert answer.status_code == 200 and '"text":"7"' in answer.text
        with half_sent(address, plates["23"]) as waiting:
            first = threading.Lock()

            def ask_until_stopped(text: str) -> list[int]:
                """Statuses of one caller's requests; the first caller with twenty answers stops the server."""
                statuses = [200]
                while statuses[-1] == 200:
                    answer = requests.post(f"{address}/v1/read", data=plates[text], timeout=60)
                    statuses.append(answer.status_code)
                    if answer.status_code == 200:
                        assert answer.json()["text"] == text
                        if len(statuses) > 20 and first.acquire(blocking=False):
                            server.send_signal(signal.SIGTERM)
                    else:
                        assert answer.headers["Connection"] == "close" and answer.headers["Retry-After"]
                        assert answer.json()["error"].startswith("The server is stopping")
                return statuses[1:]

            with ThreadPoolExecutor(8) as callers:
                ended = list(callers.map(ask_until_stopped, [*plates, *plates]))
            assert {statuses[-1] for statuses in ended} == {503}, "the request that is still open keeps the server"
            assert requests.get(f"{address}/health", timeout=60).status_code == 503
            waiting.sendall(plates["23"][-1:])
            assert b'"text":"23"' in answer_on(waiting)
        assert server.stderr is not None
        said = server.stderr.read().splitlines()
        assert server.wait(30) == 0
    answered = 2 + sum(statuses.count(200) for statuses in ended) + 1
    assert len(said) == 2 and said[0].startswith("platefuse: SIGTERM: answering ")
    assert said[1] == f"platefuse: stopped; {answered} requests were answered"
    assert [*tmp_path.iterdir()] == []


def test_a_second_signal_stops_at_once(plates: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    service = Service(plates, Bounds(), None)
    with listen("127.0.0.1", 0) as listener:
        server = _Server(config_of(service), service, address_of(listener))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        wait_for(lambda: server.started)
        with half_sent(address_of(listener), encoded(digits("23"))) as waiting:
            server.handle_exit(signal.SIGTERM, None)
            wait_for(lambda: requests.get(f"{address_of(listener)}/health", timeout=60).status_code == 503)
            assert thread.is_alive()
            server.handle_exit(signal.SIGTERM, None)
            thread.join(30)
            assert not thread.is_alive() and answer_on(waiting).startswith(b"HTTP/1.1 500 ")
    service.close()
    said = capfd.readouterr().err
    assert "SIGTERM: answering 1 requests, then stopping" in said and "Traceback" not in said


def test_an_address_that_cannot_be_had_is_told() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PlatefuseError, match=f"--port {port}: another program serves there; choose another"):
            listen("127.0.0.1", port)
    with pytest.raises(PlatefuseError, match=r"--host 192\.0\.2\.1 --port 8000: "):
        listen("192.0.2.1", 8000)  # of a network for documentation, which no machine is in


def test_who_serves_others_without_a_token_is_warned() -> None:
    with listen("127.0.0.1", 0) as own:
        assert warning_of(own, None) is None
    with listen("0.0.0.0", 0) as open_to_all:
        told = warning_of(open_to_all, None)
        assert told is not None and address_of(open_to_all) in told and "set a token" in told
        assert warning_of(open_to_all, "secret") is None


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_a_url() -> None:
    try:
        with listen("::1", 0) as own:
            assert address_of(own).startswith("http://[::1]:")
            assert warning_of(own, None) is None
    except PlatefuseError:
        pytest.skip("this machine has no loopback of IPv6")
