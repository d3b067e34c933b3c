"""Parts that the readers of annotations share: rounding, angles and names of splits."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.labels.annotations import check_upright, name_splits, whole_pixels


@given(st.tuples(*[st.floats(-0.5, 1e6)] * 2), st.tuples(*[st.floats(1, 1e6)] * 2))
def test_a_box_of_a_pixel_or_more_is_rounded_to_whole_pixels(corner, sides):
    edges = (*corner, corner[0] + sides[0], corner[1] + sides[1])
    rounded = whole_pixels(edges)
    assert all(abs(pixel - edge) <= 0.5 for pixel, edge in zip(rounded, edges, strict=True))
    assert all(isinstance(pixel, int) for pixel in rounded)
    assert min(rounded) >= 0


@pytest.mark.parametrize(
    "edges",
    [
        (0, 0, 0.4, 9),
        (0, 5, 9, 5),
        (9, 0, 1, 9),
        (-0.6, 0, 9, 9),
        (0, -3, 9, 9),
        (0, 0, 2**31, 9),
        (math.nan, 0, 9, 9),
        (0, 0, math.inf, 9),
    ],
)
def test_other_boxes_are_refused(edges):
    with pytest.raises(PlatefuseError, match=r"expected a box of at least a pixel inside the image, found x1,y1,x2,y2"):
        whole_pixels(edges)


@pytest.mark.parametrize("angle", [None, 0, 0.0, -0.0, "0", " 0.0 ", 360, "-720", True, "left", "", [], {}])
def test_no_angle_and_whole_turns_are_upright(angle):
    check_upright(angle)


@pytest.mark.parametrize("angle", [1, -0.25, 90, 180.0, "12.5", 359.99, math.nan, math.inf])
def test_another_angle_is_named(angle):
    with pytest.raises(PlatefuseError, match=rf"rotated by {angle}: expected an upright one"):
        check_upright(angle)


@pytest.mark.parametrize(
    ("names", "splits", "said"),
    [
        (["train", "val", "test"], {"train": "train", "val": "val", "test": "test"}, []),
        (["test", "Valid", "TRAIN", "x"], {"train": "TRAIN", "val": "Valid", "test": "test"}, []),
        (["validation"], {"": "validation"}, []),
        (["images"], {}, []),
        (["train", "valid"], {"train": "train", "val": "valid"}, ["it has only train and valid of train, val, test"]),
        (["train", "val", "valid", "test"], {"train": "train", "val": "val", "test": "test"}, ["it has val and valid"]),
    ],
)
def test_splits_are_known_by_the_names_that_tools_give_them(names, splits, said):
    issues: list[str] = []
    found = name_splits(names, Path("it"), issues)
    assert (found, list(found)) == (splits, list(splits))
    assert len(issues) == len(said)
    assert all(issue.startswith(beginning) for issue, beginning in zip(issues, said, strict=True))
