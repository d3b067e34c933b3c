"""Letterboxed images with their boxes, in memory and on the disk."""

from pathlib import Path

import numpy as np

from platefuse.data.photograph_set import read_photograph_set
from platefuse.data.plate_set import AnnotatedPlate, read_plate_set, write_plate_set
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.letterboxed import LetterboxedSet, load_letterboxed
from platefuse.networks.detection.resize import letterbox
from tests.helpers.photographs import write_photographs
from tests.helpers.small_models import INPUT_SIZE


def test_a_set_holds_the_plates_letterboxed_and_how_far_they_reach(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    boards = []
    for i, (height, width) in enumerate([(64, 96), (20, 60), (150, 90), (33, 47)]):
        boxes = np.array([[1, 2, 11, 9], [12, 3, 20, 20]][: i % 3], np.int32).reshape(-1, 4)
        image = rng.integers(128, 256, size=(height, width, 3), dtype=np.uint8)
        boards.append((image, AnnotatedPlate(Path(f"{i}.png"), boxes, "ab"[: i % 3], "")))
    write_plate_set(tmp_path / "set", "ba", boards, packed=True)
    found = load_letterboxed(read_plate_set(tmp_path / "set"), INPUT_SIZE, "ba", "")
    assert found.images.dtype == np.uint8
    for i, (image, plate) in enumerate(boards):
        np.testing.assert_array_equal(found.images[i], np.round(letterbox(tf.constant(image[None]), INPUT_SIZE)[0]))
        covered = found.images[i].max(axis=-1) > 0
        assert found.extents[i].tolist() == [covered[:, 0].sum(), covered[0].sum()]
        scale = min(INPUT_SIZE[0] / image.shape[0], INPUT_SIZE[1] / image.shape[1])
        np.testing.assert_allclose(found.true_boxes()[i], plate.boxes * scale, rtol=1e-6)
    assert found.boxes.shape == (4, 2, 4)
    assert found.labels.tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]
    assert not found.boxes[1, 1].any()


def stored_and_in_memory(folder: Path) -> tuple[LetterboxedSet, LetterboxedSet]:
    photographs = read_photograph_set(folder)
    stored, kept = (load_letterboxed(photographs, INPUT_SIZE, "", "", stored) for stored in (True, False))
    return stored, kept


def test_stored_photographs_are_those_in_memory(tmp_path: Path) -> None:
    """Of the input size, and larger."""
    write_photographs(tmp_path / "same", 5, INPUT_SIZE, packed=True)
    write_photographs(tmp_path / "larger", 5, (150, 160))
    for folder in (tmp_path / "same", tmp_path / "larger"):
        stored, kept = stored_and_in_memory(folder)
        assert (stored.images.shape, stored.images.dtype) == (kept.images.shape, kept.images.dtype)
        for indices in (np.arange(5), np.array([3, 0, 3])):
            np.testing.assert_array_equal(stored.images[indices], kept.images[indices])
        for ours, theirs in zip(stored.arrays()[1:], kept.arrays()[1:], strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert [len(boxes) for boxes in kept.true_boxes()] == [0, 1, 2, 0, 1]


def test_another_pixel_is_other_content(tmp_path: Path) -> None:
    write_photographs(tmp_path / "a", 3, INPUT_SIZE, seed=0)
    write_photographs(tmp_path / "b", 3, INPUT_SIZE, seed=0)
    write_photographs(tmp_path / "c", 3, INPUT_SIZE, seed=1)
    a, b, c = (stored_and_in_memory(tmp_path / name)[0].content()[0] for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert not (a == c).all(axis=1).any()
