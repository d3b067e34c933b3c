"""Photographs of licence plates: face, background and camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from platefuse.core.params import Params
from platefuse.data.boxes import enclose_corners
from platefuse.synthesis.licence.background import BackgroundParams, add_background
from platefuse.synthesis.licence.bend import bend, bend_points
from platefuse.synthesis.licence.camera import CameraParams, photograph, project, random_homography, warp
from platefuse.synthesis.licence.face import FaceParams, draw_face
from platefuse.synthesis.licence.number import Font, NumberParams
from platefuse.synthesis.sampling import log_uniform

_DRAWN_WIDTH = (160, 400)  # pixels; a plate is drawn about twice as large as it is photographed
_PADDING = 0.35  # of the car around the plate, as a share of the plate's width


class LicenceParams(Params):
    """Appearance and photography of licence plates."""

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
        text: one character for each box, in reading order.
        distractors: int32 [m,4], boxes of print beside the number that looks like a character.
        corners: float64 [n,4,2], of the characters, x,y in pixels of the photograph, clockwise from the upper left.
        distractor_corners: float64 [m,4,2], of the distractors.
        light_on_dark: whether the number is lighter than the plate.
    """

    file: bytes
    boxes: np.ndarray
    text: str
    distractors: np.ndarray
    corners: np.ndarray
    distractor_corners: np.ndarray
    light_on_dark: bool


def render_plate(
    rng: np.random.Generator, alphabet: str, font: Font, print_fonts: Sequence[Any], params: LicenceParams
) -> LicencePlate:
    """Render one photograph of a licence plate.

    Args:
        rng: the plate's own generator; every random choice comes from it.
        alphabet: the characters of numbers.
        font: font of the number.
        print_fonts: fonts of the small print.
        params: face, number, background and camera.
    """
    wide = log_uniform(rng, params.camera.width)
    drawn = round(np.clip(2 * wide, *_DRAWN_WIDTH))
    face = draw_face(rng, drawn, alphabet, font, print_fonts, params.face, params.number)
    padding = (round(_PADDING * drawn), round(_PADDING * drawn))
    scene = add_background(rng, face.image, padding, print_fonts, params.background)
    matrix, (width, height) = random_homography(rng, *face.image.size, params.camera)
    scene_matrix = matrix @ np.array([[1, 0, -padding[0]], [0, 1, -padding[1]], [0, 0, 1.0]])
    view = warp(scene, scene_matrix, (width, height))
    sagitta = 0.0
    if params.camera.bend:
        sagitta = (
            rng.uniform(-1, 1) ** 3 * params.camera.bend * face.image.height
        )  # cubed, so that most are nearly flat
        view = bend(view, sagitta)
    size = (max(8, round(wide)), max(8, round(wide * height / width)))
    scale = np.array(size) / [width, height]
    corners, others = (
        bend_points(_project_corners(on_face, matrix), width, sagitta) * scale
        for on_face in (face.boxes, face.distractors)
    )
    boxes, distractors = (_enclose(of, size) for of in (corners, others))
    left, right = project(np.array([[0, 0], [face.image.width, 0]], float), matrix)
    direction = float(np.arctan2(*(right - left)[::-1]))
    file = photograph(rng, view, size, params.camera, direction)
    return LicencePlate(file, boxes, face.text, distractors, corners, others, face.light_on_dark)


def _project_corners(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Project the corners of boxes [n,4], clockwise from the upper left: [n,4,2]."""
    return project(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2), matrix).reshape(-1, 4, 2)


def _enclose(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enclose corners [n,4,2] by boxes of whole pixels, int32 [n,4].

    A box is at least 1 by 1.
    """
    least, most = np.split(np.round(enclose_corners(corners)), 2, axis=1)
    least = np.clip(least, 0, np.array(size) - 1)
    most = np.clip(most, least + 1, size)
    return np.concatenate([least, most], axis=1).astype(np.int32)


__all__ = ["Font", "LicenceParams", "LicencePlate", "render_plate"]
