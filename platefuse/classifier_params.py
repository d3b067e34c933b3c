"""The parameters of the train_classifier stage."""

from typing import Literal

from pydantic import Field

from platefuse.params import Params, Real
from platefuse.training_params import AugmentationParams, Decay


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
