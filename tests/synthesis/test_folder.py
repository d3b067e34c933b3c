"""Layout folder: splits of annotated images, mixed with synthetic plates."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from platefuse.cli.main import main
from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import NO_CHARACTER, SPLITS, read_characters
from platefuse.data.images import read_image
from platefuse.data.plate_set import read_classes, read_plate_set
from platefuse.synthesis import folder as folder_layout
from platefuse.synthesis.crops import CropGeometry, cut_characters
from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.folder import FolderSynthParams
from platefuse.synthesis.scatter.dataset import ScatterSynthParams
from tests.helpers.annotated import write_annotated
from tests.helpers.checksums import checksums
from tests.helpers.fonts import make_families
from tests.helpers.imports import ROOT
from tests.helpers.licence import CLEAN
from tests.helpers.pipeline import ran, results
from tests.synthesis.test_dataset import SETTING

CROPS = {"size": [28, 28], "shift": 0.0, "hard_negatives": 2}
GEOMETRY = CropGeometry((32, 64), 0.0, "as_given", deskew=False)
BOARDS = {name: value for name, value in SETTING.items() if name not in ("layout", *SPLITS)}
TEXTS = ["12", "", "3", "21", "13", "32", "2", "31", "1", "123"]


def own(folder: Path, **changes: Any) -> FolderSynthParams:
    values = {
        "seed": 1,
        "layout": "folder",
        "folder": str(folder),
        "val_share": 0.2,
        "test_share": 0.2,
        "reading_order": "left_to_right",
        "characters": "plates",
        "crops": CROPS,
    }
    return FolderSynthParams.model_validate(values | changes)


def make(folder: Path, params: Any) -> Path:
    synthesise(params, folder / "plates", folder / "characters", GEOMETRY)
    return folder


@pytest.fixture
def photographs(tmp_path) -> Path:
    return write_annotated(tmp_path / "photographs", TEXTS)


# --- round trips


@pytest.fixture
def boards(tiny_mnist, tmp_path) -> Path:
    return make(tmp_path / "boards", ScatterSynthParams.model_validate(SETTING))


def test_the_plates_of_a_data_set_make_the_same_bytes_again(boards, tmp_path):
    params = own(boards / "plates", characters="mnist", crops=None)
    assert checksums(make(tmp_path / "back", params)) == checksums(boards)


@pytest.mark.parametrize(
    ("layout", "with_truth"), [("coco", True), ("coco", False), ("csv", False), ("yolo", True), ("yolo", False)]
)
def test_converted_plates_make_the_same_bytes_again(boards, tmp_path, capsys, layout, with_truth):
    converted = tmp_path / "converted"
    assert main(["convert", str(boards / "plates"), "--to", layout, str(converted)]) == 0
    for truth in () if with_truth else converted.rglob("truth.csv"):
        truth.unlink()
    capsys.readouterr()
    params = own(converted, characters="mnist", crops=None)
    assert checksums(make(tmp_path / "back", params)) == checksums(boards)
    found = {"coco": "COCO (annotations.json) in", "csv": "CSV (annotations.csv) in", "yolo": "YOLO (data.yaml)"}
    assert f"{converted}: {found[layout]}" in capsys.readouterr().err


# --- splits of a folder


def test_each_image_is_copied_into_one_split_under_a_number(photographs, tmp_path):
    made = make(tmp_path / "made", own(photographs))
    texts = []
    originals = {path.read_bytes(): path.name for path in photographs.glob("*.png")}
    for split, amount in zip(SPLITS, (6, 2, 2), strict=True):
        plates = read_plate_set(made / "plates" / split)
        assert [plate.path.name for plate in plates] == [f"{index:06d}.png" for index in range(amount)]
        for plate in plates:
            original = originals.pop(plate.path.read_bytes())
            assert plate.text == plate.characters == TEXTS[int(original.removesuffix(".png"))]
            texts.append(plate.text)
    assert sorted(texts) == sorted(TEXTS) and not originals


def test_images_without_annotations_are_named(photographs, tmp_path, capsys):
    (photographs / "new.heic").touch()
    make(tmp_path / "made", own(photographs))
    first = f"the first is {photographs / 'new.heic'}."
    told = f"{photographs}: images without annotations are left out: 1, {first}\n"
    assert told in capsys.readouterr().err


def test_the_classifiers_characters_are_the_crops_of_their_split(photographs, tmp_path):
    made, settings = make(tmp_path / "made", own(photographs)), GEOMETRY.crops(own(photographs).crops)
    for split in SPLITS:
        characters = read_characters(made / "characters" / f"{split}.npz")
        assert characters.alphabet == "123"
        shown, hard_negatives = characters.labels != NO_CHARACTER, characters.labels == NO_CHARACTER
        crops, labels = [], []
        for plate in read_plate_set(made / "plates" / split):
            image = Image.fromarray(read_image(plate.path))
            crops += list(cut_characters(np.random.default_rng(0), image, plate.boxes, settings))
            labels += ["123".index(character) for character in plate.text]
        assert characters.labels[shown].tolist() == labels
        np.testing.assert_array_equal(characters.images[shown], np.stack(crops))
        assert characters.images.shape[1:] == (28, 28)
        assert split != "train" or hard_negatives.any()


def test_the_same_folder_gives_the_same_bytes_and_another_seed_other_splits(photographs, tmp_path):
    made = checksums(make(tmp_path / "made", own(photographs)))
    assert checksums(make(tmp_path / "again", own(photographs))) == made
    other = checksums(make(tmp_path / "other", own(photographs, seed=2)))
    assert other["plates/test/truth.csv"] != made["plates/test/truth.csv"]


def test_boxes_are_put_in_reading_order_and_truth_csv_is_kept(tmp_path):
    folder = tmp_path / "own"
    for number, split in enumerate(SPLITS):
        write_annotated(folder / split, ["12", "21"], 10 * number)
        rows = ["0.png,20,0,30,10,2", "0.png,0,0,10,10,1", "0.png,20,12,30,22,4", "0.png,0,12,10,22,3", "1.png,,,,,"]
        (folder / split / "annotations.csv").write_text("\n".join(rows))
    read = {order: make(tmp_path / order, own(folder, reading_order=order)) for order in ("left_to_right", "rows")}
    assert [read_plate_set(made / "plates" / "val")[0].text for made in read.values()] == ["1324", "1234"]
    (folder / "val" / "truth.csv").write_text("image,text\n1.png,\n0.png,4321\n")
    plates = read_plate_set(make(tmp_path / "told", own(folder)) / "plates" / "val")
    assert [(plate.text, plate.characters) for plate in plates] == [("", ""), ("4321", "1324")]


def test_images_of_one_source_stay_together(photographs, tmp_path):
    names = [f"{index}.png" for index in range(0, 10, 2)]
    (photographs / "sources.csv").write_text("image,source\n" + "".join(f"{name},a walk\n" for name in names))
    made = make(tmp_path / "made", own(photographs))
    together = {(photographs / name).read_bytes() for name in names}
    found = [
        len(together & {path.read_bytes() for path in (made / "plates" / split / "images").iterdir()})
        for split in SPLITS
    ]
    assert sorted(found) == [0, 0, 5]


def test_a_copy_is_named_by_the_format_of_the_image(photographs, tmp_path):
    with Image.open(photographs / "0.png") as image:
        image.save(tmp_path / "a.jpg")
    shutil.move(tmp_path / "a.jpg", photographs / "0.png")
    made = make(tmp_path / "made", own(photographs))
    names = [path.name for path in made.rglob("images/*")]
    assert sorted(path.rsplit(".")[1] for path in names) == ["jpg"] + ["png"] * 9


def test_only_very_many_training_images_are_packed(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_layout, "_MAX_FILES", 1)
    made = make(tmp_path / "made", own(photographs))
    assert [(made / "plates" / split / "images.zip").exists() for split in SPLITS] == [True, False, False]
    assert len(read_plate_set(made / "plates" / "train")) == 6


# --- synthetic plates among them


@pytest.mark.parametrize(("share", "expected"), [(0.5, 6), (0.75, 18), (0.01, 1)])
def test_synthetic_plates_are_the_given_share_of_the_training_set_alone(
    photographs, tiny_mnist, tmp_path, share, expected
):
    alone = make(tmp_path / "alone", own(photographs))
    made = make(tmp_path / "made", own(photographs, mixed={"share": share, "scatter": BOARDS}))
    before, after = (read_plate_set(folder / "plates" / "train") for folder in (alone, made))
    assert [plate.text for plate in after[:6]] == [plate.text for plate in before]
    assert len(after) == 6 + expected
    assert {read_image(plate.path).shape for plate in after[6:]} == {(64, 128, 3)}
    characters = read_characters(made / "characters" / "train.npz")
    own_characters = read_characters(alone / "characters" / "train.npz")
    assert len(characters.labels) == len(own_characters.labels) + 160  # the training digits of tiny_mnist
    assert characters.alphabet == "1230456789" == "".join(read_classes(made / "plates" / "val" / "classes.csv"))
    synthetic = "".join(characters.alphabet[label] for label in characters.labels[-160:])
    assert {character: synthetic.count(character) for character in characters.alphabet} == dict.fromkeys(
        "0123456789", 16
    )
    for split in ("val", "test"):
        assert (alone / "plates" / split / "truth.csv").read_bytes() == (
            made / "plates" / split / "truth.csv"
        ).read_bytes()


@pytest.mark.parametrize("characters", ["plates", "mnist"])
def test_mixed_plates_are_those_of_their_own_layout(photographs, tiny_mnist, tmp_path, characters):
    crops = CROPS if characters == "plates" else None
    mixed = {"share": 0.5, "scatter": BOARDS}
    made = make(tmp_path / "made", own(photographs, mixed=mixed, characters=characters, crops=crops))
    boards = make(tmp_path / "boards", ScatterSynthParams.model_validate(SETTING))
    synthetic = read_plate_set(made / "plates" / "train")[6:]
    for one, other in zip(synthetic, read_plate_set(boards / "plates" / "train"), strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()
        assert (one.boxes.tolist(), one.characters, one.text) == (other.boxes.tolist(), other.characters, other.text)


def test_licence_plates_may_be_mixed_in(photographs, tmp_path):
    make_families(tmp_path, "AB12")
    licence = {
        "seed": 1,
        "characters": "fonts",
        "strokes": 3,
        "fonts": {
            "alphabet": "AB12",
            "packages": [],
            "folders": [str(tmp_path)],
            "system": False,
            "stem": [0, 2],
            "small_print": [],
            "val_share": 0.33,
            "test_share": 0.33,
        },
        "crops": CROPS | {"as_read": False},
        "licence": CLEAN | {"number": CLEAN["number"] | {"stroke_fonts": 1}},
    }
    params = own(photographs, mixed={"share": 0.4, "licence": licence})
    made = make(tmp_path / "made", params)
    plates = read_plate_set(made / "plates" / "train")
    assert [plate.path.suffix for plate in plates] == [".png"] * 6 + [".jpg"] * 4
    characters = read_characters(made / "characters" / "train.npz")
    assert characters.alphabet == "123AB"
    assert set(characters.labels) - {NO_CHARACTER} == set(range(5))


# --- errors


def test_issues_of_the_folder_stop_before_anything_is_written(photographs, tmp_path):
    with (photographs / "annotations.csv").open("a") as stream:
        stream.write("../0.png,0,0,2,2,1\n0.png,0,0,99,2,1\n")
    with pytest.raises(PlatefuseError) as refused:
        make(tmp_path / "made", own(photographs))
    assert str(refused.value).startswith(f"{photographs / 'annotations.csv'}, line ")
    assert str(refused.value).endswith(f"Issues in all: 2; `platefuse check {photographs}` lists them.")
    assert not list((tmp_path / "made").rglob("*.*"))


def test_characters_that_the_source_lacks_are_named(photographs, tiny_mnist, tmp_path):
    write_annotated(photographs, ["1A", *TEXTS[1:]])
    with pytest.raises(PlatefuseError, match=r"synth\.characters = 'mnist' has '0123456789', but .* have 'A' too"):
        make(tmp_path / "made", own(photographs, characters="mnist", crops=None))


def test_a_split_without_characters_is_named(tmp_path):
    for number, split in enumerate(SPLITS):
        write_annotated(tmp_path / split, ["" if split == "val" else "1"], number)
    with pytest.raises(PlatefuseError, match="the plates of val have no characters"):
        make(tmp_path / "made", own(tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crops": None}, ".characters = 'plates': .crops says how"),
        ({"characters": "mnist"}, ".characters = 'mnist': .crops says how"),
        ({"mixed": {"share": 0.5}}, ".scatter and .licence: expected the parameters of one layout"),
        ({"mixed": {"share": 1.0, "scatter": BOARDS}}, "less than 1"),
        (
            {"mixed": {"share": 0.5, "scatter": BOARDS}, "crops": CROPS | {"size": [32, 24]}},
            ".crops.size = [32, 24]: expected [28, 28]",
        ),
    ],
)
def test_parameters_that_do_not_go_together_are_named(changes, said):
    with pytest.raises(ValueError) as refused:  # pydantic's, which params.py puts into words
        own(Path("photographs"), **changes)
    assert said in str(refused.value)


# --- the pipeline


def test_the_pipelines_own_plates_brought_back_give_its_own_metrics(first_run, tmp_path):
    pipeline = first_run.pipeline.copy(tmp_path / "project")
    before = results(pipeline.folder)
    assert main(["convert", str(pipeline.folder / "data/plates"), "--to", "coco", str(pipeline.folder / "own")]) == 0
    content = yaml.safe_load(pipeline.params.read_text())
    kept = {name: content["synth"][name] for name in ("seed", "characters", "val_share", "test_share")}
    content["synth"] = kept | {"layout": "folder", "folder": "own", "reading_order": "left_to_right"}
    pipeline.params.write_text(yaml.safe_dump(content, sort_keys=False))
    dvc_yaml = pipeline.folder / "dvc.yaml"
    dvc_yaml.write_text(dvc_yaml.read_text().replace("    deps:\n", "    deps:\n      - own\n", 1))
    assert ran(pipeline.dvc("repro")) == ["synth"]  # what it makes is what the others were run on
    after = results(pipeline.folder)
    assert {name for name in before if after[name] != before[name]} == {"dvc.lock"}
    annotations = pipeline.folder / "own" / "test" / "annotations.json"
    annotations.write_text(annotations.read_text().replace('"iscrowd": 0', '"iscrowd": 1'))
    assert ran(pipeline.dvc("repro")) == ["synth"], "DVC sees a change of one's own annotations"


def test_the_parameters_that_the_docs_give_are_valid():
    page = (ROOT / "docs/your-own-plates.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    section = yaml.safe_load(block)["synth"]
    FolderSynthParams.model_validate(section)
    of_root = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    of_plates = yaml.safe_load((ROOT / "pipelines/plates/params.yaml").read_text(encoding="utf-8"))
    for layout, content in (("scatter", of_root), ("licence", of_plates)):
        plates = {name: value for name, value in content["synth"].items() if name not in ("layout", *SPLITS)}
        size = content["synth"].get("crops", {}).get("size", [28, 28])
        values = section | {"mixed": {"share": 0.5, layout: plates}, "crops": section["crops"] | {"size": size}}
        FolderSynthParams.model_validate(values)
