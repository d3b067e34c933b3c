"""Every malformed table and parameter file gets a sentence."""

from pathlib import Path

import pytest

from tests.helpers.malformed_files import MALFORMED, Malformed, error_of


@pytest.mark.parametrize("malformed", MALFORMED, ids=lambda malformed: f"{malformed.file}: {malformed.what}")
def test_a_malformed_file_is_named_in_a_sentence(tmp_path: Path, malformed: Malformed) -> None:
    sentence = error_of(malformed, tmp_path)
    assert str(tmp_path / malformed.file) in sentence
    assert malformed.said in sentence
    assert sentence.endswith(".")
