"""Makes the plate sets and character files that everything else learns from, by the layout that params.yaml names."""

from contextlib import ExitStack
from pathlib import Path

from platefuse.data.characters import SPLITS
from platefuse.runner.atomic import atomic_write
from platefuse.synthesis.crops import CropGeometry
from platefuse.synthesis.folder import FolderSynthParams, write_folder_plates
from platefuse.synthesis.licence.dataset import LicenceSynthParams, write_licence_plates
from platefuse.synthesis.params import SynthParams
from platefuse.synthesis.scatter.dataset import write_boards


def synthesise(params: SynthParams, plates: Path, characters: Path, geometry: CropGeometry | None = None) -> None:
    """Write the plate sets `train`, `val` and `test` below `plates`, and an .npz a split into `characters`.

    Args:
        params: the layout's parameters.
        plates, characters: the folders to replace.
        geometry: of the crops, where the layout cuts characters out of plates.

    Raises:
        PlatefuseError: if the characters cannot be had or find no room on a plate, or annotated images have issues.
    """
    with ExitStack() as together:  # all are replaced, or none
        new_characters = together.enter_context(atomic_write(characters))
        new_plates = {split: together.enter_context(atomic_write(plates / split)) for split in SPLITS}
        if isinstance(params, LicenceSynthParams):
            assert geometry  # load_params reads it with this layout
            write_licence_plates(params, geometry, new_plates, new_characters)
        elif isinstance(params, FolderSynthParams):
            write_folder_plates(params, geometry, new_plates, new_characters)
        else:
            write_boards(params, new_plates, new_characters)
