"""Writes plate sets and character files of any layout (stage synth)."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.data.characters import SPLITS, Characters, write_characters
from platefuse.data.photograph_set import AnnotatedPhotograph, write_photograph_set
from platefuse.data.plate_set import AnnotatedPlate, write_plate_set
from platefuse.runner.atomic import atomic_write
from platefuse.synthesis.crops import CropGeometry
from platefuse.synthesis.folder import FolderSynthParams, make_folder_splits
from platefuse.synthesis.licence.dataset import make_licence_splits
from platefuse.synthesis.params import PlateSynthParams
from platefuse.synthesis.scatter.dataset import ScatterSynthParams, make_scatter_splits
from platefuse.synthesis.scene.dataset import SceneSplit, SceneSynthParams, make_scene_splits
from platefuse.synthesis.splits import LazySplit, concatenate


def synthesise(params: PlateSynthParams, plates: Path, characters: Path, geometry: CropGeometry | None = None) -> None:
    """Write the plate sets `train`, `val` and `test`, and the classifier's characters.

    Either every file is replaced, or none.

    Args:
        params: the layout's parameters.
        plates: folder of the three plate sets.
        characters: folder of an .npz file for each split.
        geometry: of the crops, where the layout cuts characters out of plates.

    Raises:
        PlatefuseError: if the layout cannot make its plates: the source of characters is not available, characters
            find no room on a plate, fonts are missing, or annotated images have issues.
    """
    with ExitStack() as drafts:
        new_characters = drafts.enter_context(atomic_write(characters))
        new_plates = {split: drafts.enter_context(atomic_write(plates / split)) for split in SPLITS}
        for split, content in _make_splits(params, geometry).items():
            _write_split(split, content, new_plates[split], new_characters / f"{split}.npz")


def synthesise_photographs(params: SceneSynthParams, photographs: Path) -> None:
    """Write the photograph sets `train`, `val` and `test`.

    Either every file is replaced, or none.

    Args:
        params: the layout's parameters.
        photographs: folder of the three photograph sets.

    Raises:
        PlatefuseError: if fonts are missing, or the user's own backgrounds cannot be read.
    """
    with ExitStack() as drafts:
        splits = make_scene_splits(params)
        drafted = {split: drafts.enter_context(atomic_write(photographs / split)) for split in splits}
        for name, split in splits.items():
            write_photograph_set(drafted[name], _photographs(name, split), packed=split.packed)


def _photographs(name: str, split: SceneSplit) -> Iterator[tuple[bytes, AnnotatedPhotograph]]:
    """Yield numbered photographs with annotations."""
    progress = tqdm(split.scenes, total=split.count, desc=f"{name} photographs", unit="photograph", disable=None)
    for index, scene in enumerate(progress):
        yield scene.file, AnnotatedPhotograph(Path(f"{index:06d}.jpg"), scene.boxes, scene.texts)


def _make_splits(params: PlateSynthParams, geometry: CropGeometry | None) -> dict[str, LazySplit]:
    if isinstance(params, FolderSynthParams):
        return make_folder_splits(params, geometry)
    sizes = {"train": params.train, "val": params.val, "test": params.test}
    if isinstance(params, ScatterSynthParams):
        return make_scatter_splits(params, sizes)
    assert geometry  # load_params reads it with layout licence
    return make_licence_splits(params, geometry, sizes)


def _write_split(name: str, split: LazySplit, plates: Path, characters: Path) -> None:
    """Write one split; its crops are collected while its plates pass by."""
    crops: list[Characters] = []
    write_plate_set(plates, split.alphabet, _annotated(name, split, crops), packed=split.packed)
    write_characters(characters, concatenate(crops + ([split.source] if split.source else [])))


def _annotated(
    name: str, split: LazySplit, crops: list[Characters]
) -> Iterator[tuple[np.ndarray | bytes, AnnotatedPlate]]:
    """Yield numbered images with annotations; append their labelled crops to `crops`."""
    progress = tqdm(split.samples, total=split.count, desc=f"{name} plates", unit="plate", disable=None)
    for index, sample in enumerate(progress):
        crops += sample.labelled_crops(split.alphabet)
        path = Path(f"{index:06d}{sample.suffix}")
        yield sample.image, AnnotatedPlate(path, sample.boxes, sample.characters, sample.text)
