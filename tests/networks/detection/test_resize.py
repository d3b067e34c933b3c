"""Scaling and cropping against Pillow, tf.image.crop_and_resize and plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import crop_and_resize, interpolation_matrix, letterbox, letterbox_scale

CLOSE = {"rtol": 0, "atol": 0.02}  # of 255: rounding in float32, nothing else


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(256, size=shape).astype(np.float32)


def _crops(images: np.ndarray, boxes: list, height: int, width: int) -> np.ndarray:
    """Crop boxes [B,N,4], x1,y1,x2,y2 in pixels."""
    corners = tf.constant(np.array(boxes, np.float32).reshape(-1, 4))
    owners = np.repeat(np.arange(len(images)), len(corners) // len(images))
    crops = crop_and_resize(tf.constant(images), corners, owners, height, width)
    return crops.numpy().reshape(len(images), -1, height, width)


def _pillow(image: np.ndarray, box: tuple, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR, box=box))


def _weights(start: float, extent: float, source: int, target: int) -> np.ndarray:
    """The triangle filter, a weight at a time."""
    scale = extent / target
    rows = []
    for j in range(target):
        centre = min(max(start + (j + 0.5) * scale, 0.5), source - 0.5)
        row = [max(0.0, 1 - abs(i + 0.5 - centre) / max(scale, 1.0)) for i in range(source)]
        rows.append([weight / sum(row) for weight in row])
    return np.array(rows)


@given(
    st.floats(-30, 60, width=32),
    st.floats(0, 80, width=32),
    st.integers(1, 30),
    st.integers(1, 12),
)
def test_weights_are_those_of_a_triangle_filter_wherever_the_interval_lies(start, extent, source, target):
    found = interpolation_matrix(tf.constant(start), tf.constant(extent), source, target).numpy()
    assert found.shape == (target, source)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found, _weights(start, extent, source, target), atol=1e-3)


def test_weights_of_several_intervals_are_those_of_each():
    starts, extents = np.array([[0, 3.5], [-2, 7]], np.float32), np.array([[9, 2], [6, 30.5]], np.float32)
    found = interpolation_matrix(tf.constant(starts), tf.constant(extents), 10, 4).numpy()
    assert found.shape == (2, 2, 4, 10)
    for place in np.ndindex(2, 2):
        np.testing.assert_allclose(found[place], _weights(starts[place], extents[place], 10, 4), atol=1e-5)


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 60, 40),
        (10, 5, 38, 33),  # 28 by 28: as it is
        (10.3, 5.9, 22.4, 19.1),  # enlarged
        (0, 0, 6, 5),  # enlarged, in the corner
        (53.5, 35.2, 60, 40),
        (1.7, 0.4, 59.9, 39.6),  # shrunk along x
        (0, 3, 60, 17),  # shrunk along x, enlarged along y
        (20, 10, 20.5, 10.25),  # less than a pixel
    ],
)
@pytest.mark.parametrize(("height", "width"), [(28, 28), (7, 9), (1, 1), (50, 80)])
def test_crops_inside_the_image_are_pillows(box, height, width):
    image = _noise(40, 60)
    crop = _crops(image[None], [box], height, width)[0, 0]
    np.testing.assert_allclose(crop, _pillow(image, box, height, width), **CLOSE)


@given(st.data())
def test_any_box_inside_any_image_is_cropped_as_pillow_does(data):
    high, wide = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    x1, y1 = data.draw(st.floats(0, wide - 0.5)), data.draw(st.floats(0, high - 0.5))
    x2, y2 = data.draw(st.floats(x1 + 0.25, wide)), data.draw(st.floats(y1 + 0.25, high))
    image = _noise(high, wide)
    crop = _crops(image[None], [(x1, y1, x2, y2)], 6, 5)[0, 0]
    np.testing.assert_allclose(crop, _pillow(image, (x1, y1, x2, y2), 6, 5), atol=0.1)


def test_a_box_of_the_size_of_its_crop_is_cut_out_to_the_bit():
    image = _noise(64, 128)
    crops = _crops(image[None], [(0, 0, 28, 28), (100, 36, 128, 64), (17, 9, 45, 37)], 28, 28)[0]
    for crop, (x, y) in zip(crops, [(0, 0), (100, 36), (17, 9)], strict=True):
        np.testing.assert_array_equal(crop, image[y : y + 28, x : x + 28])


def _sample(image: np.ndarray, x: float, y: float) -> float:
    """Bilinear interpolation between pixel centres; beyond the border, the border's pixel."""

    def pixel(row: int, column: int) -> float:
        return image[min(max(row, 0), len(image) - 1), min(max(column, 0), len(image[0]) - 1)]

    left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
    right_share, lower_share = x - 0.5 - left, y - 0.5 - top
    upper = pixel(top, left) * (1 - right_share) + pixel(top, left + 1) * right_share
    lower = pixel(top + 1, left) * (1 - right_share) + pixel(top + 1, left + 1) * right_share
    return upper * (1 - lower_share) + lower * lower_share


