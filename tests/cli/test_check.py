"""`platefuse check` and `platefuse convert`: what they print, draw and write."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from platefuse.cli.main import main
from platefuse.data.plate_set import read_plate_set
from platefuse.evaluation.drawing import UNJUDGED
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.letterboxed import load_letterboxed
from platefuse.networks.detection.params import DetectorParams
from tests.helpers.annotated import write_annotated, write_image
from tests.helpers.imports import ROOT
from tests.helpers.params import write_changed


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no params.yaml


def test_amounts_and_sizes_are_printed(capsys):
    write_annotated(Path("own"), ["12", "", "133"])
    write_image(Path("own/1.png"), 0, (80, 40))
    write_image(Path("own/2.png"), 0, (80, 40))
    assert main(["check", "own"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "layout              CSV (annotations.csv)",
        "images                     3",
        "without characters         1",
        "characters                 5",
        "  1                        2",
        "  2                        1",
        "  3                        2",
        "duplicates                 1",
        "images              60 x 24 to 80 x 40 pixels (width x height), median 80 x 40",
        "boxes               10 x 20 to 10 x 20 pixels (width x height), median 10 x 20",
        "anchors             not checked: params.yaml does not exist",
    ]


def test_images_without_annotations_are_reported_and_are_no_issue(capsys):
    write_annotated(Path("own"), ["12", "1"])
    for name in ("b.png", "a/c.JPG", "d.txt"):  # the last by its first bytes
        write_image(Path("own/e.png"), 9)
        Path("own/a").mkdir(exist_ok=True)
        Path("own/e.png").rename(Path("own") / name)
    assert main(["check", "own"]) == 0
    assert "not annotated       own/a/c.JPG and 2 more\n" in capsys.readouterr().out


def test_splits_are_columns_side_by_side(capsys):
    for number, split in enumerate(("train", "val", "test")):
        write_annotated(Path("own") / split, ["12", "2"][: number + 1], 10 * number)
    assert main(["check", "own"]) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()[:7]]
    assert table == [
        ["layout", "CSV", "(annotations.csv)", "in", "train,", "val", "and", "test"],
        ["train", "val", "test"],
        ["images", "1", "2", "2"],
        ["without", "characters", "0", "0", "0"],
        ["characters", "2", "3", "3"],
        ["1", "1", "1", "1"],
        ["2", "1", "2", "2"],
    ]


def test_every_issue_is_a_line_and_the_exit_status_is_1(capsys):
    write_annotated(Path("own"), ["12", "3"])
    with Path("own/annotations.csv").open("a") as stream:
        stream.write("1.png,0,0\n1.png,50,0,90,9,1\n9.png,0,0,9,9,1\n")
    assert main(["check", "own"]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "platefuse: own/annotations.csv, line 4: expected 'path,x1,y1,x2,y2,class' (or 'path,,,,,' for a plate without "
        "characters), found '1.png,0,0'.",
        "platefuse: own/annotations.csv, line 5: the box '50,0,90,9' reaches beyond its image of 60 x 24 pixels.",
        "platefuse: own/annotations.csv, line 6: own/9.png is missing.",
        "platefuse: own: issues: 3.",
    ]
    assert out.splitlines()[1] == "images                     2"


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_annotations_is_an_issue(folder, capsys):
    samples = Path.cwd().with_name("samples.png")
    assert main(["check", folder, "--draw", str(samples)]) == 1
    assert "expected" in capsys.readouterr().err
    assert not samples.exists()


def test_anchors_are_those_of_the_parameters_on_letterboxed_images(capsys):
    for index, size in enumerate([(120, 48), (60, 24), (200, 40)]):
        write_image(Path(f"own/{index}.png"), index, size)
    rows = ["0.png,0,0,40,40,1", "0.png,50,0,58,40,1", "1.png,0,0,20,20,1", "2.png,0,0,5,5,1", "2.png,9,0,49,40,1"]
    Path("own/annotations.csv").write_text("\n".join(rows))
    Path("own/classes.csv").write_text("1,0\n")
    Path("own/truth.csv").write_text("image,text\n0.png,11\n1.png,1\n2.png,11\n")
    write_changed(ROOT / "params.yaml", Path("params.yaml"), {"detector.input_size": [64, 160]})
    assert main(["check", "own"]) == 0
    detector = DetectorParams.model_validate(yaml.safe_load(Path("params.yaml").read_text())["detector"])
    canvases = load_letterboxed(read_plate_set(Path("own")), detector.input_size, "", "canvases")
    boxes = np.concatenate(canvases.true_boxes())
    covered = sum(_overlaps_an_anchor(box, anchor_boxes(detector.anchors, detector.input_size)) for box in boxes)
    assert 0 < covered < 5
    expected = f"{covered / 5:.1%} of the boxes are covered, letterboxed to 160 x 64 pixels as in params.yaml"
    assert capsys.readouterr().out.splitlines()[-1] == f"anchors             {expected}"


def _overlaps_an_anchor(box: np.ndarray, anchors: np.ndarray) -> bool:
    sides = np.minimum(box[2:], anchors[:, 2:]) - np.maximum(box[:2], anchors[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(anchors[:, 2:] - anchors[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return bool((shared / (areas - shared) >= 0.5).any())


def test_wrong_parameters_are_no_issue_of_the_images(capsys):
    write_annotated(Path("own"), ["1"])
    Path("mine.yaml").write_text("detector: {canvas: 3}\n")
    assert main(["check", "own", "--params", "mine.yaml"]) == 0
    assert "anchors             not checked: mine.yaml: detector." in capsys.readouterr().out


def test_a_parameter_file_given_by_name_must_exist(capsys):
    write_annotated(Path("own"), ["1"])
    assert main(["check", "own", "--params", "mine.yaml"]) == 1
    assert "--params mine.yaml: no such file" in capsys.readouterr().err


def test_samples_are_not_drawn_over_an_image(capsys):
    before = (write_annotated(Path("own"), ["1"]) / "0.png").read_bytes()
    assert main(["check", "own", "--draw", "own/../own/0.png"]) == 1
    assert "which is read" in capsys.readouterr().err
    assert Path("own/0.png").read_bytes() == before


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ("own/annotations.csv", "expected a name ending in .png"),
        ("own/new.png", "lies in own, among what is read"),
        ("own/images/new.png", "lies in own, among what is read"),
        ("elsewhere.png", "the place of own/1.png, which is read"),  # 1.png is a link to it
    ],
)
def test_samples_are_never_drawn_among_what_is_checked(picture, sentence, capsys):
    write_annotated(Path("own"), ["1", "2"])
    Path("own/1.png").rename("elsewhere.png")
    Path("own/1.png").symlink_to(Path.cwd() / "elsewhere.png")
    before = {path: path.read_bytes() for path in [*Path("own").rglob("*"), Path("elsewhere.png")]}
    assert main(["check", "own", "--draw", picture]) == 1
    assert sentence in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in [*Path("own").rglob("*"), Path("elsewhere.png")]}


def test_a_circular_link_is_an_issue(capsys):
    write_annotated(Path("own"), ["1", "2"])
    Path("own/1.png").unlink()
    Path("own/1.png").symlink_to("1.png")
    assert main(["check", "own", "--draw", "samples.png"]) == 1
    assert "own/1.png" in capsys.readouterr().err
    assert Path("samples.png").exists()


def test_one_invalid_row_is_one_issue(capsys):
    write_annotated(Path("own"), ["1"])
    Path("own/annotations.csv").write_text("0.png,0,0\n")
    Path("own/truth.csv").unlink(missing_ok=True)
    assert main(["check", "own"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["platefuse: own: issues: 1."]


def test_hidden_files_and_folders_are_not_images_without_annotations(capsys):
    write_annotated(Path("own"), ["1"])
    Path("own/._0.png").write_bytes(b"macOS")
    Path("own/folder.png").mkdir()
    Path("own/forgotten.png").write_bytes(Path("own/0.png").read_bytes())
    assert main(["check", "own"]) == 0
    assert "not annotated       own/forgotten.png\n" in capsys.readouterr().out


def test_samples_are_drawn_with_their_boxes():
    write_annotated(Path("own"), ["12"] * 40)
    assert main(["check", "own", "--draw", "new/samples.png"]) == 0
    with Image.open("new/samples.png") as sheet:
        drawn = np.asarray(sheet.convert("RGB"))
    assert (drawn == UNJUDGED).all(axis=2).sum() > 24 * 2 * 4 * 40  # 24 samples, two boxes of four edges in each


def test_issues_are_listed_although_the_samples_cannot_be_written(capsys):
    write_annotated(Path("own"), ["12"])
    with Path("own/annotations.csv").open("a") as stream:
        stream.write("9.png,0,0,9,9,1\n")
    assert main(["check", "own", "--draw", "/proc/samples.png"]) == 1
    assert "own/9.png is missing." in (err := capsys.readouterr().err)
    assert "/proc/samples.png cannot be written" in err


def test_help_has_examples(capsys):
    for command in ("check", "convert"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert re.search(rf"\n  platefuse {command} ", capsys.readouterr().out)


def test_the_base_install_checks_csv_and_names_what_other_layouts_need():
    write_annotated(Path("csv"), ["1"])
    for folder, name in (("coco", "annotations.json"), ("yolo", "data.yaml")):
        write_image(Path(folder) / "a.png", 0)
        (Path(folder) / name).write_text("{}")
    commands = ["check csv", "check coco", "check yolo", "convert csv --to coco out", "convert csv --to csv out"]
    code = (
        "import sys; sys.modules.update(pydantic=None, filelock=None, psutil=None, yaml=None)\n"
        "from platefuse.cli.main import main\n"
        "for command in sys.argv[1:]: print(command, main(command.split()), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *commands],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    remedy = 'which is not installed: pip install "platefuse[pipeline]".'
    assert run.stderr.splitlines() == [
        "check csv 0",
        f"platefuse: coco/annotations.json: COCO needs pydantic, {remedy}",
        "check coco 1",
        f"platefuse: yolo/data.yaml: YOLO needs yaml, {remedy}",
        "check yolo 1",
        f"platefuse: `platefuse convert` needs pydantic, {remedy}",
        "convert csv --to coco out 1",
        "convert csv --to csv out 0",
    ]


# --- convert


def test_nothing_is_overwritten_and_nothing_invalid_converted(capsys):
    write_annotated(Path("own"), ["12"])
    assert main(["convert", "own", "--to", "coco", "own"]) == 1
    assert "the place of own, which is read" in capsys.readouterr().err
    Path("link").symlink_to("nowhere")
    assert main(["convert", "own", "--to", "coco", "link"]) == 1
    assert "link exists" in capsys.readouterr().err
    Path("own/0.png").unlink()
    assert main(["convert", "own", "--to", "coco", "new"]) == 1
    assert "own/0.png is missing" in capsys.readouterr().err
    assert not Path("new").exists()


def test_what_was_converted_is_told(capsys):
    write_annotated(Path("own"), ["12", "", "3"])
    assert main(["convert", "own", "--to", "coco", "new/coco"]) == 0
    assert capsys.readouterr().out == "new/coco: 3 images with 3 characters. To check: platefuse check new/coco\n"
