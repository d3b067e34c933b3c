"""Scores a fused model on annotated plates: metrics, tables for plots, and a picture of what was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import ImageStore, Plate, read_plate_set
from platefuse.evaluation.drawing import BoxLabel, contact_sheet, draw_plate
from platefuse.evaluation.params import EvaluateParams
from platefuse.inference.reader import Reader, Reading
from platefuse.metrics.boxes import DetectionScores, average_precision, match_boxes
from platefuse.metrics.text import exact_match_by_length, score_texts
from platefuse.runner.atomic import atomic_write, write_csv, write_json

_MAX_ROWS = 100
MISSED, SPURIOUS = "missed", "spurious"


@dataclass(frozen=True, eq=False)
class ReadPlate:
    """One plate and what was read on it.

    Attributes:
        plate: the truth.
        reading: what the model gave.
        pairs: int64 [k,2], indices of true boxes and of the boxes found that match them.
    """

    plate: Plate
    reading: Reading
    pairs: np.ndarray

    @property
    def right(self) -> bool:
        """The text is right to the last character."""
        return self.plate.text == self.reading.text

    @property
    def boxes_right(self) -> bool:
        """Every true box was found and nothing else was."""
        return len(self.pairs) == len(self.plate.boxes) == len(self.reading.boxes)

    @cached_property
    def missed(self) -> list[int]:
        """Indices of the true boxes that nothing matches."""
        return sorted(set(range(len(self.plate.boxes))) - set(self.pairs[:, 0].tolist()))

    @cached_property
    def spurious(self) -> list[int]:
        """Indices of the boxes found that match nothing."""
        return sorted(set(range(len(self.reading.boxes))) - set(self.pairs[:, 1].tolist()))

    def characters(self) -> list[tuple[str, str]]:
        """The true character and the one read, for each pair."""
        return [(self.plate.characters[true], self.reading.characters[found]) for true, found in self.pairs]


def pair_up(plates: Sequence[Plate], readings: Sequence[Reading], params: EvaluateParams) -> list[ReadPlate]:
    """Match the boxes of each reading with those of its plate."""
    return [
        ReadPlate(plate, reading, match_boxes(plate.boxes, reading.boxes, params.iou_threshold))
        for plate, reading in zip(plates, readings, strict=True)
    ]


def metrics_of(read: Sequence[ReadPlate], detection: DetectionScores) -> dict[str, Any]:
    """Compute the metrics of metrics/evaluation.json; all are shares but the error rate.

    A share of nothing counts nothing as wrong: `recall` is 1 without true boxes, `precision` is 1 without boxes found.
    `character_accuracy_on_crops` is 0 without a single match.

    Raises:
        PlatefuseError: for no plates.
    """
    truths, texts = [r.plate.text for r in read], [r.reading.text for r in read]
    text_scores = score_texts(truths, texts)
    characters = [pair for r in read for pair in r.characters()]
    return {
        "exact_match": text_scores.exact_match,
        "character_error_rate": text_scores.character_error_rate,
        "length_accuracy": text_scores.length_accuracy,
        "character_accuracy_on_crops": _share(sum(t == f for t, f in characters), len(characters)),
        "box_right_text_wrong": _share(sum(r.boxes_right and not r.right for r in read), len(read)),
        "detector": {
            "average_precision_50": detection.average_precision_50,
            "average_precision_50_95": detection.average_precision_50_95,
            "recall": 1 - _share(sum(len(r.missed) for r in read), sum(len(r.plate.boxes) for r in read)),
            "precision": 1 - _share(sum(len(r.spurious) for r in read), sum(len(r.reading.boxes) for r in read)),
        },
        "exact_match_by_length": exact_match_by_length(truths, texts),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def detection_of(read: Sequence[ReadPlate]) -> DetectionScores:
    """Score the boxes of the readings: those that passed the fused model's thresholds and slots."""
    return average_precision(
        [r.plate.boxes for r in read], [r.reading.boxes for r in read], [r.reading.scores for r in read]
    )


def confusion_rows(read: Sequence[ReadPlate]) -> list[list[str]]:
    """Give rows `actual,predicted`, one a character.

    A true character whose box was not found is predicted "missed", and what was read where nothing is has
    "spurious" for its actual one: the plot then holds every mistake there is.
    """
    rows: list[list[str]] = []
    for r in read:
        rows += [list(pair) for pair in r.characters()]
        rows += [[r.plate.characters[true], MISSED] for true in r.missed]
        rows += [[SPURIOUS, r.reading.characters[found]] for found in r.spurious]
    return rows


def precision_recall_rows(detection: DetectionScores) -> list[list[float]]:
    """Give rows `recall,precision` at an intersection over union of 0.5."""
    pairs = zip(detection.recall.tolist(), detection.precision.tolist(), strict=True)
    return [[round(recall, 6), round(precision, 6)] for recall, precision in pairs]


