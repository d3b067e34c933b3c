"""Outcomes of the plates on photographs: right, misread, missed, false alarm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import numpy as np

from platefuse.core.errors import printable
from platefuse.inference.reading import Box, Plate, Reading
from platefuse.metrics.plates import MATCH_IOU, PlateMatches, Plates, best_overlaps, match_plates
from platefuse.metrics.text import edit_distance

RIGHT, UNKNOWN, MISREAD, MISSED, FALSE_ALARM = "right", "unknown", "misread", "missed", "false alarm"


class Photograph(Protocol):
    """A photograph and its true plates, such as an `AnnotatedPhotograph`.

    `boxes` may be None.
    """

    @property
    def path(self) -> Path: ...
    @property
    def boxes(self) -> np.ndarray | None: ...
    @property
    def texts(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class PlateOutcome:
    """One true plate and the plate read there, or one of both.

    Attributes:
        path: the photograph.
        truth: the true text, "" if it is not known; None for a false alarm.
        true_box: the true box; None if it is not known, and for a false alarm.
        plate: the plate read; None for a missed plate.
        iou: of the true plate with the best box read; None without a true box.
    """

    path: Path
    truth: str | None
    true_box: Box | None
    plate: Plate | None
    iou: float | None

    @property
    def text(self) -> str:
        """The text read; "" for a missed plate."""
        return self.plate.text if self.plate else ""

    @property
    def confidence(self) -> float:
        """The confidence of the text read; 0 for a missed plate."""
        return self.plate.confidence if self.plate else 0.0

    @property
    def kind(self) -> str:
        """One of RIGHT, UNKNOWN, MISREAD, MISSED, FALSE_ALARM.

        UNKNOWN is a plate that was found, and whose text is not known.
        """
        if self.truth is None or self.plate is None:
            return FALSE_ALARM if self.truth is None else MISSED
        if not self.truth:
            return UNKNOWN
        return RIGHT if self.truth == self.plate.text else MISREAD

    @property
    def wrong(self) -> bool:
        """Whether this is a mistake."""
        return self.kind in (MISREAD, MISSED, FALSE_ALARM)

    @property
    def edits(self) -> int:
        """Edits between the text read and the true one.

        All characters of a text that stands alone are edits.
        """
        return edit_distance(self.text, self.truth or "")


@dataclass(frozen=True, eq=False)
class PhotographResult:
    """One photograph, its reading, and which plates match.

    Attributes:
        path: the photograph.
        reading: what the model read.
        matches: the true plates and those of `reading`.
    """

    path: Path
    reading: Reading
    matches: PlateMatches

    def outcomes(self) -> list[PlateOutcome]:
        """List the outcome of each true plate, then the false alarms."""
        true, plates, pairs = self.matches.true, self.reading.plates, self.matches.pairs
        boxes = [None] * len(true.texts) if true.boxes is None else [_box(box) for box in true.boxes.tolist()]
        overlaps = [None] * len(true.texts) if true.boxes is None else best_overlaps(true, self.matches.read).tolist()
        of_true = [
            PlateOutcome(
                self.path, text, boxes[index], plates[pairs[index]] if index in pairs else None, overlaps[index]
            )
            for index, text in enumerate(true.texts)
        ]
        alarms = (plates[index] for index in self.matches.false_alarms)
        return of_true + [PlateOutcome(self.path, None, None, plate, None) for plate in alarms]


def match_photographs(
    photographs: Iterable[Photograph], readings: Iterable[Reading], iou_threshold: float = MATCH_IOU
) -> list[PhotographResult]:
    """Match each reading's plates with the true ones."""
    return [
        PhotographResult(
            photograph.path,
            reading,
            match_plates(Plates(photograph.texts, photograph.boxes), plates_of(reading), iou_threshold),
        )
        for photograph, reading in zip(photographs, readings, strict=True)
    ]


def plates_of(reading: Reading) -> Plates:
    """Give the texts and boxes of a reading's plates."""
    boxes = np.array([plate.box for plate in reading.plates], np.float32).reshape(-1, 4)
    return Plates(tuple(plate.text for plate in reading.plates), boxes)


def mistakes_of(results: Iterable[PhotographResult]) -> list[PlateOutcome]:
    """List misread plates, missed ones and false alarms, worst first.

    The worst have the most edits; of as many edits, the more confident text is worse. Photographs that could not be
    read are left out.
    """
    every = (outcome for result in results if not result.reading.error for outcome in result.outcomes())
    return sorted(filter(attrgetter("wrong"), every), key=lambda outcome: (-outcome.edits, -outcome.confidence))


def counted(outcomes: Sequence[PlateOutcome]) -> str:
    """Count mistakes by kind: "2 misread, 1 missed, 0 false alarms"."""
    amounts = [sum(outcome.kind == kind for outcome in outcomes) for kind in (MISREAD, MISSED, FALSE_ALARM)]
    return f"{amounts[0]:,} misread, {amounts[1]:,} missed, {amounts[2]:,} false alarm{'s' if amounts[2] != 1 else ''}"


def lines_of_outcomes(outcomes: Sequence[PlateOutcome], folder: Path) -> list[str]:
    """Lay out mistakes as lines: kind, read, true, edits, confidence, image.

    Images are relative to `folder`.
    """
    rows = [("", "read", "true", "edits", "confidence", "image")]
    for outcome in outcomes:
        numbers = str(outcome.edits), f"{outcome.confidence:.4f}"
        rows.append((outcome.kind, outcome.text, outcome.truth or "", *numbers, name_of(outcome, folder)))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{kind:<{wide[0]}}  {read:<{wide[1]}}  {true:<{wide[2]}}  {edits:>5}  {confidence:>10}  {image}"
        for kind, read, true, edits, confidence, image in rows
    ]


def name_of(outcome: PlateOutcome, folder: Path) -> str:
    """Name the photograph, relative to `folder`."""
    name = printable(outcome.path.relative_to(folder).as_posix())
    return f"{name} (truncated)" if outcome.plate and outcome.plate.truncated else name


def _box(corners: list[float]) -> Box:
    x1, y1, x2, y2 = map(float, corners)
    return x1, y1, x2, y2
