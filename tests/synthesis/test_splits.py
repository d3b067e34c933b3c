"""Lazy splits: labels of crops, joined characters, and plates made on demand."""

import itertools

import numpy as np

from platefuse.data.characters import NO_CHARACTER, SPLITS, Characters
from platefuse.synthesis.scatter.dataset import BoardParams, make_scatter_splits
from platefuse.synthesis.splits import Sample, concatenate, relabel
from tests.synthesis.test_dataset import SETTING

BOARDS = {name: value for name, value in SETTING.items() if name not in ("layout", *SPLITS)}


def _sample(text: str, crops: np.ndarray | None) -> Sample:
    return Sample(b"", ".png", np.zeros((len(text), 4), np.int32), text, text, crops)


def _characters(text: str, alphabet: str) -> Characters:
    """Characters whose images, uint8 [n,1,1], hold their code points."""
    codes = np.frombuffer(text.encode(), np.uint8).reshape(-1, 1, 1)
    return Characters(codes, np.array([alphabet.find(character) for character in text]), alphabet)


def test_crops_are_the_characters_and_then_hard_negatives():
    crops = np.arange(5, dtype=np.uint8).reshape(5, 1, 1)
    (labelled,) = _sample("BAB", crops).labelled_crops("AB")
    assert labelled.labels.tolist() == [1, 0, 1, NO_CHARACTER, NO_CHARACTER]
    assert labelled.labels.dtype == np.int64
    np.testing.assert_array_equal(labelled.images, crops)


def test_a_plate_without_crops_gives_no_characters():
    assert _sample("AB", None).labelled_crops("AB") == []


def test_relabelled_images_still_name_their_characters():
    relabelled = relabel(_characters("BA?AB", "AB"), "1B2A")
    assert relabelled.labels.tolist() == [1, 3, NO_CHARACTER, 3, 1]
    assert relabelled.images.tobytes() == b"BA?AB"
    assert relabelled.alphabet == "1B2A"


def test_joined_characters_keep_their_order():
    joined = concatenate([_characters(text, "AB") for text in ("AB", "", "B?")])
    assert (joined.images.tobytes(), joined.labels.tolist()) == (b"ABB?", [0, 1, 1, NO_CHARACTER])


def test_only_the_splits_asked_for_are_made(tiny_mnist):
    splits = make_scatter_splits(BoardParams.model_validate(BOARDS), {"val": 3})
    assert splits.keys() == {"val"}
    assert len(list(splits["val"].samples)) == splits["val"].count == 3


def test_boards_are_made_one_by_one(tiny_mnist):
    split = make_scatter_splits(BoardParams.model_validate(BOARDS), {"train": 10_000_000})["train"]
    first, second = itertools.islice(split.samples, 2)
    assert first.image.shape == second.image.shape == (64, 128, 3)
    assert split.count == 10_000_000
