"""Fonts: glyphs against outlines, splits by family, errors for unusable fonts."""

import random
import shutil
import struct
from importlib import metadata
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from matplotlib.font_manager import FontProperties, findSystemFonts
from matplotlib.textpath import TextPath
from pydantic import ValidationError

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.synthesis.fonts.font_file import GLYPH_HEIGHT, FontFile, load_faces
from platefuse.synthesis.fonts.library import FontParams, load_fonts, load_print_fonts
from tests.helpers.fonts import make_font

CAPITALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MATPLOTLIB = Path(matplotlib.get_data_path(), "fonts", "ttf")
SANS = MATPLOTLIB / "DejaVuSans.ttf"
STEM = (0, 0, 100, 700)  # left, bottom, right, top of a bar, in 1000 units an em


def params_of(**changes) -> FontParams:
    values = {"alphabet": "AB", "packages": [], "folders": [], "system": False, "val_share": 0.1, "test_share": 0.1}
    return FontParams.model_validate(values | changes)


def outline_size(font: TTFont, character: str, location: dict[str, float] | None = None) -> tuple[float, float]:
    """Give a glyph's outline width, and height above the baseline."""
    glyphs = font.getGlyphSet(location=location)
    pen = BoundsPen(glyphs)
    glyphs[font.getBestCmap()[ord(character)]].draw(pen)
    left, bottom, right, top = pen.bounds
    return right - left, top - max(bottom, 0)


def many_families(folder: Path, count: int = 12, letters: str = "AB") -> Path:
    for index in range(count):
        for style in ("Sans", "Mono"):
            bars = dict.fromkeys(letters, (0, 0, 100 + index, 700))
            make_font(folder / f"{style}{index}.ttf", f"Family{index} {style}", bars)
    return folder


def names(splits: dict[str, tuple[FontFile, ...]]) -> dict[str, list[str]]:
    return {split: [font.path.name for font in fonts] for split, fonts in splits.items()}


def families(fonts) -> set[str]:
    return {font.family for font in fonts}


# --- one font


@pytest.mark.parametrize("character", "AB1MWg")
def test_a_glyph_has_the_proportions_of_its_outline(character):
    with TTFont(SANS) as font:
        width, height = outline_size(font, character)
    glyph = load_faces(SANS)[0].glyph(character)
    assert (glyph.dtype, glyph.shape[0]) == (np.uint8, GLYPH_HEIGHT)
    assert glyph.shape[1] == pytest.approx(GLYPH_HEIGHT * width / height, abs=1.5)


@pytest.mark.parametrize("character", "B0K")
def test_a_glyph_covers_the_inside_of_its_outline(character):
    outline = TextPath((0, 0), character, size=100, prop=FontProperties(fname=SANS))
    (left, bottom), (right, top) = outline.get_extents().get_points()
    glyph = load_faces(SANS)[0].glyph(character)
    rows, columns = ((np.arange(length) + 0.5) / length for length in glyph.shape)
    x, y = np.meshgrid(left + columns * (right - left), top - rows * (top - bottom))
    inside = np.zeros(x.size, int)
    for polygon in outline.to_polygons(closed_only=True):  # a hole runs the other way round
        area = np.sum(polygon[:-1, 0] * polygon[1:, 1] - polygon[1:, 0] * polygon[:-1, 1])
        inside += int(np.sign(area)) * matplotlib.path.Path(polygon).contains_points(np.c_[x.ravel(), y.ravel()])
    assert ((glyph > 127) == (inside.reshape(glyph.shape) != 0)).mean() > 0.985


@pytest.mark.parametrize("path", [None, SANS, MATPLOTLIB / "STIXGeneral.ttf"])
def test_glyphs_are_tight_full_and_read_only(path):
    font = load_faces(path)[0]
    for character in CAPITALS:
        glyph = font.glyph(character)
        assert min(glyph[0].max(), glyph[-1].max(), glyph[:, 0].max(), glyph[:, -1].max()) > 63
        assert glyph.max() == 255
        assert glyph is font.glyph(character)
    with pytest.raises(ValueError, match="read-only"):
        glyph[0, 0] = 0


def test_a_tail_is_squeezed_in_and_a_short_letter_grows(tmp_path):
    bars = {"A": (0, 0, 350, 700), "Q": (10, -200, 360, 700), "a": (0, 0, 350, 350), ",": (0, -200, 100, 0)}
    font = load_faces(make_font(tmp_path / "bars.ttf", "Bars", bars))[0]
    widths = [font.glyph(character).shape[1] for character in bars]
    assert widths == pytest.approx([48, 48, 96, 48], abs=1)
    assert all(font.glyph(character).min() > 100 for character in bars)


def test_pillow_carries_one_scalable_font():
    (font,) = load_faces(None)
    assert (font.path, font.family, font.missing(CAPITALS)) == (None, "Aileron", "")
    assert font.face(20).getlength("ABC") > font.face(10).getlength("ABC")


