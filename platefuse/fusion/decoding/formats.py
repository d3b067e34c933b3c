"""Formats of plate numbers, which resolve look-alikes.

Pixels alone cannot always distinguish O and 0, I and 1, B and 8. A format such as LL000LL says where letters and digits
stand: `L` is a letter, `0` a digit, `?` any character.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Items
from platefuse.formats.entries import resolve_formats


def _as_entry(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a format such as LL000LL (in quotes if it has only digits) or a list's name")
    return value


Formats = Annotated[Items[Annotated[str, BeforeValidator(_as_entry)]], AfterValidator(resolve_formats)]
"""A YAML list of formats and list names, the names resolved."""


def check_formats(formats: tuple[str, ...], alphabet: str) -> None:
    """Check that the alphabet can fill each format.

    Raises:
        PlatefuseError: if a format needs letters or digits and the alphabet has none.
    """
    letters, digits, _ = character_type_masks(alphabet)
    for symbol, name, mask in (("L", "letters", letters), ("0", "digits", digits)):
        matching = [entry for entry in formats if symbol in entry]
        if matching and not mask.any():
            raise PlatefuseError(
                f"fuse.formats: {matching[0]!r} asks for {name}, and the classifier's alphabet {alphabet!r} has none: "
                "leave it out."
            )


def character_type_masks(alphabet: str) -> np.ndarray:
    """Mark the characters that are letters, digits and neither: bool [3,K]."""
    letters, digits = (np.array([test(c) for c in alphabet]) for test in (str.isalpha, str.isdigit))
    return np.stack([letters, digits, ~(letters | digits)])
