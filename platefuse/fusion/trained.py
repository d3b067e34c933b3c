"""A folder of trained networks, detector.h5 and classifier.h5, and the fused model that is made of them."""

from pathlib import Path
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.graph import fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.saved_model import save_fused
from platefuse.inference.metadata import CARD, read_card
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.detection.retinanet import load_detector

DETECTOR, CLASSIFIER, FUSED = "detector.h5", "classifier.h5", "fused"
_NOT_PARAMETERS = {"alphabet", "canvas"}  # which the networks themselves say


def fuse_trained(networks: Path, params: FuseParams, out: Path) -> None:
    """Join a folder's two networks into one SavedModel.

    Args:
        networks: the folder.
        params: how they are joined; the model's card says so, too.
        out: the SavedModel's folder; replaced whole.

    Raises:
        PlatefuseError: for a network that is missing or damaged, or parameters that do not fit the two.
    """
    detector = load_detector(networks / DETECTOR)
    classifier, alphabet = load_classifier(networks / CLASSIFIER)
    fused, on_canvas = fuse(*detector, classifier, alphabet, params)
    save_fused(out, fused, on_canvas, alphabet, params.model_dump(mode="json"))


def parameters_of(networks: Path) -> dict[str, Any]:
    """Give the parameters that a folder's networks were fused with: by the model in it, or in its folder `fused`.

    Raises:
        PlatefuseError: if there is none, or its card is damaged.
    """
    cards = [model / CARD for model in (networks, networks / FUSED) if (model / CARD).is_file()]
    if not cards:
        raise PlatefuseError(f"{networks} has no {CARD}, nor {FUSED}/{CARD}: nothing says how its networks were fused.")
    try:
        return {name: value for name, value in read_card(cards[0].parent).items() if name not in _NOT_PARAMETERS}
    except (ValueError, AttributeError):
        raise PlatefuseError(f"{cards[0]} is not the card of a fused model.") from None
