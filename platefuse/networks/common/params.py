"""Parameters that both trainings have in common, read without TensorFlow."""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.core.params import Params

Amount = Annotated[float, Field(ge=0, lt=1)]
"""Largest change of an augmentation; 0 switches it off."""


class TrainingParams(Params):
    """Parameters of one training."""

    seed: int = Field(
        ge=0,
        le=2**32 - 1,
        description="Seed of the initial weights, the order of the examples and the augmentation.",
    )
    epochs: int = Field(ge=1, le=10_000, description="Epochs to train for.")
    batch_size: int = Field(ge=1, le=65_536, description="Examples in a batch.")
    learning_rate: float = Field(gt=0, le=1, description="Initial learning rate of Adam.")
    learning_rate_decay: Literal["none", "cosine"] = Field(
        description="Schedule of the learning rate: none keeps it constant, cosine lowers it to 0 over the training."
    )
