"""Parameters of the stage fuse."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from platefuse.core.params import Params
from platefuse.data.boxes import ReadingOrder
from platefuse.data.crop_geometry import CropMargin, Deskew, Polarity
from platefuse.fusion.decoding.formats import Formats


def _fit_or_above_0(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "fit" and not (is_number and 0 < value < math.inf):
        raise ValueError("expected fit, or a number above 0")
    return value


Temperature = Annotated[Literal["fit"] | Annotated[float, Field(gt=0)], BeforeValidator(_fit_or_above_0)]
"""One check before the two of the union: each of these would complain by itself."""


class FuseParams(Params):
    """Steps of the fused model between and after the two networks."""

    max_characters: int = Field(
        ge=1, le=100, description="N, the most characters read on one plate; if there are more, `truncated` is true."
    )
    head: Literal["batched", "multiflow"] = Field(
        description="batched calls one classifier once; multiflow has a copy of it for each box, as the article does."
    )
    score_threshold: float = Field(ge=0, lt=1, description="Only boxes count that the detector scores above this.")
    nms_threshold: float = Field(
        gt=0, le=1, description="Of two boxes with a larger IoU, non-maximum suppression drops the lower-scoring one."
    )
    character_threshold: float = Field(
        ge=0,
        lt=1,
        description="Only characters count whose best class has at least this classifier probability.",
    )
    objectness_threshold: float = Field(
        ge=0,
        lt=1,
        description="Only characters count whose joint objectness, a probability of detector and classifier, is at "
        "least this.",
    )
    classifier_objectness_weight: float = Field(
        ge=0,
        le=100,
        description="Weight of the classifier's confidence in the joint objectness; the detector's score weighs 1.",
    )
    min_height: float = Field(
        ge=0, le=1, description="Only characters count that have at least this share of the number's height."
    )
    polarity: Polarity
    deskew: Deskew
    crop_margin: CropMargin
    crop_shift: float = Field(
        ge=0,
        le=0.5,
        description="Multi-crop: each character is cropped twice, shifted left and right by this share of its box's "
        "width; 0 crops once.",
    )
    round: bool = Field(description="Whether the crops' pixels are rounded to 0 or 1, as in the article.")
    reading_order: ReadingOrder = Field(
        description="Order of the characters: left_to_right, rows from top to bottom, or score, the best box first."
    )
    detector_class_weight: float = Field(
        ge=0,
        le=100,
        description="Weight of the detector's class distribution in the product of experts; the classifier's is 1.",
    )
    transition_cost: float = Field(
        ge=0, le=1000, description="Log-probability that each change between letters and digits costs a reading."
    )
    group_gap: float = Field(
        ge=0,
        le=10,
        description="A change becomes free as the gap grows to the plate's median gap plus this many character "
        "heights; 0 ignores gaps.",
    )
    formats: Formats = Field(
        description="Formats that plates follow, such as LL000LL (L a letter, 0 a digit, ? any), or lists of "
        "docs/formats.md, such as br; all takes every list."
    )
    format_tolerance: float = Field(
        ge=0,
        le=1000,
        description="If no format fits within this log-probability of the best reading, that reading is kept.",
    )
    temperature: Temperature = Field(
        description="Temperature by which confidences are calibrated: a number above 0, or fit, which fits it on the "
        "validation plates."
    )
    alternatives: int = Field(
        ge=0, le=20, description="How many of the most probable readings the model gives; 0 for none."
    )

    @property
    def candidates(self) -> int:
        """Most boxes of a plate that are classified.

        They are twice `max_characters` if a filter decides afterwards what is a character: clutter must not take the
        place of one.
        """
        filters = self.character_threshold or self.objectness_threshold or self.min_height
        return self.max_characters * (2 if filters else 1)

    @property
    def reads_twice(self) -> bool:
        """Whether images may be changed and read again."""
        return self.deskew or self.polarity != "as_given"

    def check_rules(self) -> Iterator[str]:
        longest = max(self.formats, key=len, default="")
        if len(longest) > self.max_characters:
            yield (
                f".formats: {longest!r} ({len(longest)} characters) is longer than .max_characters = "
                f"{self.max_characters}; raise .max_characters or leave the format out"
            )
