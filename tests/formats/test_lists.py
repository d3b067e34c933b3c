"""The lists of formats: well-formed, known to the documentation, and true of numbers that each country issued."""

import re

import pytest

from platefuse.formats.entries import resolve_formats
from platefuse.formats.lists import ALL, LISTS, formats_of
from tests.helpers.imports import ROOT

# Numbers as they stand on plates, less what separates their groups.
NUMBERS = {
    "al": "AA 123 BB",
    "am": "01 AB 123, 123 AB 01",
    "ar": "AB 123 CD, ABC 123, A 123 BCD, 123 ABC",
    "at": "W 12345 A, W 1234 AB, L 123 AB, KU 217 BI, ME 639 A, WL 12 AB, FK 1 ABC",
    "au": "AB12CD, ABC12D, 1AB 2CD, 123 ABC, 123 AB4, S123 ABC, 1ABC 123, 9AB 123, A12BC, FA 1234, ABC 123, 123456",
    "az": "10 AA 123, 99 ZZ 999",
    "ba": "A12 B 345, 123 A 456",
    "be": "1 ABC 123, 123 ABC, ABC 123",
    "bg": "CA 1234 AB, C 1234 AB",
    "bo": "1234 ABC, 123 ABC",
    "br": "ABC 1234, BRA2E19",
    "by": "1234 AB 7, E 123 AB 7, AB 1234 7, A 1234 B 7",
    "ca": "ABCD 123, ABC 1234, ABC 123, 123 ABC, A12 BCD, AB1 23C, ABC 12, 123456",
    "ch": "ZH 123456, AI 1, GE 12345",
    "cl": "BCDF 12, AB 1234, BCD 12, BBBBB 0, BBBB 0",
    "co": "ABC 123, ABC 12D, R 12345",
    "cr": "BCD 123, 123456, CL 123456, MOT 123456",
    "cy": "ABC 123",
    "cz": "1A1 9999, 1AB 2345, 1AA A000, EL0 00AA, 01V 1234, 1A 1234, ABC 12 34, AB 12 34",
    "de": "B A 1, M AB 9999, WW AB 99, K AB 123E, FFB A 12, TÖL AB 123, HH A 1234E",
    "dk": "AB 12 345",
    "do": "A 123456, G 654321",
    "ec": "PBA 1234, PBA 123, IB 123 C",
    "ee": "123 ABC",
    "es": "1234 BCD, M 1234 AB, SE 1234 AB, B 1234 C, GI 1234 C",
    "fi": "ABC 123",
    "fr": "AB 123 CD, 12 AB 75, 123 AB 75, 1234 AB 75, 12 ABC 75, 123 ABC 75",
    "gb": "AB51 CDE, A1 BCD, A123 BCD, ABC 1D, ABC 123D, AIZ 1, AIZ 1234",
    "ge": "AB 123 CD",
    "gr": "YZA 1234, IBH 1000, ABC 1, ABC 123",
    "gt": "P 123 BCD",
    "hk": "AB 1, AB 1234",
    "hn": "HAA 1234",
    "hr": "ZG 123 A, ZG 123 AB, ZG 1234 A, ZG 1234 AB, ČK 123 AB",
    "hu": "AA AB 123, ABC 123",
    "id": "B 1234 ABC, AB 1 C, DK 123 AB",
    "ie": "06 D 123456, 131 D 1, 241 KK 1234, 99 C 12",
    "il": "1234567, 12345678",
    "in": "KA 01 1234, KA 01 A 1234, MH 12 AB 1234, DL 1 A 1234, DL 8C AB 1234, DL 10C AB 1234, 22 BH 1234 A, "
    "22 BH 1234 AA",
    "is": "AB 123, AB C12",
    "it": "AB 123 CD, AB 12345",
    "ke": "KAA 123A, KAA 123, KMAA 123A",
    "kz": "123 ABC 02, 123 AB 02, A 123 BCD, A 123 BC",
    "li": "FL 1, FL 12345",
    "lt": "ABC 123, EV 1234, AB 123, 123 AB, 12 ABC",
    "lu": "AB 1234, 12345, 1234",
    "lv": "AB 1234, XX 1, VJ 60",
    "md": "ABC 123, C AB 123, SO AB 123",
    "me": "PG AB 123",
    "mk": "SK 1234 AB, SK 123 AB",
    "mt": "ABC 123",
    "mx": "ABC 123 D, ABC 12 34, ABC 123, A12 BCD, 123 ABC, AB 1234 C, AB 12345, AB 1234, 12 AA 3B",
    "my": "W 1234 A, WA 1234 A, VAA 1, QAA 1234 A, ABC 1234, B 12",
    "ng": "ABC 123 DE",
    "nl": "AB 12 34, 12 34 AB, 12 AB 34, AB 12 CD, AB CD 12, 12 AB CD, 12 ABC 3, 1 ABC 23, AB 123 C, A 123 BC, "
    "ABC 12 D, A 12 BCD, 1 AB 234, 123 AB 4",
    "no": "AB 12345, AB 1234",
    "nz": "ABC 123, AB 1234",
    "pa": "AB 1234, 123456",
    "pe": "A1B 234, ABC 123, AB 1234, 1234 5A, 1234 AB",
    "ph": "ABC 1234, ABC 123, AB 12345, 123 ABC",
    "pk": "ABC 123, LEA 1234, AB 123",
    "pl": "WA 12345, WA 1234A, WA 123AB, WA 1A234, WA 1AB23, WPI A123, WPI 12AB, WPI 1A23, WPI 12A3, WPI 1AB2, "
    "WPI AB12, WPI 12345, WPI 1234A, WPI 123AB",
    "pt": "AA 01 AA, 12 AB 34, 12 34 AB, AB 12 34",
    "py": "ABCD 123, ABC 123, 123 ABCD",
    "ro": "CJ 12 ABC, B 12 ABC, B 123 ABC",
    "rs": "BG 123 AB, BG 1234 AB",
    "ru": "A 123 BC 77, A 123 BC 777, AB 123 77, AB 1234 77, 1234 AB 77",
    "se": "ABC 123, ABC 12D",
    "sg": "SBA 1234 A, SBA 1 A, EA 1234 B",
    "sk": "BA 123AB, AA 001AA",
    "tr": "34 A 1234, 34 A 12345, 34 AB 123, 34 AB 1234, 34 ABC 12, 34 ABC 123",
    "ua": "AA 1234 BB, 123 45 KA",
    "us": "1ABC234, ABC 1234, AB1 C2D, AB1 C234, AB 12345, 123 ABC, ABC 123, A12 BCD, 1AB 2345",
    "uy": "SAB 1234, SAB 123",
    "uz": "01 A 123 BC, 01 123 ABC",
    "ve": "AB 123 CD, ABC 12D, A12 BC3D, AB1 C23D",
    "vn": "30A 123.45, 30A 1234, 29 B1 234.56, 29 AB 123.45",
    "za": "AB 12 CD GP, ABC 123 EC, ABC 123 L, CA 123 456, CA 1, ND 123 456, CAA 12345",
}
NOT_ISSUED = {
    "de": ["ABCDE1234", "ABCDE123E", "B1"],  # nine characters; no series
    "es": ["ABC1234"],
    "fr": ["ABC123"],
    "ge": ["ABC123"],  # invalid since 2020
    "gb": ["ABCDE12", "AB512CDE"],
    "it": ["ABC123"],
}


