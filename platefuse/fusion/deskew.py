"""Level views of numbers that stand askew, within the graph.

The functions are those of `platefuse.data.views` for a batch, in operations that exporters have.
"""

from platefuse.data.views import (
    IDENTITY,
    MARGIN,
    MAX_ENLARGEMENT,
    MIN_ENLARGEMENT,
    MIN_SHARE,
    MIN_SLOPE,
    REFINEMENTS,
    ROW_REACH,
    SLOPES,
)
from platefuse.fusion.ties import first_argmax
from platefuse.networks.common.keras2 import tf

_FAR = 1e6  # pixels, larger than any letterboxed image


def level_views(boxes: tf.Tensor, scores: tf.Tensor, input_size: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the level view of each image's number.

    Args:
        boxes: of the characters, float32 [B,N,4], x1,y1,x2,y2 in pixels of the letterboxed images.
        scores: how likely each is a character, float32 [B,N], 0..1; 0 in unused slots.
        input_size: height and width of the views in pixels.

    Returns:
        Views float32 [B,2,3], from pixels of the views to those of the images, and whether each image's number is
        tilted or small enough for its view to be of use, bool [B]. Views of other images have no meaning.
    """
    slopes = common_slopes(boxes, scores)
    cosines = 1.0 / tf.sqrt(1.0 + slopes * slopes)
    sines = slopes * cosines
    counted = (scores > 0) & (scores >= MIN_SHARE * tf.reduce_max(scores, axis=1, keepdims=True))
    count = tf.reduce_sum(tf.cast(counted, tf.float32), axis=1)
    (x, y), (widths, heights) = _centres(boxes), _sizes(boxes)
    margins = MARGIN * tf.reduce_sum(tf.where(counted, heights, 0.0), axis=1) / tf.maximum(count, 1.0)
    cosine, sine = tf.expand_dims(cosines, 1), tf.expand_dims(sines, 1)
    u, breadth = _extent(cosine * x + sine * y, widths, counted, margins)
    v, height = _extent(cosine * y - sine * x, heights, counted, margins)
    enlargements = tf.minimum(tf.minimum(input_size[1] / breadth, input_size[0] / height), MAX_ENLARGEMENT)
    askew = (count > 1) & ((tf.abs(slopes) > MIN_SLOPE) | (enlargements > MIN_ENLARGEMENT))
    u, v = u - input_size[1] / 2 / enlargements, v - input_size[0] / 2 / enlargements
    rows = [
        [cosines / enlargements, -sines / enlargements, cosines * u - sines * v],
        [sines / enlargements, cosines / enlargements, sines * u + cosines * v],
    ]
    return tf.stack([tf.stack(row, axis=1) for row in rows], axis=1), askew


def common_slopes(boxes: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Find the slope that the rows of each number have in common.

    See `platefuse.data.views.common_slope`.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2 in pixels.
        scores: weights of the boxes, float32 [B,N], 0 or more; 0 in unused slots.

    Returns:
        Slopes as tangents, float32 [B]; above 0 the rows fall to the right.
    """
    (x, y), (_, heights) = _centres(boxes), _sizes(boxes)
    across, down = _differences(x), _differences(y)
    weights = tf.expand_dims(scores, 2) * tf.expand_dims(scores, 1)
    weights = tf.where(tf.abs(across) > tf.abs(down), weights, 0.0)
    reach = tf.maximum(ROW_REACH / 2 * (tf.expand_dims(heights, 2) + tf.expand_dims(heights, 1)), 1e-6)
    # Unused slots have boxes of any size, and the weight 0.
    across, down, weights, reach = (tf.expand_dims(values, 1) for values in (across, down, weights, reach))

    def votes(slopes: tf.Tensor) -> tf.Tensor:
        """Give the votes of all pairs for slopes [1 or B,S,1,1], [B,S,N,N]."""
        distances = (down - slopes * across) / tf.sqrt(1.0 + slopes * slopes) / reach
        return weights * tf.nn.relu(1.0 - distances * distances)

    tried = tf.constant(SLOPES, tf.float32)
    slopes = tf.gather(tried, first_argmax(tf.reduce_sum(votes(tf.reshape(tried, [1, -1, 1, 1])), axis=[2, 3])))
    for _ in range(REFINEMENTS):
        voted = votes(tf.reshape(slopes, [-1, 1, 1, 1]))
        products = tf.reduce_sum(voted * across * down, axis=[1, 2, 3])
        slopes = products / tf.maximum(tf.reduce_sum(voted * across * across, axis=[1, 2, 3]), 1e-6)
    return slopes


def turn_level(boxes: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Turn the boxes of tilted numbers level.

    Their rows can be told apart then. A box keeps its size. Numbers of a slope below `MIN_SLOPE` are left as they are.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2 in pixels.
        scores: weights of the boxes, float32 [B,N], 0 or more; 0 in unused slots.

    Returns:
        float32 [B,N,4], turned about the point 0, 0.
    """
    slopes = common_slopes(boxes, scores)
    slopes = tf.expand_dims(tf.where(tf.abs(slopes) > MIN_SLOPE, slopes, 0.0), 1)
    cosines = 1.0 / tf.sqrt(1.0 + slopes * slopes)
    x, y = _centres(boxes)
    right, down = cosines * (x + slopes * y) - x, cosines * (y - slopes * x) - y
    return boxes + tf.stack([right, down, right, down], axis=-1)


def sample(images: tf.Tensor, views: tf.Tensor) -> tf.Tensor:
    """Show images in views, by bilinear interpolation.

    Args:
        images: float32 [B,h,w,3], h and w known when the graph is built.
        views: float32 [B,2,3], from pixels of the views to those of the images.

    Returns:
        float32 [B,h,w,3]; black beyond the image, as its padding is.
    """
    height, width = images.shape[1:3]
    u, v = (tf.range(side, dtype=tf.float32) + 0.5 for side in (width, height))
    x, y = (_affine(views[:, axis], tf.reshape(u, [1, 1, -1]), tf.reshape(v, [1, -1, 1])) - 0.5 for axis in range(2))
    left, top = tf.floor(x), tf.floor(y)
    pixels = tf.reshape(images, [-1, 3])
    first = tf.reshape(tf.range(tf.shape(images)[0]) * (height * width), [-1, 1, 1])

    def corner(column: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        """Weigh the pixels of one of the four corners around each position."""
        weights = (1.0 - tf.abs(x - column)) * (1.0 - tf.abs(y - row))
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        nearest = tf.clip_by_value(row, 0.0, height - 1.0) * width + tf.clip_by_value(column, 0.0, width - 1.0)
        values = tf.gather(pixels, first + tf.cast(nearest, tf.int32))
        return tf.expand_dims(tf.where(inside, weights, 0.0), 3) * values

    return corner(left, top) + corner(left + 1, top) + corner(left, top + 1) + corner(left + 1, top + 1)


def boxes_in_image(boxes: tf.Tensor, views: tf.Tensor) -> tf.Tensor:
    """Map boxes from views to their images.

    A box becomes the smallest upright one around its four corners; see `platefuse.data.views.boxes_in_image`.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2 in pixels of the views.
        views: float32 [B,2,3].

    Returns:
        float32 [B,N,4], x1,y1,x2,y2 in pixels of the images, or beyond them.
    """
    (x, y), (widths, heights) = _centres(boxes), _sizes(boxes)
    centres = [_affine(views[:, axis], x, y) for axis in range(2)]
    turns = tf.abs(views) * tf.constant([0.5, 0.5, 0.0])  # of half a box, and without the offset
    halves = [_affine(turns[:, axis], widths, heights) for axis in range(2)]
    low, high = ([of(*pair) for pair in zip(centres, halves, strict=True)] for of in (tf.subtract, tf.add))
    return tf.stack([*low, *high], axis=-1)


def identity_views(count: tf.Tensor) -> tf.Tensor:
    """Views that are the images themselves, float32 [count,2,3]."""
    return tf.tile(tf.constant(IDENTITY[None], tf.float32), [count, 1, 1])


def _affine(row: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Apply a row of each matrix, [B,3], to coordinates [B or 1,...]."""
    a, b, c = (tf.reshape(row[:, i], [-1] + [1] * (len(x.shape) - 1)) for i in range(3))
    return a * x + b * y + c


def _centres(boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Centres of boxes [B,N,4], x and y, [B,N] each."""
    return (boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2


def _sizes(boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Widths and heights of boxes [B,N,4], [B,N] each."""
    return boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]


def _differences(values: tf.Tensor) -> tf.Tensor:
    """Differences of all pairs of [B,N], [B,N,N]."""
    return tf.expand_dims(values, 2) - tf.expand_dims(values, 1)  # LiteRT lacks [:, :, None] for matrices


def _extent(
    centres: tf.Tensor, sizes: tf.Tensor, counted: tf.Tensor, margins: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Middle and length of what counted boxes cover on an axis.

    Args:
        centres, sizes, counted: of the boxes, [B,N].
        margins: on both sides, [B].

    Returns:
        float32 [B] each; the length is 1 or more.
    """
    least = tf.reduce_min(tf.where(counted, centres - sizes / 2, _FAR), axis=1) - margins
    most = tf.reduce_max(tf.where(counted, centres + sizes / 2, -_FAR), axis=1) + margins
    return (least + most) / 2, tf.maximum(most - least, 1.0)
