"""The parameters of the train_classifier stage."""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.core.params import Params, Real
from platefuse.networks.common.params import Amount, Decay


class AugmentationParams(Params):
    """Section `classifier.augmentation` of params.yaml: off the place, the scale, the focus; 0 switches each off."""

    shift: Amount = Field(description="largest shift of a crop, as a share of its side")
    zoom: Amount = Field(description="largest change of a crop's size, as a share of it")
    aspect: Amount = Field(description="largest change of height against width, as a share")
    rotation: Annotated[Real, Field(ge=0, le=180)] = Field(description="largest turn, in degrees")
    shear: Amount = Field(description="largest slant, as a share of the height")
    blur: Annotated[Real, Field(ge=0, le=1)] = Field(description="share of batches shown at half resolution or more")
    brightness: Amount = Field(0.0, description="largest change of a crop's light, as a share of white")
    contrast: Amount = Field(0.0, description="largest change of a crop's contrast, as a share of it")


class ClassifierParams(Params):
    """Section `classifier` of params.yaml."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of the first weights, the order and the augmentation")
    architecture: Literal["dense", "cnn", "slim"] = Field(
        description="dense: the article's two layers; cnn: convolutions; slim: fewer, from half the resolution on"
    )
    width: int = Field(ge=4, le=1024, description="dense: units of the hidden layer; others: channels of the first")
    dropout: Real = Field(ge=0, lt=1, description="share of the last features dropped in training")
    epochs: int = Field(ge=1, le=10_000, description="passes over the characters")
    batch_size: int = Field(ge=1, le=65_536, description="characters a batch")
    learning_rate: Real = Field(gt=0, le=1, description="Adam's")
    learning_rate_decay: Decay = Field(description="none: constant; cosine: falling to 0 over the whole training")
    augmentation: AugmentationParams
