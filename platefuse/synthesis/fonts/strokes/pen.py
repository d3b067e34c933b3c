"""A pen that turns paths of corners into ink."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

_ARC_STEPS = 7  # straight pieces of a rounded corner

Corner = tuple[float, ...]
"""(x,y) is sharp. (x,y,1) is rounded as far as the radius and the neighbouring corners allow; a third value below 1
shrinks the radius."""


@dataclass(frozen=True)
class Path:
    """A path of the pen's centre in the unit box, y downwards.

    Attributes:
        corners: the corners, sharp or rounded.
        closed: whether the last corner joins the first.
        start: cuts off the path before it first crosses this y; None cuts nothing.
        end: cuts off the path after it last crosses this y; None cuts nothing.
        pen: weight of the pen, as a share of the style's weight.
        erase: whether the pen takes ink away.
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
        radius: longest part x,y of a side that a rounded corner takes up, in the units of `scale`.
        exponent: exponent of the superellipse, at least 1.

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
            points.append(corner + _corner_arc(before, after, roundness[i] * radius, exponent))
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


def _corner_arc(first: np.ndarray, second: np.ndarray, radius: np.ndarray, exponent: float) -> np.ndarray:
    """Round a corner at the origin between two sides: points float [n,2]."""
    angle = np.linspace(0, np.pi / 2, _ARC_STEPS + 1)[:, None]
    along, across = np.cos(angle) ** (2 / exponent), np.sin(angle) ** (2 / exponent)
    first, second = (side * min(1.0, np.hypot(*(side * radius)) / np.sum(side**2)) for side in (first, second))
    return first * (1 - across) + second * (1 - along)


def _cut(line: np.ndarray, y: float) -> np.ndarray:
    """Cut off the line before it first crosses `y`, if it does."""
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
    """Outline the stroke of a pen along a polyline.

    Corners are mitred. A mitre is clipped `mitre` half-widths from its corner, like SVG 2's `miter-clip`. A pen with
    round ends rounds the corners, too. Square ends reach half a width beyond the line; on the first or last row they
    reach further, so that a cut along the row's edge leaves no notch.

    Args:
        line: the polyline, float [n,2].
        half: half the width of the pen.
        mitre: length at which mitres are clipped, in half-widths.
        round_ends: whether ends and corners are round.
        rows: y of the first and the last row.

    Returns:
        Blocks of polygons, float [n,k,2], which cover the stroke together.
    """
    steps = np.diff(line, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    keep = lengths > 1e-9
    starts, ends, steps = line[:-1][keep], line[1:][keep], steps[keep] / lengths[keep, None]
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1) * half
    closed = bool(np.abs(starts[0] - ends[-1]).max() < 1e-9)
    blocks = [_joins(ends, normals, 1.0 if round_ends else mitre, closed)]
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
    """Tell after which steps the line turns by over 25 degrees."""
    cosine = np.sum(steps * np.roll(steps, -1, axis=0), axis=1)
    sharp = cosine < np.cos(np.radians(25))
    return sharp if closed else np.append(sharp[:-1], False)


def _overshoot(end: np.ndarray, step: np.ndarray, half: float, rows: tuple[float, float]) -> float:
    """Give the length by which a square end reaches beyond the line."""
    at_edge = min(abs(end[1] - row) for row in rows) < 1e-6
    steep = abs(step[1]) > 0.5
    return half * (1 + abs(step[0])) / abs(step[1]) if at_edge and steep else half


def _joins(ends: np.ndarray, normals: np.ndarray, mitre: float, closed: bool) -> np.ndarray:
    """Give the mitres between segments, on the outer sides of the bends."""
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
    """Fill polygons, float [n,k,2] in pixels; the first pixel's centre is 0.5,0.5."""
    draw = ImageDraw.Draw(image)
    for block in blocks:
        for polygon in (block - 0.5).reshape(len(block), 2 * block.shape[1]).tolist():
            draw.polygon(polygon, fill=ink)
