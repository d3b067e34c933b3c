"""Splits of the user's annotated images, and their parameters."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params, Real
from platefuse.data.boxes import order_boxes
from platefuse.data.characters import SPLITS, Characters
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.plate_set import ImageStore, Plate
from platefuse.labels.folder import AnnotatedImage, read_annotated
from platefuse.labels.split import group_split
from platefuse.synthesis.crops import CropParams, cut_characters, cut_hard_negatives
from platefuse.synthesis.licence.dataset import LicencePlateParams, make_licence_splits
from platefuse.synthesis.mnist_splits import load_source
from platefuse.synthesis.scatter.dataset import BoardParams, SplitShare, make_scatter_splits
from platefuse.synthesis.splits import LazySplit, Sample, relabel

_MAX_FILES = 10_000  # more files are slow to copy and to keep in DVC, and so are packed
_DIGIT = (28, 28)  # height and width of MNIST's digits


class MixedParams(Params):
    """Section `synth.mixed` of params.yaml: synthetic plates among those to train on."""

    share: Real = Field(gt=0, lt=1, description="of the training plates that are synthetic")
    scatter: BoardParams | None = Field(None, description="boards of digits, with the parameters of layout scatter")
    licence: LicencePlateParams | None = Field(None, description="or licence plates, with those of layout licence")

    def check_rules(self) -> Iterator[str]:
        if (self.scatter is None) == (self.licence is None):
            yield "synth.mixed: expected the parameters of one layout, under 'scatter' or under 'licence'"


class FolderSynthParams(Params):
    """Section `synth` of params.yaml where `layout` is folder."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of every random choice in the data")
    layout: Literal["folder"] = Field(description="plates are not made, but brought")
    folder: str = Field(min_length=1, description="annotated images, from the folder that holds params.yaml")
    val_share: SplitShare = Field(
        description="share of images, or of the characters' source, that only validation sees"
    )
    test_share: SplitShare = Field(
        description="share that only the test sees; a folder that is split keeps its own splits"
    )
    reading_order: Literal["left_to_right", "rows"] = Field(description="of the boxes, where truth.csv is missing")
    characters: Literal["plates", "mnist5k", "mnist"] = Field(
        description="what the classifier learns from; plates: cut out of the plates of their split"
    )
    crops: CropParams | None = Field(None, description="how they are cut out of plates")
    mixed: MixedParams | None = Field(None, description="synthetic plates in the training set; null for none")

    def check_rules(self) -> Iterator[str]:
        if (self.characters == "plates") != (self.crops is not None):
            yield (
                f"synth.characters = {self.characters!r}: synth.crops says how characters are cut out of plates; it "
                "goes with 'plates', and with nothing else"
            )
        if self.crops and self.mixed:
            size = self.mixed.licence.crops.size if self.mixed.licence else _DIGIT
            if self.crops.size != size:
                yield (
                    f"synth.crops.size = {list(self.crops.size)}: expected {list(size)}, the size of the synthetic "
                    "characters of synth.mixed"
                )


def check_declared(folder: str) -> None:
    """Check that DVC watches the folder of annotated images.

    Without a readable dvc.yaml in the working folder there is nothing to check.

    Raises:
        PlatefuseError: if the stage synth of dvc.yaml does not depend on the folder.
    """
    try:
        dependencies = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]["synth"]["deps"]
        declared = [Path(os.path.normpath(dependency)) for dependency in dependencies]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return
    if not any(Path(os.path.normpath(folder)).is_relative_to(path) for path in declared):
        raise PlatefuseError(
            f"synth.folder = {folder!r} is not among the deps of the stage synth in dvc.yaml: add a line "
            f"'- {folder}' there, so that DVC sees when your plates change."
        )


