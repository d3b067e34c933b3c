"""Entries of `fuse.formats`, resolved or refused with the nearest names."""

import pytest

from platefuse.formats.entries import resolve_formats


def test_names_of_lists_are_resolved_and_formats_kept_in_order() -> None:
    assert resolve_formats(()) == ()
    assert resolve_formats(("LLL000", "br", "LLL0000", "?")) == ("LLL000", "LLL0000", "LLL0L00", "?")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (("LLX",), r"^'LLX' is neither made of L, 0 and \? nor a list's name: docs/formats.md has all lists$"),
        (("",), "^'' is neither"),
        (("xx",), r"'xx' is neither .* \(did you mean mx \(Mexico\)\?\): docs/formats.md has all lists"),
        (("BR",), r"did you mean br \(Brazil\)\?"),
        (("brasil",), r"did you mean br \(Brazil\) or "),
        (("Germany",), r"did you mean de \(Germany\)\?"),
        (("uk",), r"did you mean gb \(the United Kingdom\)\?"),
        (("usa",), r"did you mean us \(the United States\)\?"),
        (("x" * 100_000,), "^'x{99}…' is neither"),
        (("br", "L0", "br"), "'br' is given twice"),
    ],
)
def test_entries_that_say_nothing_are_refused(entries: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        resolve_formats(entries)
