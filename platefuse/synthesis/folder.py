"""Makes plate sets and character files out of a folder of annotated images that someone brings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params
from platefuse.data.boxes import order_boxes
from platefuse.data.characters import NO_CHARACTER, SPLITS, Characters, read_characters, write_characters
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.images import read_encoded, read_image
from platefuse.data.plate_set import Plate, read_plate_set, write_plate_set
from platefuse.labels.folder import AnnotatedImage, read_annotated
from platefuse.labels.split import group_split
from platefuse.synthesis.common_params import Seeded, SplitShares
from platefuse.synthesis.crops import CropGeometry, CropParams, cut_characters, cut_hard_negatives
from platefuse.synthesis.licence.dataset import LicencePlateParams, LicenceSynthParams, write_licence_plates
from platefuse.synthesis.mnist_splits import load_source
from platefuse.synthesis.scatter.dataset import BoardParams, ScatterSynthParams, write_boards

_MAX_FILES = 10_000  # more are packed: they are slow to copy and to keep in DVC
_DIGIT = (28, 28)  # height and width of MNIST's


class MixedParams(Params):
    """Synthetic plates mixed into the training set: the share, and the parameters of one layout."""

    share: float = Field(gt=0, lt=1, description="Share of the training plates that are synthetic.")
    scatter: BoardParams | None = Field(None, description="Boards of digits, as layout scatter makes them.")
    licence: LicencePlateParams | None = Field(None, description="Licence plates, as layout licence makes them.")

    def check_rules(self) -> Iterator[str]:
        if (self.scatter is None) == (self.licence is None):
            yield "synth.mixed: expected the parameters of one layout, under 'scatter' or under 'licence'"


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


def write_folder_plates(
    params: FolderSynthParams, geometry: CropGeometry | None, plates: dict[str, Path], characters: Path
) -> None:
    """Write a plate set a split, and the characters of each as an .npz into `characters`.

    Images are copied byte for byte, under numbers for names; synthetic plates follow the training set's own.

    Raises:
        PlatefuseError: for issues of the folder, too few images to split, or characters that a source does not have.
    """
    own, alphabet = _own_plates(params)
    with TemporaryDirectory(dir=characters.parent) as workplace:
        synthetic, synthetic_characters = _synthetic(params.mixed, geometry, len(own["train"]), Path(workplace))
        alphabet = "".join(dict.fromkeys(alphabet + synthetic_characters.alphabet))
        if params.characters == "plates":
            single = {split: _cut(own[split], split, params, geometry, alphabet) for split in SPLITS}
            single["train"] = _joined(single["train"], synthetic_characters)
        else:
            single = load_source(params.characters, params.val_share, params.test_share, params.seed)
            _check_known(alphabet, single["train"].alphabet, params)
            alphabet = single["train"].alphabet
        for split in SPLITS:
            together = own[split] + (synthetic if split == "train" else [])
            write_plate_set(
                plates[split],
                alphabet,
                _copied(together, split),
                packed=split == "train" and len(together) > _MAX_FILES,
            )
            write_characters(characters / f"{split}.npz", single[split])


def _own_plates(params: FolderSynthParams) -> tuple[dict[str, list[Plate]], str]:
    """Give the plates of each split, their boxes in reading order, and the alphabet."""
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


def _synthetic(
    params: MixedParams | None, geometry: CropGeometry | None, own: int, workplace: Path
) -> tuple[list[Plate], Characters]:
    """Make plates for as many of one's own to train on, and give them with the characters that go with them."""
    plates, characters = {split: workplace / split for split in SPLITS}, workplace / "characters"
    if params is None:
        return [], Characters(np.zeros((0, 0, 0), np.uint8), np.zeros(0, np.int64), "")
    wanted = max(1, round(own * params.share / (1 - params.share)))
    amounts = {"train": wanted, "val": 1, "test": 1}  # of these only the training set is used, but layouts make all
    if params.scatter:
        values = params.scatter.model_dump() | amounts | {"layout": "scatter"}
        write_boards(ScatterSynthParams.model_validate(values), plates, characters)
    elif params.licence and geometry:
        values = params.licence.model_dump() | amounts | {"layout": "licence"}
        write_licence_plates(LicenceSynthParams.model_validate(values), geometry, plates, characters)
    return read_plate_set(plates["train"]), read_characters(characters / "train.npz")


def _cut(
    plates: list[Plate], split: str, params: FolderSynthParams, geometry: CropGeometry | None, alphabet: str
) -> Characters:
    """Cut the characters out of plates, and what is none."""
    assert params.crops and geometry  # as the parameters were checked
    settings = geometry.crops(params.crops)
    crops, labels = [], []
    for index, plate in enumerate(tqdm(plates, desc=f"{split} characters", unit="plate", disable=None)):
        rng = np.random.default_rng([params.seed, SPLITS.index(split), index])
        image = Image.fromarray(read_image(plate.path))
        crops.append(cut_characters(rng, image, plate.boxes, settings))
        labels += [alphabet.index(character) for character in plate.characters]
        crops.append(cut_hard_negatives(rng, image, plate.boxes, np.zeros((0, 4)), settings))
        labels += [NO_CHARACTER] * len(crops[-1])
    return Characters(np.concatenate(crops), np.array(labels, np.int64), alphabet)


def _joined(first: Characters, second: Characters) -> Characters:
    """Put characters together, the second's labels becoming those of the first's alphabet."""
    if not len(second.labels):
        return first
    labels = np.array([*(first.alphabet.index(character) for character in second.alphabet), NO_CHARACTER])
    return Characters(
        np.concatenate([first.images, second.images]),
        np.concatenate([first.labels, labels[second.labels]]),  # NO_CHARACTER, -1, is the last of them
        first.alphabet,
    )


def _check_known(alphabet: str, known: str, params: FolderSynthParams) -> None:
    unknown = "".join(character for character in alphabet if character not in known)
    if unknown:
        raise PlatefuseError(
            f"synth.characters = {params.characters!r} has {known!r}, but the plates of {params.folder} or synth.mixed "
            f"have {unknown!r} too: take the characters out of the plates, or the plates out of the folder."
        )


def _copied(plates: list[Plate], split: str) -> Iterator[tuple[bytes, Plate]]:
    """Yield each plate's image file as it is, and the plate under a number for a name."""
    for index, plate in enumerate(tqdm(plates, desc=f"{split} plates", unit="plate", disable=None)):
        content, suffix = read_encoded(plate.path)
        yield content, replace(plate, path=Path(f"{index:06d}{suffix}"))
