"""Fuses trained networks for photographs: a plate detector and a plate reader."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import check
from platefuse.fusion.graph import fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.graph import fuse_photographs
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.photographs.saved_model import save_photographs
from platefuse.fusion.trained import CLASSIFIER, DETECTOR, parameters_of
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.detection.retinanet import load_detector

PLATE_DETECTOR = "plate_detector.h5"


def fuse_trained_photographs(
    networks: Path, params: PhotographFuseParams, out: Path, reader_changes: Mapping[str, Any] | None = None
) -> None:
    """Fuse a folder's plate detector and a plate reader into one SavedModel.

    Args:
        networks: the folder of plate_detector.h5.
        params: section `fuse`; written to the model's metadata.
        out: the SavedModel's folder; replaced as a whole.
        reader_changes: parameters of the plate reader that differ from those it was fused with.

    Raises:
        PlatefuseError: if a network is missing or damaged, or the parameters do not fit the networks.
    """
    folder = Path(params.reader)
    reader_params = check_reader_params(folder, reader_changes or {})
    detector = load_detector(networks / PLATE_DETECTOR)
    reader = fuse(load_detector(folder / DETECTOR), load_classifier(folder / CLASSIFIER), reader_params)
    save_photographs(out, fuse_photographs(detector, reader, params), params, reader_params.model_dump(mode="json"))


def check_reader_params(folder: Path, changes: Mapping[str, Any]) -> FuseParams:
    """Read and check the plate reader's parameters.

    Args:
        folder: of the plate reader, or of a model for photographs with that reader's networks beside it.
        changes: parameters that differ.

    Raises:
        PlatefuseError: if there are none, or a parameter is wrong; names it.
    """
    parameters = parameters_of(folder)
    reader = parameters.get("reader", parameters)
    checked = check(FuseParams, "fuse.reader", {"fuse.reader": {**reader, **changes}})
    if isinstance(checked, list):
        raise PlatefuseError("\n".join(checked))
    return checked
