"""Atomic writes: the whole output under the final name, or nothing."""

import csv
import json
import math
import os
import re
from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.runner.atomic import atomic_write, recover, write_csv, write_json


class _InterruptedError(Exception):
    pass


def _tree(folder):
    return {str(p.relative_to(folder)): p.read_text() if p.is_file() else None for p in folder.rglob("*")}


def test_a_new_file_appears_only_after_the_block(tmp_path):
    path = tmp_path / "a" / "b" / "model.h5"
    with atomic_write(path) as draft:
        assert draft.suffix == ".h5"
        assert not draft.exists()
        draft.write_text("new")
        assert not path.exists()
    assert _tree(tmp_path) == {"a": None, "a/b": None, "a/b/model.h5": "new"}


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with atomic_write(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
    assert _tree(tmp_path) == {"out.txt": "new"}


@pytest.mark.parametrize("failure", [_InterruptedError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_no_debris(tmp_path, failure):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(failure), atomic_write(path) as draft:
        draft.write_text("half")
        raise failure
    assert _tree(tmp_path) == {"out.txt": "old"}


def test_a_failure_before_anything_was_there_leaves_nothing(tmp_path):
    with pytest.raises(_InterruptedError), atomic_write(tmp_path / "out") as draft:
        draft.mkdir()
        (draft / "part").write_text("half")
        raise _InterruptedError
    assert _tree(tmp_path) == {}


def _old_folder(tmp_path):
    folder = tmp_path / "plates"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "old.png").write_text("old")
    return folder


def test_a_folder_is_replaced_whole(tmp_path):
    folder = _old_folder(tmp_path)
    with atomic_write(folder) as draft:
        (draft / "images").mkdir(parents=True)
        (draft / "images" / "new.png").write_text("new")
        assert (folder / "images" / "old.png").exists()
    assert _tree(tmp_path) == {"plates": None, "plates/images": None, "plates/images/new.png": "new"}


def test_a_failure_leaves_the_old_folder(tmp_path):
    folder = _old_folder(tmp_path)
    before = _tree(tmp_path)
    with pytest.raises(_InterruptedError), atomic_write(folder) as draft:
        draft.mkdir()
        raise _InterruptedError
    assert _tree(tmp_path) == before


def test_a_signal_between_the_two_renames_leaves_the_old_folder(tmp_path, monkeypatch):
    folder = _old_folder(tmp_path)
    before = _tree(tmp_path)

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), atomic_write(folder) as draft:
        draft.mkdir()
        monkeypatch.setattr(Path, "replace", interrupted)
    assert _tree(tmp_path) == before


@pytest.mark.parametrize("name", [".thesis.draft", ".model.h5.draft-chapters"])
def test_a_hidden_folder_of_somebody_else_stays(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "chapter.txt").write_text("precious")
    with atomic_write(tmp_path / "model.h5") as draft:
        draft.write_text("new")
    assert (tmp_path / name / "chapter.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["plates", "old"])
def test_a_folder_may_become_a_file_whatever_its_name(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "old").write_text("old")
    with atomic_write(tmp_path / name) as draft:
        draft.write_text("new")
    assert _tree(tmp_path) == {name: "new"}


def test_a_block_that_writes_nothing_fails_and_costs_nothing(tmp_path):
    folder = _old_folder(tmp_path)
    before = _tree(tmp_path)
    with pytest.raises(FileNotFoundError), atomic_write(folder):
        pass
    assert _tree(tmp_path) == before


def test_what_the_system_refuses_is_said_of_the_path_and_not_of_its_draft(tmp_path):
    for name in ("x" * 256, "new/.."):
        path = tmp_path / "made" / name
        with pytest.raises(PlatefuseError, match=f"^{re.escape(str(path))} cannot be written: [^/]+$"):
            write_json(path, {})


def test_a_link_is_replaced_but_not_its_target(tmp_path):
    cached, path = tmp_path / "cached", tmp_path / "out.txt"
    cached.write_text("old")
    path.symlink_to(cached)
    with atomic_write(path) as draft:
        draft.write_text("new")
    assert (cached.read_text(), path.read_text(), path.is_symlink()) == ("old", "new", False)


@pytest.mark.parametrize("name", ["x" * 255, "x" * 240 + ".png", "車" * 85], ids=len)
def test_every_name_that_a_file_may_have_can_be_written(tmp_path, name):
    for content in ("old", "new"):
        with atomic_write(tmp_path / name) as draft:
            draft.write_text(content)
            [workplace] = [path for path in tmp_path.iterdir() if path.name != name]
            assert workplace.name.startswith(".") and workplace.suffix == ".draft"
            assert len(os.fsencode(workplace.name)) <= len(os.fsencode(name))
    assert _tree(tmp_path) == {name: "new"}


def test_an_interrupted_folder_with_a_long_name_is_restored(tmp_path):
    name = "x" * 200
    with atomic_write(tmp_path / name) as draft:
        draft.mkdir()
        workplace = draft.parents[1]
    workplace.mkdir()
    (tmp_path / name).rename(workplace / "old")  # as a process leaves it that is killed between the two renames
    recover(tmp_path / name)
    assert _tree(tmp_path) == {name: None}


def test_json_is_rounded_at_any_depth_and_ends_with_a_newline(tmp_path):
    path = tmp_path / "metrics" / "m.json"
    write_json(path, {"a": 1 / 3, "b": {"c": [2 / 3, 1, "é"]}, "d": (1e-9, True, None)})
    assert json.loads(path.read_text()) == {"a": 0.333333, "b": {"c": [0.666667, 1, "é"]}, "d": [0.0, True, None]}
    assert path.read_text().endswith("}\n")
    assert path.read_text().startswith('{\n  "a": 0.333333,\n')


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_rejects_nan_and_infinity_and_keeps_the_old_file(tmp_path, number):
    path = tmp_path / "m.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": [number]})
    assert _tree(tmp_path) == {"m.json": '{\n  "a": 1\n}\n'}


@pytest.mark.parametrize("header", [None, ["image", "text"]])
def test_csv_has_unix_line_endings_and_reads_back(tmp_path, header):
    path = tmp_path / "t.csv"
    rows = [["a,b", 'say "x"'], ["", "é"]]
    write_csv(path, header, rows)
    content = path.read_bytes()
    assert b"\r" not in content
    assert list(csv.reader(content.decode().splitlines())) == ([header] if header else []) + rows
