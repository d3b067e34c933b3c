"""`platefuse convert`: each layout has the same content, and comes back from each other."""

from pathlib import Path
from typing import Any

import pytest

from platefuse.cli.main import main
from platefuse.labels.folder import read_annotated
from tests.helpers.annotated import write_annotated


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


CONVERTED = {
    "coco": ["annotations.json", "images", "sources.csv", "truth.csv"],
    "csv": ["annotations.csv", "classes.csv", "images", "sources.csv", "truth.csv"],
    "yolo": ["data.yaml", "images", "labels", "sources.csv", "truth.csv"],
}


def _told(folder: Path) -> tuple[str, dict[str, list[tuple[Any, ...]]]]:
    """All that is known of a folder of annotated images."""
    annotated = read_annotated(folder)
    assert annotated.issues == []
    return annotated.alphabet, {
        split: [(i.path.read_bytes(), i.boxes.tolist(), i.characters, i.text, i.source) for i in images]
        for split, images in annotated.splits.items()
    }


@pytest.mark.parametrize("layout", CONVERTED)
def test_a_converted_folder_has_the_same_content(layout):
    write_annotated(Path("own"), ["12", "", "3"])
    Path("own/classes.csv").write_text("3,0\n1,1\n2,2\n9,3\n")  # the last has no box
    Path("own/truth.csv").write_text("image,text\n2.png,3\n0.png,21\n1.png,\n")
    Path("own/sources.csv").write_text("image,source\n0.png,a walk\n2.png,a walk\n")
    assert main(["convert", "own", "--to", layout, f"new/{layout}"]) == 0
    assert sorted(path.name for path in Path("new", layout).iterdir()) == CONVERTED[layout]
    assert _told(Path("new", layout)) == _told(Path("own"))


@pytest.mark.parametrize("layout", CONVERTED)
def test_a_converted_folder_is_split_as_before(layout):
    for number, split in enumerate(("train", "val", "test")):
        write_annotated(Path("own") / split, ["12", "", "2"][: number + 1], 10 * number)
        rows = (f"{index}.png,{text}\n" for index, text in enumerate(["21", "", "2"][: number + 1]))
        (Path("own") / split / "truth.csv").write_text("image,text\n" + "".join(rows))
    before = _told(Path("own"))
    assert main(["convert", "own", "--to", layout, "first"]) == 0
    assert _told(Path("first")) == before
    for other in CONVERTED:  # and from there into each layout
        assert main(["convert", "first", "--to", other, f"second/{other}"]) == 0
        assert _told(Path("second", other)) == before


def test_one_table_of_texts_names_all_images_or_none(capsys):
    for number, split in enumerate(("train", "val", "test")):
        write_annotated(Path("own") / split, ["1"], number)
    Path("own/val/truth.csv").write_text("image,text\n0.png,1\n")
    assert main(["convert", "own", "--to", "yolo", "new"]) == 1
    assert "1 of 3 images have a text: expected truth.csv in all of train, val and test" in capsys.readouterr().err
    assert not Path("new").exists()
    assert main(["convert", "own", "--to", "csv", "new"]) == 0
