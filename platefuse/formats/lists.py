"""All lists of formats, by the names that `fuse.formats` accepts."""

from platefuse.formats.africa import AFRICA
from platefuse.formats.americas import AMERICAS
from platefuse.formats.asia import ASIA
from platefuse.formats.europe import EUROPE
from platefuse.formats.format_list import FormatLists
from platefuse.formats.oceania import OCEANIA

LISTS: FormatLists = dict(sorted({**EUROPE, **AMERICAS, **ASIA, **AFRICA, **OCEANIA}.items()))
ALL = "all"
"""The name of all lists together."""


def formats_of(name: str) -> tuple[str, ...]:
    """Give the formats of a list, or of `all`, without duplicates.

    Raises:
        KeyError: if there is no list of that name.
    """
    if name == ALL:
        return tuple(dict.fromkeys(entry for of in LISTS.values() for entry in of.formats))
    return LISTS[name].formats
