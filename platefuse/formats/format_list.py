"""A list of one issuer's formats, and the regular expansion of digits."""

from collections.abc import Mapping
from typing import NamedTuple


class FormatList(NamedTuple):
    """Formats of the plate numbers that one country issues.

    Only regular series that are still on the road belong into a list. Vanity plates and plates of diplomats, armies and
    dealers do not: `fuse.format_tolerance` keeps their readings.

    Attributes:
        issuer: the country.
        source: the law, regulation or agency that sets the formats.
        formats: the formats; `L` is a letter, `0` a digit.
    """

    issuer: str
    source: str
    formats: tuple[str, ...]


FormatLists = Mapping[str, FormatList]
"""Lists by the country's code: ISO 3166-1 alpha-2, in lower case."""


def with_digits(before: str, least: int, most: int, after: str = "") -> tuple[str, ...]:
    """Make a format for each number of digits, the fewest first.

    Numbers without leading zeros have as many digits as they need.

    Args:
        before, after: what stands around the digits.
        least, most: how many digits there are.
    """
    return tuple(f"{before}{'0' * digits}{after}" for digits in range(least, most + 1))