def confidence_rows(read: Sequence[ReadPlate]) -> list[list[float]]:
    """Give rows `threshold,kept,right` for rising thresholds of confidence.

    `kept` is the share of plates with that confidence or more, `right` the share of those that were read
    right. Thresholds are confidences that occur, 100 of them at most and about as many plates apart, since a
    good model has nearly all of them close to 1. The first keeps every plate.
    """
    confidence = np.array([r.reading.confidence for r in read])
    right = np.array([r.right for r in read])
    steps = np.linspace(0, len(read) - 1, min(_MAX_ROWS, len(read))).astype(int)
    rows = []
    for threshold in np.unique(np.sort(confidence)[steps]):
        kept = confidence >= threshold
        rows.append([round(float(share), 6) for share in (threshold, kept.mean(), right[kept].mean())])
    return rows


def labels_of_result(read: ReadPlate) -> list[BoxLabel]:
    """BoxLabel right characters green; red are wrong ones "7 (1)", missed ones dashed, "7?" where nothing is."""
    plate, reading = read.plate, read.reading
    labels = []
    for (_, found), (actual, predicted) in zip(read.pairs, read.characters(), strict=True):
        same = actual == predicted
        labels.append(BoxLabel(reading.boxes[found], predicted if same else f"{predicted} ({actual})", same))
    labels += [BoxLabel(reading.boxes[found], f"{reading.characters[found]}?", False) for found in read.spurious]
    labels += [BoxLabel(plate.boxes[true], plate.characters[true], False, missed=True) for true in read.missed]
    return labels


def chosen(read: Sequence[ReadPlate], pictured: int) -> list[ReadPlate]:
    """The plates for the picture, in its order: half mistakes, or all there are; more only where too few are right."""
    mistakes = sorted((r for r in read if not r.right), key=lambda r: -r.reading.confidence)
    # A plate with nothing to read has a confidence of 0, and little to show.
    right = sorted((r for r in read if r.right), key=lambda r: (not r.plate.text, r.reading.confidence))
    shown = mistakes[: max(pictured - len(right), -(-pictured // 2))]
    return shown + right[: pictured - len(shown)]


def picture_of(read: Sequence[ReadPlate], pictured: int) -> Image.Image:
    """Draw plates in four columns: mistakes, the surest first, then right ones, the least sure first."""
    store = ImageStore()
    pictures = [
        draw_plate(store.read(r.plate.path), labels_of_result(r), r.reading.text, r.plate.text, size=(384, 192))
        for r in chosen(read, pictured)
    ]
    title = (
        f"{sum(r.right for r in read):,} of {len(read):,} plates read right; mistakes first. "
        "7 (1): read 7, is 1.  7?: nothing is there.  Dashed: missed."
    )
    # 64 colours are enough for grey digits and four inks, and make the file a third of the size.
    sheet = contact_sheet(pictures, columns=4, title=title)
    return sheet.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def read_plates(model: Path, plates: Sequence[Plate], batch_size: int) -> list[Reading]:
    """Read the plates' images with a fused model, with a progress bar where there is a terminal.

    Raises:
        PlatefuseError: if the model or an image cannot be read.
    """
    reader, store = Reader(model), ImageStore()
    readings: list[Reading] = []
    with tqdm(total=len(plates), desc="reading", unit="plate", disable=None) as progress:
        for start in range(0, len(plates), batch_size):
            readings += reader.read_images([store.read(p.path) for p in plates[start : start + batch_size]])
            progress.update(len(readings) - progress.n)
    return readings


def evaluate(model: Path, plates_folder: Path, output: Path, params: EvaluateParams) -> dict[str, Any]:
    """Score a fused model on a plate set and write everything there is to see into a folder.

    Args:
        model: the SavedModel of the fuse stage.
        plates_folder: a plate set that no training saw.
        output: gets evaluation.json, confusion.csv, precision_recall.csv, confidence.csv and readings.png;
            what else is in it stays.

    Returns:
        The metrics, as in evaluation.json.

    Raises:
        PlatefuseError: if the plates, one of the images or the model cannot be read, or there are no plates.
    """
    plates = read_plate_set(plates_folder)
    if not plates:
        raise PlatefuseError(f"{plates_folder} has no plates to evaluate on.")
    read = pair_up(plates, read_plates(model, plates, params.batch_size), params)
    detection = detection_of(read)
    metrics = metrics_of(read, detection)
    write_csv(output / "confusion.csv", ["actual", "predicted"], confusion_rows(read))
    write_csv(output / "precision_recall.csv", ["recall", "precision"], precision_recall_rows(detection))
    write_csv(output / "confidence.csv", ["threshold", "kept", "right"], confidence_rows(read))
    with atomic_write(output / "readings.png") as draft:
        picture_of(read, params.pictured).save(draft, optimize=True)
    write_json(output / "evaluation.json", metrics)
    return metrics
