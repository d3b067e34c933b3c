"""Captions of plates: characters cut out, above reading and truth."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from platefuse.metrics.text import align

Colour = tuple[int, int, int]
# Colours of Okabe and Ito (https://jfly.uni-koeln.de/color/): they stay apart in every common kind of colour blindness.
RIGHT: Colour = (0, 158, 115)
WRONG: Colour = (213, 94, 0)
PAPER: Colour = (255, 255, 255)
INK: Colour = (30, 30, 30)
_FAINT: Colour = (100, 100, 100)
_TINT: Colour = (255, 224, 200)
_NARROW, _WIDE = 0.72, 1.1  # a column's width, as shares of the type's size
_MARGIN = 2.1  # left of the columns, for the rows' names
_NO_CHARACTER = "\uffff"  # drawn as a character that the font lacks
_CROP, _ROW, _NOTE = 1.5, 1.25, 0.95  # heights

Column = tuple[str, str, Image.Image | None]
"""The character read, the true one, and what is in the box; "" and None where there is none."""


def draw_caption(
    width: int, size: int, crops: Sequence[Image.Image | None], text: str, truth: str | None = None, note: str = ""
) -> Image.Image:
    """Draw the caption of one plate.

    Characters stand in columns: the crop, the character that was read and, where the text is wrong, the true one.
    Texts are aligned by `align`, and columns that differ are filled. Long texts take several lines.

    Args:
        width: of the caption, in pixels.
        size: height of the type, in pixels.
        crops: an RGB image of each character of `text`; None for one without pixels.
        text: the text that was read.
        truth: the true text; a tick or a cross then says whether `text` is right.
        note: a line at the end, in smaller type; its beginning is left out if it is too long.
    """
    columns = _columns(crops, text, truth)
    margin = 0 if truth is None else round(size * _MARGIN)
    room = max(width - margin, round(size * _NARROW))
    cell = max(size * _NARROW, min(size * _WIDE, room / max(1, len(columns))))
    a_line = int(room / cell)
    names = ["read", "true"] if truth is not None and truth != text else [""]
    parts = [
        _line(width, size, (margin, cell), columns[start : start + a_line], names)
        for start in range(0, max(1, len(columns)), a_line)
    ]
    caption = _stacked([*parts, _small(width, size, note)] if note else parts)
    if truth is not None:
        draw_sign(ImageDraw.Draw(caption), text == truth, 2, size * 0.35, size * 0.9)
    return caption


def crop_of(image: np.ndarray, box: Sequence[float] | np.ndarray) -> Image.Image | None:
    """Cut a box x1,y1,x2,y2 out; None for one without pixels."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(float(corner)) for corner in box)
    part = image[max(0, y1) : min(height, max(0, y2)), max(0, x1) : min(width, max(0, x2))]
    return Image.fromarray(part) if part.size else None


def wrapped(words: str, size: int, width: float) -> list[str]:
    """Break words into lines no wider than `width` pixels.

    A word that is wider has a line of its own.
    """
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font_of(size).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, `size` pixels high."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return font


@cache
def font_of_character(character: str, size: int) -> ImageFont.FreeTypeFont:
    """Font that has a character, `size` pixels high.

    Pillow's own has Latin letters. For what it lacks it is DejaVu Sans, if Matplotlib, which brings it, is installed.
    """
    own = font_of(size)
    if bytes(own.getmask(character)) != bytes(own.getmask(_NO_CHARACTER)):
        return own
    matplotlib = find_spec("matplotlib")  # its import takes a second
    folders = (matplotlib.submodule_search_locations if matplotlib else None) or ()
    files = [Path(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf") for folder in folders]
    return next((ImageFont.truetype(str(file), size) for file in files if file.is_file()), own)


def _columns(crops: Sequence[Image.Image | None], text: str, truth: str | None) -> list[Column]:
    pairs = align(text, text if truth is None else truth)
    left = iter(crops)
    return [(read, true, next(left) if read else None) for read, true in pairs]


def _line(
    width: int, size: int, place: tuple[int, float], columns: Sequence[Column], names: Sequence[str]
) -> Image.Image:
    """Draw one line: crops above a row of characters per name.

    `place` is the margin on the left and the width of a column.
    """
    (margin, cell), tall, row = place, round(size * _CROP), round(size * _ROW)
    line = Image.new("RGB", (width, tall + row * len(names)), PAPER)
    canvas = ImageDraw.Draw(line)
    for index, name in enumerate(names):
        middle = tall + row * (index + 0.5)
        canvas.text((0, middle), name, fill=_FAINT, font=font_of(round(size * 0.75)), anchor="lm")
        if not columns:
            canvas.text((margin, middle), "(nothing)", fill=_FAINT, font=font_of(size), anchor="lm")
    for index, (read, true, crop) in enumerate(columns):
        left = margin + index * cell
        if crop:
            fitted = _fitted(crop, (cell - 2, tall - 4))
            line.paste(fitted, (round(left + (cell - fitted.width) / 2), tall - fitted.height - 2))
        tiles = ((read, WRONG, PAPER), (true, _TINT, INK)) if read != true else ((read, PAPER, INK),) * 2
        for top, (character, ground, ink) in zip(range(tall, line.height, row), tiles, strict=False):
            canvas.rectangle((left + 1, top, left + cell - 2, top + row - 1), fill=ground)
            canvas.text(
                (left + cell / 2, top + row / 2),
                character,
                fill=ink,
                font=font_of_character(character, size),
                anchor="mm",
            )
    return line


def _fitted(crop: Image.Image, size: tuple[float, float]) -> Image.Image:
    scale = min(size[0] / crop.width, size[1] / crop.height)
    fitted = (max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))
    return crop.resize(fitted, Image.Resampling.BICUBIC)


def _small(width: int, size: int, note: str) -> Image.Image:
    line, font = Image.new("RGB", (width, round(size * _NOTE)), PAPER), font_of(round(size * 0.7))
    shown = note
    while len(shown) > 4 and font.getlength(shown) > width:
        shown = f"...{shown[4:]}"
    ImageDraw.Draw(line).text((0, line.height / 2), shown, fill=_FAINT, font=font, anchor="lm")
    return line


def _stacked(lines: Sequence[Image.Image]) -> Image.Image:
    stacked, top = Image.new("RGB", (lines[0].width, sum(line.height for line in lines)), PAPER), 0
    for line in lines:
        stacked.paste(line, (0, top))
        top += line.height
    return stacked


def draw_sign(
    canvas: ImageDraw.ImageDraw, right: bool, x: float, y: float, size: float, colour: Colour | None = None
) -> None:
    """Draw a tick or a cross.

    Colour alone must not carry the message, and the font has neither sign. The default colour is that of right or
    wrong.
    """
    width = max(2, round(size / 5))
    if right:
        corners = [(x, y + size * 0.55), (x + size * 0.35, y + size * 0.9), (x + size, y + size * 0.1)]
        canvas.line(corners, fill=colour or RIGHT, width=width, joint="curve")
    else:
        fill = colour or WRONG
        canvas.line((x + size * 0.1, y + size * 0.1, x + size * 0.9, y + size * 0.9), fill=fill, width=width)
        canvas.line((x + size * 0.1, y + size * 0.9, x + size * 0.9, y + size * 0.1), fill=fill, width=width)
