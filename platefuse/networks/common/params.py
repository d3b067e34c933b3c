"""What the parameters of both trainings have in common. No parameters need TensorFlow: they are checked at once."""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.core.params import Real

Decay = Literal["none", "cosine"]
Amount = Annotated[Real, Field(ge=0, lt=1)]
