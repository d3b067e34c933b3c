"""Data sets of licence plates: repeatable, with crops, split by font."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import NO_CHARACTER, SPLITS, read_characters
from platefuse.data.plate_set import ImageStore, read_plate_set
from platefuse.synthesis.crops import CropGeometry, cut_characters
from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.licence import dataset
from platefuse.synthesis.licence.dataset import LicenceSynthParams
from tests.helpers.checksums import checksums
from tests.helpers.fonts import make_families
from tests.helpers.licence import CLEAN

ALPHABET = "AB12"
CROPS = {"size": [32, 32], "shift": 0.0, "hard_negatives": 0, "as_read": False}
GEOMETRY = CropGeometry((96, 192), 0.12, "dark_on_light", deskew=False)
VARIED = {
    **CLEAN,
    "number": CLEAN["number"] | {"none": 0.15, "stroke_fonts": 0.5},
    "camera": CLEAN["camera"] | {"width": [60, 200], "tilt": [-6, 6], "margin": [0, 0.1], "noise": [0, 5]},
}


@pytest.fixture(scope="module")
def fonts(tmp_path_factory) -> Path:
    """A folder of three families of bars, one for each split."""
    return make_families(tmp_path_factory.mktemp("fonts"), ALPHABET)


def _params(fonts: Path, **changes) -> LicenceSynthParams:
    of_fonts = {"alphabet": ALPHABET, "packages": [], "folders": [str(fonts)], "system": False}
    values = {
        "seed": 1,
        "characters": "fonts",
        "layout": "licence",
        "train": 7,
        "val": 5,
        "test": 4,
        "strokes": 3,
        "fonts": of_fonts | {"stem": [0, 2], "small_print": [], "val_share": 0.33, "test_share": 0.33},
        "crops": CROPS,
        "licence": VARIED,
    }
    return LicenceSynthParams.model_validate(values | changes)


def _synthesise(folder: Path, params: LicenceSynthParams, geometry: CropGeometry = GEOMETRY) -> Path:
    synthesise(params, folder / "plates", folder / "characters", geometry)
    return folder


@pytest.fixture(scope="module")
def made(fonts, tmp_path_factory) -> Path:
    return _synthesise(tmp_path_factory.mktemp("made"), _params(fonts))


@pytest.mark.parametrize("workers", [1, 3])
def test_the_bytes_do_not_depend_on_the_number_of_workers(made, fonts, tmp_path, monkeypatch, workers):
    monkeypatch.setattr(os, "cpu_count", lambda: workers)
    monkeypatch.setattr(dataset, "_CHUNK", 2)  # so that each has something to do
    assert checksums(_synthesise(tmp_path, _params(fonts))) == checksums(made)


def test_another_seed_gives_other_plates(made, fonts, tmp_path):
    contents, others = checksums(made), checksums(_synthesise(tmp_path, _params(fonts, seed=2)))
    assert others.keys() == contents.keys()
    same = {name for name, content in contents.items() if others[name] == content}
    assert same == {f"plates/{split}/classes.csv" for split in SPLITS}


def test_a_plate_does_not_depend_on_the_number_of_plates(made, fonts, tmp_path):
    more = checksums(_synthesise(tmp_path, _params(fonts, train=1, test=6)))
    images = {name: content for name, content in checksums(made).items() if name.startswith("plates/test/images")}
    assert len(images) == 4
    assert images.items() <= more.items()


def test_plate_sets_have_the_requested_sizes_and_can_be_read(made):
    sizes = {}
    for split in SPLITS:
        plates = read_plate_set(made / "plates" / split)
        sizes[split] = len(plates)
        for plate in plates:
            height, width, _ = ImageStore().read(plate.path).shape
            assert (plate.boxes[:, 2:] <= (width, height)).all()
            assert plate.characters == plate.text
            assert set(plate.text) <= set(ALPHABET)
    assert sizes == {"train": 7, "val": 5, "test": 4}
    assert sorted(path.name for path in made.iterdir()) == ["characters", "plates"]


def test_only_training_plates_are_packed(made):
    packed = {split: not (made / "plates" / split / "images").exists() for split in SPLITS}
    assert packed == {"train": True, "val": False, "test": False}


def test_crops_are_in_the_order_of_the_plates_characters(made):
    for split in SPLITS:
        characters = read_characters(made / "characters" / f"{split}.npz")
        text = "".join(plate.text for plate in read_plate_set(made / "plates" / split))
        assert characters.alphabet == ALPHABET
        assert "".join(ALPHABET[label] for label in characters.labels) == text
        assert (characters.images.shape, characters.images.dtype) == ((len(text), 32, 32), np.uint8)


def test_crops_are_cut_at_the_boxes_of_their_plates(made, fonts):
    for split in SPLITS:
        plates = read_plate_set(made / "plates" / split)
        rng = np.random.default_rng(0)  # of no effect, since no edge is shifted
        crops, store = GEOMETRY.crops(_params(fonts).crops), ImageStore()
        images = [Image.fromarray(store.read(plate.path)) for plate in plates]
        cut = [cut_characters(rng, i, plate.boxes, crops) for i, plate in zip(images, plates, strict=True)]
        np.testing.assert_array_equal(read_characters(made / "characters" / f"{split}.npz").images, np.concatenate(cut))


def test_plates_do_not_depend_on_the_parameters_of_crops(made, fonts, tmp_path):
    params = _params(fonts, crops=CROPS | {"shift": 0.1, "hard_negatives": 5})
    cut = _synthesise(tmp_path, params, CropGeometry((96, 192), 0.3, "dark_on_light", deskew=False))
    assert checksums(cut / "plates") == checksums(made / "plates")
    assert not checksums(cut / "characters").items() & checksums(made / "characters").items()


def test_hard_negatives_follow_each_plates_characters_and_leave_these_unchanged(made, fonts, tmp_path):
    _synthesise(tmp_path, _params(fonts, crops=CROPS | {"hard_negatives": 3}))
    for split in SPLITS:
        plain, mixed = (read_characters(folder / "characters" / f"{split}.npz") for folder in (made, tmp_path))
        assert (mixed.images.shape, mixed.labels.dtype) == ((len(mixed.labels), 32, 32), np.int64)
        labels = mixed.labels.tolist()
        for plate in read_plate_set(tmp_path / "plates" / split):
            named = len(plate.text)
            assert [ALPHABET[label] for label in labels[:named]] == list(plate.text)
            hard_negatives = next(
                (i for i, label in enumerate(labels[named:]) if label != NO_CHARACTER), len(labels) - named
            )
            assert 2 <= hard_negatives <= 3 if named else hard_negatives == 0
            labels = labels[named + hard_negatives :]
        assert not labels
        kept = mixed.take(np.flatnonzero(mixed.labels != NO_CHARACTER))
        np.testing.assert_array_equal(kept.images, plain.images)
        np.testing.assert_array_equal(kept.labels, plain.labels)


def test_no_split_shares_a_font_with_another(fonts, tmp_path):
    """Each family's characters have their own width, visible on unturned plates."""
    shape = {"share": 1, "aspect": [9, 9], "characters": [0.7, 0.7], "print": 0, "two_rows": 0}
    plain = CLEAN | {"face": CLEAN["face"] | {"shapes": [shape]}}
    made = _synthesise(tmp_path, _params(fonts, licence=plain))
    widths = {}
    for split in SPLITS:
        boxes = np.concatenate([plate.boxes for plate in read_plate_set(made / "plates" / split)])
        x1, y1, x2, y2 = boxes.T
        ratios = (x2 - x1) / (y2 - y1)
        assert np.ptp(ratios) < 0.18
        widths[split] = ratios.mean()
    np.testing.assert_allclose(sorted(widths.values()), [0.6, 0.8, 1.0], atol=0.06)


