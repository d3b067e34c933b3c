"""Section fuse of photographs: what is refused, and which model it is of."""

import pytest

from platefuse.core.params import check
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.params import PhotographFuseParams, fuse_params_of
from tests.helpers.small_photographs import PHOTOGRAPHS


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"candidates": 2}, "fuse.candidates = 2 boxes are read, and fuse.max_plates = 3 plates are given; raise"),
        ({"refined_size": [96]}, "fuse.refined_size = [96]: expected a list of two, or an empty one."),
        ({"refined_size": [90, 64]}, "fuse.refined_size.0 = 90: input should be a multiple of 32."),
        ({"input_sizes": [[480, 600]]}, "fuse.input_sizes.0.1 = 600: input should be a multiple of 32."),
        ({"input_sizes": [[96, 96], [96, 96]]}, "fuse.input_sizes names [96, 96] twice"),
        ({"input_sizes": []}, "fuse.input_sizes = []: expected at least one height and width."),
        ({"plate_margins": 0.1}, "no parameter of that name (did you mean plate_margin?)."),
        ({"reader": ""}, "fuse.reader = '': string should have at least 1 character."),
    ],
)
def test_wrong_parameters_are_named(changes: dict, sentence: str) -> None:
    parameters = {"fuse": {**PHOTOGRAPHS.model_dump(mode="json"), **changes}}
    (issue,) = check(PhotographFuseParams, "fuse", parameters)
    assert sentence in issue


def test_a_section_with_a_reader_is_of_photographs() -> None:
    assert fuse_params_of({"reader": "released/plates"}) is PhotographFuseParams
    assert fuse_params_of({"head": "batched"}) is fuse_params_of(None) is FuseParams
