"""The camera: homographies, and effects of light, lens, sensor and compression."""

import io
from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from platefuse.synthesis.licence.camera import CameraParams, homography, photograph, project, random_homography, warp
from tests.helpers.licence import clean

PLATE = (200, 50)
CORNERS = np.array([[0, 0], [200, 0], [200, 50], [0, 50]], float)
TURNED = {
    "camera.tilt": [-30, 30],
    "camera.shear": [-0.3, 0.3],
    "camera.perspective": [0.2, 0.2],
    "camera.margin": [0, 0.3],
}


def _quadrilaterals(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return CORNERS + rng.uniform(-15, 15, (4, 2)), CORNERS * 2 + rng.uniform(-30, 30, (4, 2))


def _camera(changes: dict[str, Any] | None = None):
    return clean(changes).camera


def _map(seed: int, changes: dict[str, Any], plate=PLATE) -> tuple[np.ndarray, tuple[int, int]]:
    return random_homography(np.random.default_rng(seed), *plate, _camera(changes))


@pytest.mark.parametrize("seed", range(5))
def test_the_homography_equals_opencvs(seed):
    source, target = _quadrilaterals(seed)
    expected = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    np.testing.assert_allclose(homography(source, target), expected, rtol=1e-4, atol=1e-6)  # opencv takes float32


@pytest.mark.parametrize("seed", range(5))
def test_projected_points_equal_opencvs_and_corners_map_onto_corners(seed):
    source, target = _quadrilaterals(seed)
    matrix = homography(source, target)
    np.testing.assert_allclose(project(source, matrix), target, atol=1e-9)
    points = np.random.default_rng(seed).uniform(0, 50, (20, 2))
    np.testing.assert_allclose(project(points, matrix), cv2.perspectiveTransform(points[None], matrix)[0], atol=1e-9)


@pytest.mark.parametrize("point", [(20, 10), (100, 25), (180, 40)], ids=str)
def test_a_warped_dot_lies_at_its_projected_centre(point):
    matrix, size = _map(4, TURNED | {"camera.perspective": [0.1, 0.1]})
    scene = np.zeros((50, 200, 3), np.uint8)
    scene[point[1] - 3 : point[1] + 3, point[0] - 3 : point[0] + 3] = 255
    seen = np.asarray(warp(Image.fromarray(scene), matrix, size).convert("L"), float)
    assert seen.shape == size[::-1]
    rows, columns = np.indices(seen.shape) + 0.5  # a pixel's centre
    centre = np.array([(columns * seen).sum(), (rows * seen).sum()]) / seen.sum()
    np.testing.assert_allclose(centre, project(np.array([point], float), matrix)[0], atol=0.25)


def test_a_plate_seen_straight_on_is_not_changed():
    matrix, size = _map(0, {})
    np.testing.assert_allclose(matrix, np.eye(3), atol=1e-9)
    assert size == PLATE
    scene = np.random.default_rng(0).integers(0, 256, (50, 200, 3), np.uint8)
    np.testing.assert_array_equal(np.asarray(warp(Image.fromarray(scene), matrix, size)), scene)


@pytest.mark.parametrize("degrees", [-30, -4, 7, 30])
def test_a_plate_is_turned_by_its_tilt(degrees):
    corners = project(CORNERS, _map(0, {"camera.tilt": [degrees, degrees]})[0])
    along = corners[1] - corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(degrees)
    assert np.hypot(*along) == pytest.approx(200)


@pytest.mark.parametrize(("changes", "rotation"), [({"camera.yaw": 50}, (0, 1, 0)), ({"camera.pitch": 40}, (1, 0, 0))])
def test_a_plate_seen_from_aside_is_what_opencvs_pinhole_camera_sees(changes, rotation):
    distance, seen = 4 * PLATE[0], []
    for seed in range(12):
        matrix, _ = _map(seed, changes)
        found = project(CORNERS, matrix)
        solid = np.column_stack([CORNERS - np.array(PLATE) / 2, np.zeros(4)])
        lens = np.array([[distance, 0, 0], [0, distance, 0], [0, 0, 1]], float)
        angles = np.radians(np.arange(-60, 60.01, 0.25))
        views = [
            cv2.projectPoints(solid, np.array(rotation) * a, np.array([0, 0, distance], float), lens, None)[0][:, 0]
            for a in angles
        ]
        errors = [np.abs((found - found[0]) - (view - view[0])).max() for view in views]
        assert min(errors) < 0.6  # of 200 pixels: between two steps of the angle
        seen.append(float(np.degrees(angles[int(np.argmin(errors))])))
    most = next(iter(changes.values()))
    assert min(seen) < -most / 3 and max(seen) > most / 3 and np.abs(seen).max() <= most + 1


def test_most_photographs_are_straight_if_so_requested():
    def slopes(**changes) -> np.ndarray:
        requested = {"camera.tilt": [-28, 28]} | {f"camera.{name}": value for name, value in changes.items()}
        ends = [project(CORNERS[:2], _map(seed, requested)[0]) for seed in range(200)]
        return np.degrees([np.arctan2(*(right - left)[::-1]) for left, right in ends])

    assert np.abs(slopes(straight=1)).max() < 7.1
    assert 0.55 < (np.abs(slopes(straight=0.5)) < 7).mean() < 0.75  # half of them, and a quarter of the others


def test_a_slant_is_a_share_of_the_height():
    corners = project(CORNERS, _map(0, {"camera.shear": [0.2, 0.2]})[0])
    np.testing.assert_allclose(corners[3] - corners[0], [10, 50], atol=1e-9)
    np.testing.assert_allclose(corners[1] - corners[0], [200, 0], atol=1e-9)


@pytest.mark.parametrize("margin", [-0.1, 0.0, 0.25])
def test_the_crop_leaves_the_margin_around_the_turned_plate(margin):
    for seed in range(10):
        matrix, size = _map(seed, TURNED | {"camera.margin": [margin, margin]})
        corners = project(CORNERS, matrix)
        least, most = corners.min(axis=0), corners.max(axis=0)
        np.testing.assert_allclose(least, margin * (most - least), atol=1e-6)
        np.testing.assert_allclose(size, (1 + 2 * margin) * (most - least), atol=0.51)


def test_margins_differ_from_side_to_side():
    matrix, size = _map(1, {"camera.margin": [0.0, 0.3]})
    left, top = project(CORNERS, matrix).min(axis=0) / PLATE
    right, bottom = (size - project(CORNERS, matrix).max(axis=0)) / PLATE
    sides = np.array([left, top, right, bottom])
    assert (sides > -0.01).all() and (sides < 0.31).all() and np.abs(np.subtract.outer(sides, sides)).max() > 0.05


def _most(name: str) -> float:
    return CameraParams.model_json_schema()["properties"][name]["prefixItems"][1]["maximum"]


@pytest.mark.parametrize("plate", [(160, 160), (160, 16), (400, 100)], ids=str)
def test_the_largest_allowed_values_together_leave_a_plate_convex(plate):
    signs = np.array(list(product((-1, 1), repeat=8))).reshape(-1, 4, 2)
    moves = _most("perspective") * plate[1] * signs
    for tilt, shear in product(np.linspace(-1, 1, 9) * _most("tilt"), np.linspace(-1, 1, 5) * _most("shear")):
        turned = {"camera.tilt": [tilt, tilt], "camera.shear": [shear, shear]}
        corners = project(CORNERS * plate / PLATE, _map(0, turned, plate)[0]) + moves
        x, y = np.moveaxis(np.roll(corners, -1, axis=1) - corners, -1, 0)
        assert (x * np.roll(y, -1, axis=1) > y * np.roll(x, -1, axis=1)).all()  # every turn goes the same way


# --- the picture


def _view(width: int = 200) -> np.ndarray:
    """Draw coloured blocks of 5 pixels in medium brightness, with smooth edges."""
    blocks = np.random.default_rng(0).integers(60, 180, (width // 20, width // 5, 3), np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, width // 4), Image.Resampling.BICUBIC))


def _photo(changes: dict[str, Any] | None = None, seed: int = 0, size=PLATE) -> tuple[bytes, np.ndarray]:
    """Photograph the view: the file, and its pixels, float [H,W,3]."""
    content = photograph(np.random.default_rng(seed), Image.fromarray(_view()), size, _camera(changes))
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size) == ("JPEG", size)
    return content, np.asarray(image.convert("RGB"), float)


def _detail(pixels: np.ndarray) -> float:
    return float(np.abs(np.diff(pixels.mean(axis=2), axis=1)).mean())


def _colourful(pixels: np.ndarray) -> float:
    return float(np.ptp(pixels, axis=2).mean())


def test_a_camera_without_effects_leaves_the_view_unchanged():
    _, pixels = _photo({"camera.jpeg_quality": [100, 100]})
    assert np.abs(pixels.mean(axis=2) - _view().mean(axis=2)).mean() < 3  # the file may halve the colours' resolution


def test_a_photograph_has_the_requested_size():
    for size in ((100, 25), (333, 77), (16, 8)):
        _photo(size=size)


def test_the_same_generator_takes_the_same_photograph():
    issues = {"camera.noise": [5, 9], "camera.focus_blur": [0, 2], "camera.light": [0, 0.5], "camera.motion": 1}
    assert _photo(issues, 3)[0] == _photo(issues, 3)[0] != _photo(issues, 4)[0]


def _mean(pixels: np.ndarray) -> float:
    return float(pixels.mean())


@pytest.mark.parametrize(
    ("name", "value", "measure", "least", "most"),
    [
        # The measure with this value, relative to a photograph without effects.
        ("brightness", [0.5, 0.5], _mean, 0.45, 0.55),
        ("brightness", [1.3, 1.3], _mean, 1.2, 1.4),
        ("contrast", [0.5, 0.5], _detail, 0.45, 0.55),
        ("contrast", [1.4, 1.4], _detail, 1.3, 1.5),
        ("gamma", [2.0, 2.0], _mean, 0.3, 0.7),
        ("gamma", [0.6, 0.6], _mean, 1.2, 1.5),
        ("light", [0.8, 0.8], _mean, 0.5, 0.7),
        ("shadow", 1, _mean, 0.4, 0.97),
        ("gray", 1, _colourful, 0.0, 0.1),
        ("focus_blur", [2.5, 2.5], _detail, 0.1, 0.5),
        ("noise", [14, 14], _detail, 1.3, 4.0),
    ],
)
def test_each_effect_changes_its_measure(name, value, measure, least, most):
    for seed in range(3):
        assert least < measure(_photo({f"camera.{name}": value}, seed)[1]) / measure(_photo(seed=seed)[1]) + 1e-9 < most


def test_a_cast_weakens_or_strengthens_each_colour_by_itself():
    clean_means = _photo()[1].mean(axis=(0, 1))
    factors = np.array([_photo({"camera.cast": [0.5, 1.2]}, seed)[1].mean(axis=(0, 1)) for seed in range(10)])
    factors /= clean_means
    assert (factors > 0.48).all() and (factors < 1.22).all()
    assert np.ptp(factors, axis=1).max() > 0.3


@pytest.mark.parametrize(
    ("changes", "least", "most"),
    [
        ({"camera.motion": 1, "camera.motion_blur": [12, 12]}, 0.2, 0.95),
        ({"camera.enlarged": 1, "camera.enlargement": [4, 4], "camera.width": [50, 200]}, 0.2, 0.9),
        ({"camera.enlarged": 1, "camera.enlargement": [4, 4], "camera.width": [200, 200]}, 0.9, 1.1),  # small enough
        ({"camera.sharpened": 1}, 1.01, 4.0),
    ],
    ids=str,
)
def test_motion_blur_and_enlargement_lose_detail_and_sharpening_adds_some(changes, least, most):
    for seed in range(5):
        assert least < _detail(_photo(changes, seed)[1]) / _detail(_photo(seed=seed)[1]) < most


def test_motion_along_the_plate_blurs_along_its_direction():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = 255
    view, moving = (
        Image.fromarray(stripes),
        _camera({"camera.motion": 1, "camera.motion_blur": [8, 8], "camera.motion_along": 1}),
    )
    for seed in range(5):
        across, along = (
            np.asarray(
                Image.open(io.BytesIO(photograph(np.random.default_rng(seed), view, (64, 64), moving, direction))),
                float,
            )
            for direction in (0.0, np.pi / 2)
        )
        assert along[8:-8].std() > 3 * across[8:-8].std()


def test_probabilities_are_shares_of_photographs():
    grays = [_colourful(_photo({"camera.gray": 0.5}, seed, (50, 12))[1]) < 5 for seed in range(60)]
    assert 15 < sum(grays) < 45


def test_the_worse_the_quality_the_smaller_the_file():
    sizes = [len(_photo({"camera.jpeg_quality": [quality, quality]})[0]) for quality in (1, 30, 60, 90, 100)]
    assert sizes == sorted(sizes) and sizes[-1] > 4 * sizes[0]
