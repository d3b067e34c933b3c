"""Fonts whose glyphs are bars, built for a test."""

from collections.abc import Iterable
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def make_font(path: Path, family: str, bars: dict[str, tuple[int, int, int, int] | None], names=None) -> Path:
    """Write a font of bars, or blanks for None; `names` renames glyphs."""
    names = {character: f"my{ord(character):04X}" for character in bars} | (names or {})
    glyphs = {".notdef": _bar((50, 0, 450, 700))} | {names[c]: _bar(bar) for c, bar in bars.items()}
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (500, getattr(glyph, "xMin", 0)) for name, glyph in glyphs.items()})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)
    return path


def _bar(box):
    pen = TTGlyphPen(None)
    if box is not None:
        left, bottom, right, top = box
        pen.moveTo((left, bottom))
        for corner in ((left, top), (right, top), (right, bottom)):
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


def make_families(folder: Path, characters: Iterable[str]) -> Path:
    """Write fonts of three families, one for each split; return the folder."""
    for family, width in (("Narrow", 420), ("Middle", 560), ("Wide", 700)):
        make_font(folder / f"{family}.ttf", family, dict.fromkeys(characters, (0, 0, width, 700)))
    return folder
