"""Random sampling in the terms of the parameters: ranges and probabilities."""

import numpy as np


def uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from a range with uniform density."""
    return float(rng.uniform(*bounds))


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from a positive range with uniform density of the logarithm."""
    return float(np.exp(rng.uniform(*np.log(bounds))))


def bernoulli(rng: np.random.Generator, probability: float) -> bool:
    """Draw True with a probability, 0..1."""
    return bool(rng.random() < probability)
