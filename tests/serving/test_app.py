"""Paths beside the dialects, and the description of all."""

import requests

from platefuse.inference.reader import Reader
from platefuse.serving.dialects.documented import STATUSES
from tests.helpers.reader import digits
from tests.helpers.server import encoded, running, value


def test_health_names_the_model(plates_server: str, photographs_server: str) -> None:
    for address, name in ((plates_server, "plates"), (photographs_server, "photographs")):
        answer = requests.get(f"{address}/health", timeout=60)
        assert answer.json() == {"status": "ok", "model": name, "reads": name}


def test_metrics_count_what_was_answered(plates: Reader) -> None:
    plate, wider = encoded(digits("27")), encoded(digits("27", 110))
    with running(plates) as address:
        for _ in range(3):
            assert requests.post(f"{address}/v1/read", data=plate, timeout=60).status_code == 200
        requests.post(f"{address}/v1/read", data=b"text", timeout=60)
        requests.post(f"{address}/v1/vision/alpr", files={"upload": wider}, timeout=60)
        requests.get(f"{address}/nowhere/{'x' * 50}", timeout=60)
        total, seconds = "platefuse_requests_total", "platefuse_request_seconds_count"
        assert value(address, total, path="/v1/read", status="200") == 3
        assert value(address, total, path="/v1/read", status="415") == 1
        assert value(address, total, path="/v1/vision/alpr", status="200") == 1
        assert value(address, total, path="other", status="404") == 1
        assert value(address, seconds, path="/v1/read") == 4
        assert value(address, "platefuse_request_seconds_bucket", path="/v1/read", le="+Inf") == 4
        assert value(address, "platefuse_batch_images_count") == value(address, "platefuse_batch_images_sum") == 4
        assert value(address, "platefuse_queue_images") == value(address, "platefuse_requests_taken") == 0


def test_the_description_has_each_dialect_with_an_example_and_all_refusals(plates_server: str) -> None:
    described = requests.get(f"{plates_server}/openapi.json", timeout=60).json()
    assert set(described["paths"]) == {
        *("/v1/read", "/v1/vision/alpr", "/v1/plate-reader/"),
        *("/health", "/metrics"),
    }
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["summary"] and operation["description"], path
            if path.startswith("/v1/"):
                assert {str(status) for status in STATUSES} <= set(operation["responses"])
                success = next(answer for status, answer in operation["responses"].items() if status < "300")
                assert success["content"]["application/json"]["example"]
                assert "multipart/form-data" in operation["requestBody"]["content"]


def test_the_examples_are_of_the_described_form(plates_server: str) -> None:
    from pydantic import TypeAdapter

    from platefuse.serving.dialects import code_project, own, plate_recognizer

    for model, dialect in (
        (own.ReadingJson, own),
        (code_project.AlprJson, code_project),
        (plate_recognizer.SnapshotJson, plate_recognizer),
    ):
        TypeAdapter(model).validate_python(dialect._EXAMPLE)


def test_a_wrong_path_or_method_has_a_sentence(plates_server: str) -> None:
    missing = requests.get(f"{plates_server}/v2/read", timeout=60)
    assert (missing.status_code, missing.json()["error"]) == (404, "There is no such path: /openapi.json lists them.")
    wrong = requests.get(f"{plates_server}/v1/vision/alpr", timeout=60)
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "POST"
    assert wrong.json()["success"] is False and "another method" in wrong.json()["error"]
