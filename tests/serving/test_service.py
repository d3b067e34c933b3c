"""Each bound of a service, hit once, has its status and its sentence; and what is within them has its answer."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

from platefuse.inference.reader import Reader
from platefuse.serving.bounds import Bounds
from tests.helpers.reader import digits
from tests.helpers.server import answer_on, claiming, encoded, half_sent, running, value

PLATE = encoded(digits("27"))


def test_a_body_beyond_its_bound_is_413(plates: Reader) -> None:
    with running(plates, Bounds(body=1000)) as address:
        large = np.random.default_rng(0).bytes(5_000_000)
        sentence = "The body is too large: at most 1000 bytes are taken. Scale the image down."
        for body in (large, iter([large[:600], large[600:1200], large[1200:]]), b"x" * 1001):
            answer = requests.post(f"{address}/v1/read", data=body, timeout=60)
            assert (answer.status_code, answer.json()) == (413, {"error": sentence})
        answer = requests.post(f"{address}/v1/vision/alpr", files={"upload": large}, timeout=60)
        assert (answer.status_code, answer.json()["error"]) == (413, sentence)
        assert requests.post(f"{address}/v1/read", data=PLATE, timeout=60).json()["text"] == "27"


def test_an_image_beyond_its_pixels_is_413(plates: Reader) -> None:
    with running(plates, Bounds(pixels=4000)) as address:
        assert requests.post(f"{address}/v1/read", data=PLATE, timeout=60).json()["text"] == "27"
        wider = requests.post(f"{address}/v1/read", data=encoded(digits("27", 101)), timeout=60)
        assert wider.status_code == 413
        assert wider.json()["error"] == ("The image has 101 x 40 pixels: at most 4000 are taken. Scale it down.")
        huge = requests.post(f"{address}/v1/read", data=claiming(2**15, 2**15), timeout=60)
        assert huge.status_code == 413 and "pixels: at most 33554432 are read" in huge.json()["error"]


def test_a_form_with_too_many_parts_is_400(plates: Reader) -> None:
    with running(plates, Bounds(images=2)) as address:
        files = [("image", (f"{index}.png", PLATE)) for index in range(3)]
        assert len(requests.post(f"{address}/v1/read", files=files[:2], timeout=60).json()["readings"]) == 2
        refused = requests.post(f"{address}/v1/read", files=files, timeout=60)
        assert refused.status_code == 400
        assert refused.json()["error"].endswith("expected at most 2 images and 64 other fields.")
        fields = [(f"f{index}", (None, "x")) for index in range(65)]
        assert requests.post(f"{address}/v1/read", files=fields, timeout=60).status_code == 400


def test_a_full_queue_is_429_and_says_when_to_ask_again(plates: Reader) -> None:
    with running(plates, Bounds(queue=1)) as address, half_sent(address, PLATE) as waiting:
        refused = requests.post(f"{address}/v1/read", data=PLATE, timeout=60)
        assert refused.status_code == 429 and refused.headers["Retry-After"] == "1"
        assert refused.json()["error"].startswith("The queue is full: 1 requests are waiting")
        assert requests.get(f"{address}/health", timeout=60).status_code == 200
        waiting.sendall(PLATE[-1:])
        assert b'"text":"27"' in answer_on(waiting)
        assert requests.post(f"{address}/v1/read", data=PLATE, timeout=60).status_code == 200


def test_a_request_that_takes_too_long_is_504(plates: Reader) -> None:
    with running(plates, Bounds(seconds=0.5)) as address, half_sent(address, PLATE) as waiting:
        answer = answer_on(waiting)
        assert answer.startswith(b"HTTP/1.1 504 ")
        assert b"The answer was not ready within 0.5 s" in answer
        assert value(address, "platefuse_requests_taken") == 0


def test_a_connection_that_ends_early_is_no_traceback(plates: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    with running(plates) as address:
        with half_sent(address, PLATE):
            pass
        deadline = time.monotonic() + 10
        while value(address, "platefuse_requests_taken") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert value(address, "platefuse_requests_total", path="/v1/read", status="400") == 1
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("path", ["/v1/read", "/v1/vision/alpr", "/v1/plate-reader/", "/metrics"])
def test_without_the_token_nothing_is_served(path: str, plates: Reader) -> None:
    with running(plates, token="a-secret") as address:

        def ask(url: str = address, **headers: str) -> requests.Response:
            if path == "/metrics":
                return requests.get(url + path, headers=headers, timeout=60)
            return requests.post(url + path, files={"upload": PLATE}, headers=headers, timeout=60)

        for refused in (ask(), ask(Authorization="Token a-secre"), ask(Authorization="a-secret")):
            assert refused.status_code == 401 and "WWW-Authenticate" in refused.headers
            assert "The token is missing or wrong" in refused.text and "a-secret" not in refused.text
        for allowed in (
            ask(Authorization="Token a-secret"),
            ask(Authorization="bearer a-secret"),
            ask(address.replace("://", "://any:a-secret@")),
        ):
            assert allowed.status_code in (200, 201)
        assert requests.get(f"{address}/health", timeout=60).status_code == 200


def test_many_callers_have_the_answers_of_one(plates: Reader) -> None:
    rng = np.random.default_rng(1)
    texts = ["".join(map(str, rng.integers(0, 10, rng.integers(0, 5)))) for _ in range(96)]
    images = [digits(text, width) for text, width in zip(texts, rng.choice([90, 100, 110], 96), strict=True)]
    expected = plates.read_images(images)
    with running(plates) as address, ThreadPoolExecutor(16) as callers:
        bodies = [encoded(image) for image in images]
        answers = list(callers.map(lambda body: requests.post(f"{address}/v1/read", data=body, timeout=60), bodies))
        for answer, own in zip(answers, expected, strict=True):
            assert answer.status_code == 200
            read = answer.json()
            assert (read["text"], read["confidence"]) == (own.text, own.confidence)
            boxes = [tuple(character["box"]) for plate in read["plates"] for character in plate["characters"]]
            assert boxes == [character.box for character in own.characters]
        assert value(address, "platefuse_batch_images_sum") == 96
