"""Pictures of photographs: the whole image, with plates' boxes and texts."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from platefuse.evaluation.caption import PAPER, draw_sign, font_of
from platefuse.evaluation.drawing import BoxLabel, colour_of, draw_box, enlargement
from platefuse.inference.reading import Reading

_TYPE, _LINE = 1 / 28, 1 / 280  # shares of the geometric mean of the picture's sides
_MIN_TYPE, _MIN_LINE = 14, 2  # pixels

_Frame = tuple[float, float, float, float]


def labels_of_plates(reading: Reading) -> list[BoxLabel]:
    """Label the plates of a reading with their texts."""
    return [BoxLabel(plate.box, plate.text) for plate in reading.plates]


def draw_photograph(image: np.ndarray, labels: Sequence[BoxLabel], size: tuple[int, int] | None = None) -> Image.Image:
    """Draw plates' boxes on a photograph, and their texts beside them.

    Lines and type grow with the picture. A text stands on a filled label, inside the picture; where there is room, it
    hides no plate and no other text. A plate with `right` set also has a tick or a cross.

    Args:
        image: uint8 RGB [H,W,3].
        labels: a plate each: its box in pixels of `image`, and its text; the best first.
        size: width and height in pixels, within which the photograph is scaled. By default a small one is enlarged, and
            a large one keeps its size.
    """
    height, width = image.shape[:2]
    scale = enlargement(width, height) if size is None else min(size[0] / width, size[1] / height)
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(image).resize(scaled, Image.Resampling.BICUBIC)
    canvas = ImageDraw.Draw(picture)
    mean = math.sqrt(scaled[0] * scaled[1])
    line, type_size = max(_MIN_LINE, round(mean * _LINE)), max(_MIN_TYPE, min(round(mean * _TYPE), scaled[0] // 10))
    frames = [_frame(label.box, scale, line, scaled) for label in labels]
    for label, frame in sorted(zip(labels, frames, strict=True), key=lambda pair: pair[0].right is False):
        draw_box(canvas, replace(label, box=frame), 1, line)  # no right box hides a mistake
    taken = list(frames)
    for label, frame in zip(labels, frames, strict=True):
        if label.label:
            taken.append(_draw_text(canvas, label, frame, type_size, taken))
    return picture


def _frame(box: Sequence[float] | np.ndarray, scale: float, line: int, size: tuple[int, int]) -> _Frame:
    """Scale a box, and expand it by the line around it.

    The picture limits it.
    """
    x1, y1, x2, y2 = (float(corner) * scale for corner in box)
    return max(0, x1 - line), max(0, y1 - line), min(size[0], x2 + line), min(size[1], y2 + line)


def _draw_text(
    canvas: ImageDraw.ImageDraw, label: BoxLabel, frame: _Frame, type_size: int, taken: Sequence[_Frame]
) -> _Frame:
    """Draw a plate's text on a label beside its frame.

    Returns:
        The label's place.
    """
    pad = max(2, type_size // 4)
    sign = 0 if label.right is None else round(type_size * 0.8)
    font = font_of(type_size)
    width = font.getlength(label.label) + 2 * pad + (sign + pad if sign else 0)
    room = canvas.im.size
    place = _place(frame, (math.ceil(width), round(type_size * 1.4)), room, taken)
    x1, y1, x2, y2 = place
    canvas.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour_of(label), outline=PAPER)
    middle = (y1 + y2) / 2
    if sign:
        draw_sign(canvas, bool(label.right), x1 + pad, middle - sign / 2, sign, PAPER)
        x1 += sign + pad
    canvas.text((x1 + pad, middle), label.label, fill=PAPER, font=font, anchor="lm")
    return place


def _place(frame: _Frame, size: tuple[int, int], room: tuple[int, int], taken: Sequence[_Frame]) -> _Frame:
    """Choose the place of a label.

    It may lie above a frame, below, or at a side. The place that overlaps least with what is taken is chosen, the
    earlier of equal ones.
    """
    x1, y1, x2, y2 = frame
    width, height = size
    corners = [
        (x1, y1 - height),
        (x1, y2),
        (x2 - width, y1 - height),
        (x2 - width, y2),
        (x2, y1),
        (x1 - width, y1),
        (x1, y1 - 2 * height),
        (x1, y2 + height),
    ]
    places = []
    for x, y in corners:
        left, top = (
            round(max(0, min(start, most - side))) for start, most, side in zip((x, y), room, size, strict=True)
        )
        places.append((float(left), float(top), float(left + width), float(top + height)))
    return min(places, key=lambda place: sum(_overlap(place, other) for other in taken))


def _overlap(one: _Frame, other: _Frame) -> float:
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    return max(0, width) * max(0, height)
