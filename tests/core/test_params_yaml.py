"""Parameter files: what is read, and the sentence for every file that is none."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.core.params_yaml import read_parameters
from tests.helpers.imports import ROOT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        # Not YAML.
        (b"synth: [1, 2", "line 1: expected ',' or ']', but got '<stream end>'"),
        (b"synth:\n\tseed: 1\n", "line 2: found character '\\t' that cannot start any token (indent with spaces"),
        (b"synth:\n  seed: 1\n    train: 2\n", "line 3: mapping values are not allowed here"),
        (b"synth: {a: 1\n", "line 2: expected ',' or '}'"),
        (b"synth: 'abc\n", "line 2: found unexpected end of stream"),
        (b"synth: @\n", "line 1: found character '@' that cannot start any token"),
        (b"synth: %\n", "line 1: found character '%' that cannot start any token"),
        (b"a: 1\n--- \nb: 2\n", "line 2: expected a single document in the stream, but found another document"),
        (b"a: 1\n<<<<<<< HEAD\nb: 2\n=======\n", "line 3: could not find expected ':'"),
        (b"synth: 0x_\n", "invalid literal for int()"),
        (b"synth: " + b"1:" * 400 + b"1.5\n", "too large"),
        # Other bytes than UTF-8.
        (b"synth: \xff\n", "'utf-8' codec can't decode byte 0xff"),
        ("synth: {seed: 1}".encode("utf-16"), "'utf-8' codec can't decode byte 0xff"),
        (b"synth:\n  seed: \x00\n", "unacceptable character #x0000: special characters are not allowed"),
        (b"\x1f\x8b\x08\x00 a gzip file", "can't decode byte 0x8b"),
        (b"\x89PNG\r\n\x1a\n", "can't decode byte 0x89"),
        # Aliases, a few of which can stand for a billion values.
        (b"a: [1]\nb: *x\n", "line 2: *x is an alias: write the value itself"),
        (b"b: {<<: *x}\n", "line 1: *x is an alias"),
        # A name twice, of which YAML would take the last.
        (b"synth:\n  seed: 1\n  train: 2\n  seed: 3\n", "line 4: seed is given twice"),
        (b"synth: {seed: 1}\nfuse: {}\n'synth': {}\n", "line 3: synth is given twice"),
        (b"a:\n- {b: {c: 1, c: 1}}\n", "line 2: c is given twice"),
        (b"? [a, b]\n: 1\n", "line 1: found unhashable key"),
        # Tags, none of which makes anything, and directives.
        (b"a: !!int '012'\n", "line 1: !!int is a tag: write the value itself, text in quotes"),
        (b"a: !!int ''\n", "!!int is a tag"),
        (b"a:\n- !!bool maybe\n", "line 2: !!bool is a tag"),
        (b"!!str a: 1\n", "!!str is a tag"),
        (b"a: !!python/object/apply:os.system ['touch here']\n", "!!python/object/apply:os.system is a"),
        (b"a: !mine {b: 1}\n", "!mine is a tag"),
        (b"a: ! 012\n", "! is a tag"),
        (b"%YAML 1.1\n---\na: 1\n", "line 1: a directive changes how values are read: leave out what begins with %"),
        (b"%TAG ! !x\n---\na: 1\n", "a directive changes"),
        # Too much.
        (b"a: " + b"[" * 50_000, "nested too deeply"),
        (b"a: " + b"{a: " * 50_000, "nested too deeply"),
        (b"- " * 50_000, "nested too deeply"),
        (b"a: " + b"9" * 100_000, "Exceeds the limit"),
        (b"a: &b 1\n", "line 1: &b is an anchor: leave it out"),
        (b"a: 1\nb: 2\xc2\x85c: 3\n", "line 2: U+0085 ends a line in YAML 1.1 alone: leave it out"),
        ("a: 1 # \u2028b: 2\n".encode(), "line 1: U+2028 ends a line in YAML 1.1 alone"),
        (b"a: 1\n" * 100_000, "is larger than 256 KiB: it cannot be a file of parameters"),
        (b"b" * 200_000 + b": 1\n" + b"b" * 200_000, "is larger than 256 KiB"),
        (b'"\\e[31m\\n' + b"k" * 1000 + b'": 1\n"\\e[31m\\n' + b"k" * 1000 + b'": 1\n', "is given twice"),
    ],
)
def test_what_is_no_parameter_file_is_refused_in_one_short_line(tmp_path, content, said):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(PlatefuseError) as refused:
        read_parameters(path)
    message = str(refused.value)
    assert message.startswith(f"{path} ") and message.endswith(".")
    assert said in message
    assert message.isprintable(), "one line, and nothing that steers the terminal"
    assert len(message) < len(str(path)) + 300


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"- synth\n", b"synth\n", b"3\n", b"~\n"])
def test_a_file_that_is_no_mapping_has_no_sections(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert read_parameters(path) == {}


def test_what_is_no_file_and_one_too_large_are_refused(tmp_path):
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    large.write_text("# \n" * 100_000)
    for path in (tmp_path, pipe, Path(os.devnull).with_name("zero")):
        with pytest.raises(PlatefuseError, match=r"cannot be read: it is no file\.$"):
            read_parameters(path)
    with pytest.raises(PlatefuseError, match="is larger than 256 KiB"):
        read_parameters(large)


@pytest.mark.parametrize("path", [ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml"))], ids=str)
def test_what_is_right_is_read_as_yaml(path, tmp_path):
    assert read_parameters(path) == yaml.safe_load(path.read_text(encoding="utf-8"))
    with_mark = tmp_path / "params.yaml"
    with_mark.write_text(path.read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8-sig")
    assert read_parameters(with_mark) == read_parameters(path)


SIGNS = "[]{}:,-?&*!|>'\"%@`#\n\t \\~.0179x_=<eé\x00\x85\ufeff"
PIECES = st.lists(st.sampled_from([*SIGNS, "\n  ", "a: ", "- ", "1e5", "2024-01-01", "!!", '"\\ud800"', "<<: "]))


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=60), PIECES.map(lambda pieces: "".join(pieces).encode())))
def test_no_bytes_raise_anything_but_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read_parameters(path), dict)
    except PlatefuseError as error:
        assert all(map(str.isprintable, str(error).splitlines()))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_in_the_spelling_of_python_and_of_dvc(tmp_path_factory, number):
    """Both write 1e-05 for a small number, which YAML 1.1 takes for text."""
    path = tmp_path_factory.getbasetemp() / "number.yaml"
    path.write_text(f"a: {number!r}\nb: '{number!r}'\n")
    read = read_parameters(path)
    assert (read["a"], type(read["a"]), read["b"]) == (number, float, repr(number))


@pytest.mark.parametrize("text", ["e-05", "1e", "1e-5x", "1e5.0", "--1e5", "foo_bar"])
def test_what_only_looks_like_a_number_stays_text(tmp_path, text):
    (tmp_path / "params.yaml").write_text(f"a: {text}\n")
    assert read_parameters(tmp_path / "params.yaml") == {"a": text}
