"""Temperature scaling: a temperature that is known is found again, and no text depends on it."""

import itertools
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.main import main
from platefuse.core.errors import PlatefuseError
from platefuse.fusion.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    confidences_at,
    detect,
    fit_temperature,
    negative_log_likelihood,
    texts_of,
    with_fitted_temperature,
)
from platefuse.fusion.graph import fuse
from platefuse.fusion.params import FuseParams
from platefuse.inference.metadata import write_metadata
from platefuse.inference.reader import Reader
from platefuse.labels.text_only import read_text_only
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.retinanet import Detector, save_detector
from tests.helpers.small_models import (
    ALPHABET,
    DETECTOR,
    FUSE,
    INPUT_SIZE,
    WITH_FORMATS,
    random_boards,
    small_classifier,
    small_fused,
    unsaturated_detector,
)

FIT = FUSE.model_copy(update={"temperature": "fit"})
# Whether images are read twice, and both ways of decoding.
POLARITIES = FuseParams.model_validate({**FUSE.model_dump(), "polarity": "light_on_dark", "score_threshold": 0.5})
BOUNDED = WITH_FORMATS.model_copy(update={"score_threshold": 0.5, "classifier_objectness_weight": 0.0})


# --- the search


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


@pytest.mark.parametrize("true", [0.15, 0.6, 1.0, 1.7, 8.0])
def test_the_temperature_of_the_truth_is_found(true: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(1, 3, 40_000)
    right = rng.uniform(size=len(logits)) < sigmoid(logits / true)
    assert fit_temperature(lambda t: sigmoid(logits / t), right) == pytest.approx(true, rel=0.04)


def test_the_likelihood_is_as_large_as_on_a_fine_grid() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(1, 3, 200)
    right = rng.uniform(size=len(logits)) < sigmoid(logits / 2)
    found = fit_temperature(lambda t: sigmoid(logits / t), right)
    losses = {t: negative_log_likelihood(sigmoid(logits / t), right) for t in np.geomspace(0.1, 10, 20_001)}
    assert found == pytest.approx(min(losses, key=lambda t: losses[t]), rel=1e-3)
    assert round(found, 4) == found


@pytest.mark.parametrize(("right", "bound"), [(True, MIN_TEMPERATURE), (False, MAX_TEMPERATURE)])
def test_plates_that_are_all_right_or_all_wrong_lead_to_a_bound(right: bool, bound: float) -> None:
    logits = np.full(10, 0.5)
    assert fit_temperature(lambda t: sigmoid(logits / t), np.full(10, right)) == bound


def test_where_the_temperature_changes_nothing_it_is_1() -> None:
    """So it is if every plate is truncated or empty."""
    assert fit_temperature(lambda t: np.zeros(5), np.array([True, False, True, False, False])) == 1


def test_the_likelihood_of_certain_mistakes_is_finite() -> None:
    assert negative_log_likelihood(np.array([0.9, 0.2]), np.array([True, False])) == pytest.approx(
        -(math.log(0.9) + math.log(0.8)) / 2
    )
    assert negative_log_likelihood(np.array([1.0, 0.0]), np.array([False, True])) == pytest.approx(-math.log(1e-6))


# --- detections


def synthetic_detections(plates: int, seed: int = 0) -> list[tf.Tensor]:
    """Detections of plates of one character each, whose classes have random logits."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (plates, FUSE.candidates, len(ALPHABET)))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    left = 8 * np.arange(FUSE.candidates)
    boxes = np.stack([left, np.full_like(left, 10), left + 6, np.full_like(left, 30)], axis=-1)
    scores = np.where(np.arange(FUSE.candidates) < 1, 0.9, -1.0)
    values = (np.tile(boxes, (plates, 1, 1)), np.tile(scores, (plates, 1)), probabilities, np.zeros(plates))
    geometry = np.tile([1.0, *INPUT_SIZE], (plates, 1))
    return [tf.constant(value, tf.float32) for value in (*values, geometry)]


@pytest.mark.parametrize("true", [0.5, 2.0])
def test_the_temperature_that_labels_were_drawn_at_is_fitted(true: float) -> None:
    detections = synthetic_detections(8000)
    confidence = confidences_at(true, detections, FUSE, ALPHABET)
    assert 0.1 < confidence.mean() < 0.95, "neither certain nor blind"
    right = np.random.default_rng(3).uniform(size=len(confidence)) < confidence
    found = fit_temperature(lambda t: confidences_at(t, detections, FUSE, ALPHABET), right)
    assert found == pytest.approx(true, rel=0.08)


def test_a_higher_temperature_is_less_confidence_and_the_same_text() -> None:
    detections = synthetic_detections(50)
    temperatures = (0.2, 0.7, 1.0, 1.5, 6.0)
    confidences = [confidences_at(t, detections, WITH_FORMATS, ALPHABET) for t in temperatures]
    for higher, lower in itertools.pairwise(confidences):
        assert (higher >= lower).all() and higher.mean() > lower.mean()
    texts = [
        texts_of(detections, WITH_FORMATS.model_copy(update={"temperature": t}), ALPHABET).tolist()
        for t in temperatures
    ]
    assert all(of == texts[0] for of in texts) and len(set(texts[0])) > 1


# --- the fused model


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two sizes, more than a batch, and truth.csv: the texts of one model, every third of them changed."""
    folder = tmp_path_factory.mktemp("calibration") / "plates"
    folder.mkdir()
    boards = [*random_boards(11, *INPUT_SIZE, seed=1), *random_boards(10, 50, 90, seed=2)]
    fused = small_fused(BOUNDED)
    rows = ["image,text"]
    for index, board in enumerate(boards):
        Image.fromarray(board).save(folder / f"{index}.png")
        ids = fused.model(tf.constant(board[None]))["character_ids"].numpy()[0]
        text = "".join(ALPHABET[i] for i in ids if i >= 0)
        rows.append(f"{index}.png,{text if index % 3 else text + 'X'}")
    (folder / "truth.csv").write_text("\n".join(rows) + "\n")
    return folder


def labelled(folder: Path) -> list:
    [of_folder] = read_text_only(folder).values()
    return of_folder


@pytest.mark.parametrize("params", [FUSE, POLARITIES, BOUNDED], ids=["free", "polarity", "formats"])
def test_detections_lead_to_what_the_model_reads(plates: Path, params: FuseParams) -> None:
    fused, some = small_fused(params), labelled(plates)
    detections = detect(fused, some)
    texts = texts_of(detections, params, ALPHABET)
    confidences = confidences_at(1.0, detections, params, ALPHABET)
    for plate, text, confidence in zip(some, texts, confidences, strict=True):
        with Image.open(plate.path) as image:
            outputs = fused.model(tf.constant(np.asarray(image)[None]))
        assert text == "".join(ALPHABET[i] for i in outputs["character_ids"].numpy()[0] if i >= 0)
        assert confidence == pytest.approx(float(outputs["confidence"][0]), abs=1e-4)


def networks_in_memory() -> tuple[Detector, Classifier]:
    return Detector(unsaturated_detector(), DETECTOR.anchors, ""), Classifier(small_classifier(), ALPHABET)


def test_the_fitted_temperature_is_that_of_the_search_and_the_same_again(plates: Path) -> None:
    asked = BOUNDED.model_copy(update={"temperature": "fit"})
    some = labelled(plates)
    fitted, again = (with_fitted_temperature(*networks_in_memory(), asked, some) for _ in range(2))
    assert fitted == again and fitted.model_copy(update={"temperature": "fit"}) == asked
    detections = detect(small_fused(BOUNDED), some)
    right = texts_of(detections, BOUNDED, ALPHABET) == [plate.text for plate in some]
    assert 0 < right.sum() < len(right)
    losses = {
        t: negative_log_likelihood(confidences_at(t, detections, BOUNDED, ALPHABET), right)
        for t in (fitted.temperature, *np.geomspace(0.1, 10, 30))
    }
    assert losses[fitted.temperature] <= min(losses.values()) + 1e-4


def test_a_number_is_taken_as_it_is_and_fit_needs_plates() -> None:
    assert with_fitted_temperature(*networks_in_memory(), FUSE, ()) is FUSE
    with pytest.raises(PlatefuseError, match=r"fuse\.temperature = 'fit' needs plates .* --plates, or set a number"):
        with_fitted_temperature(*networks_in_memory(), FIT, ())
    with pytest.raises(PlatefuseError, match=r"fuse\.temperature = 'fit' is no number yet"):
        fuse(*networks_in_memory(), FIT)


# --- `platefuse fuse`


def metadata_of(model: Path) -> dict:
    return json.loads((model / "platefuse.json").read_text())


def test_fuse_fits_the_temperature_keeps_it_and_changes_no_text(plates: Path, tmp_path: Path) -> None:
    given, fitted, kept = (tmp_path / name for name in ("given", "fitted", "kept"))
    detector, classifier = networks_in_memory()
    save_detector(given / "detector.h5", detector)
    save_classifier(given / "classifier.h5", classifier)
    write_metadata(given, BOUNDED.model_dump(mode="json"))
    boards = list(random_boards(11, *INPUT_SIZE, seed=1))
    assert main(["fuse", str(given), str(given / "fused")]) == 0
    before = Reader(given / "fused").read_images(boards)
    asked = ["--set", "temperature=fit", "--plates", str(plates)]
    assert main(["fuse", str(given), str(fitted), *asked]) == 0
    temperature = metadata_of(fitted)["temperature"]
    assert MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE and temperature != 1
    for name in ("detector.h5", "classifier.h5"):
        shutil.copy(given / name, fitted)
    assert main(["fuse", str(fitted), str(kept)]) == 0
    assert metadata_of(kept) == metadata_of(fitted)
    after, again = (Reader(model).read_images(boards) for model in (fitted, kept))
    assert [reading.text for reading in after] == [reading.text for reading in before]
    assert [reading.confidence for reading in after] != [reading.confidence for reading in before]
    assert [reading.plates for reading in again] == [reading.plates for reading in after]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "temperature=fit"], "needs plates whose texts are known, and none were given"),
        (["--set", "temperature=0"], "fuse.temperature = 0: expected fit, or a number above 0."),
        (["--plates", "{plates}"], "only a temperature is fitted on plates: add --set temperature=fit."),
        (["--set", "temperature=fit", "--plates", "nowhere"], "nowhere does not exist."),
    ],
)
def test_a_temperature_that_cannot_be_fitted_is_a_sentence(
    networks: Path, plates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list, sentence: str
) -> None:
    out = tmp_path / "out"
    assert main(["fuse", str(networks), str(out), *[a.format(plates=plates) for a in arguments]]) == 1
    assert sentence in capsys.readouterr().err
    assert not out.exists()
