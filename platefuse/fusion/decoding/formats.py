"""What numbers look like decides between characters that look alike: O and 0, I and 1, B and 8.

They cannot always be told from pixels, but where only letters or only digits can stand, they can. A format such as
LL000LL, which an issuer's numbers have, says where: `L` a letter, `0` a digit, `?` any. Without one it is still known
that letters and digits come in runs.
"""

from collections import Counter
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Items
from platefuse.fusion.decoding.format_lists import LISTS

_SIGNS = "L0?"


def _as_entry(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a format such as LL000LL, in quotes if it is of digits only, or a list's name")
    return value


def resolve(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Put the formats of shipped lists in the place of the lists' names; a format that comes again is left out.

    Raises:
        ValueError: for an entry that is neither a format nor a list's name, or is given twice.
    """
    formats: list[str] = []
    for entry, times in Counter(entries).items():
        if times > 1:
            raise ValueError(f"{entry!r} is given twice")
        if entry not in LISTS and set(entry) - set(_SIGNS):
            raise ValueError(f"{entry!r} is neither made of L, 0 and ? nor a list's name ({', '.join(LISTS)})")
        formats += LISTS.get(entry, (entry,))
    return tuple(dict.fromkeys(formats))


Formats = Annotated[Items[Annotated[str, BeforeValidator(_as_entry)]], AfterValidator(resolve)]
"""A YAML list of formats and lists' names; the names resolved."""


def check_formats(formats: tuple[str, ...], alphabet: str) -> None:
    """Check that the alphabet can fill each format.

    Raises:
        PlatefuseError: if it has no letters, or no digits, where a format asks for some.
    """
    letters, digits, _ = characters_of_kinds(alphabet)
    for sign, kind, characters in (("L", "letters", letters), ("0", "digits", digits)):
        asking = [entry for entry in formats if sign in entry]
        if asking and not characters.any():
            raise PlatefuseError(
                f"fuse.formats: {asking[0]!r} asks for {kind}, and the classifier's alphabet {alphabet!r} has none: "
                "leave it out."
            )


def characters_of_kinds(alphabet: str) -> np.ndarray:
    """Which characters are letters, digits, and neither: bool [3,K]."""
    letters, digits = (np.array([test(c) for c in alphabet]) for test in (str.isalpha, str.isdigit))
    return np.stack([letters, digits, ~(letters | digits)])
