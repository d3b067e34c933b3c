"""What the parameters of both trainings have in common. No parameters need TensorFlow: they are checked at once."""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.params import Params, Real

Decay = Literal["none", "cosine"]
Amount = Annotated[Real, Field(ge=0, lt=1)]


class AugmentationParams(Params):
    """Section `classifier.augmentation` of params.yaml: off the place, the scale, the focus; 0 switches each off."""

    shift: Amount = Field(description="largest shift of a crop, as a share of its side")
    zoom: Amount = Field(description="largest change of a crop's size, as a share of it")
    squeeze: Amount = Field(description="largest change of height against width, as a share")
    rotation: Annotated[Real, Field(ge=0, le=180)] = Field(description="largest turn, in degrees")
    shear: Amount = Field(description="largest slant, as a share of the height")
    blur: Annotated[Real, Field(ge=0, le=1)] = Field(description="share of batches shown at half resolution or more")
    brightness: Amount = Field(0.0, description="largest change of a crop's light, as a share of white")
    contrast: Amount = Field(0.0, description="largest change of a crop's contrast, as a share of it")


class LightParams(Params):
    """Section `detector.augmentation` of params.yaml; 0 switches each off."""

    brightness: Amount = Field(0.0, description="largest change of a plate's light, as a share of white")
    contrast: Amount = Field(0.0, description="largest change of a plate's contrast, as a share of it")
    colour: Amount = Field(0.0, description="largest change of each colour channel, as a share of it")
    gray: Annotated[Real, Field(ge=0, le=1)] = Field(0.0, description="share of plates shown without colour")
