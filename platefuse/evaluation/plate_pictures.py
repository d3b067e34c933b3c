"""Pictures of photographs, or of parts around a plate, with outcomes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from platefuse.data.images import read_image
from platefuse.evaluation.caption import PAPER, crop_of, draw_caption
from platefuse.evaluation.drawing import BoxLabel, PlatePicture, contact_sheet, draw_box
from platefuse.evaluation.photograph_drawing import draw_photograph
from platefuse.evaluation.plate_outcomes import MISSED, RIGHT, UNKNOWN, PlateOutcome, name_of

LEGEND = "Green: read right. Orange: misread, or a false alarm. Dashes: the true plate, orange where it was missed."
_COLUMNS, _SIZE = 4, (288, 192)
_TYPE = 24  # pixels, the height of a caption's type
_CONTEXT = 0.6  # around a plate, as a share of its larger side


def picture_of_outcomes(outcomes: Sequence[PlateOutcome], folder: Path, title: str) -> Image.Image:
    """Draw a photograph's part around each plate, beside its true text.

    Raises:
        PlatefuseError: if a photograph cannot be read.
        ValueError: for no outcomes.
    """
    pictures = [_part(read_image(outcome.path), outcome, folder) for outcome in outcomes]
    return contact_sheet(pictures, _COLUMNS, title, [LEGEND, "Below: image, confidence and kind."])


def draw_outcomes(image: np.ndarray, outcomes: Sequence[PlateOutcome], size: tuple[int, int]) -> PlatePicture:
    """Draw a whole photograph, with a caption for each plate.

    Args:
        image: uint8 RGB [H,W,3].
        outcomes: of this photograph.
        size: width and height in pixels, within which the photograph is scaled.
    """
    labels = [label for outcome in outcomes for label in labels_of_outcome(outcome)]
    captions = [_caption(image, outcome, size[0], "") for outcome in outcomes]
    caption = Image.new("RGB", (size[0], max(1, sum(part.height for part in captions))), PAPER)
    top = 0
    for part in captions:
        caption.paste(part, (0, top))
        top += part.height
    return PlatePicture(draw_photograph(image, labels, size), caption)


def labels_of_outcome(outcome: PlateOutcome) -> list[BoxLabel]:
    """Label the box read, and the true box unless read right."""
    right = outcome.kind == RIGHT or (None if outcome.kind == UNKNOWN else False)
    labels = [] if outcome.plate is None else [BoxLabel(outcome.plate.box, outcome.plate.text, right)]
    if outcome.true_box is not None and not right:
        missed = False if outcome.kind == MISSED else None
        labels.append(BoxLabel(outcome.true_box, outcome.truth or "", missed, missed=True))
    return labels


def _part(image: np.ndarray, outcome: PlateOutcome, folder: Path) -> PlatePicture:
    """Draw the part of a photograph around one plate."""
    boxes = [label.box for label in labels_of_outcome(outcome)]
    x1, y1, x2, y2 = _around(np.array(boxes, float).reshape(-1, 4), image.shape)
    scale = min(_SIZE[0] / (x2 - x1), _SIZE[1] / (y2 - y1))
    scaled = (max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale)))
    picture = Image.fromarray(image[y1:y2, x1:x2]).resize(scaled, Image.Resampling.BICUBIC)
    canvas = ImageDraw.Draw(picture)
    for label in labels_of_outcome(outcome):
        moved = np.asarray(label.box, float) - (x1, y1, x1, y1)
        draw_box(canvas, BoxLabel(moved, label.label, label.right, label.missed), scale)
    note = f"{name_of(outcome, folder)}  {outcome.confidence:.3f}  {outcome.kind}"
    return PlatePicture(picture, _caption(image, outcome, _SIZE[0], note))


def _caption(image: np.ndarray, outcome: PlateOutcome, width: int, note: str) -> Image.Image:
    crops = [crop_of(image, character.box) for character in outcome.plate.characters] if outcome.plate else []
    return draw_caption(
        width, _TYPE, crops, outcome.text, outcome.text if outcome.kind == UNKNOWN else outcome.truth or "", note
    )


def _around(boxes: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Give the window around boxes [n,4] in whole pixels.

    Without boxes it is the whole photograph.
    """
    height, width = shape[:2]
    if not len(boxes):
        return 0, 0, width, height
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = _CONTEXT * max(high - low)
    x1, y1 = np.clip(np.floor(low - margin), 0, [width - 1, height - 1]).astype(int).tolist()
    x2, y2 = np.clip(np.ceil(high + margin), [x1 + 1, y1 + 1], [width, height]).astype(int).tolist()
    return x1, y1, x2, y2
