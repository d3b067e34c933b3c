"""Fusion of a folder's trained networks, detector.h5 and classifier.h5."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.calibration import LabelledPlate, with_fitted_temperature
from platefuse.fusion.graph import fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.saved_model import save_fused
from platefuse.inference.metadata import (
    METADATA_FILE,
    PHOTOGRAPHS,
    PLATES,
    READS,
    read_metadata,
    reads_of,
    reads_photographs,
)
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.detection.retinanet import load_detector

DETECTOR, CLASSIFIER, FUSED = "detector.h5", "classifier.h5", "fused"
_ADDED = {
    "deskew": False,
    "temperature": 1.0,
    "alternatives": 0,
}  # parameters of plate readers that older models lack, with the values that these have
_NOT_PARAMETERS = {PLATES: {READS, "alphabet", "input_size"}, PHOTOGRAPHS: {READS, "alphabet"}}


def fuse_trained(networks: Path, params: FuseParams, out: Path, plates: Sequence[LabelledPlate] = ()) -> None:
    """Fuse a folder's two networks into one SavedModel.

    Args:
        networks: the folder.
        params: section `fuse`; written to the model's metadata, with the fitted temperature in place of `fit`.
        out: the SavedModel's folder; replaced as a whole.
        plates: labelled plates that the temperature `fit` is fitted on.

    Raises:
        PlatefuseError: if a network is missing or damaged, the parameters do not fit the networks, or the temperature
            cannot be fitted.
    """
    detector, classifier = load_detector(networks / DETECTOR), load_classifier(networks / CLASSIFIER)
    params = with_fitted_temperature(detector, classifier, params, plates)
    save_fused(out, fuse(detector, classifier, params), params.model_dump(mode="json"))


def parameters_of(networks: Path) -> dict[str, Any]:
    """Read the parameters that a folder's networks were fused with.

    They come from the metadata that `metadata_of` finds. Parameters that came later have the values of that time.

    Raises:
        PlatefuseError: if there is no fused model, or its metadata is damaged.
    """
    metadata = metadata_of(networks)
    derived = _NOT_PARAMETERS[reads_of(metadata)]  # from the networks
    parameters = {name: value for name, value in metadata.items() if name not in derived}
    if reads_photographs(metadata):
        return parameters | {"reader": _ADDED | parameters.get("reader", {})}
    return _ADDED | parameters


def metadata_of(networks: Path) -> dict[str, Any]:
    """Read the metadata of the fused model of a folder's networks.

    The model lies in the folder itself, or in its subfolder `fused`.

    Raises:
        PlatefuseError: if there is no fused model, or its metadata is damaged.
    """
    files = [model / METADATA_FILE for model in (networks, networks / FUSED) if (model / METADATA_FILE).is_file()]
    if not files:
        raise PlatefuseError(
            f"{networks} has no {METADATA_FILE}, nor {FUSED}/{METADATA_FILE}: nothing says how its networks were fused."
        )
    try:
        metadata = read_metadata(files[0].parent)
        if reads_of(metadata) in _NOT_PARAMETERS:
            return dict(metadata)
    except (ValueError, AttributeError):
        pass
    raise PlatefuseError(f"{files[0]} is not the metadata of a fused model.") from None
