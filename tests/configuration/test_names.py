"""Names that users write in params.yaml: every version of YAML reads them as text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from platefuse.configuration.schema import schema_text
from platefuse.core.errors import PlatefuseError
from platefuse.core.params_yaml import parse
from platefuse.formats.lists import ALL, LISTS
from platefuse.inference.models import KNOWN

# YAML 1.1 of 2005 has single letters, too: https://yaml.org/type/bool.html.
NO_TEXT = re.compile(r"y|n|yes|no|on|off|true|false|null|~|", re.IGNORECASE)


def names_in(schema: Any) -> Iterator[str]:
    """Parameters, choices and texts by default of a JSON schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from names_in(item)
    elif isinstance(schema, dict):
        given = [*schema.get("properties", {}), *schema.get("enum", []), schema.get("const"), schema.get("default")]
        yield from (name for name in given if isinstance(name, str))
        for inner in schema.values():
            yield from names_in(inner)


QUOTED = {"no"}  # Norway's list has its country's code, as all lists have
NAMES = {*names_in(json.loads(schema_text())), *LISTS, ALL, *KNOWN} - QUOTED


def test_every_name_is_found():
    assert {"synth", "anchors", "scatter", "licence", "folder", "slim", "none", "tile", "rows", "br", "plates"} <= NAMES


def test_every_name_is_text_to_every_version_of_yaml():
    assert [name for name in sorted(NAMES) if NO_TEXT.fullmatch(name)] == []
    assert {name: parse(name, "--set x", "x") for name in NAMES} == {name: name for name in NAMES}


def test_norways_list_is_named_in_quotes_or_the_sentence_says_so():
    assert LISTS.keys() >= QUOTED
    assert parse("[sk, 'no']", "--set x", "x") == ["sk", "no"]
    with pytest.raises(
        PlatefuseError, match=r"x\.1 = no is false in YAML 1\.1 and 'no' in YAML 1.2: write false or 'no'"
    ):
        parse("[sk, no]", "--set x", "x")


@pytest.mark.parametrize("name", ["no", "NO", "off", "0123", "1_0"])
def test_a_name_that_is_none_would_be_found(name: str):
    with pytest.raises(PlatefuseError):
        parse(name, "--set x", "x")
