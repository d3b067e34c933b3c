"""Resizing and cropping as products with interpolation matrices, rows first, then columns.

Resizing with a triangle filter is separable: `rows @ image @ columns.T`. In this form it antialiases when it shrinks,
needs no operation that exporters lack, and serves whole images and boxes alike. The filter is that of Pillow's BILINEAR
(and of tf.image.resize with antialias): pixel j covers [j, j+1), its centre is at j + 0.5, and the filter widens with
the scale when the image shrinks.
"""

from platefuse.networks.common.keras2 import tf


def interpolation_matrix(start: tf.Tensor, extent: tf.Tensor, source: tf.Tensor, target: int) -> tf.Tensor:
    """Weights of `source` pixels in each of `target` pixels along one axis.

    Args:
        start: float32 [...], start of the interval to resize, in source pixels; 0 is the first pixel's outer edge.
        extent: float32 [...], the interval's length in source pixels.
        source: number of pixels of the axis, an int or int32 scalar.
        target: number of pixels to resize the interval to.

    Returns:
        float32 [..., target, source], rows that sum to 1. Pixels beyond the border repeat the border.
    """
    weights = _triangle_weights(start, extent, source, target)
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)


def _triangle_weights(start: tf.Tensor, extent: tf.Tensor, source: tf.Tensor, target: int) -> tf.Tensor:
    """The weights of `interpolation_matrix` before rows are divided by their sums."""
    size = tf.cast(source, tf.float32)
    start, extent = (tf.expand_dims(values, -1) for values in (start, extent))  # exporters lack [..., None] for scalars
    scale = extent / target
    centres = start + (tf.range(target, dtype=tf.float32) + 0.5) * scale
    centres = tf.clip_by_value(centres, 0.5, size - 0.5)
    reach = tf.maximum(scale, 1.0)
    distances = tf.abs(tf.range(size, dtype=tf.float32) + 0.5 - centres[..., None])
    return tf.nn.relu(reach[..., None] - distances)


def letterbox_scale(height: tf.Tensor, width: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Largest scale, float32, at which an image fits the input size.

    `input_size` is height and width.
    """
    return tf.minimum(input_size[0] / tf.cast(height, tf.float32), input_size[1] / tf.cast(width, tf.float32))


def letterbox_geometry(height: tf.Tensor, width: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Scale, height and width of an image, float32 [3].

    They invert its letterboxing.
    """
    return tf.stack(
        [letterbox_scale(height, width, input_size), tf.cast(height, tf.float32), tf.cast(width, tf.float32)]
    )


def letterbox(images: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Letterbox images, with black padding on the right or at the bottom.

    Args:
        images: [B,H,W,3] of any size above 0 and any number type, 0..255.
        input_size: height h and width w in pixels.

    Returns:
        float32 [B,h,w,3], 0..255; unchanged values if the size is the same.
    """
    pixels, size = tf.cast(images, tf.float32), images.shape[1:3]
    if size.is_fully_defined():  # no condition in the graph
        return pixels if size == input_size else _scale(pixels, input_size)
    fits = tf.reduce_all(tf.shape(images)[1:3] == input_size)
    return tf.reshape(tf.cond(fits, lambda: pixels, lambda: _scale(pixels, input_size)), [-1, *input_size, 3])


def _scale(pixels: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Scale float32 [B,H,W,3] with two large products, rows first, then columns."""
    batch, height, width, _ = tf.unstack(tf.shape(pixels))
    scale = letterbox_scale(height, width, input_size)
    rows, columns = (
        _letterbox_matrix(size, target, scale) for size, target in ((height, input_size[0]), (width, input_size[1]))
    )
    scaled = tf.matmul(rows, tf.reshape(pixels, [batch, height, width * 3]))
    transposed = tf.transpose(tf.reshape(scaled, [batch, input_size[0], width, 3]), [0, 2, 1, 3])
    scaled = tf.matmul(columns, tf.reshape(transposed, [batch, width, input_size[0] * 3]))
    return tf.transpose(tf.reshape(scaled, [batch, input_size[1], input_size[0], 3]), [0, 2, 1, 3])


def _letterbox_matrix(size: tf.Tensor, target: int, scale: tf.Tensor) -> tf.Tensor:
    """Weights [target,size] of a letterboxed axis; 0 in rows of the padding."""
    weights = interpolation_matrix(tf.constant(0.0), target / scale, size, target)
    inside = (tf.range(target, dtype=tf.float32) + 0.5) / scale < tf.cast(size, tf.float32)
    return tf.where(inside[:, None], weights, 0.0)


def crop_and_resize(images: tf.Tensor, boxes: tf.Tensor, box_indices: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Crop boxes from gray images and resize the crops to one size.

    Args:
        images: float32 [B,H,W], H and W known when the graph is built.
        boxes: float32 [M,4], x1,y1,x2,y2 in pixels; 0 is the first pixel's outer edge (its centre in
            tf.image.crop_and_resize). Boxes may extend beyond the image; the border is repeated there.
        box_indices: int [M], the image of each box.
        height, width: of the crops in pixels.

    Returns:
        float32 [M,height,width].
    """
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    rows = _triangle_weights(y1, y2 - y1, images.shape[1], height)
    columns = _triangle_weights(x1, x2 - x1, images.shape[2], width)
    crops = tf.matmul(tf.matmul(rows, tf.gather(images, box_indices)), columns, transpose_b=True)
    # Dividing the crops by the sums is cheaper than normalising the matrices, which are larger.
    return crops / (tf.reduce_sum(rows, axis=-1, keepdims=True) * tf.reduce_sum(columns, axis=-1)[:, None])
