"""Plate Recognizer's dialect, asked as its clients ask."""

import base64

import pytest
import requests

from platefuse.inference.reader import Reader
from platefuse.inference.reading import Character, Plate
from platefuse.serving.dialects.plate_recognizer import _result
from tests.helpers.photograph_reader import photograph
from tests.helpers.plate_clients import (
    cropped,
    frigate_plate_recognizer,
    home_assistant,
    merged,
    snapshot_sdk,
    watched,
)
from tests.helpers.reader import digits
from tests.helpers.server import encoded, running

PHOTOGRAPH = photograph(("12", (30, 40), 200), ("345", (100, 200), 255))


@pytest.mark.parametrize("path", ["/v1/plate-reader", "/v1/plate-reader/"])
def test_frigates_client_gets_the_best_plate_and_its_candidates(path: str, photographs: Reader) -> None:
    best = photographs.read(PHOTOGRAPH).plates[0]
    with running(photographs, token="secret") as address:
        found, candidates = frigate_plate_recognizer(address + path, encoded(PHOTOGRAPH), "secret", ["us-ca", "br"])
        assert found == (best.text, best.confidence)
        assert candidates == [best.text]
        nothing = frigate_plate_recognizer(address + path, encoded(photograph()), "secret", ["us-ca"])
        assert nothing == ((None, None), [])


@pytest.mark.parametrize("mmc", [False, True])
def test_home_assistants_client_gets_all_plates(mmc: bool, photographs: Reader, photographs_server: str) -> None:
    found = home_assistant(f"{photographs_server}/v1/plate-reader/", encoded(PHOTOGRAPH), "any", mmc)
    read = photographs.read(PHOTOGRAPH).plates
    assert found["vehicles"] == [
        {
            "plate": plate.text,
            "confidence": pytest.approx(plate.confidence, abs=1e-6),
            "region_code": "",
            "vehicle_type": "Unknown",
            "box_y_centre": (plate.box[1] + plate.box[3]) / 2,
            "box_x_centre": (plate.box[0] + plate.box[2]) / 2,
        }
        for plate in read
    ]
    assert found["plates"] == {plate.text for plate in read}
    assert found["orientations"] == [] and found["calls_remaining"] > 10**9


def test_the_products_own_client_crops_and_merges(photographs: Reader, photographs_server: str) -> None:
    answer = snapshot_sdk(photographs_server, encoded(PHOTOGRAPH), ["gb"])
    assert answer["camera_id"] == "gate" and answer["filename"] and answer["processing_time"] > 0
    plates = photographs.read(PHOTOGRAPH).plates
    assert cropped(answer) == [(f"{plate.text}_", tuple(map(int, plate.box))) for plate in plates]
    below = snapshot_sdk(photographs_server, encoded(PHOTOGRAPH[100:]), [])
    assert merged([(below, 0, 100)]) == [("345", 100, 200)]


def test_plates_are_in_lower_case_and_have_their_region() -> None:
    characters = tuple(Character(letter, 0.9, 0.8, (0, 0, 1, 1)) for letter in "AB12CDE")
    plate = Plate("AB12CDE", 0.9, 0.8, (1.4, 2.6, 30.5, 9.9), characters)
    assert "gb" in plate.regions
    result = _result(plate, ["fr", "gb-eng"])
    assert result["plate"] == result["candidates"][0]["plate"] == "ab12cde"
    assert watched(result["plate"], ["AB12CDE"])
    assert result["region"] == {"code": "gb-eng", "score": 1.0}
    assert result["box"] == {"xmin": 1, "ymin": 3, "xmax": 30, "ymax": 10}
    several = Plate("AB123CD", 0.9, 0.8, (0, 0, 1, 1), characters)
    assert len(several.regions) > 1
    assert _result(several, [])["region"] == {"code": "", "score": 0.0}
    plate = Plate("ABC123456", 0.9, 0.8, (0, 0, 1, 1), characters)
    assert len(plate.regions) == 1
    assert _result(plate, ["fr"])["region"] == {"code": plate.regions[0], "score": 1.0}


def test_an_image_may_come_in_base64(plates_server: str) -> None:
    text = base64.b64encode(encoded(digits("27"))).decode()
    answer = requests.post(f"{plates_server}/v1/plate-reader/", files={"upload": (None, text)}, timeout=60)
    assert answer.status_code == 201
    assert answer.json()["results"][0]["plate"] == "27"


def test_a_form_cannot_choose_how_its_texts_are_decoded(plates_server: str) -> None:
    """An encoding that gives half a character would make an answer that cannot be sent."""
    parts = {"upload": ("車.png", encoded(digits("27"))), "camera_id": (None, r"\ud800")}
    body, content_type = requests.models.RequestEncodingMixin._encode_files(parts, None)
    headers = {"Content-Type": f"{content_type}; charset=unicode_escape"}
    answer = requests.post(f"{plates_server}/v1/plate-reader/", data=body, headers=headers, timeout=60)
    assert answer.status_code == 201
    assert (answer.json()["camera_id"], answer.json()["filename"]) == (r"\ud800", "車.png")


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"files": {"upload_url": (None, "http://127.0.0.1/car.jpg")}}, 400, "The server fetches no `upload_url`"),
        ({"data": {"upload_url": "http://127.0.0.1/car.jpg"}}, 400, "Expected a form"),
        ({"json": {"upload_url": "http://127.0.0.1/car.jpg"}}, 400, "Expected a form"),
        ({"files": {"image": b"text"}}, 400, "The form has no image"),
        ({"files": {"upload": (None, "a text")}}, 415, "The field `upload` is neither"),
        ({"files": {"upload": b"text"}}, 415, "upload cannot be read as an image"),
    ],
)
def test_a_refusal_has_the_dialects_form(sent: dict, status: int, said: str, plates_server: str) -> None:
    answer = requests.post(f"{plates_server}/v1/plate-reader/", timeout=60, **sent)
    assert answer.status_code == status
    assert answer.json()["status_code"] == status
    assert answer.json()["detail"].startswith(said)
