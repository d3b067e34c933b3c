"""Numbers: forms of plates in the given alphabet, and their layout."""

import re
from itertools import pairwise

import numpy as np
import pytest

from platefuse.synthesis.licence.number import Glyph, Row, longest_number, sample_groups, set_row
from tests.helpers.licence import ALPHABET, BlockFont, clean

HEIGHT = 40


def _numbers(alphabet: str = ALPHABET, amount: int = 300, **changes) -> list[list[str]]:
    params = clean({f"number.{name}": value for name, value in changes.items()}).number
    return [sample_groups(np.random.default_rng(seed), alphabet, params) for seed in range(amount)]


def _row(groups: list[str], widest: float = 1e6, seed: int = 0, height: int = HEIGHT, **changes) -> Row:
    params = clean({f"number.{name}": value for name, value in changes.items()}).number
    return set_row(np.random.default_rng(seed), groups, BlockFont(), height, widest, params)


def _edges(row: Row) -> list[tuple[float, float]]:
    """Give x of each character's first and last ink."""
    return [(glyph.x, glyph.x + glyph.mask.shape[1]) for glyph in row.glyphs]


def _spaces(row: Row) -> list[float]:
    return [right[0] - left[1] for left, right in pairwise(_edges(row))]


FORMS = [{}, {"vanity": 1}, {"mixed": 1}]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("alphabet", ["ABC", "0123", "X7", "Q", "ČŽ5"])
def test_numbers_use_exactly_the_alphabet(alphabet, form):
    numbers = _numbers(alphabet, 120, **form)
    assert {character for groups in numbers for group in groups for character in group} == set(alphabet)
    assert all(group for groups in numbers for group in groups)


@pytest.mark.parametrize("form", FORMS[1:], ids=str)
def test_numbers_without_a_common_form_have_the_requested_length(form):
    lengths = [len("".join(groups)) for groups in _numbers(amount=150, count=[2, 5], **form)]
    assert set(lengths) == {2, 3, 4, 5}
    assert {len("".join(groups)) for groups in _numbers(amount=20, count=[1, 1], **form)} == {1}


def _signs(groups: list[str]) -> str:
    return re.sub("[0-9]", "0", re.sub("[A-Z]", "L", " ".join(groups)))


def test_common_forms_have_letters_and_digits_in_their_places():
    signs = {_signs(groups) for groups in _numbers(amount=800)}
    assert 30 < len(signs) < 60
    assert {"LL 000LL", "LLL 0000", "LLL0L00", "000 LLL", "000000"} <= signs
    assert {len(form.replace(" ", "")) for form in signs} == {5, 6, 7}


def test_vanity_numbers_are_letters_and_then_digits():
    signs = {_signs(groups).replace(" ", "") for groups in _numbers(vanity=1, count=[1, 7])}
    assert all(re.fullmatch("L+0{0,2}", form) for form in signs)
    assert {"L", "LLLLLLL", "LLLLL00"} <= signs


def test_mixed_numbers_have_letters_and_digits_anywhere():
    signs = {_signs(groups).replace(" ", "") for groups in _numbers(amount=200, mixed=1, count=[3, 3])}
    assert signs == {a + b + c for a in "L0" for b in "L0" for c in "L0"}


def test_rare_characters_are_as_rare_as_requested_except_in_words():
    def share(**form) -> float:
        return "".join(map("".join, _numbers("ABCD", 400, rare="D", rarity=0.1, **form))).count("D") / (400 * 6)

    assert 0.02 < share(mixed=1, count=[6, 6]) < 0.045  # 1 in 31
    assert 0.2 < share(vanity=1, count=[6, 6]) < 0.3


def test_long_numbers_have_eight_to_twelve_characters_in_up_to_three_groups():
    numbers = _numbers(amount=600, long=1, mixed=1)
    assert {len("".join(groups)) for groups in numbers} == {8, 9, 10, 11, 12}
    assert {len(groups) for groups in numbers} <= {1, 2, 3, 4}
    assert {"LL 00 LL 0000", "L 000 LL 000", "00 LLL 000"} <= {_signs(groups) for groups in numbers}
    share = sum(len("".join(groups)) > 7 for groups in _numbers(amount=600, long=0.25)) / 600
    assert 0.19 < share < 0.31


@pytest.mark.parametrize("changes", [{}, {"long": 0.5}, {"long": 1}, {"vanity": 1, "count": [2, 5]}], ids=str)
def test_the_longest_number_is_known(changes):
    params = clean({f"number.{name}": value for name, value in changes.items()}).number
    assert max(len("".join(groups)) for groups in _numbers(amount=400, **changes)) == longest_number(params)


