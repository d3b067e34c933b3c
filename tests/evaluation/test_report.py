"""Metrics, tables and the picture: a set of plates whose every number is worked by hand."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import AnnotatedPlate, write_plate_set
from platefuse.evaluation import caption
from platefuse.evaluation.confidence_tables import rows_by_confidence
from platefuse.evaluation.params import EvaluateParams
from platefuse.evaluation.report import (
    Result,
    chosen,
    confidences_of_results,
    confusion_rows,
    detection_of,
    evaluate,
    match_readings,
    metrics_of,
)
from tests.helpers.reader import board, digits, reading_of, save_rule_reader

PARAMS = EvaluateParams(iou_threshold=0.5, pictured=24, batch_size=2)
IOU = PARAMS.iou_threshold
LEFT, RIGHT, FAR = (5, 5, 15, 25), (25, 5, 35, 25), (85, 5, 95, 25)


def _plate(name: str, text: str, *boxes: tuple[int, int, int, int]) -> AnnotatedPlate:
    return AnnotatedPlate(Path(name), np.array(boxes, np.int32).reshape(-1, 4), text, text)


# Five plates with 1 + 2 + 1 + 2 + 0 = 6 true boxes; 1 + 2 + 2 + 1 + 0 = 6 found, 5 of them matched.
CASES = [
    (_plate("right", "3", LEFT), reading_of("3", LEFT, confidence=0.9)),
    (_plate("wrong character", "17", LEFT, RIGHT), reading_of("11", LEFT, RIGHT, confidence=0.6)),
    (_plate("spurious", "4", LEFT), reading_of("48", LEFT, FAR, confidence=0.7)),
    (_plate("missed", "56", LEFT, RIGHT), reading_of("5", LEFT, confidence=0.8)),
    (_plate("empty", ""), reading_of("", confidence=0.0)),
]


@pytest.fixture
def read() -> list[Result]:
    plates, readings = zip(*CASES, strict=True)
    return match_readings(plates, readings, IOU)


def test_metrics_worked_by_hand(read):
    metrics = metrics_of(read, detection_of(read))
    detector = metrics.pop("detector")
    by_length = metrics.pop("exact_match_by_length")
    assert metrics == pytest.approx(
        {
            "exact_match": 2 / 5,
            "character_error_rate": 3 / 6,
            "length_accuracy": 3 / 5,
            "character_accuracy_on_crops": 4 / 5,
            "box_right_text_wrong": 1 / 5,
            # Right are those of .9 and 0; every plate is a bin of its own.
            "expected_calibration_error": (0.1 + 0.6 + 0.7 + 0.8 + 1) / 5,
            "coverage_at_99": 1 / 5,
        }
    )
    assert (detector["recall"], detector["precision"]) == pytest.approx((5 / 6, 5 / 6))
    assert 0 < detector["average_precision_50"] < 1
    assert detector["average_precision_50_95"] == pytest.approx(detector["average_precision_50"])
    assert by_length == {"0": 1, "1": 0.5, "2": 0}


def test_boxes_that_all_match_count_only_at_the_threshold_asked_for():
    # IoU 0.6: 6 of 10 pixels wide.
    plates, readings = [_plate("p", "1", LEFT)], [reading_of("7", (5, 5, 11, 25))]
    for threshold, missed, blamed in ((0.59, 0, 1), (0.61, 1, 0)):
        read = match_readings(plates, readings, threshold)
        metrics = metrics_of(read, detection_of(read))
        assert metrics["detector"]["recall"] == metrics["detector"]["precision"] == 1 - missed
        assert metrics["box_right_text_wrong"] == blamed


@pytest.mark.parametrize(
    "case",
    [
        (_plate("all missed", "1", LEFT), reading_of("")),
        (_plate("all spurious", ""), reading_of("1", LEFT)),
        (_plate("nothing at all", ""), reading_of("")),
    ],
)
def test_no_metric_is_ever_undefined(case):
    read = match_readings([case[0]], [case[1]], IOU)
    metrics = metrics_of(read, detection_of(read))
    flat = [
        *metrics.pop("detector").values(),
        *metrics.pop("exact_match_by_length").values(),
        *metrics.values(),
    ]
    assert all(isinstance(value, float) and math.isfinite(value) for value in flat)


def test_confusion_has_a_row_for_every_character_and_every_mistake(read):
    assert sorted(confusion_rows(read)) == sorted(
        [["3", "3"], ["1", "1"], ["7", "1"], ["4", "4"], ["spurious", "8"], ["5", "5"], ["6", "missed"]]
    )


def test_confidence_rises_and_plates_drop_out(read):
    # The right ones have 0.9 and 0.0.
    assert rows_by_confidence(*confidences_of_results(read)) == [
        [0.0, 1.0, 0.4],
        [0.6, 0.8, 0.25],
        [0.7, 0.6, pytest.approx(1 / 3, abs=1e-6)],
        [0.8, 0.4, 0.5],
        [0.9, 0.2, 1.0],
    ]


@pytest.mark.parametrize(
    "wrong", [{"iou_threshold": 0.0}, {"iou_threshold": 1.1}, {"pictured": 0}, {"batch_size": 0}, {"iou": 1}]
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError):
        EvaluateParams.model_validate({**PARAMS.model_dump(), **wrong})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_rule_reader(tmp_path_factory.mktemp("models") / "fused")


def _plates(folder):
    """Make a plate set of four: right, "5" read as "6", an empty one read as "9", and a blank one."""
    boards = [
        (digits("12"), _plate("0.png", "12", LEFT, RIGHT)),
        (digits("6"), _plate("1.png", "5", LEFT)),
        (digits("9"), _plate("2.png", "")),
        (board(30, 40), _plate("3.png", "")),
    ]
    plates = [(image, AnnotatedPlate(folder / "images" / p.path, p.boxes, p.characters, p.text)) for image, p in boards]
    write_plate_set(folder, "0123456789", plates)
    return folder


def _table(path):
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def test_evaluate_reads_the_plates_and_writes_everything(model, tmp_path):
    plates, output = _plates(tmp_path / "plates"), tmp_path / "metrics"
    output.mkdir()
    (output / "detector.json").write_text("{}")
    metrics = evaluate(model, plates, output, PARAMS)
    names = ["confidence.csv", "confusion.csv", "detector.json", "evaluation.json", "precision_recall.csv"]
    assert sorted(path.name for path in output.iterdir()) == [*names, "readings.png", "reliability.csv"]
    written = json.loads((output / "evaluation.json").read_text())
    assert written["exact_match"] == metrics["exact_match"] == 0.5
    assert written["character_accuracy_on_crops"] == pytest.approx(2 / 3, abs=1e-6)
    assert written["detector"]["precision"] == 0.75
    assert written.keys() == metrics.keys()
    confusion = _table(output / "confusion.csv")
    assert confusion == [["actual", "predicted"], ["1", "1"], ["2", "2"], ["5", "6"], ["spurious", "9"]]
    curve = _table(output / "precision_recall.csv")
    assert curve[0] == ["recall", "precision"] and len(curve) == 102
    assert _table(output / "confidence.csv")[:2] == [["threshold", "kept", "right"], ["0.0", "1.0", "0.5"]]
    # The blank plate has confidence 0 and is right, the other three have 1.
    reliability = _table(output / "reliability.csv")
    assert reliability == [["confidence", "right", "plates"], ["0.0", "1.0", "1"], ["1.0", "0.333333", "3"]]
    assert written["expected_calibration_error"] == pytest.approx((1 + 3 * 2 / 3) / 4, abs=1e-6)
    with Image.open(output / "readings.png") as picture:
        assert picture.format == "PNG" and picture.width > 4 * 300


def test_evaluate_twice_gives_the_same_bytes(model, tmp_path):
    plates = _plates(tmp_path / "plates")
    for name in ("first", "second"):
        evaluate(model, plates, tmp_path / name, PARAMS)
    for first in (tmp_path / "first").iterdir():
        assert first.read_bytes() == (tmp_path / "second" / first.name).read_bytes(), first.name


def test_the_picture_shows_mistakes_first_and_as_many_as_asked_for(model, tmp_path):
    plates = _plates(tmp_path / "plates")
    evaluate(model, plates, tmp_path / "one", PARAMS.model_copy(update={"pictured": 1}))
    evaluate(model, plates, tmp_path / "all", PARAMS)
    one, everything = (
        np.asarray(Image.open(io.BytesIO((tmp_path / name / "readings.png").read_bytes())).convert("RGB"), int)
        for name in ("one", "all")
    )
    assert one.shape[1] < everything.shape[1]
    colours = caption.WRONG, caption.RIGHT
    places = [np.nonzero(np.abs(everything - colour).max(axis=-1) < 12)[1].mean() for colour in colours]
    assert places[0] < everything.shape[1] / 2 < places[1]


@pytest.mark.parametrize(
    ("right", "wrong", "expected"), [(9, 9, "WWWRR"), (9, 1, "WRRRR"), (1, 9, "WWWWR"), (0, 2, "WW"), (2, 0, "RR")]
)
def test_at_most_half_of_the_picture_is_mistakes_where_enough_is_right(right, wrong, expected):
    plates = [_plate(f"{index}", "R") for index in range(right + wrong)]
    readings = [reading_of("R" if index < right else "W") for index in range(right + wrong)]
    assert "".join(r.reading.text for r in chosen(match_readings(plates, readings, IOU), 5)) == expected


def test_the_surest_mistakes_and_the_least_sure_of_the_right_ones_are_chosen():
    readings = [reading_of(text, confidence=c) for text, c in [("W", 0.2), ("W", 0.9), ("R", 0.8), ("R", 0.3)]]
    read = match_readings([_plate(f"{index}", "R") for index in range(4)], readings, IOU)
    assert [r.reading.confidence for r in chosen(read, 4)] == [0.9, 0.2, 0.3, 0.8]
    assert [r.reading.confidence for r in chosen(read, 2)] == [0.9, 0.3]


def test_plates_with_nothing_to_read_are_chosen_last():
    readings = [reading_of("", confidence=0.0), reading_of("R", confidence=0.7)]
    read = match_readings([_plate("empty", ""), _plate("full", "R")], readings, IOU)
    assert [r.plate.text for r in chosen(read, 2)] == ["R", ""]


def test_evaluate_stops_at_a_damaged_image_and_writes_nothing(model, tmp_path):
    plates = _plates(tmp_path / "plates")
    (plates / "images" / "2.png").write_bytes(b"not an image")
    with pytest.raises(PlatefuseError, match=r"2\.png"):
        evaluate(model, plates, tmp_path / "metrics", PARAMS)
    assert not (tmp_path / "metrics").exists()


def test_evaluate_wants_plates(model, tmp_path):
    write_plate_set(tmp_path / "plates", "01", [])
    with pytest.raises(PlatefuseError, match="no plates"):
        evaluate(model, tmp_path / "plates", tmp_path / "metrics", PARAMS)