def test_a_face_is_cached():
    font = load_faces(SANS)[0]
    assert font.face(20) is font.face(20)
    assert font.face(20).size == 20


def test_the_stem_is_the_width_of_the_bar(tmp_path):
    font = load_faces(make_font(tmp_path / "bars.ttf", "Bars", {"I": (0, 0, 140, 700)}))[0]
    assert font.stem() == pytest.approx(0.2, abs=0.01)


def test_a_variable_font_gives_a_face_for_each_named_weight():
    path = Path(str(next(f for f in metadata.files("fontpkg-oswald") if f.suffix == ".ttf").locate()))
    faces = load_faces(path)
    assert [face.axes for face in faces] == [(weight,) for weight in (200.0, 300.0, 400.0, 500.0, 600.0, 700.0)]
    assert families(faces) == {"Oswald"}
    stems = [face.stem() for face in faces]
    assert stems == sorted(stems)
    assert stems[-1] > 2 * stems[0]
    with TTFont(path) as font:
        for face in faces:
            width, height = outline_size(font, "H", {"wght": face.axes[0]})
            assert face.glyph("H").shape[1] == pytest.approx(GLYPH_HEIGHT * width / height, abs=1.5)


@pytest.mark.parametrize(
    ("name", "family"),
    [("DejaVuSansMono-Bold.ttf", "DejaVu"), ("DejaVuSerif.ttf", "DejaVu"), ("STIXGeneralBol.ttf", "STIXGeneral")],
)
def test_weights_widths_and_slants_are_of_one_family(name, family):
    assert load_faces(MATPLOTLIB / name)[0].family == family


def test_characters_without_a_glyph_or_without_ink_are_missing(tmp_path):
    font = load_faces(make_font(tmp_path / "bars.ttf", "Bars", {"A": STEM, "B": None}))[0]
    assert font.face(50).getmask("C").getbbox()  # the box for missing glyphs has ink
    assert font.missing("ABC") == "BC"


def test_a_glyph_named_for_a_symbol_is_no_letter(tmp_path):
    bars = {"A": STEM, "B": STEM, "C": STEM, "0": STEM, "+": STEM}
    given = {"A": "A", "B": "parenleft", "C": "glyph7", "0": "O", "+": "plus"}
    font = load_faces(make_font(tmp_path / "bars.ttf", "Bars", bars, given))[0]
    assert font.missing("ABC0+") == "B"  # a plate's font may draw 0 with its O


def test_a_font_of_last_resort_has_no_characters(tmp_path):
    path = make_font(tmp_path / "bars.ttf", "Bars", {"A": STEM})
    with TTFont(path) as font:
        table = CmapSubtable.newSubtable(13)
        table.platformID, table.platEncID, table.language, table.cmap = 3, 10, 0, dict.fromkeys(range(48, 91), "my0041")
        font["cmap"].tables = [table]
        font.save(tmp_path / "last.ttf")
    assert load_faces(tmp_path / "last.ttf")[0].missing("A") == "A"
    assert load_faces(MATPLOTLIB / "LastResortHE-Regular.ttf")[0].missing("AB") == "AB"


# --- finding and splitting


