"""Random choices in the terms of the parameters: ranges and shares."""

from typing import Annotated, TypeVar

import numpy as np
from pydantic import AfterValidator, Field

from platefuse.core.params import Pair, Real

Share = Annotated[Real, Field(ge=0, le=1)]


_Number = TypeVar("_Number", bound=float)


def _rising(pair: tuple[_Number, _Number]) -> tuple[_Number, _Number]:
    if pair[0] > pair[1]:
        raise ValueError("expected the smaller number first")
    return pair


Range = Annotated[Pair[_Number], AfterValidator(_rising), Field(json_schema_extra={"order": "the smaller first"})]
"""Least and largest value, both included."""
Factor = Annotated[Real, Field(ge=0.1, le=10)]
"""A number to multiply with."""


def uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from a range, every value as likely."""
    return float(rng.uniform(*bounds))


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from a range of positive numbers, every factor as likely: as many from 1 to 2 as from 2 to 4."""
    return float(np.exp(rng.uniform(*np.log(bounds))))


def bernoulli(rng: np.random.Generator, share: float) -> bool:
    """Say yes in that share of cases."""
    return bool(rng.random() < share)
