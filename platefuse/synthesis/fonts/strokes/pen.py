"""From a path of corners to ink."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

_ARC_STEPS = 7  # straight pieces of a rounded corner

Corner = tuple[float, ...]
"""(x,y) is sharp; (x,y,1) is rounded as far as the radius and the neighbouring corners allow; between, as much less."""


@dataclass(frozen=True)
class Path:
    """A way of the pen's centre in the unit box, x to the right and y downwards.

    `start` and `end` cut off what comes before the path first, and after it last, crosses that y; `pen` is the weight
    against the style's own, and `erase` takes ink away.
    """

    corners: tuple[Corner, ...]
    closed: bool = False
    start: float | None = None
    end: float | None = None
    pen: float = 1.0
    erase: bool = False


def flatten(path: Path, scale: np.ndarray, radius: np.ndarray, exponent: float) -> np.ndarray:
    """Round a path's corners and cut its ends.

    A rounded corner is a quarter of a superellipse (Lamé curve) in the coordinates that its two sides span;
    exponent 2 gives an ellipse, 1 a chamfer.

    Args:
        path: corners in the unit box.
        scale: size x,y of the unit box.
        radius: largest length x,y of a side that a rounded corner takes up, in the units of `scale`.
        exponent: of the superellipse, at least 1.

    Returns:
        The points of a polyline, float [n,2], in the units of `scale`; a closed path ends on its first point.
    """
    corners = np.array([corner[:2] for corner in path.corners]) * scale
    roundness = np.array([corner[2] if len(corner) == 3 else 0.0 for corner in path.corners])
    points = []
    for i, corner in enumerate(corners):
        if roundness[i]:
            neighbours = i - 1, (i + 1) % len(corners)
            before, after = ((corners[j] - corner) * (0.5 if roundness[j] else 1.0) for j in neighbours)
            points.append(corner + _quarter(before, after, roundness[i] * radius, exponent))
        else:
            points.append(corner[None])
    line = np.concatenate(points)
    if path.closed:
        return np.concatenate([line, line[:1]])
    if path.start is not None:
        line = _cut(line, path.start * scale[1])
    if path.end is not None:
        line = _cut(line[::-1], path.end * scale[1])[::-1]
    return line


def _quarter(first: np.ndarray, second: np.ndarray, radius: np.ndarray, exponent: float) -> np.ndarray:
    """The points that round a corner at the origin between two sides, float [n,2], from the first to the second."""
    angle = np.linspace(0, np.pi / 2, _ARC_STEPS + 1)[:, None]
    along, across = np.cos(angle) ** (2 / exponent), np.sin(angle) ** (2 / exponent)
    first, second = (side * min(1.0, np.hypot(*(side * radius)) / np.sum(side**2)) for side in (first, second))
    return first * (1 - across) + second * (1 - along)


def _cut(line: np.ndarray, y: float) -> np.ndarray:
    """The line from where it first crosses `y`; the whole line if it never does."""
    above = line[:, 1] < y
    crossings = np.flatnonzero(above[1:] != above[:-1])
    if not len(crossings):
        return line
    before, after = line[crossings[0]], line[crossings[0] + 1]
    first = before + (after - before) * (y - before[1]) / (after[1] - before[1])
    return np.concatenate([first[None], line[crossings[0] + 1 :]])


def outline(
    line: np.ndarray, half: float, mitre: float, round_ends: bool, rows: tuple[float, float]
) -> list[np.ndarray]:
    """The polygons that a pen of half-width `half` covers together along a polyline: blocks, float [n,k,2].

    Corners are mitred and the mitre is clipped `mitre` half-widths from the corner, as SVG 2's `miter-clip` does;
    a pen with round ends rounds the corners, too. Square ends reach half a width beyond the line, and those on the
    first or last row (y in `rows`) so far that a cut along that row's edge leaves no notch.
    """
    steps = np.diff(line, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    keep = lengths > 1e-9
    starts, ends, steps = line[:-1][keep], line[1:][keep], steps[keep] / lengths[keep, None]
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1) * half
    closed = bool(np.abs(starts[0] - ends[-1]).max() < 1e-9)
    blocks = [_joints(ends, normals, 1.0 if round_ends else mitre, closed)]
    if round_ends:
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        circle = np.stack([np.cos(turn), np.sin(turn)], axis=1) * half
        centres = np.concatenate([ends[_sharp(steps, closed)], line[:0] if closed else line[[0, -1]]])
        blocks.append(centres[:, None] + circle)
    elif not closed:
        starts, ends = starts.copy(), ends.copy()
        starts[0] -= steps[0] * _overshoot(starts[0], steps[0], half, rows)
        ends[-1] += steps[-1] * _overshoot(ends[-1], steps[-1], half, rows)
    return [np.stack([starts + normals, ends + normals, ends - normals, starts - normals], axis=1), *blocks]


def _sharp(steps: np.ndarray, closed: bool) -> np.ndarray:
    """Whether the line turns by more than 25 degrees at the end of each step."""
    cosine = np.sum(steps * np.roll(steps, -1, axis=0), axis=1)
    sharp = cosine < np.cos(np.radians(25))
    return sharp if closed else np.append(sharp[:-1], False)


def _overshoot(end: np.ndarray, step: np.ndarray, half: float, rows: tuple[float, float]) -> float:
    at_edge = min(abs(end[1] - row) for row in rows) < 1e-6
    steep = abs(step[1]) > 0.5
    return half * (1 + abs(step[0])) / abs(step[1]) if at_edge and steep else half


def _joints(ends: np.ndarray, normals: np.ndarray, mitre: float, closed: bool) -> np.ndarray:
    """The mitres between each segment and the next, on the outer side of the bend."""
    first, second, corner = normals, np.roll(normals, -1, axis=0), ends
    if not closed:
        first, second, corner = first[:-1], second[:-1], corner[:-1]
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    side = -np.sign(cross)[:, None]
    first, second = first * side, second * side
    half_square = np.sum(normals[:1] ** 2)
    middle = (first + second) / 2
    cosine_square = np.maximum(np.sum(middle**2, axis=1) / half_square, 1e-4)[:, None]  # of half the turn
    tip = middle / cosine_square
    cosine = np.sqrt(cosine_square)
    share = np.clip((mitre - cosine) / np.maximum(1 / cosine - cosine, 1e-9), 0, 1)
    shoulders = first + share * (tip - first), second + share * (tip - second)
    return np.stack([corner, corner + first, corner + shoulders[0], corner + shoulders[1], corner + second], axis=1)


def fill(image: Image.Image, blocks: list[np.ndarray], ink: int) -> None:
    """Fill blocks of polygons, float [n,k,2] in pixels, the centre of the first pixel being 0.5,0.5."""
    draw = ImageDraw.Draw(image)
    for block in blocks:
        for polygon in (block - 0.5).reshape(len(block), 2 * block.shape[1]).tolist():
            draw.polygon(polygon, fill=ink)
