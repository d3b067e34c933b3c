"""Pictures of readings: the image, a box per character, and a caption."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from platefuse.inference.reading import Reading

Colour = tuple[int, int, int]
# Green and red that stay apart in every common kind of colour blindness: the bluish green and the vermillion
# of Okabe and Ito (https://jfly.uni-koeln.de/color/), a little lighter to stand out on black boards.
RIGHT: Colour = (0, 180, 130)
WRONG: Colour = (240, 105, 45)
UNJUDGED: Colour = (86, 180, 233)
_INK: Colour = (30, 30, 30)
_PAPER: Colour = (255, 255, 255)
_MIN_WIDTH, _MAX_ENLARGED_HEIGHT = 480, 960


@dataclass(frozen=True, eq=False)
class BoxLabel:
    """One box to draw.

    Attributes:
        box: x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        label: the text above the box, or below it where there is no room above.
        right: True for green, False for red, None for blue where the truth is unknown.
        missed: a true box that was not found; dashed.
    """

    box: Sequence[float] | np.ndarray
    label: str
    right: bool | None = None
    missed: bool = False


def labels_of_reading(reading: Reading) -> list[BoxLabel]:
    """Label the characters of the best plate, whose truth is unknown."""
    return [BoxLabel(character.box, character.text) for character in reading.characters]


def draw_plate(
    image: np.ndarray,
    labels: Sequence[BoxLabel],
    text: str,
    truth: str | None = None,
    size: tuple[int, int] | None = None,
) -> Image.Image:
    """Draw one plate with its boxes and a caption with its text.

    Args:
        image: uint8 RGB [H,W,3].
        labels: the boxes, in pixels of `image`.
        text: the text that was read.
        truth: the plate's true text; the caption then has a tick, or a cross and the truth.
        size: width and height in pixels; the image without its caption is scaled to fit. By default a small image
            is enlarged until its labels can be read, and a large one keeps its size.

    Returns:
        An RGB picture; its caption is below the image.
    """
    height, width = image.shape[:2]
    scale = _enlargement(width, height) if size is None else min(size[0] / width, size[1] / height)
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = max(12, min(scaled[0] // 22, 40))
    caption = _caption(scaled[0], small, text, truth)
    picture = Image.new("RGB", (scaled[0], scaled[1] + caption.height), _PAPER)
    picture.paste(Image.fromarray(image).resize(scaled, Image.Resampling.BICUBIC))
    canvas = ImageDraw.Draw(picture)
    for label in labels:
        _draw_box(canvas, label, scale)
    for label in labels:  # after all boxes: no line runs through a label
        _draw_label(canvas, label, scale, scaled, small)
    picture.paste(caption, (0, scaled[1]))  # last: a box or label that sticks out below must not cover it
    return picture


def contact_sheet(pictures: Sequence[Image.Image], columns: int, title: str = "") -> Image.Image:
    """Lay out pictures in rows on white, under a title.

    Every cell is as large as the largest picture.

    Raises:
        ValueError: for no pictures, or less than one column.
    """
    if not pictures or columns < 1:
        raise ValueError(f"a contact sheet needs pictures and columns, got {len(pictures)} and {columns}")
    gap, columns = 12, min(columns, len(pictures))
    cell = (max(p.width for p in pictures) + gap, max(p.height for p in pictures) + gap)
    width = columns * cell[0] + gap
    font = _fitting(title, 22, width - 2 * gap)
    top = gap + (32 if title else 0)
    sheet = Image.new("RGB", (width, math.ceil(len(pictures) / columns) * cell[1] + top), _PAPER)
    ImageDraw.Draw(sheet).text((gap, gap), title, fill=_INK, font=font)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        sheet.paste(picture, (gap + column * cell[0], top + row * cell[1]))
    return sheet


def _enlargement(width: int, height: int) -> int:
    """Whole factor that makes a small image wide enough.

    The height is limited, since a narrow image would become endlessly tall.
    """
    return max(1, min(math.ceil(_MIN_WIDTH / width), _MAX_ENLARGED_HEIGHT // height))


def _colour(label: BoxLabel) -> Colour:
    return UNJUDGED if label.right is None else RIGHT if label.right else WRONG


def _corners(label: BoxLabel, scale: float) -> tuple[float, float, float, float]:
    """Corners x1,y1,x2,y2 in the picture's pixels.

    Pillow draws the far edges too, so they are inside the box.
    """
    x1, y1, x2, y2 = (float(corner) * scale for corner in label.box)
    return x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)


def _draw_box(canvas: ImageDraw.ImageDraw, label: BoxLabel, scale: float) -> None:
    if label.missed:
        _dashed(canvas, _corners(label, scale), _colour(label))
    else:
        canvas.rectangle(_corners(label, scale), outline=_colour(label), width=2)


def _draw_label(
    canvas: ImageDraw.ImageDraw, label: BoxLabel, scale: float, picture: tuple[int, int], size: int
) -> None:
    x1, y1, x2, y2 = _corners(label, scale)
    font = _font(size)
    tall, half = size * 1.25, font.getlength(label.label) / 2
    x = min(max((x1 + x2) / 2, half + 2), max(half + 2, picture[0] - half - 2))
    y = y1 - tall if y1 >= tall else min(y2 + 2, picture[1] - tall)
    # A dark rim keeps the label legible on light plates and over other characters.
    canvas.text((x, y), label.label, fill=_colour(label), font=font, anchor="ma", stroke_width=2, stroke_fill=_INK)


def _dashed(canvas: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: Colour, dash: int = 6) -> None:
    x1, y1, x2, y2 = box
    for start in np.arange(x1, x2, 2 * dash):
        for y in (y1, y2):
            canvas.line((start, y, min(start + dash, x2), y), fill=colour, width=2)
    for start in np.arange(y1, y2, 2 * dash):
        for x in (x1, x2):
            canvas.line((x, start, x, min(start + dash, y2)), fill=colour, width=2)


def _caption(width: int, size: int, text: str, truth: str | None) -> Image.Image:
    """Draw the caption: the text, with a tick or cross if labelled."""
    words = text or "(nothing)"
    if truth is not None and text != truth:
        words = f"read {words}, is {truth or '(nothing)'}"
    caption = Image.new("RGB", (width, round(size * 1.9)), _PAPER)
    canvas = ImageDraw.Draw(caption)
    left = 4.0
    if truth is not None:
        _draw_sign(canvas, text == truth, left, size * 0.45, size)
        left += size * 1.6
    canvas.text(
        (left, caption.height / 2),
        words,
        fill=_INK,
        font=_fitting(words, round(size * 1.2), width - left - 4),
        anchor="lm",
    )
    return caption


def _draw_sign(canvas: ImageDraw.ImageDraw, right: bool, x: float, y: float, size: float) -> None:
    """Draw a tick or a cross.

    Colour alone must not carry the message, and the font has neither sign.
    """
    width = max(2, round(size / 5))
    if right:
        corners = [(x, y + size * 0.55), (x + size * 0.35, y + size * 0.9), (x + size, y + size * 0.1)]
        canvas.line(corners, fill=RIGHT, width=width, joint="curve")
    else:
        canvas.line((x + size * 0.1, y + size * 0.1, x + size * 0.9, y + size * 0.9), fill=WRONG, width=width)
        canvas.line((x + size * 0.1, y + size * 0.9, x + size * 0.9, y + size * 0.1), fill=WRONG, width=width)


def _fitting(words: str, size: int, width: float) -> ImageFont.FreeTypeFont:
    """Font at `size`, or smaller if the words exceed the width.

    The font is never too small to read.
    """
    length = _font(size).getlength(words)
    return _font(size if length <= width else max(9, math.floor(size * max(width, 1) / length)))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return font
