"""Images labelled by text only, in one folder or in several."""

from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import write_csv
from platefuse.labels.text_only import read_text_only


def write_truth(folder: Path, *rows: list[str]) -> None:
    folder.mkdir()
    write_csv(folder / "truth.csv", ["image", "text"], [*rows])


def test_plates_are_read_from_a_folder_and_from_its_subfolders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_folder_without_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r": neither this folder nor a subfolder has a truth\.csv"):
        read_text_only(tmp_path)
