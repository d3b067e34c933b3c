"""`platefuse read --alternatives`: lines, JSON, and models that give fewer."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.main import main
from platefuse.fusion.saved_model import save_fused
from platefuse.inference.reader import Reader
from tests.helpers.small_models import FUSE, random_boards, small_fused


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    changes = {"alternatives": 3, "score_threshold": 0.496, "classifier_objectness_weight": 0.0, "temperature": 0.2}
    params, path = FUSE.model_copy(update=changes), tmp_path_factory.mktemp("models") / "fused"
    save_fused(path, small_fused(params), params.model_dump(mode="json"))
    return path


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("images") / "plate.png"
    Image.fromarray(random_boards(3, 32, 48)[1]).save(path)  # four characters
    return path


def test_alternatives_begin_with_the_reading_in_python_lines_and_json(model, image, capsys):
    (plate,) = Reader(model).read(image).plates
    assert Reader(model).alternatives == 3
    assert [len(plate.alternatives), plate.alternatives[0].text] == [3, plate.text]
    assert plate.alternatives[0].probability == pytest.approx(plate.confidence, rel=1e-5)
    shares = [other.probability for other in plate.alternatives]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1
    assert len({other.text for other in plate.alternatives}) == 3

    assert main(["read", str(image), "--model", str(model), "--alternatives", "2"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows == [[str(image), other.text, f"{other.probability:.4f}"] for other in plate.alternatives[:2]]

    assert main(["read", str(image), "--model", str(model), "--alternatives", "3", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["plates"]
    assert [other["text"] for other in listed["alternatives"]] == [other.text for other in plate.alternatives]
    np.testing.assert_allclose([other["probability"] for other in listed["alternatives"]], shares, atol=1e-6)
    assert all(isinstance(other["regions"], list) for other in listed["alternatives"])


def test_without_the_option_no_alternatives_are_printed(model, image, capsys):
    assert main(["read", str(image), "--model", str(model), "--json"]) == 0
    assert "alternatives" not in json.loads(capsys.readouterr().out)["plates"][0]


def test_more_alternatives_than_the_model_gives_are_refused(model, image, capsys):
    assert main(["read", str(image), "--model", str(model), "--alternatives", "4"]) == 1
    said = f"--alternatives 4: {model} gives 3: fuse its networks with --set alternatives=4 (platefuse fuse --help)."
    assert said in capsys.readouterr().err
