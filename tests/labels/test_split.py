"""Group split: no source in two splits, the shares met as closely as sources allow."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.labels.folder import AnnotatedImage
from platefuse.labels.split import group_split


def _image(name: str, content: str, source: str | None = None) -> AnnotatedImage:
    return AnnotatedImage(Path(name), (9, 9), content, np.zeros((0, 4), np.int32), "", None, source)


def _names(splits: dict[str, list[AnnotatedImage]]) -> dict[str, list[str]]:
    return {split: [image.path.name for image in images] for split, images in splits.items()}


def test_images_without_a_source_are_split_by_their_shares_and_keep_their_order():
    images = [_image(f"{index:03d}", str(index)) for index in range(200)]
    names = _names(group_split(images, 0.1, 0.2, 1))
    assert {split: len(of_split) for split, of_split in names.items()} == {"train": 140, "val": 20, "test": 40}
    assert all(of_split == sorted(of_split) for of_split in names.values())
    assert _names(group_split(images, 0.1, 0.2, 1)) == names
    assert _names(group_split(images, 0.1, 0.2, 2)) != names


def test_an_image_in_two_sources_joins_them():
    images = [_image("a1", "1", "a"), _image("b1", "2", "b"), _image("a2", "2", "a"), _image("c", "2")]
    others = [_image(f"{index}", f"other {index}") for index in range(20)]
    names = _names(group_split([*images, *others], 0.2, 0.2, 1))
    assert [len({"a1", "b1", "a2", "c"} & set(of_split)) for of_split in names.values()] == [4, 0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 8), st.none() | st.sampled_from("abcdef")), min_size=6, max_size=30),
    st.integers(0, 3),
)
def test_no_split_shares_a_source_or_an_image_with_another(kinds, seed):
    images = [_image(str(index), str(content), source) for index, (content, source) in enumerate(kinds)]
    try:
        splits = group_split(images, 0.2, 0.2, seed)
    except PlatefuseError:
        assume(False)
    assert sorted(int(name) for names in _names(splits).values() for name in names) == list(range(len(kinds)))
    for attribute in ("content", "source"):
        of_splits = [{getattr(image, attribute) for image in images} - {None} for images in splits.values()]
        assert all(of_splits) or attribute == "source"
        assert sum(map(len, of_splits)) == len(set.union(*of_splits))


def test_too_few_sources_are_named():
    images = [_image(str(index), str(index), "one walk") for index in range(9)]
    with pytest.raises(
        PlatefuseError,
        match=r"9 images of 1 sources leave none for val and test: add images of other sources, or raise",
    ):
        group_split(images, 0.1, 0.1, 1)
