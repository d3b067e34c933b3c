"""Rules across the sections of params.yaml.

Each rule returns a clause that says how it is broken, or None. A rule speaks only where the whole run would be for
nothing, or where some plates could never be read right.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.decoding.formats import check_formats
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.networks.detection.params import POSITIVE_OVERLAP, DetectorParams
from platefuse.synthesis import mnist
from platefuse.synthesis.licence.dataset import LicenceSynthParams
from platefuse.synthesis.licence.number import longest_number
from platefuse.synthesis.params import SynthParams
from platefuse.synthesis.scatter.dataset import ScatterSynthParams

_MNIST_INK = 20 / 28  # of a tile's side, the longer side of the digit's ink: so MNIST's authors scaled them
# How far a character's height in a photograph may be off that on an upright plate in one row: two rows halve it, the
# camera's turn and perspective stretch and shrink it.
_MIN_FACTOR, _MAX_FACTOR = 0.4, 1.5


def anchors_cover_characters(synth: SynthParams, detector: DetectorParams) -> str | None:
    """Require anchors that overlap some characters enough to learn them.

    An anchor is taken to be centred on its character. Training counts such anchors on the plates and warns of too few.
    """
    sizes = _character_sizes(synth, detector.input_size)
    if sizes is None:
        return None
    shapes = detector.anchors.shapes()
    common = np.minimum(sizes[:, None], shapes).prod(axis=-1)
    overlaps = common / (sizes.prod(axis=-1)[:, None] + shapes.prod(axis=-1) - common)
    if overlaps.max() >= POSITIVE_OVERLAP:
        return None
    (lowest, highest), (least, most) = ((of[:, 1].min(), of[:, 1].max()) for of in (sizes, shapes))
    return (
        f"detector.anchors cover no character: on detector.input_size = {list(detector.input_size)} characters are "
        f"{lowest:.0f} to {highest:.0f} pixels high, and anchors {least:.0f} to {most:.0f}, none of which overlaps "
        f"one by {POSITIVE_OVERLAP}; choose sizes, ratios and scales nearer to the characters"
    )


def _character_sizes(synth: SynthParams, input_size: tuple[int, int]) -> np.ndarray | None:
    """Sizes of character boxes on a letterboxed plate; None if unknown.

    Sizes on licence plates are random: the result reaches a little beyond the range that the parameters allow.

    Args:
        synth: the layout's parameters.
        input_size: height and width of the letterboxed plate.

    Returns:
        Widths and heights, float [n,2].
    """
    if isinstance(synth, ScatterSynthParams):
        sides = np.arange(synth.size[0], synth.size[1] + 1) * min(
            input_size[0] / synth.height, input_size[1] / synth.width
        )
        if synth.box == "tile":
            return np.stack([sides, sides], axis=1)
        return _of_heights(sides * _MNIST_INK, np.linspace(0.1, 1, 10))
    if isinstance(synth, LicenceSynthParams):
        margins, number = synth.licence.camera.margin, synth.licence.number
        lows, highs = [], []
        for shape in (shape for shape in synth.licence.face.shapes if shape.share):
            highest, lowest = (min(input_size[0], input_size[1] / aspect) for aspect in shape.aspect)
            lows.append(lowest / (1 + 2 * margins[1]) * shape.characters[0])
            highs.append(highest / (1 + 2 * margins[0]) * shape.characters[1])
        heights = np.geomspace(_MIN_FACTOR * min(lows), _MAX_FACTOR * max(highs), 100)
        return _of_heights(heights, np.linspace(0.5, max(1, number.aspect[1]), 10))
    return None


def _of_heights(heights: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Combine every height with every width, given as a share of it.

    Returns:
        Widths and heights, float [n,2].
    """
    return np.stack([np.outer(heights, shares), np.outer(heights, np.ones_like(shares))], axis=-1).reshape(-1, 2)


def max_characters_hold_the_longest_plate(synth: SynthParams, fuse: FuseParams) -> str | None:
    if isinstance(synth, ScatterSynthParams):
        name, most = f"synth.count = {list(synth.count)}", synth.count[1]
    elif isinstance(synth, LicenceSynthParams):
        name, most = "synth.licence.number", longest_number(synth.licence.number)
    else:
        return None
    if most <= fuse.max_characters:
        return None
    return (
        f"{name} makes plates of {most} characters, and fuse.max_characters = {fuse.max_characters} are read at "
        "most: they could never be read right; raise fuse.max_characters"
    )


def two_rows_are_read_as_rows(synth: SynthParams, fuse: FuseParams) -> str | None:
    if not isinstance(synth, LicenceSynthParams) or fuse.reading_order == "rows":
        return None
    share = max(shape.two_rows for shape in synth.licence.face.shapes if shape.share)
    if not share:
        return None
    return (
        f"synth.licence.face.shapes: two_rows = {share} makes plates in two rows, which fuse.reading_order = "
        f"{fuse.reading_order!r} mixes up; choose rows"
    )


def formats_are_of_the_alphabet(synth: SynthParams, fuse: FuseParams) -> str | None:
    if isinstance(synth, ScatterSynthParams):
        alphabet = mnist.ALPHABET
    elif isinstance(synth, LicenceSynthParams):
        alphabet = synth.fonts.alphabet
    else:
        return None
    try:
        check_formats(fuse.formats, alphabet)
    except PlatefuseError as error:
        return str(error).rstrip(".")
    return None


def detector_class_weight_needs_classes(detector: DetectorParams, fuse: FuseParams) -> str | None:
    if not fuse.detector_class_weight or detector.classes == "character":
        return None
    return (
        f"fuse.detector_class_weight = {fuse.detector_class_weight} asks the detector for characters, and with "
        f"detector.classes = {detector.classes!r} it names none; choose detector.classes: character, or a weight of 0"
    )


Rule = Callable[..., str | None]
RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("synth", "detector"), anchors_cover_characters),
    (("synth", "fuse"), max_characters_hold_the_longest_plate),
    (("synth", "fuse"), two_rows_are_read_as_rows),
    (("synth", "fuse"), formats_are_of_the_alphabet),
    (("detector", "fuse"), detector_class_weight_needs_classes),
)
"""Each rule with the sections it is given."""


def broken_rules(sections: Mapping[str, Any]) -> Iterator[str]:
    """Yield a clause for each broken rule among the sections present.

    Sections are given as their models. No rule is about plates that are found in photographs.
    """
    sections = {name: section for name, section in sections.items() if not isinstance(section, PhotographFuseParams)}
    for names, rule in RULES:
        if sections.keys() >= set(names) and (broken := rule(*(sections[name] for name in names))):
            yield broken
