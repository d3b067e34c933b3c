"""Which lists of formats a text fits."""

import unicodedata
from collections import defaultdict

from platefuse.formats.lists import LISTS


def regions_of(text: str) -> tuple[str, ...]:
    """Name the lists that have a format of this text, sorted.

    Letters are Latin capitals, digits are 0 to 9. Formats say where letters and digits stand, and not which ones: a
    number of one country often fits the lists of others, too. A text that follows no format fits none: so do most
    vanity plates.
    """
    return _LISTS_OF.get("".join(map(_symbol, text)), ())


def _symbol(character: str) -> str:
    if character in "0123456789":
        return "0"
    return "L" if unicodedata.name(character, "").startswith("LATIN CAPITAL LETTER ") else "?"


def _lists_by_format() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(LISTS):
        for entry in LISTS[name].formats:
            found[entry].append(name)
    return {entry: tuple(names) for entry, names in found.items()}


_LISTS_OF = _lists_by_format()
