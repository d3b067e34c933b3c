"""Splits of the user's annotated images, and their parameters."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params
from platefuse.data.boxes import order_boxes
from platefuse.data.characters import SPLITS, Characters
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.plate_set import AnnotatedPlate, ImageStore
from platefuse.labels.folder import AnnotatedImage, read_annotated
from platefuse.labels.split import group_split
from platefuse.synthesis.common_params import Seeded, SplitShares
from platefuse.synthesis.crops import CropGeometry, CropParams, CropSettings, cut_characters, cut_hard_negatives
from platefuse.synthesis.licence.dataset import LicencePlateParams, make_licence_splits
from platefuse.synthesis.mnist_splits import load_source
from platefuse.synthesis.scatter.dataset import BoardParams, make_scatter_splits
from platefuse.synthesis.splits import LazySplit, Sample, relabel

_MAX_FILES = 10_000  # more files are slow to copy and to keep in DVC, and so are packed
_DIGIT = (28, 28)  # height and width of MNIST's digits


class MixedParams(Params):
    """Synthetic plates of one layout, mixed into the training set."""

    share: float = Field(gt=0, lt=1, description="Share of the training plates that are synthetic.")
    scatter: BoardParams | None = Field(None, description="Boards of digits, as layout scatter makes them.")
    licence: LicencePlateParams | None = Field(None, description="Licence plates, as layout licence makes them.")

    def check_rules(self) -> Iterator[str]:
        if (self.scatter is None) == (self.licence is None):
            yield ".scatter and .licence: expected the parameters of one layout"


class FolderSynthParams(SplitShares, Seeded):
    """A folder of your own annotated images.

    The shares are those of its images, unless the folder is split already; with `characters: mnist5k` or `mnist` also
    those of the digits.
    """

    layout: Literal["folder"] = Field(description="Your own annotated images.")
    folder: str = Field(min_length=1, description="Path of the images, relative to the folder of params.yaml.")
    reading_order: Literal["left_to_right", "rows"] = Field(description="Order of the boxes if truth.csv is missing.")
    characters: Literal["plates", "mnist5k", "mnist"] = Field(
        description="Source of the classifier's characters: plates cuts them out of the plates of their split."
    )
    crops: CropParams | None = Field(None, description="How characters are cut out, with `characters: plates`.")
    mixed: MixedParams | None = Field(None, description="Synthetic plates in the training set; null for none.")

    def check_rules(self) -> Iterator[str]:
        if (self.characters == "plates") != (self.crops is not None):
            yield (
                f".characters = {self.characters!r}: .crops says how characters are cut out of plates; it "
                "goes with 'plates', and with nothing else"
            )
        if self.crops and self.mixed:
            size = self.mixed.licence.crops.size if self.mixed.licence else _DIGIT
            if self.crops.size != size:
                yield (
                    f".crops.size = {list(self.crops.size)}: expected {list(size)}, the size of the synthetic "
                    "characters of .mixed"
                )


def make_folder_splits(params: FolderSynthParams, geometry: CropGeometry | None) -> dict[str, LazySplit]:
    """Give annotated images as splits, with synthetic plates behind the training images.

    Image files keep their bytes. Training images are packed if there are very many. `geometry` is that of the crops,
    where characters are cut out of plates.

    Raises:
        PlatefuseError: if the folder has issues, has too few images to split, or has characters that the source of
            characters lacks.
    """
    plates, alphabet = _read_plates(params)
    synthetic = _synthetic_split(params, geometry, len(plates["train"]))
    alphabet = "".join(dict.fromkeys(alphabet + synthetic.alphabet))
    sources: Mapping[str, Characters] = {}
    if params.characters != "plates":
        sources = load_source(params.characters, params.val_share, params.test_share, params.seed)
        _check_known(alphabet, sources["train"].alphabet, params)
        alphabet = sources["train"].alphabet
    settings = geometry.crops(params.crops) if geometry and params.crops else None
    splits = {
        split: LazySplit(
            alphabet, _samples(plates[split], split, params.seed, settings), len(plates[split]), sources.get(split)
        )
        for split in SPLITS
    }
    return splits | {"train": _mixed(splits["train"], synthetic)}


def _read_plates(params: FolderSynthParams) -> tuple[dict[str, list[AnnotatedPlate]], str]:
    """Read each split's plates, with boxes in reading order, and the alphabet."""
    folder = Path(params.folder)
    annotated = read_annotated(folder)
    raise_issues(annotated.issues, folder)
    print(f"{folder}: {annotated.layout}", file=sys.stderr, flush=True)
    if left_out := annotated.unannotated:
        print(
            f"{folder}: images without annotations are left out: {len(left_out)}, the first is {left_out[0]}.",
            file=sys.stderr,
        )
    splits = annotated.splits
    if "" in splits:
        splits = group_split(splits[""], params.val_share, params.test_share, params.seed)
    for split in SPLITS:
        if not any(image.characters for image in splits[split]):
            raise PlatefuseError(f"{folder}: the plates of {split} have no characters: each split needs some.")
    ordered = {split: [_in_reading_order(image, params.reading_order) for image in splits[split]] for split in SPLITS}
    return ordered, annotated.alphabet


def _in_reading_order(image: AnnotatedImage, order: Literal["left_to_right", "rows"]) -> AnnotatedPlate:
    ordered = order_boxes(image.boxes, order)
    characters = "".join(image.characters[index] for index in ordered)
    return AnnotatedPlate(
        image.path, image.boxes[ordered], characters, characters if image.text is None else image.text
    )


def _samples(plates: list[AnnotatedPlate], split: str, seed: int, settings: CropSettings | None) -> Iterator[Sample]:
    store = ImageStore()
    for index, plate in enumerate(plates):
        content, suffix = store.read_encoded(plate.path)
        rng = np.random.default_rng([seed, SPLITS.index(split), index])
        crops = _crops(store.read(plate.path), plate, rng, settings) if settings else None
        yield Sample(content, suffix, plate.boxes, plate.characters, plate.text, crops)


def _crops(image: np.ndarray, plate: AnnotatedPlate, rng: np.random.Generator, settings: CropSettings) -> np.ndarray:
    """Crop the characters and hard negatives of a plate: uint8 [m,h,w].

    `image` is uint8 RGB [H,W,3].
    """
    picture = Image.fromarray(image)
    characters = cut_characters(rng, picture, plate.boxes, settings)
    return np.concatenate([characters, cut_hard_negatives(rng, picture, plate.boxes, np.zeros((0, 4)), settings)])


def _synthetic_split(params: FolderSynthParams, geometry: CropGeometry | None, real: int) -> LazySplit:
    """Make the synthetic plates for `real` annotated training plates, or none."""
    mixed, empty = params.mixed, LazySplit("", (), 0)
    if mixed is None:
        return empty
    sizes = {"train": max(1, round(real * mixed.share / (1 - mixed.share)))}
    splits: dict[str, LazySplit] = {}
    if mixed.scatter:
        splits = make_scatter_splits(mixed.scatter, sizes)
    elif mixed.licence and geometry:
        splits = make_licence_splits(mixed.licence, geometry, sizes)
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
