"""Requests as public clients of two products send them, and answers as these clients take them apart.

Each function does in few lines what the named source does with `requests`: same fields, same headers, same keys.
"""

import io
import json
from typing import Any

import requests

Found = tuple[str | None, float | None]
"""Plate and score; None if there is no plate."""


def frigate_code_project(api_url: str, image: bytes) -> Found:
    """frigate_plate_recognizer 20987d9, frigate_plate_recognizer/recognition.py, recognize_with_code_project."""
    response = requests.post(api_url, files={"upload": image}, timeout=60)
    response.raise_for_status()
    predictions = response.json().get("predictions") or []
    return (predictions[0].get("plate"), predictions[0].get("confidence")) if predictions else (None, None)


def frigate_plate_recognizer(api_url: str, image: bytes, token: str, regions: list[str]) -> tuple[Found, list[str]]:
    """frigate_plate_recognizer 20987d9, frigate_plate_recognizer/recognition.py, recognize_with_plate_recognizer.

    The list is what `check_watched_plates` compares with the plates that are watched for.
    """
    headers = {"Authorization": f"Token {token}"}
    response = requests.post(api_url, data={"regions": regions}, files={"upload": image}, headers=headers, timeout=60)
    assert response.status_code in (200, 201), response.text
    results = response.json().get("results") or []
    if not results:
        return (None, None), []
    candidates = [candidate.get("plate") for candidate in results[0].get("candidates") or []]
    return (results[0].get("plate"), results[0].get("score")), candidates


def watched(plate: str, watched_plates: list[str]) -> bool:
    """Release 1.8.10 of the same, 00c5275, index.py, check_watched_plates: only lower-case plates are found."""
    return plate in [str(name).lower() for name in watched_plates]


def home_assistant(server: str, image: bytes, api_token: str, mmc: bool = False) -> dict[str, Any]:
    """HASS-plate-recognizer b4d38c5, custom_components/platerecognizer/image_processing.py, process_image.

    Gives what it fires as events, the plates that it compares with the watched ones, and its statistics.
    """
    fields = {"regions": None, "camera_id": "platerecognizer_drive", "mmc": mmc, "config": json.dumps({})}
    headers = {"Authorization": f"Token {api_token}"}
    answer = requests.post(server, data=fields, files={"upload": image}, headers=headers, timeout=60).json()
    results = answer["results"]
    events = [
        {
            "plate": result["plate"],
            "confidence": result["score"],
            "region_code": result["region"]["code"],
            "vehicle_type": result["vehicle"]["type"],
            "box_y_centre": (result["box"]["ymin"] + result["box"]["ymax"]) / 2,
            "box_x_centre": (result["box"]["xmin"] + result["box"]["xmax"]) / 2,
        }
        for result in results
    ]
    return {
        "vehicles": events,
        "plates": {candidate["plate"] for result in results for candidate in result["candidates"]},
        "orientations": [turn for result in results for turn in result["orientation"]] if mmc else [],
        "calls_remaining": answer["usage"]["max_calls"] - answer["usage"]["calls"],
    }


def snapshot_sdk(sdk_url: str, image: bytes, regions: list[str]) -> dict[str, Any]:
    """deep-license-plate-recognition 026f031, plate_recognition.py, recognition_api with `sdk_url`."""
    data = {"regions": regions, "config": json.dumps({}), "camera_id": "gate"}
    stream = io.BytesIO(image)
    response = requests.post(f"{sdk_url}/v1/plate-reader/", files={"upload": stream}, data=data, timeout=60)
    assert 200 <= response.status_code <= 300, response.text
    return response.json()


def cropped(answer: dict[str, Any]) -> list[tuple[str, tuple[int, int, int, int]]]:
    """The same file, save_cropped: names of the crops, and their boxes; no crop of a vehicle without a score."""
    crops = []
    for result in answer.get("results", []):
        box = result["box"]
        if result["plate"]:
            name = f"{result['plate']}_{result['region']['code']}"
            crops.append((name, (box["xmin"], box["ymin"], box["xmax"], box["ymax"])))
        assert not result["vehicle"]["score"]
    return crops


def merged(answers: list[tuple[dict[str, Any], int, int]]) -> list[tuple[str, int, int]]:
    """The same file, merge_results: results of several parts of an image, moved by each part's x and y."""
    moved = []
    for answer, x, y in answers:
        for item in answer["results"]:
            for box in (item["box"], item["vehicle"].get("box", {})):
                for side, offset in (("ymin", y), ("xmin", x), ("ymax", y), ("xmax", x)):
                    box[side] += offset
            moved.append((item["plate"], item["box"]["xmin"], item["box"]["ymin"]))
    return moved
