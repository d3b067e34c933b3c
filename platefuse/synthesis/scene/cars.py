"""Cars: random looks, and drawing of their bodies.

Lengths are in centimetres in the car's coordinates, see `platefuse.synthesis.scene.painter`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from platefuse.synthesis.licence.emblems import Colour, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.painter import Painter, ellipse, rectangle
from platefuse.synthesis.scene.params import CarParams

# Profiles along the middle of a car, from the ground clearance to the roof: heights and depths (y, z). The last two
# points bound the window.
_REARS = {
    "hatchback": ((24, 9), (48, 0), (92, 4), (142, 34)),
    "saloon": ((24, 10), (50, 0), (96, 5), (101, 48), (140, 96)),
    "estate": ((26, 6), (56, 0), (102, 4), (158, 20)),
    "van": ((30, 3), (62, 0), (118, 2), (196, 8)),
    "lorry": ((45, 1), (80, 0), (210, 0), (300, 0)),
}
_FRONTS = {
    "hatchback": ((20, 10), (46, 0), (74, 6), (92, 88), (143, 150)),
    "saloon": ((20, 10), (46, 0), (72, 6), (90, 105), (138, 172)),
    "estate": ((28, 8), (56, 0), (94, 6), (108, 80), (164, 130)),
    "van": ((26, 8), (54, 0), (98, 10), (122, 46), (196, 92)),
    "lorry": ((35, 2), (70, 0), (135, 2), (150, 4), (270, 10)),
}
_PAINT_HUES = (0.0, 0.0, 0.98, 0.06, 0.12, 0.45, 0.58, 0.6, 0.63)  # shares of a full turn; repeated ones are frequent
_SMALL, _LARGE = ("hatchback", "saloon", "estate"), ("van", "lorry")
_ROW = np.linspace(-1, 1, 9)


@dataclass(frozen=True, eq=False)
class Car:
    """A car's looks. Lengths are in centimetres.

    The face is the side that the camera sees: front or rear.

    Attributes:
        kind: name of its shape.
        front: whether it is seen from the front.
        paint: its colour.
        half: half its width.
        length: from the face to the other end.
        profile: heights and depths of the face, float [n,2], from bottom to roof; the last two points bound the window.
        bulge: distance by which the face's sides lie behind its middle.
        taper: share by which the roof is narrower than the face.
    """

    kind: str
    front: bool
    paint: Colour
    half: float
    length: float
    profile: np.ndarray
    bulge: float
    taper: float

    @property
    def large(self) -> bool:
        """Whether the car is a van, lorry or bus."""
        return self.kind in _LARGE

    @property
    def bumper(self) -> float:
        """Height of the bumper's upper edge, in centimetres."""
        return float(self.profile[1, 0])

    @property
    def belt(self) -> float:
        """Height of the face's upper edge, in centimetres."""
        return float(self.profile[2, 0])

    def half_at(self, y: float) -> float:
        """Give half the car's width at a height, in centimetres."""
        low, top = self.belt, float(self.profile[-1, 0])
        narrow = self.half * self.taper * max(0.0, (y - low) / max(top - low, 1))
        radius = 4.0 if self.large else 15.0  # of the roof's edge
        over = min(1.0, max(0.0, y - top + radius) / radius)
        under = min(1.0, max(0.0, self.profile[0, 0] + 16 - y) / 16)
        return self.half - narrow - radius * (1 - (1 - over**2) ** 0.5) - 0.08 * self.half * under**2

    def band(self, low: float, high: float, inset: float = 1.0, rows: int = 5) -> np.ndarray:
        """Outline the face between two heights: points x,y, float [n,2].

        `inset` is a factor on its width.
        """
        heights = np.linspace(high, low, rows)
        halves = np.array([self.half_at(y) * inset for y in heights])
        upper = np.stack([_ROW * halves[0], np.full(len(_ROW), high)], axis=1)
        lower = np.stack([-_ROW * halves[-1], np.full(len(_ROW), low)], axis=1)
        right, left = np.stack([halves, heights], axis=1), np.stack([-halves, heights], axis=1)[::-1]
        return np.concatenate([upper, right[1:-1], lower, left[1:-1]])

    def on(self, points: Any, out: float = 0.0) -> np.ndarray:
        """Lift points x,y [n,2] onto the car's surface, float [n,3].

        `out` moves them towards the camera, in centimetres.
        """
        x, y = np.asarray(points, float).T
        depth = np.interp(y, self.profile[:, 0], self.profile[:, 1])
        depth = depth + self.bulge * np.abs(x / self.half) ** 3.5
        return np.stack([x, y, depth - out], axis=1)

    def bounds(self) -> np.ndarray:
        """Give the corners of the car's bounding box, float [8,3].

        The box includes the mirrors.
        """
        top, half, near = self.profile[-1, 0], self.half + 27, -8.0
        return np.array([[s * half, y, z] for s in (-1, 1) for y in (0, top) for z in (near, self.length)])


