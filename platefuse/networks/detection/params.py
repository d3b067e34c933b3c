"""Parameters of the stages train_detector and train_plate_detector."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from platefuse.core.params import Items, Params, Probability
from platefuse.data.crop_geometry import InputSize
from platefuse.networks.common.params import Amount, TrainingParams

Positive = Annotated[float, Field(gt=0, le=10_000)]
Backbone = Literal["slim", "resnet50", "resnet101", "vgg16", "mobilenet"]
Weights = Literal["none", "imagenet"]
Contrast = Literal["as_given", "local"]
RegressionLoss = Literal["smooth_l1", "giou"]
HeadNormalisation = Literal["none", "batch"]
# As in RetinaNet: an anchor learns the box it overlaps by the first IoU or more, background below the second.
POSITIVE_OVERLAP, NEGATIVE_OVERLAP = 0.5, 0.4
_LEVELS = ((3, 4, 5), (3, 4, 5, 6), (3, 4, 5, 6, 7), (2, 3, 4, 5), (2, 3, 4, 5, 6))


class AnchorParams(Params):
    """Anchor boxes of every size, ratio and scale at each pyramid place."""

    levels: Items[Annotated[int, Field(ge=2, le=7)]] = Field(
        description="Levels of the feature pyramid; level n has a stride of 2 to the power of n, in pixels."
    )
    sizes: Items[Positive] = Field(description="Base size of the anchors in pixels, one for each level.")
    ratios: Items[Positive] = Field(min_length=1, max_length=20, description="Heights divided by widths.")
    scales: Items[Positive] = Field(min_length=1, max_length=20, description="Factors of the base size.")

    def check_rules(self) -> Iterator[str]:
        if self.levels not in _LEVELS:
            *most, last = (str(list(levels)) for levels in _LEVELS)
            yield f".levels = {list(self.levels)}: expected {', '.join(most)} or {last}"
        if len(self.sizes) != len(self.levels):
            yield f".sizes = {list(self.sizes)}: expected {len(self.levels)} numbers, one a level"

    def shapes(self) -> np.ndarray:
        """Compute the anchors' widths and heights in pixels, float [n,2].

        There is one anchor for every size, ratio and scale.
        """
        sizes, ratios, scales = np.meshgrid(self.sizes, self.ratios, self.scales, indexing="ij")
        widths = sizes * scales / np.sqrt(ratios)  # a ratio keeps the area
        return np.stack([widths, widths * ratios], axis=-1).reshape(-1, 2)


class LightParams(Params):
    """Random changes of the plates' light in training; 0 switches each off."""

    brightness: Amount = Field(0.0, description="Largest change of a plate's brightness, as a share of white.")
    contrast: Amount = Field(0.0, description="Largest change of a plate's contrast, as a share of the contrast.")
    colour: Amount = Field(0.0, description="Largest change of each colour channel, as a share of the channel.")
    gray: Probability = Field(0.0, description="Share of plates shown without colour.")


class DetectorParams(TrainingParams):
    """The RetinaNet that finds characters, and its training."""

    section: ClassVar[str] = "detector"

    steps: int = Field(ge=1, le=1_000_000, description="Batches in an epoch.")
    backbone: Backbone = Field(description="Feature extractor: slim, or a network of keras.applications.")
    weights: Weights = Field(
        description="Initial weights of the backbone: none draws them, imagenet lets Keras download trained ones."
    )
    input_size: InputSize
    contrast: Contrast = Field(
        description="Input normalisation: as_given leaves pixels as they are, local evens out dark and faint parts."
    )
    classes: Literal["agnostic", "character"] = Field(
        description="Classes of the boxes: agnostic has one for all, character one for each character."
    )
    backbone_width: int = Field(ge=4, le=256, description="Channels of the slim backbone's first stage.")
    pyramid_width: int = Field(ge=8, le=1024, description="Channels of the feature pyramid.")
    head_width: int = Field(ge=8, le=1024, description="Channels of the classification and the regression head.")
    head_depth: int = Field(ge=0, le=8, description="Convolutions of a head before its last one.")
    anchors: AnchorParams
    augmentation: LightParams = LightParams()

    def normalises_heads(self) -> bool:
        """Whether the heads' convolutions are followed by batch normalisation."""
        return False

    def learned_overlap(self) -> float:
        """Least IoU at which a box's best anchor learns it."""
        return POSITIVE_OVERLAP

    def check_rules(self) -> Iterator[str]:
        if self.backbone == "slim" and self.weights != "none":
            yield ".weights = 'imagenet': backbone slim has none; choose weights none"
        if self.contrast != "as_given" and self.weights != "none":
            yield f".contrast = '{self.contrast}': weights imagenet know pixels as_given; choose that"


class PlateDetectorParams(DetectorParams):
    """The RetinaNet that finds plates in photographs, and its training."""

    section: ClassVar[str] = "plate_detector"

    regression_loss: RegressionLoss = Field(
        "smooth_l1",
        description="Loss of the boxes: smooth_l1 of the anchors' deltas, or giou, the generalised IoU of the boxes.",
    )

    head_normalisation: HeadNormalisation = Field(
        "none",
        description="Normalisation between the convolutions of the heads: none, as in RetinaNet, or batch, with which "
        "the boxes are learned in fewer steps.",
    )
    best_overlap: float = Field(
        POSITIVE_OVERLAP,
        gt=0,
        le=POSITIVE_OVERLAP,
        description="The anchor that overlaps a plate best learns it from this IoU on; other anchors learn it from "
        f"{POSITIVE_OVERLAP} on.",
    )

    def normalises_heads(self) -> bool:
        return self.head_normalisation == "batch"

    def learned_overlap(self) -> float:
        return self.best_overlap

    def check_rules(self) -> Iterator[str]:
        yield from super().check_rules()
        if self.classes != "agnostic":
            yield f".classes = '{self.classes}': plates are of one class; choose agnostic"
