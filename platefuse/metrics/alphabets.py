"""Comparison of texts whose alphabets differ."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

_MINUS_SIGN = "\u2212"  # a symbol to Unicode, a dash to whoever types it
# Capitals of the same shape in Latin, Cyrillic and Greek, by their place. Countries that write Cyrillic or Greek allow
# few other letters on plates, so that all of Europe can read them. "_" has no such letter.
_LATIN = "ABCEHIJKMNOPSTXYZ"
_CYRILLIC = "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c_\u041e\u0420\u0405\u0422\u0425\u0423_"
_GREEK = "\u0391\u0392_\u0395\u0397\u0399_\u039a\u039c\u039d\u039f\u03a1_\u03a4\u03a7\u03a5\u0396"


@dataclass(frozen=True)
class LackingCharacter:
    """A character of true texts that a model's alphabet lacks.

    Attributes:
        character: the character.
        name: its code point and its name in Unicode.
        times: how often it occurs.
        first: where it occurs first, such as a file and its line.
    """

    character: str
    name: str
    times: int
    first: str


def lacking_characters(texts: Iterable[tuple[str, str]], alphabet: Collection[str]) -> list[LackingCharacter]:
    """List characters that an alphabet lacks, the most frequent first.

    Args:
        texts: pairs of a text and where it stands.
        alphabet: every character that a model can read.
    """
    times: dict[str, int] = {}
    first: dict[str, str] = {}
    for text, where in texts:
        for character in text:
            if character not in alphabet:
                times[character] = times.get(character, 0) + 1
                first.setdefault(character, where)
    most_frequent = sorted(times, key=lambda character: (-times[character], character))
    return [LackingCharacter(c, unicode_name(c), times[c], first[c]) for c in most_frequent]


def unicode_name(character: str) -> str:
    """Name a character by code point, since it may look like another."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '(no name)')}"


def plain(text: str) -> str:
    """Normalise a text as people mean it.

    Compatibility forms become usual ones (Unicode's NFKC), letters upper case. Spaces, punctuation, dashes and
    invisible characters are left out.
    """
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(c for c in upper if unicodedata.category(c)[0] not in "ZPC" and c != _MINUS_SIGN)


def normalise(text: str, alphabet: str) -> str:
    """Normalise a text as `plain` does, into an alphabet's characters.

    A Latin, Cyrillic or Greek capital that the alphabet lacks becomes the one of the same shape that it has.
    """
    shapes = _shapes(plain(alphabet))
    return "".join(shapes.get(character, character) for character in plain(text))


@cache
def _shapes(known: str) -> Mapping[str, str]:
    """Map unknown capitals to the first known one of their shape."""
    shapes: dict[str, str] = {}
    for shape in zip(_LATIN, _CYRILLIC, _GREEK, strict=True):
        letters = [letter for letter in shape if letter != "_"]
        same = [letter for letter in letters if letter in known]
        shapes |= {letter: same[0] for letter in letters if same and letter not in known}
    return shapes
