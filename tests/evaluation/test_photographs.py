"""Evaluation of a model of photographs: metrics by hand, tables, the picture."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import AnnotatedPhotograph, write_photograph_set
from platefuse.evaluation.params import EvaluateParams
from platefuse.evaluation.photographs import chosen, evaluate_photographs, photograph_sheet, plate_confidences
from platefuse.evaluation.plate_outcomes import PhotographResult, match_photographs
from platefuse.evaluation.plate_pictures import draw_outcomes, labels_of_outcome, picture_of_outcomes
from platefuse.inference.reading import Plate, Reading
from tests.helpers.photograph_reader import photograph, save_photograph_reader
from tests.helpers.reader import reading_of

PARAMS = EvaluateParams(iou_threshold=0.5, pictured=4, batch_size=2)
BOX, WIDE = (20, 20, 44, 40), (100, 100, 150, 120)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_photograph_reader(tmp_path_factory.mktemp("models") / "photographs")


def write(folder: Path, packed: bool = False) -> Path:
    """Two plates, one in a wide box of IoU 0.76, and a false alarm; a plate read as 13; none; none, and an alarm."""
    drawn = [
        (
            photograph(("12", (20, 20), 255), ("345", (100, 100), 200), ("7", (300, 200), 150)),
            [BOX, WIDE],
            ("12", "345"),
        ),
        (photograph(("13", (20, 20), 204)), [BOX], ("12",)),
        (photograph(), [], ()),
        (photograph(("9", (50, 50), 100)), [], ()),
    ]
    photographs = [
        (image, AnnotatedPhotograph(Path(f"{index}.png"), np.array(boxes, np.int32).reshape(-1, 4), texts))
        for index, (image, boxes, texts) in enumerate(drawn)
    ]
    write_photograph_set(folder, photographs, packed)
    return folder


def table(path: Path) -> list[list[str]]:
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def test_evaluate_reads_the_photographs_and_writes_everything(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "metrics"
    metrics = evaluate_photographs(model, write(tmp_path / "photographs", packed=True), output, PARAMS)
    names = ["confidence.csv", "evaluation.json", "precision_recall.csv", "readings.png", "reliability.csv"]
    assert sorted(path.name for path in output.iterdir()) == names
    plates = {"recall_50": 1, "recall_75": 1, "median_iou": 1, "false_alarms": 0.5}
    # Plates are read with 255, 204, 200, 150 and 100 of 255; the first and the third are right.
    calibration = {"expected_calibration_error": pytest.approx((204 + 55 + 150 + 100) / 255 / 5), "coverage_at_99": 0.2}
    shares = {"exact_match": 2 / 3, "character_error_rate": pytest.approx(1 / 7)}
    assert metrics == shares | calibration | {"plates": plates}
    written = json.loads((output / "evaluation.json").read_text())
    assert written["plates"] == plates and written["exact_match"] == pytest.approx(2 / 3, abs=1e-6)
    curve = table(output / "precision_recall.csv")
    assert curve[0] == ["recall", "precision"] and len(curve) == 102
    assert curve[1] == ["0.0", "1.0"] and curve[-1] == ["1.0", "1.0"]  # both alarms have lower scores than all plates
    assert table(output / "confidence.csv") == [
        ["threshold", "kept", "right"],
        *[["0.392157", "1.0", "0.4"], ["0.588235", "0.8", "0.5"], ["0.784314", "0.6", "0.666667"]],
        *[["0.8", "0.4", "0.5"], ["1.0", "0.2", "1.0"]],
    ]
    with Image.open(output / "readings.png") as picture:
        assert picture.format == "PNG" and picture.width > 4 * 320
    again = tmp_path / "again"
    evaluate_photographs(model, tmp_path / "photographs", again, PARAMS)
    assert all((again / name).read_bytes() == (output / name).read_bytes() for name in names)


def test_a_stricter_iou_makes_a_loose_misread_plate_an_alarm(model: Path, tmp_path: Path) -> None:
    """A right text in a loose box stays read."""
    folder = tmp_path / "photographs"
    truth = [(photograph(("345", (100, 100), 200)), text) for text in ("345", "348")]
    annotated = [
        (image, AnnotatedPhotograph(Path(f"{text}.png"), np.array([WIDE], np.int32), (text,))) for image, text in truth
    ]
    write_photograph_set(folder, annotated, packed=False)
    for threshold, alarms in ((0.7, 0), (0.8, 0.5)):
        metrics = evaluate_photographs(model, folder, tmp_path, PARAMS.model_copy(update={"iou_threshold": threshold}))
        assert (metrics["exact_match"], metrics["plates"]["false_alarms"]) == (0.5, alarms)


def test_evaluate_wants_plates_and_stops_at_a_damaged_image(model: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "photographs")
    (folder / "images" / "2.png").write_bytes(b"not an image")
    with pytest.raises(PlatefuseError, match=r"2\.png"):
        evaluate_photographs(model, folder, tmp_path / "metrics", PARAMS)
    (folder / "truth.csv").write_text("image,x1,y1,x2,y2,text\nimages/0.png,,,,,\n")
    with pytest.raises(PlatefuseError, match="no plates to evaluate on"):
        evaluate_photographs(model, folder, tmp_path / "metrics", PARAMS)
    assert not (tmp_path / "metrics").exists()


# --- confidence and pictures, from readings as plain data


def result(name: str, true: str, *read: tuple[str, float], box: tuple[int, int, int, int] = BOX) -> PhotographResult:
    """A photograph with a plate, or none, and readings in its box or `box`."""
    boxes = np.array([BOX] * bool(true), np.int32).reshape(-1, 4)
    truth = AnnotatedPhotograph(Path(name), boxes, (true,) if true else ())
    plates = [Plate(text, confidence, 1.0, box, reading_of(text).characters) for text, confidence in read]
    return match_photographs([truth], [Reading(plates=tuple(plates))])[0]


def test_what_is_read_is_right_misread_or_no_plate() -> None:
    results = [result("a", "AB", ("AB", 0.75)), result("b", "AB", ("A8", 0.5)), result("c", "", ("X", 0.25))]
    confidence, right = plate_confidences([*results, result("missed", "AB")])
    assert (confidence.tolist(), right.tolist()) == ([0.75, 0.5, 0.25], [True, False, False])


def test_nothing_read_has_no_confidence() -> None:
    assert [len(values) for values in plate_confidences([result("a", "AB")])] == [0, 0]


def test_the_surest_mistakes_and_the_least_sure_of_the_right_ones_are_chosen() -> None:
    results = [
        result("missed", "AB"),
        result("alarm", "", ("X", 0.9)),
        result("misread", "AB", ("A8", 0.5)),
        result("sure", "AB", ("AB", 0.8)),
        result("unsure", "AB", ("AB", 0.3)),
        result("empty", ""),
    ]
    assert [of.path.name for of in chosen(results, 6)] == ["alarm", "misread", "missed", "unsure", "sure", "empty"]
    assert [of.path.name for of in chosen(results, 3)] == ["alarm", "misread", "unsure"]


def test_boxes_are_labelled_by_their_outcome() -> None:
    def labels(of: PhotographResult) -> list[tuple[str, bool | None, bool]]:
        return [(label.label, label.right, label.missed) for o in of.outcomes() for label in labels_of_outcome(o)]

    assert labels(result("right", "AB", ("AB", 1))) == [("AB", True, False)]
    assert labels(result("misread", "AB", ("A8", 1))) == [("A8", False, False), ("AB", None, True)]
    assert labels(result("missed", "AB")) == [("AB", False, True)]
    assert labels(result("alarm", "", ("X", 1))) == [("X", False, False)]


def test_pictures_of_every_outcome(tmp_path: Path) -> None:
    """Also of a plate whose place nobody knows, and of a box that is no pixel wide and beyond the photograph."""
    path = tmp_path / "a.png"
    Image.fromarray(photograph(("12", (20, 20), 255))).save(path)
    results = [
        result(str(path), "12", ("13", 0.5)),
        result(str(path), "12"),
        result(str(path), "", ("7", 0.5), box=(500, 400, 500, 400)),
    ]
    unknown = match_photographs([_TextOnly(path)], [Reading()])
    outcomes = [outcome for of in [*results, *unknown] for outcome in of.outcomes()]
    sheet = picture_of_outcomes(outcomes, tmp_path, "Four")
    assert sheet.width > 4 * 288
    assert photograph_sheet(results, 3).width > 3 * 320
    drawn = draw_outcomes(photograph(), outcomes, (320, 240))
    assert drawn.image.size == (320, 240) and drawn.caption.height > 4 * 24


class _TextOnly:
    """A photograph of which only the text is known."""

    boxes = None
    texts = ("12",)

    def __init__(self, path: Path) -> None:
        self.path = path