def make_folder_splits(params: FolderSynthParams) -> dict[str, LazySplit]:
    """Give annotated images as splits, with synthetic plates behind the training images.

    Image files keep their bytes. Training images are packed if there are very many.

    Raises:
        PlatefuseError: if the folder has issues, has too few images to split, or has characters that the source of
            characters lacks.
    """
    plates, alphabet = _read_plates(params)
    synthetic = _synthetic_split(params, len(plates["train"]))
    alphabet = "".join(dict.fromkeys(alphabet + synthetic.alphabet))
    sources: Mapping[str, Characters] = {}
    if params.characters != "plates":
        sources = load_source(params.characters, params.val_share, params.test_share, params.seed)
        _check_known(alphabet, sources["train"].alphabet, params)
        alphabet = sources["train"].alphabet
    splits = {
        split: LazySplit(alphabet, _samples(plates[split], split, params), len(plates[split]), sources.get(split))
        for split in SPLITS
    }
    return splits | {"train": _mixed(splits["train"], synthetic)}


def _read_plates(params: FolderSynthParams) -> tuple[dict[str, list[Plate]], str]:
    """Read each split's plates, with boxes in reading order, and the alphabet."""
    folder = Path(params.folder)
    annotated = read_annotated(folder)
    raise_issues(annotated.issues, folder)
    splits = annotated.splits
    if "" in splits:
        splits = group_split(splits[""], params.val_share, params.test_share, params.seed)
    for split in SPLITS:
        if not any(image.characters for image in splits[split]):
            raise PlatefuseError(f"{folder}: the plates of {split} have no characters: each split needs some.")
    ordered = {split: [_in_reading_order(image, params.reading_order) for image in splits[split]] for split in SPLITS}
    return ordered, annotated.alphabet


def _in_reading_order(image: AnnotatedImage, order: Literal["left_to_right", "rows"]) -> Plate:
    ordered = order_boxes(image.boxes, order)
    characters = "".join(image.characters[index] for index in ordered)
    return Plate(image.path, image.boxes[ordered], characters, characters if image.text is None else image.text)


def _samples(plates: list[Plate], split: str, params: FolderSynthParams) -> Iterator[Sample]:
    store = ImageStore()
    for index, plate in enumerate(plates):
        content, suffix = store.read_encoded(plate.path)
        seed = [params.seed, SPLITS.index(split), index]
        crops = _crops(store.read(plate.path), plate, seed, params.crops) if params.crops else None
        yield Sample(content, suffix, plate.boxes, plate.characters, plate.text, crops)


def _crops(image: np.ndarray, plate: Plate, seed: list[int], params: CropParams) -> np.ndarray:
    """Crop the characters of a plate, uint8 RGB [H,W,3], and hard negatives: uint8 [m,h,w]."""
    rng, picture = np.random.default_rng(seed), Image.fromarray(image)
    characters = cut_characters(rng, picture, plate.boxes, params)
    return np.concatenate([characters, cut_hard_negatives(rng, picture, plate.boxes, np.zeros((0, 4)), params)])


def _synthetic_split(params: FolderSynthParams, real: int) -> LazySplit:
    """Make the synthetic plates for `real` annotated training plates, or none."""
    mixed, empty = params.mixed, LazySplit("", (), 0)
    if mixed is None:
        return empty
    sizes = {"train": max(1, round(real * mixed.share / (1 - mixed.share)))}
    splits: dict[str, LazySplit] = {}
    if mixed.scatter:
        splits = make_scatter_splits(mixed.scatter, sizes)
    elif mixed.licence:
        splits = make_licence_splits(mixed.licence, sizes)
    return splits.get("train", empty)


def _mixed(real: LazySplit, synthetic: LazySplit) -> LazySplit:
    """Append synthetic plates, without their characters if `real` has a source."""
    count, source, samples = real.count + synthetic.count, real.source, synthetic.samples
    if source:
        samples = (replace(sample, crops=None) for sample in samples)
    elif synthetic.source:
        source = relabel(synthetic.source, real.alphabet)
    return LazySplit(real.alphabet, chain(real.samples, samples), count, source, packed=count > _MAX_FILES)


def _check_known(alphabet: str, known: str, params: FolderSynthParams) -> None:
    unknown = "".join(character for character in alphabet if character not in known)
    if unknown:
        raise PlatefuseError(
            f"synth.characters = {params.characters!r} has {known!r}, but the plates of {params.folder} or synth.mixed "
            f"have {unknown!r} too: take the characters out of the plates, or the plates out of the folder."
        )