def allows(entry: str, number: str) -> bool:
    classes = {"L": "[^\\W\\d_]", "0": "[0-9]"}
    return re.fullmatch("".join(classes[symbol] for symbol in entry), number) is not None


@pytest.mark.parametrize("name", LISTS)
def test_a_list_knows_its_countrys_numbers(name: str) -> None:
    numbers = [re.sub("[ .]", "", number) for number in NUMBERS[name].split(", ")]
    for number in numbers:
        assert any(allows(entry, number) for entry in LISTS[name].formats), number
    for number in NOT_ISSUED.get(name, []):
        assert not any(allows(entry, number) for entry in LISTS[name].formats), number


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_letters_and_digits_an_issuer_and_a_source(name: str) -> None:
    issuer, source, formats = LISTS[name]
    assert re.fullmatch("[a-z]{2}", name)
    assert issuer
    assert source
    assert set("".join(formats)) <= set("L0")
    assert len(set(formats)) == len(formats)
    assert all(1 < len(entry) <= 12 and "0" in entry for entry in formats)
    assert resolve_formats((name,)) == formats == formats_of(name)


def test_there_are_lists_of_many_countries_in_the_order_of_their_names() -> None:
    assert len(LISTS) >= 40
    assert list(LISTS) == sorted(LISTS)
    assert LISTS.keys() == NUMBERS.keys()
    assert len({issuer for issuer, _, _ in LISTS.values()}) == len(LISTS)
    assert ALL not in LISTS


def test_all_has_each_format_once() -> None:
    formats = resolve_formats((ALL,))
    assert len(set(formats)) == len(formats)
    assert set(formats) == {entry for name in LISTS for entry in formats_of(name)}
    assert resolve_formats(("???", "br", ALL)) == (
        "???",
        *formats_of("br"),
        *(f for f in formats if f not in formats_of("br")),
    )


def test_the_page_of_formats_has_each_list() -> None:
    page = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| `[a-z]{2}` \|", line)]
    assert rows == [f"| `{name}` | {of.issuer} | {of.source} |" for name, of in LISTS.items()]
