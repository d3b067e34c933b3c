"""Level views of numbers that stand askew, in NumPy.

The rows of a number share one slope. The view turns them level, and enlarges the number until it fills the image that a
network expects. `platefuse.fusion.deskew` computes the same within the graph.

A view is an affine matrix [2,3] that maps pixels of the view to pixels of the image: (x, y) = matrix @ (u, v, 1). 0 is
the first pixel's outer edge in both.
"""

from dataclasses import dataclass

import numpy as np

MIN_SLOPE = float(np.tan(np.radians(7)))  # networks read numbers that are tilted less as well as level ones
MIN_ENLARGEMENT = 1.5  # numbers that fill more of the image are large enough
MAX_ENLARGEMENT = 3.0  # beyond it there is nothing to see but single pixels
MARGIN = 0.4  # around the number, in mean heights of its characters
MIN_SHARE = 0.5  # of the best character's score; boxes that score less are clutter
ROW_REACH = 0.25  # two characters of a row are apart by less than this share of their mean height, across the row

# Slopes that are tried, the levellest first: of two that are as good, a network reads it better.
SLOPES = np.tan(np.radians(sorted(range(-42, 43, 3), key=abs)))
REFINEMENTS = 2

IDENTITY = np.eye(2, 3)


@dataclass(frozen=True, eq=False)
class LevelView:
    """A view in which a number is level and fills the image.

    Attributes:
        matrix: from pixels of the view to pixels of the image, float64 [2,3].
        slope: of the rows in the image, as a tangent; above 0 they fall to the right.
        enlargement: of the image in the view.
        askew: whether a number of two or more characters is tilted or small enough for the view to be of use.
    """

    matrix: np.ndarray
    slope: float
    enlargement: float
    askew: bool


def level_view(boxes: np.ndarray, scores: np.ndarray, input_size: tuple[int, int]) -> LevelView:
    """Find the level view of a number.

    Args:
        boxes: of the characters, [n,4], x1,y1,x2,y2 in pixels of the image.
        scores: how likely each is a character, [n], 0..1.
        input_size: height and width of the view in pixels.

    Returns:
        The view. If there is no box, it is the image itself.
    """
    if not (scores > 0).any():
        return LevelView(IDENTITY, 0.0, 1.0, False)
    slope = common_slope(boxes, scores)
    cosine = 1 / np.sqrt(1 + slope**2)
    turn = cosine * np.array([[1, -slope], [slope, 1]])
    counted = boxes[scores >= MIN_SHARE * scores.max()]
    centres, sizes = (counted[:, :2] + counted[:, 2:]) / 2 @ turn, counted[:, 2:] - counted[:, :2]
    margin = MARGIN * sizes[:, 1].mean()
    # A tilted character's box is larger than the character. Turned as well, it would be larger still.
    least, most = (centres - sizes / 2).min(axis=0) - margin, (centres + sizes / 2).max(axis=0) + margin
    view_size = np.array(input_size[::-1], float)
    enlargement = float(min((view_size / (most - least)).min(), MAX_ENLARGEMENT))
    matrix = turn / enlargement
    offset = turn @ (least + most) / 2 - matrix @ view_size / 2
    askew = len(counted) > 1 and (abs(slope) > MIN_SLOPE or enlargement > MIN_ENLARGEMENT)
    return LevelView(np.column_stack([matrix, offset]), slope, enlargement, bool(askew))


def common_slope(boxes: np.ndarray, scores: np.ndarray) -> float:
    """Find the slope that the rows of a number have in common.

    The slope is voted for by all pairs of characters that lie beside rather than above each other, as in a projection
    profile (Postl, *Detection of Linear Oblique Structures and Skew Scan in Digitized Documents*, 1986): a pair's vote
    is the larger, the closer both lie to one row of that slope. Pairs of different rows agree on none. Least squares
    over the pairs, weighted by their votes, refine the slope. Of fewer than two characters it is 0.

    Args:
        boxes: [n,4], x1,y1,x2,y2 in pixels.
        scores: weights of the boxes, [n], 0 or more.

    Returns:
        The slope as a tangent; above 0 the rows fall to the right.
    """
    x, y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    heights = boxes[:, 3] - boxes[:, 1]
    across, down = x[:, None] - x, y[:, None] - y
    weights = scores[:, None] * scores * (abs(across) > abs(down))
    reach = np.maximum(ROW_REACH * (heights[:, None] + heights) / 2, 1e-6)

    def votes(slope: float) -> np.ndarray:
        distances = (down - slope * across) / np.sqrt(1 + slope**2)
        return weights * np.maximum(1 - (distances / reach) ** 2, 0)

    slope = SLOPES[np.argmax([votes(slope).sum() for slope in SLOPES])]
    for _ in range(REFINEMENTS):
        voted = votes(slope)
        slope = (voted * across * down).sum() / max((voted * across**2).sum(), 1e-6)
    return float(slope)


def boxes_in_image(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map boxes from a view to its image.

    A box becomes the smallest upright one around its four corners, so that it encloses the character however that is
    turned. A box of the same size about the same centre would cut the corners of wide characters off.

    Args:
        boxes: [n,4], x1,y1,x2,y2 in pixels of the view.
        matrix: the view's, [2,3].

    Returns:
        float64 [n,4], x1,y1,x2,y2 in pixels of the image, or beyond it.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2 @ abs(matrix[:, :2]).T
    return np.concatenate([centres - halves, centres + halves], axis=1)
