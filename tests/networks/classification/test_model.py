"""Single-character networks: shapes and files."""

from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.networks.classification.model import (
    Classifier,
    build_classifier,
    load_classifier,
    normalise,
    save_classifier,
)
from tests.helpers.small_models import CLASSIFIER, small_classifier


def noise(count: int) -> np.ndarray:
    """Gray images of the characters' size, uint8 [count,28,28]."""
    return np.random.default_rng(0).integers(256, size=(count, 28, 28), dtype=np.uint8)


def test_dense_is_the_articles_two_layers() -> None:
    params = CLASSIFIER.model_copy(update={"architecture": "dense", "width": 128, "dropout": 0.0})
    model = build_classifier(params, (28, 28), 10)
    assert [weight.shape.as_list() for weight in model.weights] == [[784, 128], [128], [128, 10], [10]]


def test_probabilities_sum_to_one() -> None:
    outputs = small_classifier()(normalise(noise(5))).numpy()
    assert outputs.shape == (5, 10)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)


def test_file_gives_back_the_network_and_its_alphabet(tmp_path: Path) -> None:
    save_classifier(tmp_path / "classifier.h5", Classifier(small_classifier(), "ÄB01234567"))
    named = load_classifier(tmp_path / "classifier.h5")
    model, alphabet = named.model, named.alphabet
    assert alphabet == "ÄB01234567"
    images = normalise(noise(4))
    np.testing.assert_array_equal(model(images), small_classifier()(images))


def test_bad_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "classifier.h5"
    with pytest.raises(PlatefuseError, match=r"classifier\.h5 is missing: `dvc repro train_classifier` makes it"):
        load_classifier(path)
    path.write_bytes(b"\x89HDF\r\n\x1a\n but no more")
    with pytest.raises(PlatefuseError, match=r"classifier\.h5 cannot be read as a classifier"):
        load_classifier(path)
