"""Parameters of the stage evaluate."""

from pydantic import Field

from platefuse.core.params import Params


class EvaluateParams(Params):
    """How the fused model is measured on test plates."""

    iou_threshold: float = Field(gt=0, lt=1, description="Least IoU of a detected box and the true box it matches.")
    pictured: int = Field(ge=1, le=200, description="Plates on the picture of readings; at most half are mistakes.")
    batch_size: int = Field(ge=1, le=1024, description="Images in one call of the model.")