@pytest.mark.parametrize(
    "box",
    [
        (-3, -2, 5, 4),  # across a corner
        (14.5, 3, 24.5, 9.5),
        (-5.5, 2, -1.5, 7),  # left of the image
        (22, 13, 29, 20),  # beyond the lower right corner
        (-1, -1, 3, 14),
    ],
)
def test_boxes_across_and_beyond_the_border_repeat_it(box):
    image = _noise(12, 20)
    x1, y1, x2, y2 = box
    crop = _crops(image[None], [box], 15, 13)[0, 0]  # enlarging
    by_hand = [
        [_sample(image, x1 + (j + 0.5) * (x2 - x1) / 13, y1 + (i + 0.5) * (y2 - y1) / 15) for j in range(13)]
        for i in range(15)
    ]
    np.testing.assert_allclose(crop, by_hand, **CLOSE)


def test_shrunk_boxes_beyond_the_border_are_even():
    image = _noise(12, 20)
    crop = _crops(image[None], [(-60, -30, 20, 42)], 12, 10)[0, 0]
    np.testing.assert_allclose(crop, _weights(-30, 72, 12, 12) @ image @ _weights(-60, 80, 20, 10).T, **CLOSE)
    assert np.ptp(crop[:, :7], axis=1).max() < 0.01  # columns left of the image
    assert np.ptp(crop[:5], axis=0).max() < 0.01  # rows above it


def test_enlarged_crops_are_those_of_tensorflow_once_its_boxes_are_converted():
    images = _noise(3, 40, 60)
    boxes = np.random.default_rng(1).uniform([2, 2, 30, 25], [25, 15, 50, 38], (3, 4, 4)).astype(np.float32)
    size = 28
    x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
    step_x, step_y = (x2 - x1) / size, (y2 - y1) / size
    assert max(step_x.max(), step_y.max()) > 1 > min(step_x.min(), step_y.min())
    enlarged = (step_x <= 1) & (step_y <= 1)
    assert enlarged.sum() >= 3
    # TensorFlow's boxes run from the first sampled point to the last, in units of height - 1 and width - 1.
    points = [
        (y1 + step_y / 2 - 0.5) / 39,
        (x1 + step_x / 2 - 0.5) / 59,
        (y2 - step_y / 2 - 0.5) / 39,
        (x2 - step_x / 2 - 0.5) / 59,
    ]
    owners = np.repeat(np.arange(3), 4)
    theirs = tf.image.crop_and_resize(images[..., None], np.stack(points, -1).reshape(-1, 4), owners, (size, size))
    ours = _crops(images, boxes, size, size).reshape(-1, size, size)
    np.testing.assert_allclose(ours[enlarged.ravel()], theirs.numpy()[enlarged.ravel(), ..., 0], **CLOSE)


def test_every_image_of_a_batch_gives_its_own_boxes():
    images = _noise(3, 30, 30)
    boxes = [[(0, 0, 10, 10), (5, 5, 29, 20)], [(1, 2, 20, 30), (0, 0, 30, 30)], [(3, 3, 4, 4), (9, 1, 12, 29)]]
    crops = _crops(images, boxes, 8, 8)
    assert crops.shape == (3, 2, 8, 8)
    for i, j in np.ndindex(3, 2):
        np.testing.assert_allclose(crops[i, j], _pillow(images[i], boxes[i][j], 8, 8), **CLOSE)


