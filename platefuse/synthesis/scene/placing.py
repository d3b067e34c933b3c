"""Placing of a scene's cars: views, sizes and room for each plate."""

from dataclasses import dataclass

import numpy as np

from platefuse.synthesis.licence.face import Face
from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform
from platefuse.synthesis.scene.cars import Car
from platefuse.synthesis.scene.details import PANEL
from platefuse.synthesis.scene.painter import View, look_at
from platefuse.synthesis.scene.params import LEAST_WIDTH, PlacingParams, PoseParams
from platefuse.synthesis.scene.spot import Spot

_TRIES = 12
_ROOM = 0.15  # around a plate, as a share of its sides, that other cars leave free


@dataclass(frozen=True, eq=False)
class Placed:
    """A car in the picture.

    Attributes:
        car: its looks.
        spot: the place of its plate.
        view: the camera that sees it.
        plate: the plate's face; None for a car without a plate.
        corners: the plate's corners in the car's coordinates, float [4,3], clockwise from the upper left.
        pixels: the same corners in pixels of the canvas, float [4,2].
        loose: whether the plate is drawn without the car.
    """

    car: Car
    spot: Spot
    view: View
    plate: Face | None
    corners: np.ndarray
    pixels: np.ndarray
    loose: bool

    @property
    def box(self) -> np.ndarray:
        """Return the plate's box x1,y1,x2,y2 in pixels of the canvas, float [4]."""
        return np.concatenate([self.pixels.min(axis=0), self.pixels.max(axis=0)])

    @property
    def extent(self) -> np.ndarray:
        """Return the bounding box of everything drawn, float [4].

        It is x1,y1,x2,y2 in pixels of the canvas.
        """
        drawn = plate_corners(self.car, self.spot, PANEL) if self.loose else self.car.bounds()
        points = self.view.project(drawn)
        return np.concatenate([points.min(axis=0), points.max(axis=0)])


def plate_corners(car: Car, spot: Spot, grown: float = 1.0, out: float = 3.5) -> np.ndarray:
    """Give the corners of a plate in the car's coordinates, float [4,3].

    They are clockwise from the upper left. `grown` is a factor on the plate's size, around its middle. `out` is the
    plate's distance before the car's surface, in centimetres.
    """
    across, up = spot.width / 2 * grown, spot.height / 2 * grown
    depth = car.on([(spot.x, spot.y)], out)[0, 2]
    lean = spot.lean * grown / 2
    return np.array(
        [
            (spot.x - across, spot.y + up, depth + lean),
            (spot.x + across, spot.y + up, depth + lean),
            (spot.x + across, spot.y - up, depth - lean),
            (spot.x - across, spot.y - up, depth - lean),
        ]
    )


def random_view(
    rng: np.random.Generator, target: np.ndarray, params: PoseParams, tilt: float, turned: float | None = None
) -> View:
    """Draw a random view of a point on a car.

    The focal length is 1 pixel.

    Args:
        rng: the scene's own generator.
        target: the point, float [3], in the car's coordinates.
        params: ranges of the camera's pose.
        tilt: rotation of the picture, in radians.
        turned: degrees by which the car is turned; None to draw it at random.
    """
    if turned is None:
        turned = uniform(rng, params.turn) * (1 / 3 if bernoulli(rng, params.straight) else 1)
    turn, distance = np.radians(turned), log_uniform(rng, params.distance)
    rise = np.clip((log_uniform(rng, params.height) - target[1]) / distance, -0.4, 0.65)
    level = np.sqrt(1 - rise**2)
    direction = np.array([np.sin(turn) * level, rise, -np.cos(turn) * level])
    return look_at(target, target + distance * direction, tilt)


def random_tilt(rng: np.random.Generator, params: PoseParams) -> float:
    """Draw the tilt of a picture, in radians."""
    return float(np.radians(uniform(rng, params.tilt) * (0.1 if bernoulli(rng, params.level) else 1)))


def scaled_to(view: View, corners: np.ndarray, width: float) -> View:
    """Scale a view until the plate is `width` pixels wide.

    The plate has the corners [4,3]. The middle of its box comes to the origin.
    """
    flat = view.project(corners)
    scale = width / np.ptp(flat[:, 0])
    return view.placed(scale, -scale * (flat.min(axis=0) + flat.max(axis=0)) / 2)


def random_middle(
    rng: np.random.Generator, canvas: tuple[int, int], box: np.ndarray, params: PlacingParams
) -> np.ndarray:
    """Draw a random middle of a plate, float [2], in pixels.

    Args:
        rng: the scene's own generator.
        canvas: width and height of the picture.
        box: width and height of the plate, in pixels.
        params: frequency of plates that are cut off, and their least visible share.
    """
    size, half = np.array(canvas, float), box / 2
    within = np.minimum(half + 2, size / 2)
    middle = rng.uniform(within, size - within)
    if bernoulli(rng, params.cut):
        for _ in range(_TRIES):
            tried = rng.uniform(-half, size + half)
            if visible_share(np.concatenate([tried - half, tried + half]), canvas) >= params.visible:
                return tried
    return middle


def visible_share(box: np.ndarray, canvas: tuple[int, int]) -> float:
    """Give the share, 0..1, of a box [4] inside the picture."""
    sides = np.minimum(box[2:], canvas) - np.maximum(box[:2], 0)
    return float(np.prod(np.maximum(sides, 0)) / max(np.prod(box[2:] - box[:2]), 1e-6))


def hides(one: Placed, other: Placed) -> bool:
    """Whether one of two cars hides a part of the other's plate.

    The car with the wider plate is nearer.
    """
    near, far = (one, other) if np.ptp(one.pixels[:, 0]) > np.ptp(other.pixels[:, 0]) else (other, one)
    box, extent = far.box, near.extent
    room = (box[2:] - box[:2]) * _ROOM
    return bool((box[:2] - room < extent[2:]).all() and (extent[:2] < box[2:] + room).all())


def plate_box(placed: Placed, scale: float, size: tuple[int, int], params: PlacingParams) -> np.ndarray | None:
    """Give a plate's box x1,y1,x2,y2 in the picture, int32 [4].

    A plate that is too narrow or too little visible has no box.

    Args:
        placed: the car.
        scale: pixels of the canvas for each pixel of the picture.
        size: width and height of the picture.
        params: the least visible share.
    """
    box = placed.box / scale
    if box[2] - box[0] < LEAST_WIDTH or visible_share(box, size) < params.visible:
        return None
    x1, y1, x2, y2 = np.round(np.clip(box, 0, [*size, *size])).astype(np.int32)
    return np.array([x1, y1, x2, y2], np.int32) if x2 > x1 and y2 > y1 else None
