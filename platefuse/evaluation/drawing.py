"""Pictures of readings: images with boxes, and captions below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from platefuse.evaluation.caption import INK, PAPER, RIGHT, WRONG, Colour, crop_of, draw_caption, font_of, wrapped
from platefuse.inference.reading import Reading
from platefuse.metrics.text import align

LEGEND = "Orange: misread, empty where one was missed. Pale: what is true, empty where nothing is."
UNJUDGED: Colour = (0, 114, 178)  # of Okabe and Ito too
_MIN_WIDTH, _MAX_ENLARGED_HEIGHT = 480, 960
_GAP, _TITLE_SIZE, _LEGEND_SIZE = 16, 30, 22
_MIN_TYPE, _MAX_TYPE = 24, 40  # pixels; a sheet is often looked at in half its size


@dataclass(frozen=True, eq=False)
class BoxLabel:
    """One box to draw.

    Attributes:
        box: x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        label: the character in the box; the text of a plate's box.
        right: True for green, False for red, None for blue where the truth is unknown.
        missed: a true box that was not found; dashed, and no part of the text that was read.
    """

    box: Sequence[float] | np.ndarray
    label: str
    right: bool | None = None
    missed: bool = False


@dataclass(frozen=True, eq=False)
class PlatePicture:
    """A plate's image with its boxes, and its caption; both RGB."""

    image: Image.Image
    caption: Image.Image

    def joined(self) -> Image.Image:
        """Give one picture, the caption below the image."""
        width = max(self.image.width, self.caption.width)
        picture = Image.new("RGB", (width, self.image.height + self.caption.height), PAPER)
        picture.paste(self.image)
        picture.paste(self.caption, (0, self.image.height))
        return picture


def labels_of_reading(reading: Reading, truth: str | None = None) -> list[BoxLabel]:
    """Label the characters of the best plate.

    With its true text, each character is judged by its place in `align`.
    """
    pairs = align(reading.text, truth or "")
    judged = iter([read == true for read, true in pairs if read])
    return [
        BoxLabel(character.box, character.text, None if truth is None else next(judged))
        for character in reading.characters
    ]


