"""`platefuse check` with photographs: counts of plates, and photographs that cannot be read."""

from pathlib import Path

import numpy as np
import pytest

from platefuse.cli.main import main
from platefuse.data.photograph_set import AnnotatedPhotograph, write_photograph_set

HEADER = "image,x1,y1,x2,y2,text"


def write(folder: Path, packed: bool) -> Path:
    """Two photographs: one with two plates, one of them without a text; and one without plates."""
    image = np.zeros((60, 90, 3), np.uint8)
    two = np.array([[0, 0, 20, 10], [40, 30, 80, 50]], np.int32)
    photographs = [
        (image, AnnotatedPhotograph(Path("0.png"), two, ("AB1", ""))),
        (image, AnnotatedPhotograph(Path("1.png"), two[:0], ())),
    ]
    write_photograph_set(folder, photographs, packed)
    return folder


def test_splits_of_photographs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "set" / "train", packed=True)
    write(tmp_path / "set" / "val", packed=False)
    assert main(["check", str(tmp_path / "set")]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["train", "val"],
        ["photographs", "2", "2"],
        ["without", "plates", "1", "1"],
        ["plates", "2", "2"],
        ["without", "a", "text", "1", "1"],
        "photographs 90 x 60 to 90 x 60 pixels (width x height), median 90 x 60".split(),  # noqa: SIM905
        "boxes 20 x 10 to 40 x 20 pixels (width x height), median 30 x 15".split(),  # noqa: SIM905
    ]


def test_what_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "val", packed=False)
    assert main(["check", str(folder), "--draw", "samples.png"]) == 1
    assert "--draw samples.png: boxes of characters are drawn" in capsys.readouterr().err
    (folder / "images" / "1.png").unlink()
    assert main(["check", str(folder)]) == 1
    complaints = capsys.readouterr().err
    assert f"{folder}/images/1.png" in complaints and f"{folder}: issues: 1." in complaints
    (folder / "truth.csv").write_text(f"{HEADER}\nimages/0.png,0,0,91,9,AB\n")
    assert main(["check", str(folder)]) == 1
    assert "line 2: the box '0,0,91,9' reaches beyond its image of 90 x 60 pixels" in capsys.readouterr().err
