"""Plates cut out of photographs, and made unreadable there."""

from itertools import pairwise

import numpy as np
import pytest

from platefuse import PlatefuseError, Reader
from platefuse.inference.plate_pixels import cut_out, hide_plates, pixelate
from platefuse.networks.common.keras2 import tf
from tests.helpers.photographs import PLATES, photograph, save_photograph_reader

NOISE = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)


def test_a_plate_is_cut_out_with_a_margin() -> None:
    assert np.array_equal(cut_out(NOISE, (50, 20, 100, 40)), NOISE[18:42, 45:105])
    assert np.array_equal(cut_out(NOISE, (50.2, 20.2, 99.8, 39.8), 0), NOISE[20:40, 50:100])


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((-20, -10, 20, 10), (12, 24)),
        ((190, 110, 400, 300), (29, 31)),
        ((300, 10, 340, 20), (12, 0)),
        ((9, 9, 9, 9), (0, 0)),
    ],
)
def test_what_lies_outside_is_cut_off(box: tuple[float, float, float, float], shape: tuple[int, int]) -> None:
    assert cut_out(NOISE, box).shape[:2] == shape


def changes(values: np.ndarray) -> list[int]:
    """Where the rows of an array begin to differ from the row before."""
    return [index for index in range(1, len(values)) if not np.array_equal(values[index], values[index - 1])]


@pytest.mark.parametrize(
    "box", [(50, 40, 150, 62), (20, 20, 60, 50), (150, 90, 199, 119), (5, 5, 9, 7), (60, 1, 70, 110)]
)
def test_a_pixelated_plate_is_a_few_even_cells(box: tuple[int, int, int, int]) -> None:
    hidden = pixelate(NOISE, [box])
    x1, y1, x2, y2 = box
    margins = 0.2 * (x2 - x1), 0.2 * (y2 - y1)
    left, right = max(0, int(np.floor(x1 - margins[0]))), min(200, int(np.ceil(x2 + margins[0])))
    top, bottom = max(0, int(np.floor(y1 - margins[1]))), min(120, int(np.ceil(y2 + margins[1])))
    region = hidden[top:bottom, left:right]
    columns, rows = [0, *changes(region.swapaxes(0, 1)), right - left], [0, *changes(region), bottom - top]
    assert len(columns) - 1 <= 4 and len(rows) - 1 <= 2
    for (y, below), (x, beyond) in ((row, column) for row in pairwise(rows) for column in pairwise(columns)):
        cell, before = region[y:below, x:beyond], NOISE[top:bottom, left:right][y:below, x:beyond]
        assert np.ptp(cell.reshape(-1, 3), axis=0).max() == 0
        assert set(cell[0, 0].tolist()) <= set(range(16, 256, 32)), "a level tells nothing of the ink in a cell"
        assert np.abs(cell[0, 0] - before.mean((0, 1))).max() <= 16
    outside = np.ones((120, 200), bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(hidden[outside], NOISE[outside])


def test_boxes_outside_or_without_area_change_nothing() -> None:
    boxes = [(300.0, 10.0, 340.0, 20.0), (-50.0, -50.0, -10.0, -10.0), (7.0, 7.0, 7.0, 7.0)]
    assert np.array_equal(pixelate(NOISE, boxes), NOISE)
    assert pixelate(NOISE, []) is not NOISE


def test_texts_of_as_much_ink_look_the_same() -> None:
    """Averages of dark type on light ground differ a little from text to text; what is left of them does not."""
    rng = np.random.default_rng(1)
    looks = set()
    for _ in range(20):
        plate = np.full((60, 200, 3), 232, np.uint8)
        for x in range(20, 180, 20):  # eight characters, each with half of its pixels dark, give or take a tenth
            plate[10:50, x : x + 14] = np.where(rng.random((40, 14, 1)) < rng.uniform(0.4, 0.6), 40, 232)
        looks.add(pixelate(plate, [(0, 0, 200, 60)]).tobytes())
    assert len(looks) <= 4


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(save_photograph_reader(tmp_path_factory.mktemp("models") / "fused"))


def test_all_plates_are_hidden_and_not_only_those_that_a_reading_has_room_for(reader: Reader) -> None:
    crowd = photograph(*((f"{i}{i}", (20 + 40 * i, 5 + 40 * i), 255 - i) for i in range(7)))
    plates = reader.read(crowd).plates
    assert len(plates) == PLATES < 7
    hidden = hide_plates(reader, crowd, plates)
    assert reader.read(hidden).plates == ()
    for i in range(7):
        assert hidden[5 + 40 * i : 25 + 40 * i, 20 + 40 * i : 44 + 40 * i, 2].max() < 250
    assert np.array_equal(hidden[290:], crowd[290:])


def test_a_photograph_without_plates_stays_as_it_is(reader: Reader) -> None:
    assert hide_plates(reader, NOISE // 2, ()) is not None
    assert np.array_equal(hide_plates(reader, NOISE // 2, ()), NOISE // 2)


class _AlwaysReader(tf.Module):
    """Reads a 7 on every photograph, far from its plate's box."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    def read(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        count = tf.shape(images)[0]

        def for_each(value: list) -> tf.Tensor:
            return tf.repeat(tf.constant([value]), count, axis=0)

        box = {"plate_boxes": for_each([[0.0, 0.0, 9.0, 9.0]]), "boxes": for_each([[[90.0, 90.0, 95.0, 95.0]]])}
        scores = {name: for_each([[1.0]]) for name in ("scores", "character_scores")}
        of_plates = {name: for_each([1.0]) for name in ("confidences", "plate_scores")}
        flags = {"truncated": for_each([False]), "plate_count": tf.ones([count], tf.int32)}
        return {**box, **scores, **of_plates, **flags, "character_ids": for_each([[7]])}


def test_what_cannot_be_hidden_is_said(tmp_path) -> None:
    reader = Reader(save_photograph_reader(tmp_path / "fused", _AlwaysReader()))
    plates = reader.read(NOISE).plates
    assert [plate.text for plate in plates] == ["7"]
    with pytest.raises(PlatefuseError, match="Plates are still read after"):
        hide_plates(reader, NOISE, plates)
