"""Scalable fonts of installed packages, the user's folders and the system."""

from collections import Counter
from importlib import metadata
from pathlib import Path
from string import ascii_lowercase
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Items, Range
from platefuse.data.characters import SPLITS
from platefuse.synthesis.common_params import SplitShares
from platefuse.synthesis.fonts.font_file import GLYPH_HEIGHT as GLYPH_HEIGHT
from platefuse.synthesis.fonts.font_file import FontFile, load_faces

_SUFFIXES = (".ttf", ".otf")
_UNREAD_SUFFIXES = (".ttc", ".otc", ".woff", ".woff2", ".dfont", ".pfa", ".pfb")
_PILLOW = "pillow"


def _each_once(alphabet: str) -> str:
    doubles = sorted(character for character, times in Counter(alphabet).items() if times > 1)
    if doubles:
        raise ValueError(f"expected each character once, but {''.join(doubles)!r} is there more often")
    return alphabet


class FontParams(SplitShares):
    """Fonts of numbers and small print, with shares of font families."""

    alphabet: Annotated[str, AfterValidator(_each_once)] = Field(
        min_length=1, description="Characters of the plates, each once."
    )
    packages: Items[str] = Field(description="Installed packages, by their names on PyPI, whose fonts are used.")
    folders: Items[str] = Field(description="Folders searched for .ttf and .otf, relative to the working folder.")
    system: bool = Field(description="Whether the system's fonts are used too; they differ between machines.")
    stem: Range[Annotated[float, Field(ge=0, le=10)]] = Field(
        default=(0.0, 1.0),
        description="Width of an I as a share of its height; packages' and the system's other fonts are left out.",
    )
    small_print: Items[str] = Field(default=(), description="Families for small print alone, never for a number.")


def load_fonts(params: FontParams, seed: int) -> dict[str, tuple[FontFile, ...]]:
    """Find the fonts of numbers, and split them by family.

    A font of a package or of the system is left out if it lacks a character of the alphabet, is italic, or has stems
    outside `stem`. No font of the user's folders is left out.

    Args:
        params: places to search, and the alphabet.
        seed: seed of the split and of the order; neither depends on where the files lie.

    Returns:
        The splits `train`, `val` and `test`; no family is in two splits.

    Raises:
        PlatefuseError: if a package or folder has no fonts, a font is damaged, a font in a folder lacks a character,
            or there are too few families for three splits.
    """
    return _split_numbers(_find(params), params, seed)


def load_print_fonts(params: FontParams, seed: int) -> dict[str, tuple[FontFile, ...]]:
    """Find the fonts of small print, and split them by family.

    These are the fonts of `load_fonts` and of the families in `small_print`, if they have the letters a-z.

    Args:
        params, seed: as for `load_fonts`.

    Returns:
        The splits `train`, `val` and `test`; no family is in two splits, and each is in its split of `load_fonts`.

    Raises:
        PlatefuseError: as `load_fonts`, and if a family in `small_print` is not found.
    """
    fonts = _find(params)
    numbers = _split_numbers(fonts, params, seed)
    others = [font for font in fonts if font.family in params.small_print]
    if unknown := sorted(set(params.small_print) - {font.family for font in others}):
        raise PlatefuseError(f"synth.fonts.small_print names {unknown[0]!r}, a family that synth.fonts does not find.")
    more = _split(others, params, np.random.default_rng([seed, 1]), least=0)
    return {split: tuple(f for f in numbers[split] + more[split] if not f.missing(ascii_lowercase)) for split in SPLITS}


def _split_numbers(fonts: list[FontFile], params: FontParams, seed: int) -> dict[str, tuple[FontFile, ...]]:
    numbers = [font for font in fonts if font.family not in params.small_print]
    if not numbers:
        raise PlatefuseError(
            f"synth.fonts finds no usable font with all of {params.alphabet!r} and stems within {list(params.stem)}: "
            "name more in packages or folders."
        )
    splits = _split(numbers, params, np.random.default_rng(seed), least=1)
    if not all(splits.values()):
        families = sorted({font.family for font in numbers})
        raise PlatefuseError(
            f"synth.fonts finds too few families to split into three by its val_share and test_share "
            f"({', '.join(families)}): name more in packages or folders, or make the shares smaller."
        )
    return splits


def _split(
    fonts: list[FontFile], params: FontParams, rng: np.random.Generator, least: int
) -> dict[str, tuple[FontFile, ...]]:
    """Split fonts by family, with at least `least` families in each split."""
    families = rng.permutation(sorted({font.family for font in fonts}))
    test, val = (max(least, round(share * len(families))) for share in (params.test_share, params.val_share))
    dealt = {"train": families[test + val :], "val": families[test : test + val], "test": families[:test]}
    shuffled = [fonts[index] for index in rng.permutation(len(fonts))]
    return {split: tuple(font for font in shuffled if font.family in dealt[split]) for split in SPLITS}


def _find(params: FontParams) -> list[FontFile]:
    """Find all usable fonts, in an order by their names alone."""
    general = [face for name in params.packages for path in _of_package(name) for face in load_faces(path)]
    if params.system:
        general += [face for path in _of_system() for face in load_faces(path)]
    fonts = [font for font in general if _suits(font, params) and not font.missing(params.alphabet)]
    fonts += [face for name in params.folders for face in _of_folder(Path(name), params.alphabet)]
    return sorted(dict.fromkeys(fonts), key=lambda font: (font.family, font.path.name if font.path else "", font.axes))


def _suits(font: FontFile, params: FontParams) -> bool:
    """Whether a font is upright with allowed stems, or for small print."""
    if font.family in params.small_print:
        return True
    low, high = params.stem
    return not font.slanted and not font.missing("I") and low <= font.stem() <= high


def _of_package(name: str) -> list[Path | None]:
    if name == _PILLOW:
        return [None]
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        raise PlatefuseError(
            f"synth.fonts.packages names {name}, which is not installed: install it, or take it out."
        ) from None
    paths: list[Path | None] = [Path(str(file.locate())) for file in sorted(files) if _is_font(file.name)]
    if not paths:
        raise PlatefuseError(f"synth.fonts.packages names {name}, which has no .ttf or .otf file: take it out.")
    return paths


def _of_folder(folder: Path, alphabet: str) -> list[FontFile]:
    if not folder.is_dir():
        raise PlatefuseError(f"synth.fonts.folders names {folder}, which is no folder in {Path.cwd()}.")
    files = sorted(folder.resolve().rglob("*"))
    unread = next((path for path in files if path.name.lower().endswith(_UNREAD_SUFFIXES)), None)
    if unread:
        raise PlatefuseError(f"{unread} is a font of a kind that is not read: convert it to .ttf, or take it out.")
    paths = [path for path in files if _is_font(path.name)]
    if not paths:
        raise PlatefuseError(f"synth.fonts.folders names {folder}, which has no .ttf or .otf file in it.")
    faces = [face for path in paths for face in load_faces(path)]
    for face in faces:
        if lacking := face.missing(alphabet):
            raise PlatefuseError(
                f"{face.path} has no glyph for {lacking!r} of synth.fonts.alphabet: "
                "take the font out of its folder, or the characters out of the alphabet."
            )
    return faces


def _of_system() -> list[Path]:
    from matplotlib.font_manager import findSystemFonts  # its first import lists all fonts and is slow

    return sorted(Path(name) for name in findSystemFonts() if _is_font(name))


def _is_font(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)
