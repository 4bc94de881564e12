"""Fill rate and cycle service against a simulation of a distribution, and levels that reach a goal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.stock.product_demand import SumDemand
from tillstream.stock.replenishment import (
    cycle_service,
    expected_shortage,
    fill_rate,
    level_for_fill,
    level_for_service,
)

PROBABILITIES = np.arange(1, 1000) / 1000
ONE_WEEK = np.array([7])


def demand(quantiles: list[float], probabilities: np.ndarray, daily: float) -> SumDemand:
    return SumDemand(probabilities, np.array([quantiles]), np.array([14]), np.array([daily]), np.array([0]))


@given(
    st.lists(st.floats(0, 1000, allow_subnormal=False), min_size=4, max_size=4).map(sorted),
    st.floats(0.01, 0.995),
    st.floats(0.1, 50),
)
def test_the_level_for_a_fill_rate_is_the_smallest_that_reaches_it(
    quantiles: list[float], goal: float, daily: float
) -> None:
    one = demand(quantiles, np.array([0.1, 0.5, 0.9, 0.99]), daily)
    level = level_for_fill(one, goal, ONE_WEEK)
    assert fill_rate(one, level, ONE_WEEK)[0] >= goal - 1e-9
    if level[0] > 1e-6:
        assert fill_rate(one, level * (1 - 1e-3) - 1e-6, ONE_WEEK)[0] <= goal + 1e-9


@given(
    st.lists(st.floats(0, 1000, allow_subnormal=False), min_size=4, max_size=4, unique=True).map(sorted),
    st.floats(0.1, 0.99, exclude_max=True),  # what is above the last quantile counts as equal to it
)
def test_the_level_for_a_service_has_this_cycle_service(quantiles: list[float], service: float) -> None:
    if min(np.diff(quantiles)) > 1e-3:
        one = demand(quantiles, np.array([0.1, 0.5, 0.9, 0.99]), 1.0)
        assert cycle_service(one, level_for_service(one, service))[0] == pytest.approx(service, abs=1e-6)


def test_fill_rate_and_cycle_service_are_those_of_a_simulated_distribution() -> None:
    """Cycles of 14 days of demand for 5 units a day on average, of which one week is the demand of a cycle."""
    random = np.random.default_rng(7)
    samples = random.gamma(4, 70 / 4, 400_000)
    one = demand(np.quantile(samples, PROBABILITIES).tolist(), PROBABILITIES, 5.0)
    for level in (40.0, 70.0, 100.0, 140.0):
        missing = np.maximum(samples - level, 0).mean()
        levels = np.array([level])
        assert expected_shortage(one, levels)[0] == pytest.approx(missing, rel=0.02, abs=0.03)
        assert fill_rate(one, levels, ONE_WEEK)[0] == pytest.approx(max(1 - missing / 35, 0), abs=0.01)
        assert cycle_service(one, levels)[0] == pytest.approx((samples <= level).mean(), abs=0.002)


def test_fill_rate_is_higher_than_cycle_service_where_a_cycle_is_most_of_the_time() -> None:
    one = demand([50, 70, 90, 110], np.array([0.1, 0.5, 0.9, 0.99]), 5.0)
    level = level_for_service(one, 0.9)
    assert cycle_service(one, level)[0] == pytest.approx(0.9)
    assert fill_rate(one, level, np.array([14]))[0] > 0.97


def test_a_product_without_demand_is_always_served() -> None:
    nothing = demand([0, 0, 0, 0], np.array([0.1, 0.5, 0.9, 0.99]), 0.0)
    assert level_for_fill(nothing, 0.99, ONE_WEEK).tolist() == [0]
    assert fill_rate(nothing, np.zeros(1), ONE_WEEK).tolist() == [1]
    assert cycle_service(nothing, np.zeros(1)).tolist() == [1]
