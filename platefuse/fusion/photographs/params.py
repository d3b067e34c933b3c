"""Parameters of the stage fuse for whole photographs."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from platefuse.core.params import Items, Pair, Params, Probability
from platefuse.data.crop_geometry import InputSide
from platefuse.fusion.params import FuseParams


def _none_or_two(sides: tuple[int, ...]) -> tuple[int, ...]:
    if len(sides) not in (0, 2):
        raise ValueError("expected a list of two, or an empty one")
    return sides


class PhotographFuseParams(Params):
    """Steps of a fused model that finds and reads plates in photographs."""

    reader: str = Field(
        min_length=1,
        description="Folder of the plate reader's networks, detector.h5 and classifier.h5, and of the model that they "
        "were fused to, whose parameters are used.",
    )
    max_plates: int = Field(ge=1, le=100, description="P, the most plates given for a photograph, the best ones.")
    candidates: int = Field(
        ge=1, le=100, description="Most boxes of a photograph that are refined and read; at least `max_plates`."
    )
    input_sizes: Items[Pair[InputSide]] = Field(
        max_length=4,
        description="Sizes that each photograph is letterboxed to for the plate detector, each height and width in "
        "pixels, multiples of the stride, 32: large ones for far plates, small ones for near ones.",
    )
    score_threshold: float = Field(
        ge=0, lt=1, description="Only boxes count that the plate detector scores above this on the whole photograph."
    )
    nms_threshold: float = Field(
        gt=0,
        le=1,
        description="Of two boxes with a larger IoU, non-maximum suppression drops the lower-scoring one. Of two "
        "plates that share more than this of the smaller one, the one that is read worse is dropped.",
    )
    refined_size: Annotated[Items[InputSide], AfterValidator(_none_or_two)] = Field(
        description="Height and width in pixels at which the plate detector looks at each box again: multiples of 32; "
        "[] does not refine boxes."
    )
    refined_context: float = Field(
        ge=0,
        le=4,
        description="Padding on each side of a box before it is looked at again, as a share of its width or height.",
    )
    refinements: int = Field(
        ge=1, le=10, description="How often the plate detector looks at each box again, each time around the last box."
    )
    refined_threshold: float = Field(
        ge=0, lt=1, description="Only boxes count that the plate detector scores above this when it looks again."
    )
    plate_margin: float = Field(
        ge=0, le=1, description="Padding on each side of a plate before it is read, as a share of its width or height."
    )
    min_confidence: Probability = Field(description="Only plates count that are read with at least this confidence.")
    min_characters: int = Field(ge=1, le=100, description="Only plates count with at least this many characters.")
    length_weight: float = Field(
        ge=0,
        le=10,
        description="Plates are ordered by score x confidence x characters to this power; 0 ignores their number.",
    )

    def check_rules(self) -> Iterator[str]:
        if not self.input_sizes:
            yield ".input_sizes = []: expected at least one height and width"
        twice = [size for size in self.input_sizes if self.input_sizes.count(size) > 1]
        if twice:
            yield f".input_sizes names {list(twice[0])} twice; one look at each size is enough"
        if self.candidates < self.max_plates:
            yield (
                f".candidates = {self.candidates} boxes are read, and .max_plates = {self.max_plates} plates are "
                "given; raise .candidates or lower .max_plates"
            )


def fuse_params_of(section: Any) -> type[FuseParams] | type[PhotographFuseParams]:
    """Choose the parameter class of a section `fuse`.

    A section that names a plate reader is for photographs.
    """
    return PhotographFuseParams if isinstance(section, dict) and "reader" in section else FuseParams
