"""Writes plate sets and character files of any layout (stage synth)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from platefuse.core.params import Params, load_choice
from platefuse.data.characters import SPLITS, Characters, write_characters
from platefuse.data.plate_set import Plate, write_plate_set
from platefuse.runner.atomic import atomic_write
from platefuse.synthesis.folder import FolderSynthParams, check_declared, make_folder_splits
from platefuse.synthesis.licence.dataset import LicenceSynthParams, make_licence_splits
from platefuse.synthesis.scatter.dataset import ScatterSynthParams, make_scatter_splits
from platefuse.synthesis.splits import LazySplit, concatenate

LAYOUTS: dict[str, type[Params]] = {
    "scatter": ScatterSynthParams,
    "licence": LicenceSynthParams,
    "folder": FolderSynthParams,
}
_MAKERS: dict[type[Params], Callable[[Any], dict[str, LazySplit]]] = {
    ScatterSynthParams: lambda params: make_scatter_splits(params, _sizes(params)),
    LicenceSynthParams: lambda params: make_licence_splits(params, _sizes(params)),
    FolderSynthParams: make_folder_splits,
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
    """Write the plate sets `train`, `val` and `test`, and the classifier's characters.

    Either every file is replaced, or none.

    Args:
        params: a model of LAYOUTS.
        plates: folder of the three plate sets.
        characters: folder of an .npz file for each split.

    Raises:
        PlatefuseError: if the layout cannot make its plates: the source of characters is not available, characters
            find no room on a plate, fonts are missing, or annotated images have issues.
    """
    with ExitStack() as drafts:
        new_characters = drafts.enter_context(atomic_write(characters))
        new_plates = {split: drafts.enter_context(atomic_write(plates / split)) for split in SPLITS}
        for split, content in _MAKERS[type(params)](params).items():
            _write_split(split, content, new_plates[split], new_characters / f"{split}.npz")


def _sizes(params: ScatterSynthParams | LicenceSynthParams) -> dict[str, int]:
    return {"train": params.train, "val": params.val, "test": params.test}


def _write_split(name: str, split: LazySplit, plates: Path, characters: Path) -> None:
    """Write one split; its crops are collected while its plates pass by."""
    crops: list[Characters] = []
    write_plate_set(plates, split.alphabet, _annotated(name, split, crops), packed=split.packed)
    write_characters(characters, concatenate(crops + ([split.source] if split.source else [])))


def _annotated(name: str, split: LazySplit, crops: list[Characters]) -> Iterator[tuple[np.ndarray | bytes, Plate]]:
    """Yield numbered images with annotations; append their labelled crops to `crops`."""
    progress = tqdm(split.samples, total=split.count, desc=f"{name} plates", unit="plate", disable=None)
    for index, sample in enumerate(progress):
        crops += sample.labelled_crops(split.alphabet)
        path = Path(f"{index:06d}{sample.suffix}")
        yield sample.image, Plate(path, sample.boxes, sample.characters, sample.text)
