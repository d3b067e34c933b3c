"""Parameters of backdrops and clutter, every kind among them."""

from typing import Any

BACKDROP: dict[str, Any] = {
    "street": 0.5, "wall": 0.5, "greenery": 0.5, "pavement": 0.5, "hall": 0.5, "plain": 0.5, "texture": 0.5,
    "far_cars": [0, 6], "night": 0.1, "blur": [0, 0.01], "grain": [0, 10],
}  # fmt: skip

BACKDROP_KINDS = ("street", "wall", "greenery", "pavement", "hall", "plain", "texture")

CLUTTER: dict[str, Any] = {
    "count": [2, 9], "sign": 0.5, "street_sign": 0.5, "guide_board": 0.5, "lettering": 0.5, "number": 0.5,
    "poster": 0.5, "page": 0.5, "table": 0.5, "keyboard": 0.5, "van": 0.5, "stamp": 0.5, "window": 0.5, "slats": 0.5,
    "fence": 0.5, "stripes": 0.5, "wheel": 0.5, "lamp": 0.5, "tiles": 0.5, "shelf": 0.5, "face": 0.5, "blank": 0.5,
    "width": [0.04, 0.6], "tilted": 0.5, "perspective": [0, 0.25], "blurred": 0.3, "blur": [0, 0.05], "wear": [0, 1],
}  # fmt: skip
