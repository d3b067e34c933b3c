"""The parameters of the train_detector stage."""

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from platefuse.core.params import Items, Pair, Params, Real
from platefuse.networks.common.params import Amount, Decay

Positive = Annotated[Real, Field(gt=0, le=10_000)]
Backbone = Literal["slim", "resnet50", "resnet101", "vgg16", "mobilenet"]
Weights = Literal["none", "imagenet"]
Contrast = Literal["as_given", "local"]
# RetinaNet's: an anchor learns a box it overlaps by this IoU or more, and that there is none below the other.
POSITIVE_OVERLAP, NEGATIVE_OVERLAP = 0.5, 0.4


class AnchorParams(Params):
    """Section `detector.anchors` of params.yaml."""

    levels: Items[Annotated[int, Field(ge=3, le=7)]] = Field(description="pyramid levels, of stride 2**level")
    sizes: Items[Positive] = Field(description="base size in pixels, one a level")
    ratios: Items[Positive] = Field(min_length=1, max_length=20, description="height divided by width")
    scales: Items[Positive] = Field(min_length=1, max_length=20, description="factors of the base size")

    def check_rules(self) -> Iterator[str]:
        if self.levels not in ((3, 4, 5), (3, 4, 5, 6), (3, 4, 5, 6, 7)):
            yield f"detector.anchors.levels = {list(self.levels)}: expected [3, 4, 5], [3, 4, 5, 6] or [3, 4, 5, 6, 7]"
        if len(self.sizes) != len(self.levels):
            yield f"detector.anchors.sizes = {list(self.sizes)}: expected {len(self.levels)} numbers, one a level"

    def shapes(self) -> np.ndarray:
        """Width and height of the anchors in pixels, float [n,2]: every size by every ratio by every scale."""
        sizes, ratios, scales = np.meshgrid(self.sizes, self.ratios, self.scales, indexing="ij")
        widths = sizes * scales / np.sqrt(ratios)  # a ratio keeps the area
        return np.stack([widths, widths * ratios], axis=-1).reshape(-1, 2)


class LightParams(Params):
    """Section `detector.augmentation` of params.yaml; 0 switches each off."""

    brightness: Amount = Field(0.0, description="largest change of a plate's light, as a share of white")
    contrast: Amount = Field(0.0, description="largest change of a plate's contrast, as a share of it")
    colour: Amount = Field(0.0, description="largest change of each colour channel, as a share of it")
    gray: Annotated[Real, Field(ge=0, le=1)] = Field(0.0, description="share of plates shown without colour")


class DetectorParams(Params):
    """Section `detector` of params.yaml."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of the first weights and of the order of the plates")
    backbone: Backbone = Field(description="slim, or a network of keras.applications")
    weights: Weights = Field(description="none: random; imagenet: fetched by Keras")
    input_size: Pair[Annotated[int, Field(ge=32, le=4096)]] = Field(
        description="height, width all images are scaled to"
    )
    contrast: Contrast = Field(description="local: dark and faint parts of a plate look to it as the others do")
    classes: Literal["agnostic", "character"] = Field(description="one class in all, or one a character")
    backbone_width: int = Field(ge=4, le=256, description="channels of the slim backbone's first stage")
    pyramid_width: int = Field(ge=8, le=1024, description="channels of the feature pyramid")
    head_width: int = Field(ge=8, le=1024, description="channels of the two heads")
    head_depth: int = Field(ge=0, le=8, description="convolutions of a head before its last one")
    anchors: AnchorParams
    epochs: int = Field(ge=1, le=10_000, description="passes of `steps` batches")
    steps: int = Field(ge=1, le=1_000_000, description="batches an epoch")
    batch_size: int = Field(ge=1, le=65_536, description="plates a batch")
    learning_rate: Real = Field(gt=0, le=1, description="Adam's")
    learning_rate_decay: Decay = Field(description="none: constant; cosine: falling to 0 over the whole training")
    augmentation: LightParams = LightParams()

    @field_validator("input_size")
    @classmethod
    def _check_input_size(cls, input_size: tuple[int, int]) -> tuple[int, int]:
        if any(side % 32 for side in input_size):
            raise ValueError("expected multiples of 32, the stride of the deepest features")
        return input_size

    def check_rules(self) -> Iterator[str]:
        if self.backbone == "slim" and self.weights != "none":
            yield "detector.weights = 'imagenet': backbone slim has none; choose weights none"
        if self.contrast != "as_given" and self.weights != "none":
            yield f"detector.contrast = '{self.contrast}': weights imagenet know pixels as_given; choose that"
