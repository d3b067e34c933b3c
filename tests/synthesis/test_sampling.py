"""Sampling: values lie in range and have the right frequency."""

import numpy as np
import pytest

from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform

DRAWS = 4000


def _drawn(choose, bounds) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([choose(rng, bounds) for _ in range(DRAWS)])


@pytest.mark.parametrize(
    ("choose", "bounds", "middle"),
    [(uniform, (-3.0, 5.0), 1.0), (log_uniform, (0.5, 8.0), 2.0), (log_uniform, (0.01, 100.0), 1.0)],
)
def test_values_fill_their_range_and_half_of_them_lie_below_its_middle(choose, bounds, middle):
    values = _drawn(choose, bounds)
    assert bounds[0] <= values.min() < values.max() <= bounds[1]
    assert abs((values < middle).mean() - 0.5) < 0.03  # nearly four standard deviations
    quarters = np.quantile(values, [0.01, 0.99])
    assert quarters[0] < bounds[0] + 0.05 * (middle - bounds[0])
    assert quarters[1] > bounds[1] - 0.1 * (bounds[1] - middle)


@pytest.mark.parametrize("choose", [uniform, log_uniform])
def test_a_range_of_one_value_gives_that_value(choose):
    np.testing.assert_allclose(_drawn(choose, (0.7, 0.7)), 0.7)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_what_happens_in_a_share_of_cases_does(share):
    happened = _drawn(bernoulli, share)
    assert happened.mean() == pytest.approx(share, abs=0 if share in (0, 1) else 0.03)
