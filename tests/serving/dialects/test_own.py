"""The own dialect's answers are those of `platefuse read --json`."""

import json
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from platefuse.cli.main import main
from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.reader import Reader
from platefuse.serving.bounds import Bounds
from tests.helpers.malformed_images import MALFORMED
from tests.helpers.photograph_reader import photograph
from tests.helpers.reader import digits
from tests.helpers.server import encoded

PHOTOGRAPH = photograph(("12", (30, 40), 255), ("345", (100, 200), 200))


def printed(path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["read", str(path), "--json", "--model", str(model)]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
def test_a_raw_image_has_the_reading_that_the_command_prints(
    kind: str, photographs: Reader, photographs_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "car"
    Image.fromarray(PHOTOGRAPH).save(path, kind, lossless=True)
    answer = requests.post(f"{photographs_server}/v1/read", data=path.read_bytes(), timeout=60)
    assert answer.status_code == 200
    expected = printed(path, photographs.model, capsys)
    assert [plate["text"] for plate in expected["plates"]] == ["12", "345"]
    assert answer.json() == expected | {"image": None, "model": "photographs"}


def test_a_photograph_is_read_upright(plates: Reader, plates_server: str, tmp_path: Path) -> None:
    turned = Image.fromarray(np.rot90(digits("27")).copy())
    turned.getexif()[274] = 6  # which says: turn it clockwise
    exif = Image.Exif()
    exif[274] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    read = requests.post(f"{plates_server}/v1/read", data=(tmp_path / "turned.png").read_bytes(), timeout=60).json()
    assert read["text"] == plates.read(tmp_path / "turned.png").text == "27"
    assert read["plates"][0]["box"] == [0, 0, 100, 40]


def test_the_images_of_a_form_are_answered_in_its_order(plates: Reader, plates_server: str) -> None:
    images = {
        f"{text}.png": digits(text, width) for text, width in (("12", 100), ("345", 90), ("", 60), ("12345", 120))
    }
    files = [("image", (name, encoded(image))) for name, image in images.items()]
    files.insert(2, ("another", ("../../etc/notes.txt", b"no image")))
    answer = requests.post(f"{plates_server}/v1/read", files=files, timeout=60)
    assert answer.status_code == 200
    readings = answer.json()["readings"]
    unread = readings.pop(2)
    assert unread["image"] == "notes.txt"
    assert unread["error"].startswith("notes.txt cannot be read as an image: expected one of")
    assert [reading["image"] for reading in readings] == [*images]
    for reading, own in zip(readings, plates.read_images(images.values()), strict=True):
        assert (reading["text"], reading["confidence"]) == (own.text, round(own.confidence, 6))
        assert [plate["truncated"] for plate in reading["plates"]] == [plate.truncated for plate in own.plates]


def test_a_form_of_which_nothing_can_be_read_is_refused(plates_server: str) -> None:
    files = [("image", ("a.png", b"\x89PNG")), ("image", ("b.png", b""))]
    answer = requests.post(f"{plates_server}/v1/read", files=files, timeout=60)
    assert answer.status_code == 415
    assert answer.json()["error"].startswith("a.png cannot be read as an image")


def test_damaged_images_have_the_readers_sentence_and_harm_no_other(plates_server: str, tmp_path: Path) -> None:
    sent = 0
    for index, (_, write, _) in enumerate(MALFORMED):
        path = tmp_path / str(index)
        write(path)
        if path.is_file() and 0 < path.stat().st_size <= Bounds.body:
            with pytest.raises(PlatefuseError) as refused:
                read_image(path)
            sentence = str(refused.value).replace(str(path), "The image")
            answer = requests.post(f"{plates_server}/v1/read", data=path.read_bytes(), timeout=60)
            assert answer.json() == {"error": sentence}
            assert answer.status_code == (413 if sentence.endswith("scale it down.") else 415), sentence
            sent += 1
    assert sent > 50
    good = requests.post(f"{plates_server}/v1/read", data=encoded(digits("27")), timeout=60)
    assert good.json()["text"] == "27"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"data": b""}, "The body is empty"),
        ({"files": {"note": (None, "text")}}, "The form has no file"),
        ({"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, "The form cannot be read"),
        ({"data": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}, "The form cannot be read"),
    ],
)
def test_a_body_without_an_image_is_refused(sent: dict, said: str, plates_server: str) -> None:
    answer = requests.post(f"{plates_server}/v1/read", timeout=60, **sent)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)
