"""Scaling and cropping as products with interpolation matrices, rows first, then columns.

A crop resized by a triangle filter is separable: `rows @ image @ columns.T`. Written so it antialiases when it
shrinks, needs no operation that exporters lack, and is the same code for a whole image and for a box in it.
The filter is the one of Pillow's BILINEAR (and of tf.image.resize with antialias): pixel j covers [j, j+1), its
centre lies at j + 0.5, and the filter widens with the scale where the image shrinks.
"""

from platefuse.networks.common.keras2 import tf


def interpolation_matrix(start: tf.Tensor, extent: tf.Tensor, source: tf.Tensor, target: int) -> tf.Tensor:
    """Give the weights with which `target` pixels look at `source` pixels along one axis.

    Args:
        start: float32 [...], where the interval to be resized begins, in source pixels; 0 is the first pixel's edge.
        extent: float32 [...], the interval's length in source pixels.
        source: how many pixels the axis has, an int or int32 scalar.
        target: how many pixels to make of the interval.

    Returns:
        float32 [..., target, source], rows that sum to 1. What lies beyond the border is seen as the border is.
    """
    weights = _triangles(start, extent, source, target)
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)


def _triangles(start: tf.Tensor, extent: tf.Tensor, source: tf.Tensor, target: int) -> tf.Tensor:
    """The matrices of `interpolation_matrix`, but for what each row sums to."""
    size = tf.cast(source, tf.float32)
    start, extent = (tf.expand_dims(values, -1) for values in (start, extent))  # exporters lack [..., None] of scalars
    scale = extent / target
    centres = start + (tf.range(target, dtype=tf.float32) + 0.5) * scale
    centres = tf.clip_by_value(centres, 0.5, size - 0.5)
    reach = tf.maximum(scale, 1.0)
    distances = tf.abs(tf.range(size, dtype=tf.float32) + 0.5 - centres[..., None])
    return tf.nn.relu(reach[..., None] - distances)


def letterbox_scale(height: tf.Tensor, width: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """The factor, float32, that fits an image into the input size (height, width) and keeps its shape."""
    return tf.minimum(input_size[0] / tf.cast(height, tf.float32), input_size[1] / tf.cast(width, tf.float32))


def letterbox_geometry(height: tf.Tensor, width: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Scale, height and width of an image, float32 [3]: they lead back from its letterboxed form."""
    return tf.stack(
        [letterbox_scale(height, width, input_size), tf.cast(height, tf.float32), tf.cast(width, tf.float32)]
    )


def letterbox(images: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Scale images into the upper left corner of a black image, keeping their shape.

    Args:
        images: [B,H,W,3] of any size above 0 and any number type, 0..255.
        input_size: height h and width w of the result.

    Returns:
        float32 [B,h,w,3], 0..255; to the last bit the images themselves if the sizes are equal.
    """
    pixels, size = tf.cast(images, tf.float32), images.shape[1:3]
    if size.is_fully_defined():  # no graph has to decide
        return pixels if size == input_size else _scaled(pixels, input_size)
    fits = tf.reduce_all(tf.shape(images)[1:3] == input_size)
    return tf.reshape(tf.cond(fits, lambda: pixels, lambda: _scaled(pixels, input_size)), [-1, *input_size, 3])


def _scaled(pixels: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Scale float32 [B,H,W,3] by two large products: of rows as they lie in memory, then of columns."""
    batch, height, width, _ = tf.unstack(tf.shape(pixels))
    scale = letterbox_scale(height, width, input_size)
    rows, columns = (
        _whole_axis(size, target, scale) for size, target in ((height, input_size[0]), (width, input_size[1]))
    )
    high = tf.matmul(rows, tf.reshape(pixels, [batch, height, width * 3]))
    turned = tf.transpose(tf.reshape(high, [batch, input_size[0], width, 3]), [0, 2, 1, 3])
    wide = tf.matmul(columns, tf.reshape(turned, [batch, width, input_size[0] * 3]))
    return tf.transpose(tf.reshape(wide, [batch, input_size[1], input_size[0], 3]), [0, 2, 1, 3])


def _whole_axis(size: tf.Tensor, target: int, scale: tf.Tensor) -> tf.Tensor:
    """Weights [target,size] of an axis scaled by `scale`; rows whose centre lies beyond the image are 0."""
    weights = interpolation_matrix(tf.constant(0.0), target / scale, size, target)
    inside = (tf.range(target, dtype=tf.float32) + 0.5) / scale < tf.cast(size, tf.float32)
    return tf.where(inside[:, None], weights, 0.0)


def crop_and_resize(images: tf.Tensor, boxes: tf.Tensor, box_indices: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Cut boxes out of gray images and resize each to the same size.

    Args:
        images: float32 [B,H,W], H and W known when the graph is built.
        boxes: float32 [M,4], x1,y1,x2,y2 in pixels: 0 is the outer edge of the first (not, as with
            tf.image.crop_and_resize, its centre). Boxes may reach beyond the image, and show its border there.
        box_indices: int [M], which image each box is cut out of.
        height, width: of the crops.

    Returns:
        float32 [M,height,width].
    """
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    rows = _triangles(y1, y2 - y1, images.shape[1], height)
    columns = _triangles(x1, x2 - x1, images.shape[2], width)
    crops = tf.matmul(tf.matmul(rows, tf.gather(images, box_indices)), columns, transpose_b=True)
    # Of all that is made weights of, crops are the smallest: they are divided by what the weights sum to.
    return crops / (tf.reduce_sum(rows, axis=-1, keepdims=True) * tf.reduce_sum(columns, axis=-1)[:, None])
