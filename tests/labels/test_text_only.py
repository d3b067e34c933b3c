"""Images labelled by text only, in one folder or in several."""

from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import write_csv
from platefuse.labels.text_only import images_without_text, read_text_only


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


def test_a_plate_says_where_its_text_stands(tmp_path: Path) -> None:
    write_truth(tmp_path / "us", ["b.png", "US\n2"], ["a.png", "US1"])  # a text of two lines
    truth = tmp_path / "us" / "truth.csv"
    assert [plate.where for plate in read_text_only(tmp_path)["us"]] == [f"{truth}, line 3", f"{truth}, line 4"]


def test_what_is_missing_is_named_and_nothing_else(tmp_path: Path) -> None:
    def refusal(folder: Path) -> str:
        with pytest.raises(PlatefuseError) as refused:
            read_text_only(folder)
        return str(refused.value)

    header = "it has the header image,text and a row for each image."
    assert refusal(tmp_path) == f"{tmp_path}/truth.csv is missing: {header}"
    assert refusal(tmp_path / "nowhere") == f"{tmp_path}/nowhere does not exist."
    (tmp_path / "plate.jpg").touch()
    assert refusal(tmp_path / "plate.jpg") == f"{tmp_path}/plate.jpg is not a folder."
    write_truth(tmp_path / "us")
    assert refusal(tmp_path) == refusal(tmp_path / "us") == f"{tmp_path}/us/truth.csv has no rows: {header}"
    (tmp_path / "us" / "truth.csv").write_text("image,text\na.png\n")
    assert refusal(tmp_path) == f"{tmp_path}/us/truth.csv, line 2: expected 'image,text', found 'a.png'."


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    write_truth(tmp_path / "us", ["a.png", "1"])
    write_truth(tmp_path / "us" / "us", ["a.png", "1"])
    with pytest.raises(PlatefuseError, match="one name"):
        read_text_only(tmp_path / "us")


def test_images_that_no_truth_names_are_found(tmp_path: Path) -> None:
    write_truth(tmp_path / "us", ["images/a.png", "1"], ["b.png", "2"])
    (tmp_path / "eu" / "deeper").mkdir(parents=True)
    (tmp_path / "us" / "images").mkdir()
    for name in (
        "eu/a.png",
        "us/images/a.png",
        "us/b.png",
        "us/images/c.JPG",
        "us/._b.png",
        "d.png",
        "eu/deeper/e.png",
    ):
        (tmp_path / name).touch()
    named = [plate.path for plate in read_text_only(tmp_path)["us"]]
    found = [path.relative_to(tmp_path).as_posix() for path in images_without_text(tmp_path, named)]
    assert found == ["d.png", "eu/a.png", "us/images/c.JPG"]
