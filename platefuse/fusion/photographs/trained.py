"""Fuses trained networks for photographs: a plate detector and a plate reader."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params, check
from platefuse.fusion.calibration import LabelledPlate, with_fitted_temperature
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
    networks: Path,
    params: PhotographFuseParams,
    out: Path,
    reader_params: FuseParams | None = None,
    plates: Sequence[LabelledPlate] = (),
) -> None:
    """Fuse a folder's plate detector and a plate reader into one SavedModel.

    Args:
        networks: the folder of plate_detector.h5.
        params: section `fuse`; written to the model's metadata.
        out: the SavedModel's folder; replaced as a whole.
        reader_params: the plate reader's parameters, if they differ from those it was fused with.
        plates: labelled plates that the plate reader's temperature `fit` is fitted on.

    Raises:
        PlatefuseError: if a network is missing or damaged, the parameters do not fit the networks, or the temperature
            cannot be fitted.
    """
    folder = Path(params.reader)
    reader_params = reader_params or check_reader(folder, {})
    detector = load_detector(networks / PLATE_DETECTOR, "train_plate_detector")
    characters, classifier = load_detector(folder / DETECTOR), load_classifier(folder / CLASSIFIER)
    reader_params = with_fitted_temperature(characters, classifier, reader_params, plates)
    reader = fuse(characters, classifier, reader_params)
    save_photographs(out, fuse_photographs(detector, reader, params), params, reader_params.model_dump(mode="json"))


def check_reader(folder: Path, changes: Mapping[str, Any]) -> FuseParams:
    """Read and check the plate reader's parameters.

    Args:
        folder: of the plate reader, or of a model for photographs that has it inside.
        changes: parameters that differ.

    Raises:
        PlatefuseError: if there are none, or a parameter is wrong; names it.
    """
    if changes.get("alternatives"):
        raise PlatefuseError(
            f"fuse.reader.alternatives = {changes['alternatives']}: expected 0, a model of photographs gives none."
        )
    parameters = parameters_of(folder)
    return _checked(FuseParams, "fuse.reader", parameters.get("reader", parameters) | changes | {"alternatives": 0})


def changed_params(networks: Path, changes: Mapping[str, Any]) -> tuple[PhotographFuseParams, FuseParams]:
    """Change parameters of a model for photographs.

    Args:
        networks: a folder of the three networks and of the model that they were fused to, or with that in `fused`.
        changes: values by name. `reader.NAME` is a parameter of the plate reader; NAME alone suffices if only the plate
            reader has it. `reader` is the folder of another plate reader.

    Returns:
        The section's parameters and the plate reader's.

    Raises:
        PlatefuseError: if a parameter is wrong; names it.
    """
    own = {"reader": str(networks)}
    of_reader = {}
    for name, value in changes.items():
        inner = name.removeprefix("reader.")
        if inner != name or (name in FuseParams.model_fields and name not in PhotographFuseParams.model_fields):
            of_reader[inner] = value
        else:
            own[name] = value
    params = _checked(PhotographFuseParams, "fuse", parameters_of(networks) | own)
    return params, check_reader(Path(params.reader), of_reader)


_Model = TypeVar("_Model", bound=Params)


def _checked(model: type[_Model], section: str, parameters: dict[str, Any]) -> _Model:
    checked = check(model, section, {section: parameters})
    if isinstance(checked, list):
        raise PlatefuseError("\n".join(checked))
    return checked
