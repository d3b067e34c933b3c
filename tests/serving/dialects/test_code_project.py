"""CodeProject.AI's dialect, asked as its clients ask."""

import pytest
import requests

from platefuse.inference.reader import Reader
from tests.helpers.photograph_reader import photograph
from tests.helpers.plate_clients import frigate_code_project
from tests.helpers.reader import digits
from tests.helpers.server import encoded

PHOTOGRAPH = photograph(("12", (30, 40), 200), ("345", (100, 200), 255))


@pytest.mark.parametrize("path", ["/v1/vision/alpr", "/v1/image/alpr"])
def test_frigates_client_gets_the_best_plate(path: str, photographs: Reader, photographs_server: str) -> None:
    best = photographs.read(PHOTOGRAPH).plates[0]
    assert best.text == "345"
    assert frigate_code_project(photographs_server + path, encoded(PHOTOGRAPH)) == (best.text, best.confidence)
    empty = encoded(photograph())
    assert frigate_code_project(photographs_server + path, empty) == (None, None)


def test_all_plates_have_whole_boxes_and_labels(photographs: Reader, photographs_server: str) -> None:
    answer = requests.post(
        f"{photographs_server}/v1/vision/alpr", files={"image": encoded(PHOTOGRAPH)}, timeout=60
    ).json()
    assert answer["success"] is True and answer["code"] == 200
    assert answer["message"] == "Found Plate: 345, Plate: 12"
    assert 0 <= answer["inferenceMs"] <= answer["processMs"]
    read = photographs.read(PHOTOGRAPH).plates
    assert answer["predictions"] == [
        {
            "confidence": pytest.approx(plate.confidence, abs=1e-6),
            "label": f"Plate: {plate.text}",
            "plate": plate.text,
            **dict(zip(("x_min", "y_min", "x_max", "y_max"), map(int, plate.box), strict=True)),
        }
        for plate in read
    ]


def test_plates_below_a_confidence_are_left_out(photographs_server: str) -> None:
    def read(least: str) -> requests.Response:
        return requests.post(
            f"{photographs_server}/v1/vision/alpr",
            files={"upload": encoded(PHOTOGRAPH)},
            data={"min_confidence": least},
            timeout=60,
        )

    assert [plate["plate"] for plate in read("0.9").json()["predictions"]] == ["345"]
    assert len(read("").json()["predictions"]) == 2
    for wrong in ("much", "nan", "-0.1", "50"):
        assert read(wrong).status_code == 400
        assert "`min_confidence` is no number" in read(wrong).json()["error"]


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"data": encoded(digits("1"))}, 400, "Expected a form"),
        ({"data": {"upload": "text"}}, 400, "Expected a form"),
        ({"files": {"upload": (None, "text")}}, 400, "The form has no file"),
        ({"files": {"upload": b"text"}}, 415, "upload cannot be read as an image"),
    ],
)
def test_a_refusal_has_the_dialects_form(sent: dict, status: int, said: str, plates_server: str) -> None:
    answer = requests.post(f"{plates_server}/v1/vision/alpr", timeout=60, **sent)
    assert answer.status_code == status
    told = answer.json()
    assert (told["success"], told["code"]) == (False, status)
    assert told["error"].startswith(said)
