"""Evaluation of a fused model on annotated photographs.

It gives metrics, tables for plots, and a picture of readings.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import read_photograph_set
from platefuse.data.plate_set import ImageStore
from platefuse.evaluation.confidence_tables import calibration_of, reliability_rows, rows_by_confidence
from platefuse.evaluation.drawing import contact_sheet
from platefuse.evaluation.params import EvaluateParams
from platefuse.evaluation.plate_outcomes import FALSE_ALARM, RIGHT, PhotographResult, match_photographs, plates_of
from platefuse.evaluation.plate_pictures import LEGEND, draw_outcomes
from platefuse.evaluation.report import precision_recall_rows, read_images, save_sheet
from platefuse.metrics.boxes import DetectionScores, average_precision
from platefuse.metrics.plates import score_plates
from platefuse.runner.atomic import write_csv, write_json

_PICTURE_SIZE = (320, 240)


def photograph_metrics(results: Sequence[PhotographResult]) -> dict[str, Any]:
    """Compute the metrics of metrics/evaluation.json, which `PlateScores` explains.

    `expected_calibration_error` and `coverage_at_99` are of the plates read, false alarms included.

    Raises:
        PlatefuseError: if no photograph has a plate whose text is known.
    """
    scores = score_plates([result.matches for result in results])
    if scores.exact_match is None:
        raise PlatefuseError("There is nothing to score: no photograph has a plate with a text.")
    return {
        "exact_match": scores.exact_match,
        "character_error_rate": scores.character_error_rate,
        **calibration_of(*plate_confidences(results)),
        "plates": {
            "recall_50": scores.recall_50,
            "recall_75": scores.recall_75,
            "median_iou": scores.median_iou,
            "false_alarms": scores.false_alarms,
        },
    }


def plate_detection_of(results: Sequence[PhotographResult]) -> DetectionScores:
    """Score the boxes of the plates read, which passed the model's thresholds."""
    return average_precision(
        [np.asarray(result.matches.true.boxes) for result in results],
        [np.asarray(plates_of(result.reading).boxes) for result in results],
        [np.array([plate.score for plate in result.reading.plates]) for result in results],
    )


def plate_confidences(results: Sequence[PhotographResult]) -> tuple[np.ndarray, np.ndarray]:
    """Give the confidence of each plate read, and whether it is right.

    False alarms are among the plates, and are wrong; so is a plate whose true text is not known.

    Returns:
        float [n], 0 to 1, and bool [n].
    """
    read = [outcome for result in results for outcome in result.outcomes() if outcome.plate]
    return (
        np.array([outcome.confidence for outcome in read], float),
        np.array([outcome.kind == RIGHT for outcome in read], bool),
    )


def chosen(results: Sequence[PhotographResult], pictured: int) -> list[PhotographResult]:
    """Choose the photographs for the picture, in its order.

    Half of them have mistakes, the most confident first. The others follow, the least confident first. If one half has
    too few photographs, the other gets its places.
    """
    wrong = [result for result in results if not _all_right(result)]
    right = [result for result in results if _all_right(result)]
    wrong.sort(key=lambda result: -max(outcome.confidence for outcome in result.outcomes() if outcome.wrong))
    right.sort(key=lambda result: min([outcome.confidence for outcome in result.outcomes()], default=2))
    shown = wrong[: max(pictured - len(right), -(-pictured // 2))]
    return shown + right[: pictured - len(shown)]


def photograph_sheet(results: Sequence[PhotographResult], pictured: int) -> Image.Image:
    """Draw photographs in four columns, those with mistakes first."""
    store, shown = ImageStore(), chosen(results, pictured)
    pictures = [draw_outcomes(store.read(of.path), of.outcomes(), _PICTURE_SIZE) for of in shown]
    outcomes = [outcome for result in results for outcome in result.outcomes()]
    true = [outcome for outcome in outcomes if outcome.kind != FALSE_ALARM]
    wrong = sum(outcome.wrong for outcome in true)
    mistakes = sum(not _all_right(result) for result in shown)
    return contact_sheet(
        pictures,
        columns=4,
        title=f"{wrong:,} of {len(true):,} plates on {len(results):,} test photographs were missed or misread; "
        f"false alarms: {len(outcomes) - len(true):,}.",
        legend=(
            f"Pictured: {mistakes} photographs with mistakes, the most confident first, and {len(shown) - mistakes} "
            "without, the least confident first.",
            LEGEND,
        ),
    )


def _all_right(result: PhotographResult) -> bool:
    return not any(outcome.wrong for outcome in result.outcomes())


def evaluate_photographs(model: Path, folder: Path, output: Path, params: EvaluateParams) -> dict[str, Any]:
    """Score a fused model on a photograph set; write metrics, tables, picture.

    Args:
        model: the SavedModel of the fuse stage, of photographs.
        folder: a photograph set that no training saw.
        output: a folder for evaluation.json, precision_recall.csv, confidence.csv, reliability.csv and readings.png;
            its other files stay.
        params: `iou_threshold` is that of `match_plates`.

    Returns:
        The metrics, as in evaluation.json.

    Raises:
        PlatefuseError: if the photographs, one of the images or the model cannot be read, or there are no plates.
    """
    photographs = read_photograph_set(folder)
    if not any(text for photograph in photographs for text in photograph.texts):
        raise PlatefuseError(f"{folder} has no plates to evaluate on.")
    readings = read_images(model, [photograph.path for photograph in photographs], params.batch_size, "photograph")
    results = match_photographs(photographs, readings, params.iou_threshold)
    metrics = photograph_metrics(results)
    write_csv(
        output / "precision_recall.csv", ["recall", "precision"], precision_recall_rows(plate_detection_of(results))
    )
    confidences = plate_confidences(results)
    write_csv(output / "confidence.csv", ["threshold", "kept", "right"], rows_by_confidence(*confidences))
    write_csv(output / "reliability.csv", ["confidence", "right", "plates"], reliability_rows(*confidences))
    save_sheet(output / "readings.png", photograph_sheet(results, params.pictured))
    write_json(output / "evaluation.json", metrics)
    return metrics
