"""One face of a scalable font: its description and its glyphs.

The OpenType table `cmap` says which characters a font has. So the box that a font draws for unknown characters never
passes for a glyph.
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

GLYPH_HEIGHT = 96  # pixels; no character is shown larger, so glyphs are only ever reduced

_DRAWN_SIZE = 3 * GLYPH_HEIGHT  # type size of the drawing that is reduced to a glyph
_MAX_CHARACTERS = 2**18  # in a font; Unicode 16 has assigned 155,000
_TESTED_SIZE = 24  # type size at which a glyph must show some ink
# Words that tell members of one family apart, beside weight and slant.
_STYLES = {"sans", "serif", "slab", "mono", "code", "display", "text", "narrow", "condensed", "semi", "flex"}


@dataclass(frozen=True)
class FontFile:
    """One face of a font.

    Attributes:
        path: the font's file; None for Aileron, which Pillow carries inside its code.
        family: name of the family up to its first word of style, shared by all weights, widths and slants.
        axes: coordinates of this face in a variable font, in the order of the font's axes; () for a static font.
    """

    path: Path | None
    family: str
    axes: tuple[float, ...] = ()

    @property
    def slanted(self) -> bool:
        """Whether the font declares itself italic."""
        return _contents(self.path).slanted

    def face(self, size: int) -> ImageFont.FreeTypeFont:
        """Open the face at a type size in pixels; cached."""
        return _face(self, size)

    def glyph(self, character: str) -> np.ndarray:
        """Draw one character that the font has.

        Returns:
            Coverage 0..255, uint8 [GLYPH_HEIGHT,w], tight around the ink in both directions: all glyphs have one
            height. Ink below the baseline (the tail of a Q) is squeezed into that height, and the width stays.
            Otherwise the proportions are the font's. Cached, and so read-only.
        """
        return _glyph(self, character)

    def stem(self) -> float:
        """Measure the I's width at half its height, divided by its height."""
        return float((self.glyph("I")[GLYPH_HEIGHT // 2] >= 128).sum() / GLYPH_HEIGHT)

    def missing(self, characters: str) -> str:
        """List those of `characters` whose glyphs are missing or empty.

        Raises:
            PlatefuseError: for a damaged font.
        """
        known, face = _contents(self.path).characters, self.face(_TESTED_SIZE)
        with _naming_damaged(self.path):
            return "".join(c for c in characters if c not in known or not face.getmask(c).getbbox())


def load_faces(path: Path | None) -> list[FontFile]:
    """Load a font file's face, or the named instances if variable.

    Args:
        path: a .ttf or .otf file; None for the one font that Pillow carries.

    Raises:
        PlatefuseError: for a file that is no readable font; names it.
    """
    contents = _contents(path)
    return [FontFile(path, contents.family, axes) for axes in contents.instances]


@dataclass(frozen=True)
class _Contents:
    """Description of a font; `instances` is ((),) for a static font."""

    family: str
    slanted: bool
    characters: frozenset[str]
    instances: tuple[tuple[float, ...], ...]


@cache
def _contents(path: Path | None) -> _Contents:
    with _naming_damaged(path):
        if path is not None:
            ImageFont.truetype(path)  # Pillow draws the glyphs and must be able to read the file, too
        with TTFont(path or cast(BinaryIO, _aileron(1).path), lazy=True) as font:
            slanted = font["post"].italicAngle != 0
            return _Contents(_family(font), slanted, _characters(font), _instances(font))


@contextmanager
def _naming_damaged(path: Path | None) -> Iterator[None]:
    """Name the file in the error if the block finds it damaged."""
    try:
        yield
    except Exception as error:  # a damaged font raises nearly anything
        raise PlatefuseError(f"{path} cannot be read as a font ({error}): replace it, or take it out.") from None


def _family(font: TTFont) -> str:
    words = (font["name"].getBestFamilyName() or "").split()
    style = next((i for i, word in enumerate(words) if i and word.lower() in _STYLES), len(words))
    return " ".join(words[:style])


def _characters(font: TTFont) -> frozenset[str]:
    """List the characters for which a font has a glyph.

    Two kinds of fonts claim a letter and draw something else. Fonts of last resort have a cmap in format 13
    (https://learn.microsoft.com/typography/opentype/spec/cmap). Symbol fonts have glyph names that are no letters
    (Adobe Glyph List).
    """
    if _max_listed(font.getTableData("cmap")) > _MAX_CHARACTERS:
        raise ValueError("its cmap lists more characters than there are")
    tables = [table for table in font["cmap"].tables if table.isUnicode() and table.format != 13]
    names = {chr(code): name for table in tables for code, name in table.cmap.items()}
    glyphs = set(font.getGlyphOrder())  # a damaged cmap may name a million missing glyphs
    letters = {name for name in glyphs.intersection(names.values()) if _may_be_letter(agl.toUnicode(name))}
    return frozenset(c for c, name in names.items() if name in (letters if c.isalnum() else glyphs))


def _max_listed(cmap: bytes) -> int:
    """Count the characters in the largest cmap subtable of format 12.

    Format 12 lists ranges, and fontTools would expand even a malicious range character by character.
    """
    subtables, most = int.from_bytes(cmap[2:4]), 0
    for record in range(4, 4 + 8 * subtables, 8):
        subtable = cmap[int.from_bytes(cmap[record + 4 : record + 8]) :]
        if int.from_bytes(subtable[:2]) == 12:
            end = 16 + 12 * int.from_bytes(subtable[12:16])
            first, last, _ = np.frombuffer(subtable[16:end], ">u4").reshape(-1, 3).astype(np.int64).T
            most = max(most, int((last - first + 1).sum()))
    return most


def _may_be_letter(spelt: str) -> bool:
    return not spelt or spelt.isalnum()  # a name of the font maker's own spells nothing


def _instances(font: TTFont) -> tuple[tuple[float, ...], ...]:
    """List the coordinates of named instances; ((),) for a static font."""
    if "fvar" not in font:
        return ((),)
    tags = [axis.axisTag for axis in font["fvar"].axes]
    named = {tuple(float(instance.coordinates[tag]) for tag in tags) for instance in font["fvar"].instances}
    return tuple(sorted(named)) or ((),)


def _aileron(size: int) -> ImageFont.FreeTypeFont:
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


@lru_cache(maxsize=256)  # each entry holds its file open
def _face(font: FontFile, size: int) -> ImageFont.FreeTypeFont:
    if font.path is None:
        return _aileron(size)
    with _naming_damaged(font.path):
        face = ImageFont.truetype(font.path, size, layout_engine=ImageFont.Layout.BASIC)  # Raqm is not on every machine
        if font.axes:
            face.set_variation_by_axes(list(font.axes))
        return face


@cache
def _glyph(font: FontFile, character: str) -> np.ndarray:
    face = font.face(_DRAWN_SIZE)
    with _naming_damaged(font.path):
        mask, (_, top) = face.getmask2(character, anchor="ls")  # top counts from the baseline, negative upwards
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