def random_car(rng: np.random.Generator, params: CarParams, ground: Colour | None) -> Car:
    """Draw the looks of a car.

    Args:
        rng: the scene's own generator.
        params: how frequent each look is.
        ground: colour of the plate's ground; some cars are painted in it.
    """
    front = bernoulli(rng, params.front)
    kinds = _LARGE if bernoulli(rng, params.large) else _SMALL
    kind = kinds[int(rng.integers(len(kinds)))]
    profile = np.array((_FRONTS if front else _REARS)[kind], float) * [rng.uniform(0.92, 1.08), rng.uniform(0.7, 1.2)]
    profile[1:, 0] += rng.uniform(-4, 8)
    half = rng.uniform(80, 96) if kind in _SMALL else rng.uniform(92, 125)
    paint = ground if ground and bernoulli(rng, params.matching) else random_paint(rng, params)
    bulge = rng.uniform(0, 1) if kind == "lorry" else rng.uniform(4, 24)
    taper = rng.uniform(0.0, 0.04) if kind == "lorry" else rng.uniform(0.1, 0.26)
    length = rng.uniform(330, 460) if kind in _SMALL else rng.uniform(430, 900)
    return Car(kind, front, paint, half, length, profile, bulge, taper)


def random_paint(rng: np.random.Generator, params: CarParams) -> Colour:
    """Draw a car's colour."""
    if not bernoulli(rng, params.plain):
        return random_colour(rng, (0.3, 0.95), (0.15, 0.85), _PAINT_HUES if bernoulli(rng, 0.75) else ())
    low, high = ((0.02, 0.16), (0.2, 0.5), (0.5, 0.78), (0.8, 0.98))[int(rng.integers(4))]
    return random_colour(rng, (0.0, 0.12), (low, high))


def sheen(
    rng: np.random.Generator, colour: Colour | np.ndarray, rows: int = 7, columns: int = 5, gloss: float = 0.5
) -> np.ndarray:
    """Blend light and shade over a colour, float [rows,columns,3] of 255.

    Upper parts are lighter. `gloss` scales how strongly they mirror the sky; 0 is matt.
    """
    base = np.asarray(colour, np.float32)
    walk = np.cumsum(rng.normal(0, 0.1, rows))
    vertical = np.linspace(rng.uniform(0.05, 0.3), rng.uniform(-0.35, -0.05), rows) + walk - walk.mean()
    across = np.linspace(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), columns)
    shade = vertical[:, None] + across + rng.normal(0, 0.04, (rows, columns))
    lit = base * (1 + shade)[..., None]
    mirrored = np.clip(np.clip(shade, 0, 1) * gloss * 0.9, 0, 0.8)[..., None]
    sky = np.array([225, 232, 240], np.float32)
    return lit * (1 - mirrored) + sky * mirrored


