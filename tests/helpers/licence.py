"""Licence plates without extras and camera effects; tests switch on their own."""

import copy
from typing import Any

import numpy as np

from platefuse.synthesis.fonts.font_file import load_faces
from platefuse.synthesis.licence.face import Face, draw_face
from platefuse.synthesis.licence.plate import LicenceParams

PRINT_FONTS = load_faces(None)  # the font that Pillow carries
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLEAN: dict[str, Any] = {
    "number": {
        "none": 0,
        "count": [3, 6],
        "vanity": 0,
        "mixed": 0,
        "long": 0,
        "rare": "",
        "rarity": 1,
        "stroke_fonts": 0,
        "unlike_rows": 0,
        "stencil": 0,
        "aspect": [1, 1],
        "gap": [0.2, 0.2],
        "group_gap": [0.5, 0.5],
        "filled": 0,
        "monospaced": 0,
    },
    "face": {
        "shapes": [{"share": 1, "aspect": [4, 4], "characters": [0.5, 0.5], "print": 0, "two_rows": 0}],
        "dark": 0,
        "coloured": 0,
        "edge": [0.02, 0.02],
        "contrast": 150,
        "picture": 0,
        "band": 0,
        "border": 0,
        "separator": 0,
        "emblem": 0,
        "crest": 0,
        "side_emblem": 0,
        "stacked": 0,
        "sticker": 0,
        "screws": 0,
        "outlined": 0,
        "emboss": [0, 0],
        "dirt": [0, 0],
        "worn": [0, 0],
    },
    "background": {"frame": 0, "frame_print": 0, "rounded": 0},
    "camera": {
        "width": [200, 200],
        "margin": [0, 0],
        "tilt": [0, 0],
        "shear": [0, 0],
        "perspective": [0, 0],
        "yaw": 0,
        "pitch": 0,
        "straight": 0,
        "distance": [4, 4],
        "bend": 0,
        "motion_along": 0,
        "light": [0, 0],
        "shadow": 0,
        "brightness": [1, 1],
        "contrast": [1, 1],
        "gamma": [1, 1],
        "cast": [1, 1],
        "gray": 0,
        "focus_blur": [0, 0],
        "motion_blur": [0, 0],
        "motion": 0,
        "enlarged": 0,
        "enlargement": [1, 1],
        "noise": [0, 0],
        "sharpened": 0,
        "jpeg_quality": [95, 95],
    },
}


def clean(changes: dict[str, Any] | None = None) -> LicenceParams:
    """Change values of CLEAN by names such as `camera.tilt` or `shape.aspect`."""
    content = copy.deepcopy(CLEAN)
    for name, value in (changes or {}).items():
        section, field = name.split(".")
        place = content["face"]["shapes"][0] if section == "shape" else content[section]
        assert field in place, name
        place[field] = value
    return LicenceParams.model_validate(content)


class BlockFont:
    """A font of filled rectangles, each character of its own width.

    Args:
        inked: the filled characters; the others are blank, and as wide.
    """

    def __init__(self, inked: str = ALPHABET) -> None:
        self.inked = inked

    def glyph(self, character: str) -> np.ndarray:
        return np.full((100, 30 + 2 * ALPHABET.index(character)), 255 if character in self.inked else 0, np.uint8)


def face(seed: int, changes: dict[str, Any] | None = None, font: BlockFont | None = None, width: int = 240) -> Face:
    """Draw a clean plate seen straight on, with some changes."""
    params = clean(changes)
    rng = np.random.default_rng(seed)
    return draw_face(rng, width, ALPHABET, font or BlockFont(), PRINT_FONTS, params.face, params.number)


def beside(drawn: Face) -> np.ndarray:
    """Give the pixels outside all boxes, uint8 [n,3]."""
    pixels = np.asarray(drawn.image)
    kept = np.ones(pixels.shape[:2], bool)
    for x1, y1, x2, y2 in drawn.boxes:
        kept[max(0, int(y1) - 1) : int(y2) + 2, max(0, int(x1) - 1) : int(x2) + 2] = False
    return pixels[kept]
