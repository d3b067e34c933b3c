"""Networks fused again with formats, for `platefuse score`."""

from collections.abc import Mapping
from pathlib import Path

from platefuse.cli.common import PIPELINE
from platefuse.cli.fuse import fuse_again
from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.inference.metadata import known_metadata, reads_photographs
from platefuse.inference.models import FUSED

Formats = tuple[str, ...]


def fuse_with_formats(networks: Path, reader: Path | None, models: Mapping[Formats, Path]) -> None:
    """Fuse a folder's networks once for each list of formats.

    Args:
        networks: the folder of the networks, and of the model that they were fused to.
        reader: the folder of the plate reader's networks; None if they are in `networks`, and for single plates.
        models: the new model's folder of each list of formats.

    Raises:
        PlatefuseError: if a parameter is wrong, before any model is made; or a network is missing or damaged.
    """
    metadata = known_metadata(networks) or known_metadata(networks / FUSED.name)
    if reads_photographs(metadata):
        _fuse_photographs(networks, reader or networks, metadata, models)
    elif reader:
        raise PlatefuseError(f"--reader {reader}: {networks} has the networks of single plates, which need no other.")
    else:
        fuse_again(networks, {model: {"formats": list(formats)} for formats, model in models.items()})


def _fuse_photographs(
    networks: Path, reader: Path, metadata: Mapping[str, object], models: Mapping[Formats, Path]
) -> None:
    try:  # here: the base install reads plates, and cannot fuse
        from platefuse.core.params import check
        from platefuse.fusion.photographs.params import PhotographFuseParams
        from platefuse.fusion.photographs.trained import check_reader_params, fuse_trained_photographs
    except ModuleNotFoundError as error:
        raise not_installed("Fusing networks", [str(error.name)], PIPELINE) from None
    section = {name: value for name, value in metadata.items() if name in PhotographFuseParams.model_fields}
    params = check(PhotographFuseParams, "fuse", {"fuse": section | {"reader": str(reader)}})
    if isinstance(params, list):
        raise PlatefuseError("\n".join(params))
    of_reader = metadata.get("reader")
    before = of_reader if isinstance(of_reader, dict) else {}
    changes = {model: before | {"formats": list(formats)} for formats, model in models.items()}
    for changed in changes.values():
        check_reader_params(reader, changed)
    for model, changed in changes.items():
        fuse_trained_photographs(networks, params, model, changed)
