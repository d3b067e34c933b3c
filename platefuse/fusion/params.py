"""The parameters of the fuse stage."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from platefuse.core.params import Params, Real
from platefuse.data.boxes import ReadingOrder
from platefuse.fusion.decoding.formats import Formats


class FuseParams(Params):
    """Section `fuse` of params.yaml."""

    max_characters: int = Field(ge=1, le=100, description="N, the most characters read on one plate")
    head: Literal["batched", "multiflow"] = Field(description="one call of one classifier, or N copies of it")
    score_threshold: Real = Field(ge=0, lt=1, description="boxes count if the detector scores them above it")
    nms_threshold: Real = Field(gt=0, le=1, description="of two boxes of more overlap (IoU) the lower score goes")
    character_threshold: Real = Field(
        ge=0, lt=1, description="characters count if the classifier scores them this or more"
    )
    objectness_threshold: Real = Field(
        ge=0, lt=1, description="characters count if they are there with this probability, to detector and classifier"
    )
    classifier_objectness_weight: Real = Field(
        ge=0, le=100, description="of the classifier's entropy_confidence in that; the detector's score is 1"
    )
    min_height: Real = Field(
        ge=0, le=1, description="characters count if they are this share of their plate's median height or more"
    )
    crop_margin: Real = Field(ge=-0.4, le=2, description="widens boxes on each side by this share before cropping")
    crop_shift: Real = Field(
        ge=0, le=0.5, description="cuts twice, this share of a box's width to its left and right; 0 cuts once"
    )
    round: bool = Field(description="round the crops' pixels to 0 or 1, as the article does")
    reading_order: ReadingOrder = Field(description="by what the first character to read is chosen, and the next")
    detector_class_weight: Real = Field(
        ge=0, le=100, description="of the detector's opinion on a character; the classifier's is 1"
    )
    transition_cost: Real = Field(
        ge=0, le=1000, description="log-probability lost by each change between letters and digits"
    )
    group_gap: Real = Field(
        ge=0, le=10, description="such a change is free at gaps this much wider than most, in heights; 0: nowhere"
    )
    formats: Formats = Field(description="formats such as LL000LL, and names of shipped lists of them")
    format_tolerance: Real = Field(
        ge=0, le=1000, description="log-probability a reading may lose for following a format"
    )

    def check_rules(self) -> Iterator[str]:
        longest = max(self.formats, key=len, default="")
        if len(longest) > self.max_characters:
            yield (
                f"fuse.formats: {longest!r} is longer than fuse.max_characters = {self.max_characters}; raise "
                "fuse.max_characters or leave the format out"
            )
