"""One face of a scalable font: what its file says it holds, and its characters drawn.

Which characters a font has is read from its OpenType `cmap` table, so that the box it draws for the others
never stands for a character.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from fontTools import agl
from fontTools.ttLib import TTFont
from PIL import Image, ImageFont

from platefuse.core.errors import PlatefuseError

GLYPH_HEIGHT = 96  # pixels; at least what a character is shown with, so that using a glyph reduces it

_DRAWN = 3 * GLYPH_HEIGHT  # type size of the drawing that a glyph is reduced from
_MAX_CHARACTERS = 2**18  # that a font may list: Unicode 16 has assigned 155,000
_SMALL = 24  # type size that shows whether a glyph has any ink
# What sets members of a family apart in its name, beside weight and slant.
_STYLES = {"sans", "serif", "slab", "mono", "code", "display", "text", "narrow", "condensed", "semi", "flex"}


@dataclass(frozen=True)
class FontFile:
    """One face of a font.

    Attributes:
        path: its file; None for Aileron, which Pillow carries inside its code.
        family: what its weights, widths and slants have in common: the family's name up to its first word of style.
        axes: where in a variable font this face lies, in the order of the font's axes; () if it is not variable.
    """

    path: Path | None
    family: str
    axes: tuple[float, ...] = ()

    @property
    def slanted(self) -> bool:
        """Whether the font says that it is an italic."""
        return _contents(self.path).slanted

    def face(self, size: int) -> ImageFont.FreeTypeFont:
        """Give the face at a type size in pixels, to set a line with; cached."""
        return _face(self, size)

    def glyph(self, character: str) -> np.ndarray:
        """Draw one character that the font has.

        Returns:
            uint8 [GLYPH_HEIGHT,w], the ink's coverage 0..255, tight around the ink in both directions, so that
            all characters are of one height. What hangs below the line (the tail of a Q) is squeezed in, the
            width staying; else the proportions are the font's. Cached, and so read-only.
        """
        return _glyph(self, character)

    def stem(self) -> float:
        """Give the width of the I, halfway up, as a share of its height."""
        return float((self.glyph("I")[GLYPH_HEIGHT // 2] >= 128).sum() / GLYPH_HEIGHT)

    def lacks(self, characters: str) -> str:
        """Give those of `characters` that the font has no glyph for, or an empty one.

        Raises:
            PlatefuseError: for a damaged font.
        """
        known, face = _contents(self.path).characters, self.face(_SMALL)
        with _named_if_damaged(self.path):
            return "".join(c for c in characters if c not in known or not face.getmask(c).getbbox())


def faces_of(path: Path | None) -> list[FontFile]:
    """Give the faces of a font file: one, or those that a variable font has names for.

    Args:
        path: a .ttf or .otf file; None for the one font that Pillow carries.

    Raises:
        PlatefuseError: for a file that cannot be read as a font; names it.
    """
    contents = _contents(path)
    return [FontFile(path, contents.family, axes) for axes in contents.instances]


@dataclass(frozen=True)
class _Contents:
    """What a font file says of itself; `instances` are the named ones of a variable font, else one without axes."""

    family: str
    slanted: bool
    characters: frozenset[str]
    instances: tuple[tuple[float, ...], ...]


@cache
def _contents(path: Path | None) -> _Contents:
    with _named_if_damaged(path):
        if path is not None:
            ImageFont.truetype(path)  # what draws must be able to read it, too
        with TTFont(path or cast(BinaryIO, _aileron(1).path), lazy=True) as font:
            slanted = font["post"].italicAngle != 0
            return _Contents(_family(font), slanted, _characters(font), _instances(font))


@contextmanager
def _named_if_damaged(path: Path | None) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a damaged font raises nearly anything
        raise PlatefuseError(f"{path} cannot be read as a font ({error}): replace it, or take it out.") from None


def _family(font: TTFont) -> str:
    words = (font["name"].getBestFamilyName() or "").split()
    style = next((i for i, word in enumerate(words) if i and word.lower() in _STYLES), len(words))
    return " ".join(words[:style])


def _characters(font: TTFont) -> frozenset[str]:
    """The characters that a font has a glyph for.

    Two kinds of fonts say that they have a letter and draw something else: those of last resort, whose cmap is
    in format 13 (https://learn.microsoft.com/typography/opentype/spec/cmap), and those of symbols laid onto the
    letters, which the names of their glyphs give away (Adobe Glyph List).
    """
    if _listed(font.getTableData("cmap")) > _MAX_CHARACTERS:
        raise ValueError("its cmap lists more characters than there are")
    tables = [table for table in font["cmap"].tables if table.isUnicode() and table.format != 13]
    names = {chr(code): name for table in tables for code, name in table.cmap.items()}
    glyphs = set(font.getGlyphOrder())  # a damaged cmap names a million that are not there
    letters = {name for name in glyphs.intersection(names.values()) if _may_be_letter(agl.toUnicode(name))}
    return frozenset(c for c, name in names.items() if name in (letters if c.isalnum() else glyphs))


def _listed(cmap: bytes) -> int:
    """The most characters that a subtable of format 12 lists, in groups that fontTools would spell out one by one."""
    subtables, most = int.from_bytes(cmap[2:4]), 0
    for record in range(4, 4 + 8 * subtables, 8):
        subtable = cmap[int.from_bytes(cmap[record + 4 : record + 8]) :]
        if int.from_bytes(subtable[:2]) == 12:
            end = 16 + 12 * int.from_bytes(subtable[12:16])
            first, last, _ = np.frombuffer(subtable[16:end], ">u4").reshape(-1, 3).astype(np.int64).T
            most = max(most, int((last - first + 1).sum()))
    return most


def _may_be_letter(spelt: str) -> bool:
    return not spelt or spelt.isalnum()  # names that spell nothing are the font maker's own


def _instances(font: TTFont) -> tuple[tuple[float, ...], ...]:
    if "fvar" not in font:
        return ((),)
    tags = [axis.axisTag for axis in font["fvar"].axes]
    named = {tuple(float(instance.coordinates[tag]) for tag in tags) for instance in font["fvar"].instances}
    return tuple(sorted(named)) or ((),)


def _aileron(size: int) -> ImageFont.FreeTypeFont:
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


@lru_cache(maxsize=256)  # each holds its file open
def _face(font: FontFile, size: int) -> ImageFont.FreeTypeFont:
    if font.path is None:
        return _aileron(size)
    with _named_if_damaged(font.path):
        face = ImageFont.truetype(font.path, size, layout_engine=ImageFont.Layout.BASIC)  # Raqm is not on every machine
        if font.axes:
            face.set_variation_by_axes(list(font.axes))
        return face


@cache
def _glyph(font: FontFile, character: str) -> np.ndarray:
    face = font.face(_DRAWN)
    with _named_if_damaged(font.path):
        mask, (_, top) = face.getmask2(character, anchor="ls")  # top is counted from the line, up negative
        drawn = np.asarray(mask, np.uint8).reshape(mask.size[::-1])
        rows, columns = (np.flatnonzero((drawn >= 128).any(axis)) for axis in (1, 0))
        if not len(rows):
            raise ValueError(f"its {character!r} is next to nothing")
    ink = Image.fromarray(drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    above = -top - int(rows[0])
    unit = min(above, ink.height) if above > 0 else ink.height
    width = max(1, round(ink.width * GLYPH_HEIGHT / unit))
    glyph = np.asarray(ink.resize((width, GLYPH_HEIGHT), Image.Resampling.BOX))
    glyph.setflags(write=False)
    return glyph
