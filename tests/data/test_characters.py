"""Character splits: disjoint, balanced, repeatable; and their files."""

import zipfile

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import Characters, read_characters, write_characters
from platefuse.synthesis import mnist
from platefuse.synthesis.mnist_splits import load_source


@pytest.fixture(scope="module")
def splits():
    return load_source("mnist5k", val_share=0.1, test_share=0.2, seed=1)


def _bytes(characters: Characters) -> list[bytes]:
    return [image.tobytes() for image in characters.images]


def _same(one: Characters, other: Characters) -> bool:
    return _bytes(one) == _bytes(other) and one.labels.tolist() == other.labels.tolist()


def test_splits_are_disjoint_and_leave_no_digit_out(splits):
    images = {name: set(_bytes(split)) for name, split in splits.items()}
    assert {name: len(found) for name, found in images.items()} == {"train": 3500, "val": 500, "test": 1000}
    assert len(set.union(*images.values())) == 5000  # no two of the digits are alike, so none is in two splits


def test_every_class_has_the_same_share_of_each_split(splits):
    for name, each in (("train", 350), ("val", 50), ("test", 100)):
        assert np.bincount(splits[name].labels).tolist() == [each] * 10
        assert splits[name].alphabet == "0123456789"


def test_images_keep_their_labels(splits, embedded_digits):
    truth = {image.tobytes(): label for image, label in zip(*embedded_digits, strict=True)}
    for split in splits.values():
        assert [truth[image] for image in _bytes(split)] == split.labels.tolist()


def test_splits_are_in_random_order(splits):
    for split in splits.values():
        changes = np.count_nonzero(np.diff(split.labels))
        assert changes > 0.8 * len(split.labels)  # sorted by class there would be 9; at random, nine in ten


def test_the_seed_decides_the_splits(tiny_mnist):
    one, again, other = (load_source("mnist", val_share=0.2, test_share=0.1, seed=seed) for seed in (1, 1, 2))
    for name in one:
        assert _same(one[name], again[name])
    assert set(_bytes(one["val"])) != set(_bytes(other["val"]))


def test_of_full_mnist_the_test_split_is_its_own_and_validation_is_taken_from_training(tiny_mnist):
    splits = load_source("mnist", val_share=0.2, test_share=0.4, seed=1)
    assert _same(splits["test"], Characters(*mnist.full("t10k"), "0123456789"))
    assert [np.bincount(splits[name].labels).tolist() for name in ("train", "val")] == [[16] * 10, [4] * 10]
    images = mnist.full("train")[0]
    assert sorted(_bytes(splits["train"]) + _bytes(splits["val"])) == sorted(image.tobytes() for image in images)


def test_a_share_too_small_for_one_digit_per_class_is_rejected(tiny_mnist):
    with pytest.raises(PlatefuseError, match=r"val split of mnist lacks some characters: change synth\.val_share"):
        load_source("mnist", val_share=0.02, test_share=0.1, seed=1)


@pytest.fixture
def few() -> Characters:
    rng = np.random.default_rng(0)
    return Characters(rng.integers(256, size=(7, 5, 4), dtype=np.uint8), rng.integers(3, size=7), "aé ")


def test_what_is_written_is_read_back(tmp_path, few):
    write_characters(tmp_path / "new" / "train.npz", few)
    read = read_characters(tmp_path / "new" / "train.npz")
    np.testing.assert_array_equal(read.images, few.images)
    np.testing.assert_array_equal(read.labels, few.labels)
    assert (read.images.dtype, read.labels.dtype, read.alphabet) == (np.uint8, np.int64, "aé ")


def test_the_bytes_of_a_file_depend_on_nothing_but_its_characters(tmp_path, few):
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    write_characters(one, few)
    write_characters(other, few)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:  # neither the time of writing nor a compressor's version
        assert {(member.date_time, member.compress_type) for member in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
        }


def test_a_missing_file_says_which_stage_makes_it(tmp_path):
    with pytest.raises(PlatefuseError, match=r"train\.npz is missing: `dvc repro synth` makes it"):
        read_characters(tmp_path / "train.npz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"labels", b"lables"),
        lambda content: b"",
        lambda content: b"not an archive",
    ],
    ids=["cut", "another name", "empty", "text"],
)
def test_a_damaged_file_is_named(tmp_path, few, damage):
    path = tmp_path / "val.npz"
    write_characters(path, few)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        PlatefuseError, match=r"cannot be read as characters .*`dvc repro synth -f` remakes it"
    ) as raised:
        read_characters(path)
    assert str(raised.value).startswith(str(path))


def test_a_file_with_pickled_objects_is_rejected(tmp_path):
    np.savez(tmp_path / "val.npz", images=np.array([{}]), labels=np.zeros(1), alphabet=np.array("0"))
    with pytest.raises(PlatefuseError, match="cannot be read as characters"):
        read_characters(tmp_path / "val.npz")


def test_taking_keeps_image_and_label_together(few):
    taken = few.take(np.array([4, 0, 4]))
    np.testing.assert_array_equal(taken.images, few.images[[4, 0, 4]])
    assert taken.labels.tolist() == few.labels[[4, 0, 4]].tolist()
    assert taken.alphabet == few.alphabet
