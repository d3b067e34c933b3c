"""Texts of unequal alphabets: what people mean alike, and what is lacking."""

import unicodedata

import pytest

from platefuse.metrics.alphabets import _CYRILLIC, _GREEK, _LATIN, lacking_characters, normalise, plain

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize(
    "written",
    [
        "AB123",
        "ab123",
        "AB-123",
        "AB 123",
        " AB123 ",
        "AB\N{NO-BREAK SPACE}123",
        "AB\N{MIDDLE DOT}123",
        "AB\N{EN DASH}123",
        "AB\N{NON-BREAKING HYPHEN}123",
        "AB\N{MINUS SIGN}123",
        "AB\N{ZERO WIDTH SPACE}123",
        "A.B_1/2:3",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A}B12\N{FULLWIDTH DIGIT THREE}",
        "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER VE}123",
        "\N{CYRILLIC SMALL LETTER A}\N{CYRILLIC SMALL LETTER VE}123",
        "\N{GREEK CAPITAL LETTER ALPHA}\N{GREEK CAPITAL LETTER BETA}123",
    ],
)
def test_what_people_mean_alike_is_alike(written: str) -> None:
    assert normalise(written, ALPHABET) == "AB123"


@pytest.mark.parametrize(
    "kept", ["\N{LATIN CAPITAL LETTER O WITH DIAERESIS}1", "\N{CYRILLIC CAPITAL LETTER DE}", "O0", "+"]
)
def test_other_characters_stay(kept: str) -> None:
    assert normalise(kept, ALPHABET) == plain(kept) == kept


def test_the_letters_of_a_cyrillic_model_stay_and_latin_ones_become_them() -> None:
    cyrillic = "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER DE}"
    assert normalise(cyrillic, cyrillic + "0123") == cyrillic
    assert normalise("A", cyrillic + "0123") == cyrillic[0]
    assert normalise(cyrillic[0], cyrillic + ALPHABET) == cyrillic[0], "a model that knows both tells them apart"


def test_a_text_is_normalised_once_and_for_all() -> None:
    for code in range(0x3000):
        once = normalise(chr(code), ALPHABET)
        assert normalise(once, ALPHABET) == once, hex(code)


def test_shapes_are_capitals_of_three_scripts() -> None:
    """Unicode's own names say which script a letter is of; those of plates' conventions are all there."""
    assert [unicodedata.name(letter)[:13] for letter in _LATIN] == ["LATIN CAPITAL"] * len(_LATIN)
    for script, letters, of_plates in (("CYRILLIC", _CYRILLIC, "ABEKMHOPCTYX"), ("GREEK", _GREEK, "ABEZHIKMNOPTYX")):
        assert all(unicodedata.name(letter).startswith(f"{script} CAPITAL") for letter in letters if letter != "_")
        assert {latin for latin, letter in zip(_LATIN, letters, strict=True) if letter != "_"} >= set(of_plates)


def test_lacking_characters_are_counted_and_located() -> None:
    texts = [("AB-1", "line 2"), ("a-b-", "line 3"), ("1", "line 4")]
    lacking = lacking_characters(texts, ALPHABET)
    assert [(c.character, c.name, c.times, c.first) for c in lacking] == [
        ("-", "U+002D HYPHEN-MINUS", 3, "line 2"),
        ("a", "U+0061 LATIN SMALL LETTER A", 1, "line 3"),
        ("b", "U+0062 LATIN SMALL LETTER B", 1, "line 3"),
    ]
    assert lacking_characters([("\x07", "line 2")], ALPHABET)[0].name == "U+0007 (no name)"
