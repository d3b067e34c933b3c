"""Entries of `fuse.formats`: formats and names of lists."""

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from platefuse.core.errors import shortened
from platefuse.formats.lists import ALL, LISTS, formats_of

SYMBOLS = "L0?"
PAGE = "docs/formats.md"
"""Where all lists stand."""

_ALSO_CALLED = {"uk": "gb", "usa": "us"}
_LONGEST_NAME = 50  # of what could be meant as a name


def resolve_formats(entries: Iterable[str]) -> tuple[str, ...]:
    """Replace the names of lists by their formats, without duplicates.

    Raises:
        ValueError: for an entry that is neither a format nor a list's name, or is given twice.
    """
    formats: list[str] = []
    for entry, times in Counter(entries).items():
        if times > 1:
            raise ValueError(f"{entry!r} is given twice")
        if not entry or set(entry) - set(SYMBOLS):
            if entry not in LISTS and entry != ALL:
                raise ValueError(_unknown(entry))
            formats += formats_of(entry)
        else:
            formats.append(entry)
    return tuple(dict.fromkeys(formats))


def _unknown(entry: str) -> str:
    nearest = " or ".join(f"{name} ({LISTS[name].issuer})" for name in _nearest(entry))
    hint = f" (did you mean {nearest}?)" if nearest else ""
    return f"{shortened(entry)!r} is neither made of L, 0 and ? nor a list's name{hint}: {PAGE} has all lists"


def _nearest(entry: str) -> list[str]:
    """Find the lists whose code or country is nearest, the best first."""
    if len(entry) > _LONGEST_NAME:
        return []
    names = {name: name for name in LISTS} | _ALSO_CALLED
    names |= {of.issuer.removeprefix("the ").lower(): name for name, of in LISTS.items()}
    given = entry.strip().lower()
    found = [given] if given in names else get_close_matches(given, names, n=3, cutoff=0.5)
    return list(dict.fromkeys(names[name] for name in found))