def test_matplotlib_and_pillow_give_text_fonts_only():
    splits = load_fonts(params_of(alphabet=CAPITALS, packages=["pillow", "matplotlib"]), seed=1)
    fonts = [font for split in SPLITS for font in splits[split]]
    assert families(fonts) == {"Aileron", "DejaVu", "STIXGeneral", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"}
    assert all(font.missing(CAPITALS) == "" and not font.slanted for font in fonts)


@pytest.mark.parametrize("seed", range(5))
def test_no_family_is_in_two_splits_and_none_is_lost(tmp_path, seed):
    splits = load_fonts(params_of(folders=[str(many_families(tmp_path))], test_share=0.25), seed)
    assert [len(families(splits[split])) for split in SPLITS] == [8, 1, 3]
    assert [len(splits[split]) for split in SPLITS] == [16, 2, 6]
    assert set.union(*(families(splits[split]) for split in SPLITS)) == {f"Family{index}" for index in range(12)}


def test_the_order_is_the_seeds_alone(tmp_path, monkeypatch):
    here = load_fonts(params_of(folders=[str(many_families(tmp_path / "zz" / "fonts"))]), seed=3)
    files = sorted((tmp_path / "zz" / "fonts").iterdir())
    random.Random(1).shuffle(files)
    (tmp_path / "aa").mkdir()
    for file in files:
        shutil.copy(file, tmp_path / "aa")
    monkeypatch.chdir(tmp_path)
    assert names(load_fonts(params_of(folders=["aa"]), seed=3)) == names(here)
    assert names(load_fonts(params_of(folders=["aa"]), seed=4)) != names(here)


def test_a_folder_named_twice_counts_once(tmp_path):
    folder = many_families(tmp_path, count=4)
    splits = load_fonts(params_of(folders=[str(folder), str(tmp_path)]), seed=1)
    assert sum(map(len, splits.values())) == 8


def test_stems_restrict_packages_but_not_folders(tmp_path):
    shutil.copy(SANS, tmp_path)
    thick = params_of(packages=["pillow", "matplotlib"], folders=[str(tmp_path)], stem=[0.19, 1])
    fonts = [font for fonts in load_fonts(thick, seed=1).values() for font in fonts]
    assert [font.path.name for font in fonts if font.stem() < 0.19] == ["DejaVuSans.ttf"]
    assert {"DejaVuSans-Bold.ttf", "cmb10.ttf"} <= {font.path.name for font in fonts}


def test_small_print_has_small_letters_and_families_of_its_own(tmp_path):
    folder = many_families(tmp_path, count=6, letters="ABabcdefghijklmnopqrstuvwxyz")
    make_font(folder / "capitals.ttf", "Capitals", {"A": STEM, "B": STEM})
    params = params_of(folders=[str(folder)], small_print=["Family0", "Family1", "Family2"])
    numbers, small = load_fonts(params, seed=1), load_print_fonts(params, seed=1)
    assert set.union(*map(families, numbers.values())) == {"Capitals", "Family3", "Family4", "Family5"}
    assert set.union(*map(families, small.values())) == {f"Family{index}" for index in range(6)}
    assert sum(len(families(small[split])) for split in SPLITS) == 6
    for split in SPLITS:
        assert families(numbers[split]) - {"Capitals"} <= families(small[split])


def test_the_systems_fonts_are_added_on_demand(tmp_path):
    folder = str(many_families(tmp_path))
    alone, together = (load_fonts(params_of(folders=[folder], system=system), 1).values() for system in (False, True))
    found = {font.path for fonts in together for font in fonts} - {font.path for fonts in alone for font in fonts}
    assert {str(path) for path in found} <= set(findSystemFonts())


# --- unusable fonts


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"packages": ["no-such-fonts"]}, "packages names no-such-fonts, which is not installed: install it"),
        ({"packages": ["tqdm"]}, r"packages names tqdm, which has no \.ttf or \.otf file"),
        ({"folders": ["nowhere"]}, "folders names nowhere, which is no folder in "),
        ({"folders": ["empty"]}, r"folders names empty, which has no \.ttf or \.otf file in it"),
        ({"folders": ["text"]}, r"text/notes\.ttf cannot be read as a font .*: replace it"),
        ({"folders": ["web"]}, r"web/letters\.WOFF2 is a font of a kind that is not read"),
        ({"folders": ["cut"]}, r"cut/half\.ttf cannot be read as a font .*: replace it"),
        (
            {"folders": ["bars"], "alphabet": "ABÄ"},
            r"bars/deep/bars\.otf has no glyph for 'Ä' of synth\.fonts\.alphabet",
        ),
        ({"folders": ["bars"]}, r"too few families .* \(Bars\): name more"),
        ({"packages": ["pillow"], "folders": ["bars"]}, r"too few families .* \(Aileron, Bars\)"),
        ({"packages": ["pillow"], "alphabet": "A車"}, "no usable font with all of 'A車'"),
        ({}, "no usable font with all of 'AB'"),
    ],
)
def test_unusable_fonts_are_named(tmp_path, monkeypatch, changes, message):
    make_font(tmp_path / "bars" / "deep" / "bars.otf", "Bars", {"A": STEM, "B": STEM})
    for folder in ("empty", "text", "cut", "web"):
        (tmp_path / folder).mkdir()
    (tmp_path / "text" / "notes.ttf").write_text("no font")
    (tmp_path / "web" / "letters.WOFF2").touch()
    (tmp_path / "cut" / "half.ttf").write_bytes(SANS.read_bytes()[:300_000])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlatefuseError, match=message):
        load_fonts(params_of(**changes), seed=1)


def test_an_unknown_family_of_small_print_is_named(tmp_path):
    params = params_of(folders=[str(many_families(tmp_path))], small_print=["Dancing"])
    with pytest.raises(PlatefuseError, match="small_print names 'Dancing'"):
        load_print_fonts(params, seed=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alphabet": ""}, "at least 1 character"),
        ({"alphabet": "ABCAB"}, "each character once, but 'AB' is there more often"),
        ({"stem": [0.3, 0.1]}, "the smaller number first"),
        ({"val_share": 0.0}, "greater than 0"),
    ],
)
def test_parameters_are_checked(changes, message):
    with pytest.raises(ValidationError, match=message):
        params_of(**changes)


def test_a_font_that_claims_all_of_unicode_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    group = struct.pack(">3I", 0, 0x10FFFF, 1)
    subtable = struct.pack(">2H3I", 12, 0, 16 + len(group), 0, 1) + group
    font = TTFont(SANS)
    font["cmap"] = DefaultTable("cmap")
    font["cmap"].data = struct.pack(">4HI", 0, 1, 3, 10, 12) + subtable
    font.save(tmp_path / "all.ttf")
    with pytest.raises(PlatefuseError, match=r"all\.ttf cannot be read as a font \(its cmap lists more characters"):
        load_faces(tmp_path / "all.ttf")
