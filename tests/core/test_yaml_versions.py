"""YAML 1.1 and 1.2: what both read alike is taken, as DVC reads it; everything else is refused by name."""

import math
from contextlib import suppress

import pytest
import yaml
from dvc.exceptions import DvcException
from dvc.utils.serialize import dumps_yaml, parse_yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.core.params_yaml import parse


@pytest.mark.parametrize(
    ("text", "old", "new", "remedy"),
    [
        # Octal in one version only, and what looks octal.
        ("0040", "32", "40", "32 or 40"),
        ("-012", "-10", "-12", "-10 or -12"),
        ("08", "'08'", "8", "'08' or 8"),
        ("0123456789", "'0123456789'", "123456789", "'0123456789' or 123456789"),
        ("0o17", "'0o17'", "15", "'0o17' or 15"),
        # Binary, base 60, underscores.
        ("0b11", "3", "'0b11'", "3 or '0b11'"),
        ("1:20", "80", "'1:20'", "80 or '1:20'"),
        ("1:20.5", "80.5", "'1:20.5'", "80.5 or '1:20.5'"),
        ("2_56", "256", "'2_56'", "256 or '2_56'"),
        ("1_0.5", "10.5", "'1_0.5'", "10.5 or '1_0.5'"),
        ("1_e5", "100000.0", "'1_e5'", "100000.0 or '1_e5'"),
        # Truth values.
        ("no", "false", "'no'", "false or 'no'"),
        ("YES", "true", "'YES'", "true or 'YES'"),
        ("On", "true", "'On'", "true or 'On'"),
        ("off", "false", "'off'", "false or 'off'"),
        # Floats that not even DVC's library takes for such.
        (".5e3", "'.5e3'", "500.0", "'.5e3' or 500.0"),
        # Types that YAML 1.2 does not have.
        ("2001-01-01", "a date", "'2001-01-01'", "'2001-01-01'"),
        ("2024-13-45", "a date", "'2024-13-45'", "'2024-13-45'"),
        ("2001-01-01T00:00:00Z", "a date", "'2001-01-01T00:00:00Z'", "'2001-01-01T00:00:00Z'"),
        ("=", "a default value", "'='", "'='"),
        ("<<", "a merge of mappings", "'<<'", "'<<'"),
    ],
)
def test_a_scalar_with_two_readings_is_refused_with_both_and_the_remedy(text, old, new, remedy):
    readings = f"is {old} in YAML 1.1 and {new} in YAML 1.2: write {remedy}."
    with pytest.raises(PlatefuseError) as refused:
        parse(f"synth:\n  train: {text}\n", "params.yaml")
    assert str(refused.value) == f"params.yaml: line 2: synth.train = {text} {readings}"
    for written in remedy.split(" or "):
        value = parse(written, "--set x", "x")
        assert value == parse_yaml(f"a: {written}", "x")["a"], "the remedy is the same to both"
    assert parse(f"'{text}'", "--set x", "x") == text


@pytest.mark.parametrize(
    ("content", "name", "line"),
    [
        ("a: {b: [1, {c: no}]}", "a.b.1.c = no", 1),
        ("a:\n- 1\n- - 2\n  - 012\n", "a.1.1 = 012", 4),
        ("a:\n  'b.c':\n    - no\n", "a.b.c.0 = no", 3),
        ("a:\n  no: 1\n", "the name a.no", 2),
        ("a: {? 012 : 1}", "the name a.012", 1),
        ("? [no]\n: 1", "?", 1),
        ("<<: {a: 1}", "the name <<", 1),
        ("012", "012", 1),
        ("- off", "0 = off", 1),
    ],
)
def test_it_is_named_wherever_it_stands(content, name, line):
    with pytest.raises(PlatefuseError) as refused:
        parse(content, "params.yaml")
    assert str(refused.value).startswith(f"params.yaml: line {line}: {name} is " if name != "?" else "params.yaml")


def test_all_of_them_are_named_at_once_a_line_each():
    with pytest.raises(PlatefuseError) as refused:
        parse("a: no\nb: 'no'\nc: |\n  no\nd: 012\n", "params.yaml")
    assert [line.split(" is ")[0] for line in str(refused.value).splitlines()] == [
        "params.yaml: line 1: a = no",
        "params.yaml: line 5: d = 012",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1e-05", 1e-5), ("1E5", 1e5), ("1.5e5", 1.5e5), ("-.5", -0.5), ("+.5", 0.5), ("1.", 1.0), ("01.5", 1.5)),
        *(
            ("+1", 1),
            ("-0", 0),
            ("000000", 0),
            ("0x1F", 31),
            (".inf", math.inf),
            ("-.Inf", -math.inf),
            ("1e400", math.inf),
        ),
        *(
            ("~", None),
            ("Null", None),
            ("", None),
            ("true", True),
            ("FALSE", False),
            ("tRUE", "tRUE"),
            ("none", "none"),
        ),
        *(
            ("y", "y"),
            ("N", "N"),
            ("foo_bar", "foo_bar"),
            ("true_", "true_"),
            ("0x", "0x"),
            ("1e", "1e"),
            ("1,000", "1,000"),
        ),
        *(("2001-1-1", "2001-1-1"), ("1.2.3", "1.2.3"), ("LL000LL", "LL000LL"), ("0LL0000", "0LL0000"), ("٣", "٣")),
    ],
)
def test_what_both_read_alike_is_taken(text, value):
    read = parse(text, "--set x", "x")
    assert (type(read), read) == (type(value), value)
    of_dvc = parse_yaml(f"a: {text}", "x")["a"]
    assert (type(of_dvc), of_dvc) == (type(value), value)


def same(one: object, other: object) -> bool:
    """Compare values and types; not a number is the same as itself."""
    return repr(one) == repr(other)


SCALARS = st.text("0123456789_.:+-eExXobBaf~=<nyNYtruslidE ", max_size=9) | st.from_regex(
    r"[-+]?[0-9_.:eExobaf+-]{1,7}"
)


@given(st.lists(SCALARS, min_size=20, max_size=40))
@example(["-0o7", "-_1", "._1", "+08", "1_e5", ".5e3", "1e1_0"])
def test_whatever_is_taken_is_what_dvc_reads(texts):
    taken = []
    for text in texts:
        with suppress(PlatefuseError):
            taken.append((f"- {text}\n", *parse(f"- {text}\n", "x")))
    document, values = "".join(text for text, _ in taken), [value for _, value in taken]
    assert same(values or {}, parse_yaml(document, "x"))


PIECES = [
    *"[]{}:,-?&*!|>'\"%@`#\n\t ~.01x_=<e",
    "\n  ",
    "a: ",
    "b: ",
    "- ",
    "1e5",
    "no",
    "012",
    "2024-01-01",
    "<<: ",
    "!!int ",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_document_is_taken_is_what_dvc_reads_or_refuses(text):
    try:
        taken = parse(text, "x")
    except PlatefuseError:
        return
    try:
        of_dvc = parse_yaml(text, "x")
    except (DvcException, ValueError, TypeError, NotImplementedError):
        return  # it stops at that: nobody is misled
    assert same(taken or {}, of_dvc if not isinstance(of_dvc, dict) else dict(of_dvc))


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32)
    | st.from_regex(r"0b[01]{30}|[0-9]{16}e[0-9]{15}", fullmatch=True)
)
def test_a_hash_that_dvc_writes_is_text_to_pyyaml_too(md5):
    """PyYAML reads dvc.lock and .dvc files where hashes and paths are taken out of them."""
    assert yaml.safe_load(dumps_yaml({"md5": md5})) == {"md5": md5}
