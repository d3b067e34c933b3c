"""Makes the plate sets and character files that everything else learns from, by the layout that params.yaml names."""

from contextlib import ExitStack
from pathlib import Path

from platefuse.core.params import Params, load_choice
from platefuse.data.characters import SPLITS
from platefuse.runner.atomic import atomic_write
from platefuse.synthesis.folder import FolderSynthParams, check_declared, write_folder_plates
from platefuse.synthesis.licence.dataset import LicenceSynthParams, write_licence_plates
from platefuse.synthesis.scatter.dataset import ScatterSynthParams, write_boards

LAYOUTS: dict[str, type[Params]] = {
    "scatter": ScatterSynthParams,
    "licence": LicenceSynthParams,
    "folder": FolderSynthParams,
}


def load_params() -> Params:
    """Read section `synth` of the working folder's params.yaml: a model of LAYOUTS.

    Raises:
        PlatefuseError: for an unknown layout, parameters that are not that layout's, or plates that dvc.yaml does not
            know of.
    """
    params = load_choice(LAYOUTS, "layout", "synth")
    if isinstance(params, FolderSynthParams):
        check_declared(params.folder)
    return params


def synthesise(params: Params, plates: Path, characters: Path) -> None:
    """Write the plate sets `train`, `val` and `test` below `plates`, and an .npz a split into `characters`.

    Raises:
        PlatefuseError: if the characters cannot be had or find no room on a plate, or annotated images have issues.
    """
    with ExitStack() as together:  # all are replaced, or none
        new_characters = together.enter_context(atomic_write(characters))
        new_plates = {split: together.enter_context(atomic_write(plates / split)) for split in SPLITS}
        if isinstance(params, LicenceSynthParams):
            write_licence_plates(params, new_plates, new_characters)
        elif isinstance(params, ScatterSynthParams):
            write_boards(params, new_plates, new_characters)
        elif isinstance(params, FolderSynthParams):
            write_folder_plates(params, new_plates, new_characters)
