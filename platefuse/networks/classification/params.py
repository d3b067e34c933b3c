"""Parameters of the stage train_classifier."""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.core.params import Params, Probability
from platefuse.networks.common.params import Amount, TrainingParams


class AugmentationParams(Params):
    """Random changes of the characters in training; 0 switches each off."""

    shift: Amount = Field(description="Largest shift of a crop, as a share of its side.")
    zoom: Amount = Field(description="Largest change of a crop's scale, as a share of the scale.")
    aspect: Amount = Field(description="Largest change of the aspect ratio, as a share of the ratio.")
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(description="Largest rotation, in degrees.")
    shear: Amount = Field(description="Largest horizontal shear, as a share of the height.")
    blur: Probability = Field(description="Share of batches shown at a lower resolution, at least half.")
    brightness: Amount = Field(0.0, description="Largest change of a crop's brightness, as a share of white.")
    contrast: Amount = Field(0.0, description="Largest change of a crop's contrast, as a share of the contrast.")


class ClassifierParams(TrainingParams):
    """The network that names single characters, and its training."""

    architecture: Literal["dense", "cnn", "slim"] = Field(
        description="Network: dense has the article's two layers, cnn five convolutions, slim four and 2/5 of cnn's "
        "operations."
    )
    width: int = Field(
        ge=4, le=1024, description="Units of the hidden layer (dense) or channels of the first convolution (cnn, slim)."
    )
    dropout: float = Field(ge=0, lt=1, description="Dropout rate before the last layer.")
    augmentation: AugmentationParams
