"""Evaluation of a fused model on annotated plates.

It gives metrics, tables for plots, and a picture of readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import AnnotatedPlate, ImageStore, read_plate_set
from platefuse.evaluation.confidence_tables import calibration_of, reliability_rows, rows_by_confidence
from platefuse.evaluation.drawing import LEGEND, BoxLabel, contact_sheet, draw_plate
from platefuse.evaluation.params import EvaluateParams
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading, boxes_of, scores_of
from platefuse.metrics.boxes import DetectionScores, average_precision, match_boxes
from platefuse.metrics.text import exact_match_by_length, score_texts
from platefuse.runner.atomic import atomic_write, write_csv, write_json

_PICTURE_SIZE = (288, 144)
_COLOURS = 72  # of the picture, which git keeps: with all colours the file is three times as large
MISSED, SPURIOUS = "missed", "spurious"


@dataclass(frozen=True, eq=False)
class Result:
    """One plate, its reading, and which boxes match.

    Attributes:
        plate: the truth.
        reading: what the model read.
        pairs: int64 [k,2], indices of true boxes and of the read characters whose boxes match them.
    """

    plate: AnnotatedPlate
    reading: Reading
    pairs: np.ndarray

    @property
    def right(self) -> bool:
        """The text is right to the last character."""
        return self.plate.text == self.reading.text

    @property
    def boxes_right(self) -> bool:
        """Every true box was found and nothing else was."""
        return len(self.pairs) == len(self.plate.boxes) == len(self.reading.characters)

    @cached_property
    def missed(self) -> list[int]:
        """Indices of the true boxes that no read character matches."""
        return sorted(set(range(len(self.plate.boxes))) - set(self.pairs[:, 0].tolist()))

    @cached_property
    def spurious(self) -> list[int]:
        """Indices of the read characters that match no true box."""
        return sorted(set(range(len(self.reading.characters))) - set(self.pairs[:, 1].tolist()))

    def characters(self) -> list[tuple[str, str]]:
        """The true character and the one read, for each pair."""
        read = self.reading.characters
        return [(self.plate.characters[true], read[found].text) for true, found in self.pairs]


def match_readings(plates: Sequence[AnnotatedPlate], readings: Sequence[Reading], iou_threshold: float) -> list[Result]:
    """Match the boxes of each reading with the boxes of its plate.

    Matched boxes overlap by `iou_threshold` or more.
    """
    return [
        Result(plate, reading, match_boxes(plate.boxes, boxes_of(reading.characters), iou_threshold))
        for plate, reading in zip(plates, readings, strict=True)
    ]


def metrics_of(results: Sequence[Result], detection: DetectionScores) -> dict[str, Any]:
    """Compute the metrics of metrics/evaluation.json.

    They are shares, 0 to 1, and the error rates. A share of nothing counts nothing as wrong: `recall` is 1 without true
    boxes, `precision` is 1 without boxes found. `character_accuracy_on_crops` is 0 without a single match.

    Raises:
        PlatefuseError: for no plates.
    """
    truths, texts = [result.plate.text for result in results], [result.reading.text for result in results]
    text_scores = score_texts(truths, texts)
    characters = [pair for result in results for pair in result.characters()]
    true_boxes = sum(len(result.plate.boxes) for result in results)
    boxes_found = sum(len(result.reading.characters) for result in results)
    return {
        "exact_match": text_scores.exact_match,
        "character_error_rate": text_scores.character_error_rate,
        "length_accuracy": text_scores.length_accuracy,
        "character_accuracy_on_crops": _share(sum(true == read for true, read in characters), len(characters)),
        **calibration_of(*confidences_of_results(results)),
        "box_right_text_wrong": _share(sum(r.boxes_right and not r.right for r in results), len(results)),
        "detector": {
            "average_precision_50": detection.average_precision_50,
            "average_precision_50_95": detection.average_precision_50_95,
            "recall": 1 - _share(sum(len(result.missed) for result in results), true_boxes),
            "precision": 1 - _share(sum(len(result.spurious) for result in results), boxes_found),
        },
        "exact_match_by_length": exact_match_by_length(truths, texts),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def detection_of(results: Sequence[Result]) -> DetectionScores:
    """Score the boxes of the readings.

    They passed the fused model's thresholds and its maximum number.
    """
    read = [result.reading.characters for result in results]
    return average_precision(
        [result.plate.boxes for result in results], [boxes_of(of) for of in read], [scores_of(of) for of in read]
    )


def confusion_rows(results: Sequence[Result]) -> list[list[str]]:
    """Give rows `actual,predicted`, one a character.

    A true character whose box was not found is predicted "missed". A character that was read where nothing is has
    the actual "spurious". So the plot holds every mistake.
    """
    rows: list[list[str]] = []
    for result in results:
        rows += [list(pair) for pair in result.characters()]
        rows += [[result.plate.characters[true], MISSED] for true in result.missed]
        rows += [[SPURIOUS, result.reading.characters[found].text] for found in result.spurious]
    return rows


def precision_recall_rows(detection: DetectionScores) -> list[list[float]]:
    """Give rows `recall,precision` at an intersection over union of 0.5."""
    pairs = zip(detection.recall.tolist(), detection.precision.tolist(), strict=True)
    return [[round(recall, 6), round(precision, 6)] for recall, precision in pairs]


def confidences_of_results(results: Sequence[Result]) -> tuple[np.ndarray, np.ndarray]:
    """Give the confidence of each plate, and whether it is right.

    Returns:
        float [n], 0 to 1, and bool [n].
    """
    return (
        np.array([result.reading.confidence for result in results], float),
        np.array([result.right for result in results], bool),
    )


def labels_of_result(result: Result) -> list[BoxLabel]:
    """Label right characters green and mistakes red.

    Characters are in reading order; true boxes that were missed come last.
    """
    plate, pairs = result.plate, {found: plate_character for plate_character, found in result.pairs.tolist()}
    labels = [
        BoxLabel(read.box, read.text, index in pairs and plate.characters[pairs[index]] == read.text)
        for index, read in enumerate(result.reading.characters)
    ]
    return labels + [BoxLabel(plate.boxes[true], plate.characters[true], False, missed=True) for true in result.missed]


def chosen(results: Sequence[Result], pictured: int) -> list[Result]:
    """Choose the plates for the picture, in its order.

    Half of them are mistakes, or fewer if there are fewer; more than half only where too few plates are right.
    """
    mistakes = sorted((r for r in results if not r.right), key=lambda r: -r.reading.confidence)
    # A plate with nothing to read has a confidence of 0, and little to show.
    right = sorted((r for r in results if r.right), key=lambda r: (not r.plate.text, r.reading.confidence))
    shown = mistakes[: max(pictured - len(right), -(-pictured // 2))]
    return shown + right[: pictured - len(shown)]


def picture_of(results: Sequence[Result], pictured: int) -> Image.Image:
    """Draw plates in four columns, mistakes first.

    The most confident mistakes and the least confident right readings come first.
    """
    store, shown = ImageStore(), chosen(results, pictured)
    pictures = [
        draw_plate(
            store.read(result.plate.path),
            labels_of_result(result),
            result.plate.text,
            f"confidence {result.reading.confidence:.3f}",
            size=_PICTURE_SIZE,
        )
        for result in shown
    ]
    mistakes = sum(not result.right for result in shown)
    sheet = contact_sheet(
        pictures,
        columns=4,
        title=f"{sum(not result.right for result in results):,} of {len(results):,} test plates were misread.",
        legend=(
            f"Pictured: {mistakes} mistakes, the most confident first, and {len(shown) - mistakes} right readings, the "
            "least confident first.",
            f"{LEGEND} Dashed box: missed.",
        ),
    )
    return sheet


def save_sheet(path: Path, sheet: Image.Image) -> None:
    """Save a contact sheet with few colours."""
    with atomic_write(path) as draft:
        sheet.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(draft, "PNG", optimize=True)


def read_images(model: Path, paths: Sequence[Path], batch_size: int, unit: str) -> list[Reading]:
    """Read a set's images with a fused model.

    A progress bar is shown if there is a terminal.

    Raises:
        PlatefuseError: if the model or an image cannot be read.
    """
    read = Reader(model).read_many(paths, batch_size, decode=ImageStore().read)
    readings = []
    for reading in tqdm(read, total=len(paths), desc="reading", unit=unit, disable=None):
        if reading.error:
            raise reading.error
        readings.append(reading)
    return readings


def evaluate(model: Path, plates_folder: Path, output: Path, params: EvaluateParams) -> dict[str, Any]:
    """Score a fused model on a plate set; write metrics, tables, picture.

    Args:
        model: the SavedModel of the fuse stage.
        plates_folder: a plate set that no training saw.
        output: a folder for evaluation.json, confusion.csv, precision_recall.csv, confidence.csv, reliability.csv and
            readings.png; its other files stay.

    Returns:
        The metrics, as in evaluation.json.

    Raises:
        PlatefuseError: if the plates, one of the images or the model cannot be read, or there are no plates.
    """
    plates = read_plate_set(plates_folder)
    if not plates:
        raise PlatefuseError(f"{plates_folder} has no plates to evaluate on.")
    readings = read_images(model, [plate.path for plate in plates], params.batch_size, "plate")
    results = match_readings(plates, readings, params.iou_threshold)
    detection = detection_of(results)
    metrics = metrics_of(results, detection)
    confidences = confidences_of_results(results)
    write_csv(output / "confusion.csv", ["actual", "predicted"], confusion_rows(results))
    write_csv(output / "precision_recall.csv", ["recall", "precision"], precision_recall_rows(detection))
    write_csv(output / "confidence.csv", ["threshold", "kept", "right"], rows_by_confidence(*confidences))
    write_csv(output / "reliability.csv", ["confidence", "right", "plates"], reliability_rows(*confidences))
    save_sheet(output / "readings.png", picture_of(results, params.pictured))
    write_json(output / "evaluation.json", metrics)
    return metrics
