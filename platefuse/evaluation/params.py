"""Parameters of the evaluate stage."""

from pydantic import Field

from platefuse.core.params import Params, Real


class EvaluateParams(Params):
    """Section `evaluate` of params.yaml."""

    iou_threshold: Real = Field(gt=0, lt=1, description="overlap (IoU) from which on a box found is the true box")
    pictured: int = Field(ge=1, le=200, description="plates on the picture, at most half of them mistakes")
    batch_size: int = Field(ge=1, le=1024, description="images read in one call of the model")
