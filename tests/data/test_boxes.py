"""The reading order of annotated boxes is the fused model's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.data.boxes import order_boxes
from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.networks.common.keras2 import tf

_SIDE = st.integers(1, 30)
_BOXES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), _SIDE, _SIDE), max_size=8)


@pytest.mark.parametrize("order", ["left_to_right", "rows"])
@given(boxes=_BOXES)
def test_boxes_are_ordered_as_the_fused_model_orders_them(order, boxes):
    corners = np.array([(x, y, x + width, y + height) for x, y, width, height in boxes], np.int32).reshape(-1, 4)
    of_model = reading_order(tf.constant(corners[None], tf.float32), tf.ones((1, len(corners)), tf.bool), order)
    assert order_boxes(corners, order).tolist() == of_model[0].numpy().tolist()


def test_two_rows_are_read_one_after_the_other():
    boxes = np.array([[30, 22, 40, 40], [0, 0, 10, 18], [0, 20, 10, 38], [30, 2, 40, 20]])
    assert order_boxes(boxes, "rows").tolist() == [1, 3, 2, 0]