def test_an_empty_box_is_even():
    assert np.ptp(_crops(_noise(1, 20, 20), [(5.2, 7.1, 5.2, 7.1)], 4, 4)) == 0


@pytest.mark.parametrize("images", [0, 2])
def test_no_boxes_give_no_crops(images):
    crops = crop_and_resize(tf.zeros([images, 20, 30]), tf.zeros([0, 4]), tf.zeros([0], tf.int32), 28, 28)
    assert crops.shape == (0, 28, 28)


@pytest.mark.parametrize(("height", "width", "scale"), [(128, 256, 1), (64, 64, 2), (256, 256, 0.5), (16, 1024, 0.25)])
def test_the_scale_fits_the_image_into_the_input_size(height, width, scale):
    assert letterbox_scale(height, width, (128, 256)).numpy() == scale


def test_an_image_of_the_input_size_stays_as_it_is_to_the_bit():
    image = _noise(2, 32, 48, 3).astype(np.uint8)
    scaled = letterbox(tf.constant(image), (32, 48))
    assert scaled.dtype == tf.float32
    np.testing.assert_array_equal(scaled, image)


@pytest.mark.parametrize(
    ("height", "width", "scaled"),
    [
        (16, 24, (32, 48)),
        (64, 96, (32, 48)),
        (20, 20, (32, 32)),
        (80, 20, (32, 8)),
        (12, 96, (6, 48)),
        (1, 1, (32, 32)),
        (1, 3, (16, 48)),
        (5, 1, (32, 6.4)),
        (33, 48, (32, 48 * 32 / 33)),
    ],
)
def test_images_keep_their_shape_in_the_upper_left_corner_and_the_rest_is_black(height, width, scaled):
    input_size = (32, 48)
    image = 1 + _noise(height, width, 3).clip(0, 254)
    found = letterbox(tf.constant(image[None]), input_size).numpy()[0]
    # What a pixel covers beyond the image is black if its centre is: as if the image went on, then cut there.
    rows, columns = (round(side) for side in scaled)
    expected = np.zeros((*input_size, 3))
    scale = scaled[0] / height
    weights = [_weights(0, side / scale, size, side) for side, size in zip(input_size, (height, width), strict=True)]
    for channel in range(3):
        full = weights[0] @ image[..., channel] @ weights[1].T
        expected[:rows, :columns, channel] = full[:rows, :columns]
        if scaled == (rows, columns):
            pillow = _pillow(image[..., channel], (0, 0, width, height), rows, columns)
            np.testing.assert_allclose(found[:rows, :columns, channel], pillow, **CLOSE)
    np.testing.assert_allclose(found, expected, **CLOSE)
    assert (found[rows:] == 0).all() and (found[:, columns:] == 0).all()
    assert (found[:rows, :columns] > 0).all()


def test_one_pixel_fills_its_square_evenly():
    found = letterbox(tf.constant([[[[10, 20, 30]]]], tf.uint8), (8, 12)).numpy()[0]
    np.testing.assert_allclose(found[:, :8], np.broadcast_to([10, 20, 30], (8, 8, 3)), atol=1e-4)
    assert (found[:, 8:] == 0).all()


def test_a_batch_of_no_images_is_scaled():
    assert letterbox(tf.zeros([0, 50, 70, 3], tf.uint8), (32, 48)).shape == (0, 32, 48, 3)


def test_scaling_serves_images_of_any_size_in_one_graph():
    traced = tf.function(lambda images: letterbox(images, (32, 48)))
    graph = traced.get_concrete_function(tf.TensorSpec([None, None, None, 3], tf.uint8))
    for shape in ((1, 32, 48, 3), (2, 7, 90, 3), (0, 5, 5, 3)):
        images = tf.constant(_noise(*shape).astype(np.uint8))
        np.testing.assert_allclose(graph(images), letterbox(images, (32, 48)), **CLOSE)
