"""Sorting and choosing among equal values, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from platefuse.fusion.ties import first_argmax, stable_argsort
from platefuse.networks.common.keras2 import tf

FEW = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1e6])  # so that many are equal
VALUES = st_np.arrays(np.float32, st_np.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=FEW)


@given(VALUES)
def test_equal_values_keep_their_order(values: np.ndarray) -> None:
    found = stable_argsort(tf.constant(values))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, np.argsort(values, axis=1, kind="stable"))


@given(VALUES)
def test_the_first_of_the_largest_values_is_found(values: np.ndarray) -> None:
    found = first_argmax(tf.constant(values))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, np.argmax(values, axis=1))


@pytest.mark.parametrize("shape", [(0, 3), (2, 1)])
def test_no_rows_and_a_single_column(shape: tuple[int, int]) -> None:
    np.testing.assert_array_equal(stable_argsort(tf.zeros(shape)), np.arange(shape[1])[None].repeat(shape[0], 0))
    np.testing.assert_array_equal(first_argmax(tf.zeros(shape)), np.zeros(shape[0]))


def test_nothing_that_is_no_number_gives_an_index_outside() -> None:
    assert first_argmax(tf.constant([[np.nan, np.nan]])).numpy()[0] in (0, 1)
