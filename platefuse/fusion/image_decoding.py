"""Image decoding inside the graph: PNG and JPEG, in bounded memory."""

from collections.abc import Callable

from platefuse.data.images import MAX_PIXELS, MAX_SIDE
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox, letterbox_geometry

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"  # signatures of the files
_SMALL = 2**21  # pixels, a full HD frame; images up to this size are decoded in parallel, at 40 MB or less each


def decode_letterboxed(encoded: tf.Tensor, input_size: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode and letterbox image files.

    Args:
        encoded: contents of PNG and JPEG files, string [B].
        input_size: height h and width w in pixels.

    Returns:
        Letterboxed images, float32 RGB [B,h,w,3], 0..255, and their geometry, float32 [B,3].

    Raises:
        tf.errors.InvalidArgumentError: with their indices, if images cannot be decoded or are too large.
    """

    def process(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        height, width, _ = tf.unstack(tf.shape(image))
        return letterbox(image[None], input_size)[0], letterbox_geometry(height, width, input_size)

    later = (tf.zeros([*input_size, 3]), tf.zeros([3]))
    letterboxed, geometry = decode_each(encoded, process, later)
    return letterboxed, geometry


def decode_each(
    encoded: tf.Tensor, process: Callable[[tf.Tensor], tuple[tf.Tensor, ...]], like: tuple[tf.Tensor, ...]
) -> tuple[tf.Tensor, ...]:
    """Decode image files and process each.

    A graph cannot catch an error, but tf.data can skip the element that raised it. The indices missing afterwards are
    the ones reported. Small images are decoded in parallel and large ones in turn, so that a batch of large images
    takes no more memory than one.

    Args:
        encoded: contents of PNG and JPEG files, string [B].
        process: from one image, uint8 RGB [H,W,3], to tensors of one shape for all images.
        like: tensors of those shapes and types.

    Returns:
        The processed images, stacked: a tensor [B,...] for each of `like`.

    Raises:
        tf.errors.InvalidArgumentError: with their indices, if images cannot be decoded or are too large.
    """
    count = tf.shape(encoded, tf.int64)[0]

    def load(content: tf.Tensor) -> tuple[tf.Tensor, ...]:
        image = tf.io.decode_image(content, channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        return process(image)

    def load_small(index: tf.Tensor, content: tf.Tensor) -> tuple[tf.Tensor, ...]:
        small = _pixels(content) <= _SMALL
        return index, content, small, *tf.cond(small, lambda: load(content), lambda: like)

    def load_large(index: tf.Tensor, content: tf.Tensor, small: tf.Tensor, *loaded: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return index, *tf.cond(small, lambda: loaded, lambda: load(content))

    images = tf.data.Dataset.from_tensor_slices((tf.range(count), encoded))
    loaded = images.map(load_small, tf.data.AUTOTUNE).map(load_large)
    # An additional element makes a batch possible even without a decodable image.
    end = tf.data.Dataset.from_tensors((count, *like))
    indices, *stacked = loaded.ignore_errors().concatenate(end).batch(count + 1).get_single_element()
    missing = tf.sets.difference(tf.range(count)[None], indices[None]).values
    wanted = f"encoded: not PNG or JPEG bytes that can be decoded, of at most {MAX_PIXELS} pixels and {MAX_SIDE} a side"
    check = tf.debugging.Assert(tf.size(missing) == 0, [f"{wanted}, at index", missing])
    with tf.control_dependencies([check]):
        return tuple(tf.identity(values[:-1]) for values in stacked)


def _pixels(content: tf.Tensor) -> tf.Tensor:
    """Read and check the number of pixels, int64, in a file's header.

    The check must come before decoding: a decoder allocates memory for all pixels that the header claims.
    """
    is_png, is_jpeg = (tf.strings.substr(content, 0, len(magic)) == magic for magic in (_PNG, _JPEG))
    with tf.control_dependencies([tf.debugging.Assert(is_png | is_jpeg, ["neither PNG nor JPEG"])]):
        size = tf.cond(is_png, lambda: _png_size(content), lambda: tf.image.extract_jpeg_shape(content)[:2])
    size = tf.cast(size, tf.int64)
    pixels = tf.reduce_prod(size)
    within = tf.reduce_all((size > 0) & (size <= MAX_SIDE)) & (pixels <= MAX_PIXELS)
    with tf.control_dependencies([tf.debugging.Assert(within, ["too large", size])]):
        return tf.identity(pixels)


def _png_size(content: tf.Tensor) -> tf.Tensor:
    """Width and height of a PNG from bytes 16 to 23.

    Returns:
        int32 [2].
    """
    return tf.reshape(tf.io.decode_raw(tf.strings.substr(content, 16, 8), tf.int32, little_endian=False), [2])
