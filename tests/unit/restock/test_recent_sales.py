"""Demand from recent sales: sums of days, days out of stock, short histories, and products that sell as much."""

import numpy as np
import pytest

from tillstream.stock.product_demand import (
    DemandSource,
    demand_of_recent_sales,
    pool_dispersion,
    rolling_sums,
    row_quantiles,
)
from tillstream.stock.replenishment import level_for_service

PROBABILITIES = np.array([0.1, 0.5, 0.9, 0.95, 0.99])
WEEK = np.array([7])


def test_sums_of_days_are_over_all_runs() -> None:
    assert rolling_sums(np.array([[1.0, 2, 3, 4]]), 2).tolist() == [[3, 5, 7]]
    assert rolling_sums(np.array([[1.0, 2]]), 3).shape == (1, 0)


def test_a_day_out_of_stock_has_the_mean_of_the_other_days_of_its_run() -> None:
    nan = np.nan
    sums = rolling_sums(np.array([[2.0, nan, 4, nan, nan, nan]]), 3)
    np.testing.assert_array_equal(sums, [[9, nan, nan, nan]])


def test_quantiles_of_rows_are_those_of_numpy_without_missing_values() -> None:
    values = np.random.default_rng(1).gamma(2, 3, (5, 40))
    values[1, :20] = np.nan
    values[2] = np.nan
    expected = np.nan_to_num([np.quantile(row[np.isfinite(row)], PROBABILITIES) if np.isfinite(row).any() else
                              np.zeros(len(PROBABILITIES)) for row in values])  # fmt: skip
    np.testing.assert_allclose(row_quantiles(values, PROBABILITIES), expected)


def test_demand_for_steady_sales_is_their_sum() -> None:
    demand = demand_of_recent_sales(np.full((2, 96), 3.0), np.array([7, 14]), PROBABILITIES)
    np.testing.assert_allclose(demand.quantiles, [[21] * 5, [42] * 5])
    assert demand.daily.tolist() == [3, 3]
    assert [DemandSource(each).method for each in demand.sources.tolist()] == ["recent sales"] * 2


def test_days_out_of_stock_do_not_lower_the_demand() -> None:
    """Without its empty shelf, the product sells as before; with 0 on these days it would seem to sell less."""
    units = np.random.default_rng(2).poisson(4, (1, 96)).astype(float)
    empty = units.copy()
    empty[0, 40:60] = np.nan
    masked, full = (demand_of_recent_sales(each, WEEK, PROBABILITIES) for each in (empty, units))
    lower = demand_of_recent_sales(np.nan_to_num(empty), WEEK, PROBABILITIES)
    assert masked.daily[0] == pytest.approx(full.daily[0], rel=0.1)
    assert lower.daily[0] < 0.85 * full.daily[0]
    assert level_for_service(masked, 0.5)[0] == pytest.approx(level_for_service(full, 0.5)[0], rel=0.1)


def test_growth_raises_the_demand_above_the_mean_of_all_days() -> None:
    units = np.repeat([[2.0, 4.0]], 48, axis=1).reshape(1, 2, 48).swapaxes(1, 2).reshape(1, 96)
    rising = np.concatenate([np.full(48, 2.0), np.full(48, 4.0)])[None]
    assert demand_of_recent_sales(units, WEEK, PROBABILITIES).daily[0] == 3
    assert demand_of_recent_sales(rising, WEEK, PROBABILITIES).daily[0] == 3.5


def test_a_new_product_has_the_dispersion_of_products_that_sell_as_much() -> None:
    random = np.random.default_rng(3)
    units = random.poisson(np.repeat([0.5, 5], 100)[:, None], (200, 96)).astype(float)
    new = np.full((2, 96), np.nan)
    new[0, -10:], new[1, -10:] = 0.5, 5
    demand = demand_of_recent_sales(np.vstack([units, new]), np.full(202, 7), PROBABILITIES)
    assert demand.sources[-2:].tolist() == [DemandSource.SIMILAR_SALES] * 2
    levels = level_for_service(demand, 0.95)
    for row, own in ((200, slice(0, 100)), (201, slice(100, 200))):
        assert levels[row] == pytest.approx(levels[own].mean(), rel=0.15)


def test_a_single_large_order_of_a_slow_product_does_not_raise_the_levels_of_others() -> None:
    """Ratios of sums to expected units near zero are limited."""
    units = np.zeros((50, 96))
    units[:, ::24] = 1
    units[0, 50] = 10_000
    levels = level_for_service(demand_of_recent_sales(units, np.full(50, 7), PROBABILITIES), 0.99)
    assert levels[1:].max() <= 3


def test_without_any_complete_sum_demand_varies_as_counts_do() -> None:
    demand = demand_of_recent_sales(np.full((1, 5), 9.0), np.array([7]), np.array([0.5, 0.975]))
    np.testing.assert_allclose(demand.quantiles, [[63, 63 + 1.96 * 63**0.5]], rtol=1e-3)


def test_dispersion_of_the_nearest_class_is_used() -> None:
    sums = np.array([[8.0, 12.0]])
    dispersion = pool_dispersion(sums, np.array([10.0]), np.array([0.5, 0.9]))
    np.testing.assert_allclose(dispersion.quantiles(np.array([1.0, 10.0, 500.0]))[:, 0], [1, 10, 500])