def test_some_numbers_repeat_one_character():
    numbers = [group for groups in _numbers() for group in groups if len(group) >= 4]
    assert 0 < sum(len(set(group)) == 1 for group in numbers) < len(numbers) / 5


def test_characters_stand_in_order_at_the_requested_distances():
    row = _row(["AB", "1Z0"], gap=[0.25, 0.25], group_gap=[0.6, 0.6])
    assert [glyph.character for glyph in row.glyphs] == list("AB1Z0")
    np.testing.assert_allclose(_spaces(row), [10, 34, 10, 10], atol=1)  # 0.25, then 0.6 more between the groups
    widths = [HEIGHT * (30 + 2 * ALPHABET.index(character)) / 100 for character in "AB1Z0"]
    assert [glyph.mask.shape for glyph in row.glyphs] == [(HEIGHT, round(width)) for width in widths]
    assert row.width == pytest.approx(sum(widths) + 64)
    (gap,) = row.gaps
    np.testing.assert_allclose(gap, (_edges(row)[1][1], _edges(row)[2][0]), atol=1)


def test_characters_are_filled_with_their_ink():
    row = _row(["A1"])
    assert all((glyph.mask == 255).all() for glyph in row.glyphs)


def test_stencilled_characters_have_gaps_and_their_places():
    plain, stencilled = _row(["AM"]), _row(["AM"], stencil=1)
    assert [glyph.mask.shape for glyph in stencilled.glyphs] == [glyph.mask.shape for glyph in plain.glyphs]
    assert all((glyph.mask < 128).any() for glyph in stencilled.glyphs)


@pytest.mark.parametrize("aspect", [0.6, 1.3])
def test_characters_are_squeezed_or_widened(aspect):
    widths = [glyph.mask.shape[1] for glyph in _row(["AMZ"], aspect=[aspect, aspect]).glyphs]
    np.testing.assert_allclose(widths, [aspect * HEIGHT * (30 + 2 * ALPHABET.index(c)) / 100 for c in "AMZ"], atol=0.5)


def test_monospaced_characters_stand_at_equal_distances():
    row = _row(["0AM1"], monospaced=1)
    centres = [(left + right) / 2 for left, right in _edges(row)]
    np.testing.assert_allclose(np.diff(centres), np.diff(centres)[0], atol=1e-6)
    assert np.ptp(np.diff([(left + right) / 2 for left, right in _edges(_row(["0AM1"]))])) > 2


@pytest.mark.parametrize("changes", [{}, {"filled": 1}, {"monospaced": 1}], ids=str)
@pytest.mark.parametrize("widest", [40, 90, 150, 300, 600])
def test_a_row_keeps_its_width_and_its_characters_apart(widest, changes):
    for seed in range(20):
        row = _row(["AB", "012", "M"], widest, seed, gap=[0.2, 0.3], group_gap=[0.2, 0.6], **changes)
        assert row.width <= widest + 1e-6
        assert _edges(row)[0][0] > -1 and _edges(row)[-1][1] < row.width + 1
        assert min(_spaces(row)) > (-0.5 if widest == 40 else 0)  # whole pixels: the narrowest can only just not touch
        assert len(row.gaps) == 2
        for (x1, x2), last, first in zip(row.gaps, (1, 4), (2, 5), strict=True):
            assert _edges(row)[last][1] - 1 < x1 < x2 < _edges(row)[first][0] + 1


@pytest.mark.parametrize("room", [1.01, 1.05, 1.1, 1.3, 3.0])
def test_filling_moves_characters_apart_and_never_together(room):
    most = []
    for seed in range(30):
        alone = _row(["AB", "12"], seed=seed)
        more = np.subtract(_spaces(_row(["AB", "12"], room * alone.width, seed, filled=1)), _spaces(alone))
        assert more.min() > -1e-6
        np.testing.assert_allclose(more, more[0])
        most.append(more.max())
    assert max(most) == pytest.approx(10) if room == 3.0 else 0 < max(most) < 10  # a wide plate tears no number apart


def test_a_moved_row_moves_glyphs_and_gaps():
    row = _row(["AB", "1"])
    moved = row.moved(30, 7)
    assert [(glyph.x - 30, glyph.y - 7) for glyph in moved.glyphs] == [(glyph.x, glyph.y) for glyph in row.glyphs]
    np.testing.assert_allclose(np.subtract(moved.gaps, 30), row.gaps)
    assert moved.width == row.width


@pytest.mark.parametrize(
    ("width", "expected"),
    [(10, (25, 50, 45, 90)), (2, (21, 50, 41, 90)), (20, (30, 50, 50, 90)), (33, (30, 50, 63, 90))],
)
def test_a_box_holds_the_ink_and_is_at_least_half_as_wide_as_high(width, expected):
    assert Glyph("I", np.zeros((40, width), np.uint8), 30, 50).box == expected
