"""Place of a plate on a car's face."""

from dataclasses import dataclass

import numpy as np

from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.cars import Car


@dataclass(frozen=True, eq=False)
class Spot:
    """Place of a plate on a car's face, in centimetres.

    Attributes:
        x, y: the plate's middle.
        width, height: the plate's size.
        lean: distance of the upper edge behind the lower edge.
    """

    x: float
    y: float
    width: float
    height: float
    lean: float


def random_spot(rng: np.random.Generator, car: Car, width: float, height: float) -> Spot:
    """Choose a place for a plate of this size, in centimetres."""
    clearance = car.profile[0, 0] + 4 + height / 2
    if car.front or bernoulli(rng, 0.45):
        y = rng.uniform(clearance, max(clearance + 1, car.bumper + 4))
    else:
        top = car.belt - 5 - height / 2
        y = rng.uniform(min(car.bumper + 3 + height / 2, top), top)
    aside = 0.0 if bernoulli(rng, 0.8) else rng.uniform(-0.6, 0.6) * (car.half - width / 2)
    return Spot(aside + rng.normal(0, 1), y, width, height, rng.uniform(-0.05, 0.16) * height)
