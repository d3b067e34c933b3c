"""Parameters of clean scenes: cars and plates without effects of light and camera."""

import copy
from typing import Any

from platefuse.synthesis.licence.camera import OpticsParams
from platefuse.synthesis.scene.params import SceneParams
from tests.helpers.licence import CLEAN as CLEAN_PLATE
from tests.helpers.scenes import BACKDROP, CLUTTER

CLEAN: dict[str, Any] = {
    "placing": {"width": [0.1, 0.6], "cars": [1, 4], "none": 0, "loose": 0.1, "cut": 0.2, "visible": 0.6},
    "pose": {
        "turn": [-50, 50],
        "straight": 0.5,
        "tilt": [-30, 30],
        "level": 0.5,
        "height": [60, 300],
        "distance": [150, 1500],
    },
    "car": {
        "front": 0.5,
        "large": 0.3,
        "plain": 0.5,
        "recess": 0.5,
        "lettering": 0.5,
        "grille": 0.5,
        "matching": 0,
    },
    "plate": {
        "number": CLEAN_PLATE["number"],
        "face": CLEAN_PLATE["face"],
        "background": {"frame": 0.5, "frame_print": 0.5, "rounded": 0.5},
    },
    "light": {
        "dusk": 0,
        "infrared": 0,
        "lamps": 0,
        "shadows": 0,
        "haze": 0,
        "wet": 0,
        "exposure": [20, 20],  # so low that all scenes get the same gain
    },
    "camera": {
        name: [100, 100] if name == "jpeg_quality" else value
        for name, value in CLEAN_PLATE["camera"].items()
        if name in OpticsParams.model_fields
    },
    "backdrop": BACKDROP | dict.fromkeys(("street", "wall", "greenery", "pavement", "hall", "texture"), 0),
    "clutter": CLUTTER | {"count": [0, 2]},
    "overlay": CLUTTER | {"count": [0, 1], "width": [0.03, 0.2]},
    "background_share": 0,
}


def scene_values(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Change values of CLEAN by names such as `light.dusk` or `plate.number.none`."""
    content = copy.deepcopy(CLEAN)
    for name, value in (changes or {}).items():
        *sections, field = name.split(".")
        place = content
        for section in sections:
            place = place[section]
        assert field in place or not sections, name
        place[field] = value
    return content


def scene_params(changes: dict[str, Any] | None = None) -> SceneParams:
    """Make the parameters of clean scenes with some changes."""
    return SceneParams.model_validate(scene_values(changes))
