"""Model to read with: a known name, a path, or the default."""

import os
from pathlib import Path
from types import NoneType

from platefuse.core.errors import PlatefuseError, did_you_mean
from platefuse.inference.runtimes import runtime_of

KNOWN = ("plates", "photographs", "digits")
"""Names of the released models."""
DEFAULT = "plates"
FUSED = Path("models/fused")

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent


def resolve(model: str | Path | None = None) -> Path:
    """Find the model that a name stands for.

    Args:
        model: a known name as a string, or the path of a model; a known name with `./` before it, or as a Path, is a
            path. None stands for models/fused of the current folder if that exists, else for DEFAULT.

    Returns:
        A SavedModel's folder, or an .onnx or .tflite file. A known name is released/NAME in a checkout, and elsewhere
        the file that the package brings.

    Raises:
        PlatefuseError: if there is no such model, or this is neither a name nor a path.
    """
    if not isinstance(model, (str, Path, NoneType)) or model == "":
        raise PlatefuseError(f"Expected the name ({', '.join(KNOWN)}) or the path of a model, found {model!r}.")
    if model is None:
        return FUSED if FUSED.exists() else find_released(DEFAULT)
    if model in KNOWN:
        return find_released(str(model))
    path = Path(model)
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises for a name that is too long
        hint = did_you_mean(str(model), KNOWN) if not path.suffix else ""
        raise PlatefuseError(
            f"There is no fused model at {model}{hint}: expected a path, or the name of a "
            f"released model ({', '.join(KNOWN)}). {runtime_of(path).REMEDY}"
        )
    return path


def find_released(name: str) -> Path:
    """Find a released model by its name, one of KNOWN.

    Raises:
        PlatefuseError: if the checkout has not pulled the model, or the package does not bring it.
    """
    if in_checkout(name):
        folder = _CHECKOUT / "released" / name
        if not folder.is_dir():
            raise PlatefuseError(f"{folder} is missing: `dvc pull released/{name}` brings it.")
        return folder
    file = bundled_file(name)
    if not file.is_file():
        raise PlatefuseError(
            f"The model {name} does not come with this installation: clone platefuse's repository and run "
            f"`dvc pull released/{name}`, or name a model by its path."
        )
    return file


def in_checkout(name: str) -> bool:
    """Whether the package is in a checkout that releases the model `name`."""
    return (_CHECKOUT / "released" / f"{name}.dvc").is_file()


def bundled_file(name: str) -> Path:
    """The wheel's file for the model `name`; it may be missing."""
    return _PACKAGE / "models" / f"{name}.onnx"
