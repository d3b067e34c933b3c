"""Misread plates, worst first: which they are, and a picture of them."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from platefuse.core.errors import printable
from platefuse.data.images import read_image
from platefuse.data.plate_set import AnnotatedPlate
from platefuse.evaluation.drawing import LEGEND, contact_sheet, draw_plate, labels_of_reading
from platefuse.inference.reading import Reading
from platefuse.metrics.text import edit_distance

Misread = tuple[AnnotatedPlate, Reading]

_COLUMNS, _SIZE = 4, (288, 144)


def misread(read: Sequence[Misread]) -> list[Misread]:
    """Choose the plates that were misread, the worst first.

    The worst have the most edits between reading and truth; of as many edits, the more confident reading is worse. An
    image that could not be read is not among them.
    """
    wrong = [(plate, reading) for plate, reading in read if not reading.error and plate.text != reading.text]
    return sorted(wrong, key=lambda pair: (-edit_distance(pair[1].text, pair[0].text), -pair[1].confidence))


def lines_of(wrong: Sequence[Misread], folder: Path) -> list[str]:
    """Lay out misread plates as lines: read, true, edits, confidence, image.

    Images are relative to `folder`.
    """
    rows = [("read", "true", "edits", "confidence", "image")]
    for plate, reading in wrong:
        edits = str(edit_distance(reading.text, plate.text))
        rows.append((reading.text, plate.text, edits, f"{reading.confidence:.4f}", _name(plate, reading, folder)))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{read:<{wide[0]}}  {true:<{wide[1]}}  {edits:>5}  {confidence:>10}  {image}"
        for read, true, edits, confidence, image in rows
    ]


def picture_of_misread(wrong: Sequence[Misread], folder: Path, title: str) -> Image.Image:
    """Draw misread plates beside their true texts.

    Raises:
        PlatefuseError: if an image cannot be read.
        ValueError: for no plates.
    """
    pictures = [
        draw_plate(
            read_image(plate.path),
            labels_of_reading(reading, plate.text),
            plate.text,
            f"{_name(plate, reading, folder)}  {reading.confidence:.3f}",
            size=_SIZE,
        )
        for plate, reading in wrong
    ]
    return contact_sheet(pictures, _COLUMNS, title, [f"{LEGEND} Below: image and confidence."])


def _name(plate: AnnotatedPlate, reading: Reading, folder: Path) -> str:
    name = printable(plate.path.relative_to(folder).as_posix())
    return f"{name} (truncated)" if is_truncated(reading) else name


def is_truncated(reading: Reading) -> bool:
    """Whether the best plate has more characters than the model gives."""
    return bool(reading.plates) and reading.plates[0].truncated