def draw_plate(
    image: np.ndarray,
    labels: Sequence[BoxLabel],
    truth: str | None = None,
    note: str = "",
    size: tuple[int, int] | None = None,
) -> PlatePicture:
    """Draw one plate with its boxes, and caption its reading.

    Args:
        image: uint8 RGB [H,W,3].
        labels: the boxes, in pixels of `image`, in reading order.
        truth: the plate's true text; the caption then has a tick, or a cross and the truth.
        note: a line at the end of the caption.
        size: width and height in pixels, to which the image is scaled. By default a small image is enlarged until its
            boxes can be told apart, and a large one keeps its size.
    """
    height, width = image.shape[:2]
    scale = enlargement(width, height) if size is None else min(size[0] / width, size[1] / height)
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(image).resize(scaled, Image.Resampling.BICUBIC)
    canvas = ImageDraw.Draw(picture)
    for label in sorted(labels, key=lambda label: label.right is False):  # no right box hides a mistake
        draw_box(canvas, label, scale)
    read = [label for label in labels if not label.missed]
    text, crops = "".join(label.label for label in read), [crop_of(image, label.box) for label in read]
    below = max(scaled[0], _MIN_WIDTH) if size is None else size[0]
    type_size = max(_MIN_TYPE, min(below // 11, _MAX_TYPE))
    return PlatePicture(picture, draw_caption(below, type_size, crops, text, truth, note))


def contact_sheet(
    pictures: Sequence[PlatePicture], columns: int, title: str = "", legend: Sequence[str] = ()
) -> Image.Image:
    """Lay out pictures in rows under a title and smaller sentences.

    Cells are as wide as the widest picture. In a row the images stand on one line, and captions hang from it.

    Raises:
        ValueError: for no pictures, or less than one column.
    """
    if not pictures or columns < 1:
        raise ValueError(f"a contact sheet needs pictures and columns, got {len(pictures)} and {columns}")
    columns = min(columns, len(pictures))
    cell = _GAP + max(max(p.image.width, p.caption.width) for p in pictures)
    rows = [_row(pictures[start : start + columns], cell) for start in range(0, len(pictures), columns)]
    width = columns * cell + _GAP
    parts = [*_heading(width - 2 * _GAP, title, legend), *rows]
    sheet = Image.new("RGB", (width, sum(part.height + _GAP for part in parts) + _GAP), PAPER)
    top = _GAP
    for part in parts:
        sheet.paste(part, (_GAP, top))
        top += part.height + _GAP
    return sheet


def _row(pictures: Sequence[PlatePicture], cell: int) -> Image.Image:
    ground = max(picture.image.height for picture in pictures)
    height = ground + max(picture.caption.height for picture in pictures)
    row = Image.new("RGB", (len(pictures) * cell, height + _GAP // 2), PAPER)
    for index, picture in enumerate(pictures):
        row.paste(picture.image, (index * cell, ground - picture.image.height))
        row.paste(picture.caption, (index * cell, ground))
    return row


def _heading(width: int, title: str, legend: Sequence[str]) -> list[Image.Image]:
    """Draw the title and the legend; none without words."""
    sizes = [(title, _TITLE_SIZE), *((sentence, _LEGEND_SIZE) for sentence in legend)]
    lines = [(line, size) for words, size in sizes for line in wrapped(words, size, width)]
    if not lines:
        return []
    heading = Image.new("RGB", (width, sum(round(size * 1.3) for _, size in lines)), PAPER)
    canvas, top = ImageDraw.Draw(heading), 0
    for line, size in lines:
        canvas.text((0, top + size * 0.65), line, fill=INK, font=font_of(size), anchor="lm")
        top += round(size * 1.3)
    return [heading]


def enlargement(width: int, height: int) -> int:
    """Whole factor that makes a small image wide enough.

    The height is limited, since a narrow image would become endlessly tall.
    """
    return max(1, min(math.ceil(_MIN_WIDTH / width), _MAX_ENLARGED_HEIGHT // height))


def draw_box(canvas: ImageDraw.ImageDraw, label: BoxLabel, scale: float, line: int = 2) -> None:
    """Draw a box in its colour inside a white one.

    On a ground of the one colour the other is seen.

    Args:
        canvas: of the picture.
        label: the box, in pixels of an image.
        scale: the picture's size over the image's.
        line: width of the lines in pixels; that of a mistake is half as much again.
    """
    colour = colour_of(label)
    x1, y1, x2, y2 = (float(corner) * scale for corner in label.box)
    box = (x1, y1, max(x1, x2 - 1), max(y1, y2 - 1))  # Pillow draws the far edges too
    edge = line // 2
    around = (box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge)
    if label.missed:
        canvas.rectangle(around, outline=PAPER, width=2 * line)
        _dashed(canvas, box, colour, line)
    else:
        canvas.rectangle(around, outline=PAPER, width=edge)
        canvas.rectangle(box, outline=colour, width=line * 3 // 2 if label.right is False else line)


def colour_of(label: BoxLabel) -> Colour:
    """Give the colour of a label's box."""
    return UNJUDGED if label.right is None else RIGHT if label.right else WRONG


def _dashed(canvas: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: Colour, line: int) -> None:
    x1, y1, x2, y2 = box
    dash, inside = 3 * line, line // 2
    for start in np.arange(x1, x2, 2 * dash):
        for y in (y1 + inside, y2):
            canvas.line((start, y, min(start + dash, x2), y), fill=colour, width=line)
    for start in np.arange(y1, y2, 2 * dash):
        for x in (x1 + inside, x2):
            canvas.line((x, start, x, min(start + dash, y2)), fill=colour, width=line)
