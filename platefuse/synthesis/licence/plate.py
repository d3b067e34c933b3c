"""Licence plates as cameras see them: a number on a face, the face on a car, the car in a photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from platefuse.core.params import Params
from platefuse.synthesis.licence.background import BackgroundParams, set_in_scene
from platefuse.synthesis.licence.camera import CameraParams, corner_map, photograph, project, warp
from platefuse.synthesis.licence.face import FaceParams, draw_face
from platefuse.synthesis.licence.number import Font, NumberParams
from platefuse.synthesis.sampling import log_uniform

_DRAWN_WIDTH = (160, 400)  # pixels; a plate is drawn at about twice the size it is photographed at
_AROUND = 0.35  # how much of the car is drawn beside the plate, as a share of the plate's width


class LicenceParams(Params):
    """What plates look like, and how they are photographed."""

    number: NumberParams
    face: FaceParams
    background: BackgroundParams
    camera: CameraParams


@dataclass(frozen=True, eq=False)
class LicencePlate:
    """A photograph of a plate.

    Attributes:
        file: the bytes of a JPEG file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the photograph with x2 and y2 exclusive.
        text: a character a box, in the order it was written.
        distractors: int32 [m,4], boxes of what is printed beside the number and might be taken for a character.
    """

    file: bytes
    boxes: np.ndarray
    text: str
    distractors: np.ndarray


def licence(
    rng: np.random.Generator, alphabet: str, font: Font, small: Sequence[Any], params: LicenceParams
) -> LicencePlate:
    """Make one photograph of a licence plate.

    Args:
        rng: the plate's own generator; every random choice comes from it.
        alphabet: the characters numbers are made of.
        font: of the number.
        small: fonts of the small print.
        params: what is how frequent.
    """
    wide = log_uniform(rng, params.camera.width)
    drawn = round(np.clip(2 * wide, *_DRAWN_WIDTH))
    face = draw_face(rng, drawn, alphabet, font, small, params.face, params.number)
    around = (round(_AROUND * drawn), round(_AROUND * drawn))
    scene = set_in_scene(rng, face.image, around, small, params.background)
    matrix, (width, height) = corner_map(rng, *face.image.size, params.camera)
    scene_matrix = matrix @ np.array([[1, 0, -around[0]], [0, 1, -around[1]], [0, 0, 1.0]])
    view = warp(scene, scene_matrix, (width, height))
    size = (max(8, round(wide)), max(8, round(wide * height / width)))
    scale = np.array(size) / [width, height]
    boxes, distractors = (_boxes_in(on_face, matrix, scale, size) for on_face in (face.boxes, face.distractors))
    return LicencePlate(photograph(rng, view, size, params.camera), boxes, face.text, distractors)


def _boxes_in(boxes: np.ndarray, matrix: np.ndarray, scale: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes [n,4] on the face to the whole pixels around them in the photograph, at least one pixel each."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    mapped = (project(corners, matrix) * scale).reshape(-1, 4, 2)
    least, most = np.round(mapped.min(axis=1)), np.round(mapped.max(axis=1))
    least = np.clip(least, 0, np.array(size) - 1)
    most = np.clip(most, least + 1, size)
    return np.concatenate([least, most], axis=1).astype(np.int32)


__all__ = ["Font", "LicenceParams", "LicencePlate", "licence"]