def test_a_set_without_characters_is_possible(fonts, tmp_path):
    empty = CLEAN | {"number": CLEAN["number"] | {"none": 1}}
    made = _synthesise(tmp_path, _params(fonts, licence=empty))
    assert read_characters(made / "characters" / "train.npz").images.shape == (0, 32, 32)
    assert [plate.text for plate in read_plate_set(made / "plates" / "test")] == [""] * 4


def test_stickers_are_hard_negatives_of_a_set_without_characters(fonts, tmp_path):
    face = {
        "shapes": [{"share": 1, "aspect": [2, 2], "characters": [0.5, 0.5], "print": 1, "two_rows": 0}],
        "sticker": 1,
    }
    stuck = CLEAN | {"number": CLEAN["number"] | {"none": 1}, "face": CLEAN["face"] | face}
    made = _synthesise(tmp_path, _params(fonts, licence=stuck, crops=CROPS | {"hard_negatives": 2}))
    for split, plates in (("train", 7), ("val", 5), ("test", 4)):
        characters = read_characters(made / "characters" / f"{split}.npz")
        assert plates < len(characters.labels) <= 2 * plates
        assert characters.images.shape == (len(characters.labels), 32, 32)
        assert (characters.labels == NO_CHARACTER).all()
        assert (characters.images.std(axis=(1, 2)) > 5).mean() > 0.5  # more than the plate's ground


def _alphabet(fonts: Path, alphabet: str, stroke_fonts: float) -> LicenceSynthParams:
    params = _params(fonts)
    number = params.licence.number.model_copy(update={"stroke_fonts": stroke_fonts})
    return params.model_copy(
        update={
            "fonts": params.fonts.model_copy(update={"alphabet": alphabet}),
            "licence": params.licence.model_copy(update={"number": number}),
        }
    )


def test_a_folders_font_that_lacks_a_character_is_named(fonts, tmp_path):
    with pytest.raises(PlatefuseError, match=r"Middle.ttf has no glyph for 'Č' of synth.fonts.alphabet"):
        _synthesise(tmp_path, _alphabet(fonts, "AČ", 0))
    assert not list(tmp_path.rglob("*.*"))