def draw_ground(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the shadow under a car."""
    reach = rng.uniform(5, 60)
    aside = rng.uniform(-60, 60)
    for share, opacity in ((1.0, 0.35), (0.6, 0.4), (0.25, 0.5)):
        x1, x2 = -car.half - reach * share + min(0, aside * share), car.half + reach * share + max(0, aside * share)
        z1, z2 = -reach * 0.6 * share, car.length + reach * share
        outline = [(x, 0, z) for x, z in rectangle(x1, z1, x2, z2, 40)]
        painter.shade(outline, np.full((1, 1, 3), rng.uniform(5, 30)), opacity)


def draw_body(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw wheels, sides, roof and face of a car.

    `platefuse.synthesis.scene.details` draws the details of the face.
    """
    seen = painter.view.position
    _draw_far_wheels(painter, rng, car)
    if not car.front:
        _draw_mirrors(painter, rng, car)
    for side in (-1, 1):
        if seen[0] * side > car.half:
            _draw_side(painter, rng, car, side)
    if seen[1] > car.profile[-1, 0]:
        top, z = car.profile[-1]
        half = car.half_at(top)
        roof = [(-half, top, z), (half, top, z), (half, top, car.length * 0.8), (-half, top, car.length * 0.8)]
        painter.shade(roof, sheen(rng, car.paint, 4, 3))
    for index in range(len(car.profile) - 1, 0, -1):
        _draw_band(painter, rng, car, index)
    _draw_window(painter, rng, car)
    if car.front:
        _draw_mirrors(painter, rng, car)


def _draw_band(painter: Painter, rng: np.random.Generator, car: Car, index: int) -> None:
    """Draw the face between two points of the profile.

    `index` is the upper point.
    """
    (low, near), (high, far) = car.profile[index - 1], car.profile[index]
    overlap = 0.4 if index > 1 else 0.0
    flat = far - near > 1.2 * (high - low)  # a bonnet or a boot's lid
    colour = np.array(car.paint) * (1.15 if flat else 1.0)
    shades = sheen(rng, colour, 4 if flat else 8, 5, 0.9 if flat else 0.5)
    painter.shade(car.on(car.band(low - overlap, high)), painter.mirrored(rng, shades, rng.uniform(0, 0.3)))


def _draw_window(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    low, high = car.profile[-2, 0], car.profile[-1, 0]
    if car.kind == "lorry" and not car.front and bernoulli(rng, 0.8):
        return
    bottom, top = low + (high - low) * rng.uniform(0.02, 0.2), high - (high - low) * rng.uniform(0.06, 0.16)
    inset = rng.uniform(0.82, 0.94)
    pane = car.band(bottom, top, inset)
    painter.fill(car.on(pane * [1.03, 1] + [0, 0.5]), (14, 14, 16))
    shades = sheen(rng, random_colour(rng, (0.0, 0.25), (0.06, 0.35)), 5, 7, rng.uniform(0.2, 1.6))
    painter.shade(car.on(pane, 0.2), painter.mirrored(rng, shades, rng.uniform(0, 0.6)))
    across = car.half_at(bottom) * inset
    for x in (-0.45, 0.45):  # head rests, or the seats in front of them
        if bernoulli(rng, 0.5):
            up = bottom + (top - bottom) * rng.uniform(0.3, 0.6)
            shape = rectangle(x * across - 13, bottom, x * across + 13, up, 9)
            painter.shade(car.on(shape, 0.3), np.full((1, 1, 3), rng.uniform(5, 45)), 0.6)
    if bernoulli(rng, 0.6):
        x = rng.uniform(-0.3, 0.3) * across
        blade = [(x, bottom), (x + rng.uniform(20, 55), bottom + rng.uniform(3, 14))]
        painter.stroke(car.on(blade, 1), (12, 12, 12), 2)


def _draw_mirrors(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the mirrors on both sides."""
    y = car.profile[-2, 0] + rng.uniform(4, 12)
    z = car.profile[-2, 1] + 20 if car.front else car.length * rng.uniform(0.5, 0.65)
    colour = car.paint if bernoulli(rng, 0.6) else (22, 22, 24)
    wide, high = rng.uniform(9, 13), rng.uniform(6, 9) * (2 if car.large else 1)
    for side in (-1, 1):
        shape = rectangle(-wide, -high, wide, high, 5) + np.array([side * (car.half + wide * 0.8), y])
        painter.shade([(px, py, z) for px, py in shape], sheen(rng, colour, 4, 3))


def _draw_side(painter: Painter, rng: np.random.Generator, car: Car, side: int) -> None:
    """Draw the visible side: body, windows and wheels."""
    x, length, roof = side * car.half, car.length, car.profile[-1, 0]
    shift = car.bulge * 0.9
    front = [(y, z + shift) for y, z in car.profile]
    back = [(roof - 2, length * 0.78), (car.belt + 4, length * 0.9), (car.belt - 12, length), (24.0, length)]
    if car.kind == "lorry":
        back = [(roof, length), (car.profile[0, 0], length)]
    outline = [(side * car.half_at(y), y, z) for y, z in [*front, *back]]
    painter.shade(outline, sheen(rng, np.array(car.paint) * rng.uniform(0.6, 1.05), 8, 4))
    if car.kind != "lorry":
        glass = sheen(rng, random_colour(rng, (0, 0.2), (0.05, 0.3)), 4, 4, 1.0)
        near = car.profile[-1, 1] + shift + 8
        bottom, top = car.profile[-2, 0] + 4, roof - 8
        ends = [near - (top - bottom) * 0.25, *np.linspace(near, length * 0.7, 4)[1:]]
        for z1, z2 in pairwise(ends):
            pane = [(top, max(z1, near)), (top, z2 - 6), (bottom, z2 - 5), (bottom, z1)]
            if z2 - z1 > 15:
                lifted = [(side * (car.half_at(y) + 0.3), y, z) for y, z in pane]
                painter.shade(lifted, painter.mirrored(rng, glass, rng.uniform(0, 0.5)))
    for z in (length * 0.19, length * 0.8):
        _draw_wheel(painter, rng, x + side * 0.5, z, 40 if car.large else rng.uniform(29, 36))


def _draw_wheel(painter: Painter, rng: np.random.Generator, x: float, z: float, radius: float) -> None:
    """Draw a wheel in side view."""
    for share, colour in ((1.12, 8), (1.0, 24), (0.66, rng.uniform(60, 200)), (0.5, rng.uniform(20, 120))):
        disc = [(x, y, depth) for depth, y in ellipse(z, radius, radius * share, radius * share)]
        painter.fill(disc, (round(colour),) * 3)
    rim = round(rng.uniform(80, 200))
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(5, 9)), endpoint=False):
        end = (x, radius + 0.6 * radius * np.sin(angle), z + 0.6 * radius * np.cos(angle))
        painter.stroke([(x, radius, z), end], (rim, rim, rim), 5)


def _draw_far_wheels(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the tyres below the face, and the dark underbody."""
    bottom = car.profile[0, 0] + 8
    under = [(-car.half * 0.9, 12, 50), (car.half * 0.9, 12, 50), (car.half * 0.95, bottom, 30)]
    painter.fill([*under, (-car.half * 0.95, bottom, 30)], (9, 9, 10))
    for depth in (car.length * 0.8, car.length * 0.19):
        for side in (-1, 1):
            outer = side * (car.half - 4)
            inner = outer - side * rng.uniform(17, 24)
            tyre = [(outer, 0, depth), (inner, 0, depth), (inner, bottom + 25, depth), (outer, bottom + 25, depth)]
            painter.shade(tyre, sheen(rng, (24, 24, 26), 4, 3, 0.1))
