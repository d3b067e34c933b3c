"""The command's own process: start, stop, and no file written."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from platefuse.core.errors import PlatefuseError
from platefuse.serving.server import address_of, listen, warning_of
from tests.helpers.reader import board, digits
from tests.helpers.server import answer_on, command, encoded, half_sent


def test_sigterm_loses_no_request_that_was_taken(plates_model: Path, tmp_path: Path) -> None:
    plates = {text: encoded(digits(text)) for text in ("1", "23", "456", "7890")}
    with command(plates_model, tmp_path) as (server, address), half_sent(address, plates["23"]) as waiting:

        def ask_until_stopped(text: str) -> list[int]:
            """Statuses of one caller's requests; 0 once nobody listens."""
            statuses = []
            while not statuses or statuses[-1] == 200:
                try:
                    answer = requests.post(f"{address}/v1/read", data=plates[text], timeout=60)
                except requests.ConnectionError:
                    statuses.append(0)
                    continue
                statuses.append(answer.status_code)
                if answer.status_code == 200:
                    assert answer.json()["text"] == text
                    if len(statuses) == 20:
                        server.send_signal(signal.SIGTERM)
                else:
                    assert answer.headers["Connection"] == "close" and answer.headers["Retry-After"]
                    assert answer.json()["error"].startswith("The server is stopping")
            return statuses

        with ThreadPoolExecutor(8) as callers:
            ended = list(callers.map(ask_until_stopped, [*plates, *plates]))
        assert {statuses[-1] for statuses in ended} == {503}, "the request that is still open keeps the server there"
        assert requests.get(f"{address}/health", timeout=60).status_code == 503
        waiting.sendall(plates["23"][-1:])
        assert b'"text":"23"' in answer_on(waiting)
        said = server.stderr.read() if server.stderr else ""
        assert server.wait(30) == 0
    answered = 1 + sum(statuses.count(200) for statuses in ended)
    assert f"stopped; {answered} requests were answered" in said


def test_no_file_is_written_and_a_second_signal_stops_at_once(plates_model: Path, tmp_path: Path) -> None:
    large = encoded(board(1000, 1500, (7, (5, 3, 15, 33), 255, 255)), "BMP")  # 4.5 MB: frameworks spool that to a file
    with command(plates_model, tmp_path, "--batch-size", "2") as (server, address):
        for sent in ({"data": large}, {"files": {"upload": large, "note": (None, "x" * 3_000_000)}}):
            answer = requests.post(f"{address}/v1/read", timeout=60, **sent)
            assert answer.status_code == 200 and '"text":"7"' in answer.text
        with half_sent(address, large):
            server.send_signal(signal.SIGINT)
            assert "SIGINT: answering 1 requests" in server.stderr.readline()
            server.send_signal(signal.SIGINT)
            assert server.wait(30) is not None
    assert [*tmp_path.iterdir()] == []


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
