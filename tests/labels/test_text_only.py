"""Photographs with a known text, in a folder or in folders."""

from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import write_csv
from platefuse.labels.text_only import read_text_only


def write_truth(folder: Path, *rows: list[str]) -> None:
    folder.mkdir()
    write_csv(folder / "truth.csv", ["image", "text"], [*rows])


def test_photographs_are_taken_from_a_folder_and_from_folders_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_truth(tmp_path / "us", ["b.png", "US2"], ["a.png", "US1"])
    write_truth(tmp_path / "eu", ["a.png", "EU"])
    (tmp_path / "notes").mkdir()
    folders = read_text_only(tmp_path)
    assert {name: [plate.text for plate in plates] for name, plates in folders.items()} == {
        "eu": ["EU"],
        "us": ["US2", "US1"],
    }
    assert list(folders) == ["eu", "us"]
    us = read_text_only(tmp_path / "us")
    assert [plate.path for plate in us["us"]] == [tmp_path / "us" / "b.png", tmp_path / "us" / "a.png"]
    assert us["us"][0].boxes.shape == (0, 4)
    monkeypatch.chdir(tmp_path / "us")
    assert list(read_text_only(Path())) == ["us"]


def test_a_folder_without_truth_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=rf"{tmp_path}: neither it nor a folder in it has a truth\.csv"):
        read_text_only(tmp_path)
