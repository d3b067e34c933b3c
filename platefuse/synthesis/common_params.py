"""Parameters that several layouts have in common."""

from typing import Annotated

from pydantic import Field

from platefuse.core.params import Params

_Plates = Annotated[int, Field(ge=1, le=10_000_000)]
_Share = Annotated[float, Field(gt=0, lt=0.5)]


class Seeded(Params):
    """The seed of a layout."""

    seed: int = Field(ge=0, le=2**32 - 1, description="Seed of every random choice in the data.")


class SplitSizes(Params):
    """Plates to make for each split."""

    train: _Plates = Field(description="Plates to train on.")
    val: _Plates = Field(description="Plates to validate on.")
    test: _Plates = Field(description="Plates to evaluate on.")


class SplitShares(Params):
    """Shares of a source that is split.

    No part of the source serves two splits.
    """

    val_share: _Share = Field(description="Share that only the validation split sees.")
    test_share: _Share = Field(description="Share that only the test split sees.")
