"""The lists that a text fits, against a regular expression a format."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.formats.lists import LISTS
from platefuse.formats.regions import regions_of

CLASSES = {"L": "[A-ZÀ-ÖØ-ÞČŠŽ]", "0": "[0-9]"}
EXPRESSIONS = {
    name: re.compile("|".join("".join(map(CLASSES.__getitem__, entry)) for entry in of.formats))
    for name, of in LISTS.items()
}
FITTING = st.sampled_from([entry for of in LISTS.values() for entry in of.formats]).flatmap(
    lambda entry: st.tuples(*(st.sampled_from("AÖČZ" if symbol == "L" else "019") for symbol in entry)).map("".join)
)


@given(st.one_of(FITTING, st.text("AZÖČ09a-? Я٣", max_size=12)))
def test_a_text_fits_the_lists_that_regular_expressions_find(text: str) -> None:
    assert regions_of(text) == tuple(sorted(name for name, of in EXPRESSIONS.items() if of.fullmatch(text)))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("BRA2E19", {"br"}),
        ("BA123AB", {"sk", "cz", "fr", "it"}),
        ("TÖL1234", {"de"}),
        ("22BH1234AA", {"in"}),
    ],
)
def test_a_number_fits_its_own_list(text: str, fits: set[str]) -> None:
    assert fits <= set(regions_of(text))


@pytest.mark.parametrize(
    "text",
    ["", "HELLO", "B4NN3R", "ab123cd", "Я123ЖЯ", "ΩΛ1234", "AB٣٤٣٤", "กข1234", "AB-1234", "AB?1234", "0" * 40],
)
def test_vanity_plates_and_other_alphabets_fit_none(text: str) -> None:
    assert regions_of(text) == ()
