"""Plate sets and character files: repeatable, without digits shared by splits."""

from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS, read_characters
from platefuse.data.images import read_image
from platefuse.data.plate_set import read_plate_set
from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.scatter.dataset import ScatterSynthParams
from tests.helpers.checksums import checksums

SETTING = {
    "seed": 1,
    "characters": "mnist",
    "val_share": 0.2,
    "test_share": 0.2,
    "layout": "scatter",
    "height": 64,
    "width": 128,
    "train": 6,
    "val": 4,
    "test": 8,
    "count": [0, 3],
    "size": [28, 28],  # the digits' own size: they are found unchanged on the board
    "spacing": 12,
    "max_overlap": 0.0,
    "box": "tile",
}


def _synthesise(folder: Path, **changes) -> Path:
    params = ScatterSynthParams.model_validate({**SETTING, **changes})
    synthesise(params, folder / "plates", folder / "characters")
    return folder


@pytest.fixture
def made(tiny_mnist, tmp_path) -> Path:
    return _synthesise(tmp_path / "made")


def test_each_split_has_its_plates_and_its_characters(made):
    assert {split: len(read_plate_set(made / "plates" / split)) for split in SPLITS} == {
        "train": 6,
        "val": 4,
        "test": 8,
    }
    sizes = {split: len(read_characters(made / "characters" / f"{split}.npz").labels) for split in SPLITS}
    assert sizes == {"train": 160, "val": 40, "test": 30}
    assert sorted(path.name for path in made.iterdir()) == ["characters", "plates"]


def test_every_character_on_a_plate_is_of_its_split_and_matches_the_text(made):
    for split in SPLITS:
        characters = read_characters(made / "characters" / f"{split}.npz")
        known = {
            image.tobytes(): characters.alphabet[label]
            for image, label in zip(characters.images, characters.labels, strict=True)
        }
        found = 0
        for plate in read_plate_set(made / "plates" / split):
            image = read_image(plate.path)[..., 0]
            assert image.shape == (64, 128)
            read = "".join(known[image[y1:y2, x1:x2].tobytes()] for x1, y1, x2, y2 in plate.boxes)
            assert read == plate.characters == plate.text
            found += len(read)
        assert found > 0


def test_no_split_shares_a_character_with_another(made):
    images = [
        {image.tobytes() for image in read_characters(made / "characters" / f"{split}.npz").images} for split in SPLITS
    ]
    assert sum(map(len, images)) == len(set.union(*images)) == 230


def test_the_seed_decides_the_bytes(made, tmp_path):
    contents = checksums(made)
    assert checksums(_synthesise(tmp_path / "again")) == contents
    other = checksums(_synthesise(tmp_path / "other", seed=2))
    assert other.keys() == contents.keys()
    for name in ("plates/train/annotations.csv", "plates/test/truth.csv", "characters/val.npz"):
        assert other[name] != contents[name]


def test_a_plate_does_not_depend_on_the_number_of_plates(made, tmp_path):
    more = checksums(_synthesise(tmp_path / "more", train=9, val=1) / "plates")
    images = {name: content for name, content in checksums(made / "plates").items() if name.endswith(".png")}
    assert len(images) == 18
    assert {name: content for name, content in images.items() if name not in more or more[name] != content}.keys() == {
        f"val/images/00000{index}.png"
        for index in (1, 2, 3)  # fewer plates are asked for
    }


def test_splits_are_laid_out_differently(made):
    layouts = [[plate.boxes.tolist() for plate in read_plate_set(made / "plates" / split)[:4]] for split in SPLITS]
    assert layouts[0] != layouts[1] != layouts[2] != layouts[0]


def test_with_ink_boxes_the_single_characters_are_stretched_to_their_ink(made, tmp_path):
    inked = _synthesise(tmp_path / "inked", box="ink")
    assert checksums(inked / "characters").keys() == checksums(made / "characters").keys()
    for split in SPLITS:
        ink = read_characters(inked / "characters" / f"{split}.npz").images >= 64
        assert ink.any(axis=(1, 2)).all()
        for edge in (ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]):
            assert edge.any(axis=1).all()


def test_a_failed_synthesis_leaves_the_old_files(made):
    contents = checksums(made)
    with pytest.raises(PlatefuseError, match="find no room on a board of 96 x 64"):
        _synthesise(made, seed=2, width=96, count=[6, 6], size=[32, 32], spacing=0)
    assert checksums(made) == contents
    assert sorted(path.name for path in made.iterdir()) == ["characters", "plates"]
