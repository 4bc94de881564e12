"""The simulation of order policies against one that follows each unit of one product, and curves at an equal fill."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tillstream.stock.restock_simulation import (
    FIXED,
    POLICIES,
    QUANTILE,
    ROLLING,
    OrderPolicy,
    PolicyCurves,
    SimulationSetting,
    compare_policies,
    replay_sales,
)

SETTING = SimulationSetting(lead_days=3, review_days=2, pack=5, warm_up=4)
START = 10


def growing(random: np.random.Generator, lines: int = 4, days: int = 60) -> np.ndarray:
    return random.poisson(np.linspace(2, 6, days), (lines, days)).astype(float)


def plain(demand: list[float], level: Callable[[int], float]) -> dict[str, float]:
    """One product, with a list of deliveries by day."""
    on_hand, deliveries = level(START), dict[int, float]()
    served, wanted, evenings, short, orders, cycles = 0.0, 0.0, [], 0, 0, dict[int, bool]()
    for day in range(START, len(demand)):
        on_hand += deliveries.pop(day, 0)
        is_measured = day >= START + SETTING.warm_up
        if (day - START) % SETTING.review_days == 0:
            missing = level(day) - on_hand - sum(deliveries.values())
            packs = 0
            while missing > 1e-9:
                packs, missing = packs + 1, missing - SETTING.pack
            deliveries[day + SETTING.lead_days] = packs * SETTING.pack
            orders += is_measured and packs > 0
        sold = min(on_hand, demand[day])
        on_hand -= sold
        if is_measured:
            served, wanted = served + sold, wanted + demand[day]
            evenings.append(on_hand)
            short += sold < demand[day]
            cycle = (day - START) // SETTING.review_days
            cycles[cycle] = cycles.get(cycle, True) and sold == demand[day]
    return {
        "fill": served / wanted,
        "cycle_service": sum(cycles.values()) / len(cycles),
        "stock_units": sum(evenings) / len(evenings),
        "days_short": short / len(evenings),
        "orders": orders,
    }


def test_a_replay_is_that_of_single_products() -> None:
    units = growing(np.random.default_rng(5))
    factors = np.array([0.5, 1.0, 1.5])
    policy = OrderPolicy(factors, lambda past, setting: factors[:, None] * past[:, -10:].mean(axis=1) * setting.days)
    values = np.array([1.0, 2, 3, 4])
    curve = replay_sales(units, policy, values, START, SETTING)
    for place, factor in enumerate(factors.tolist()):
        products = [
            plain(row.tolist(), lambda day, row=row, factor=factor: factor * row[day - 10 : day].mean() * SETTING.days)
            for row in units
        ]
        weights = units[:, START + SETTING.warm_up :].sum(axis=1)
        assert curve.fill[place] == pytest.approx(np.average([each["fill"] for each in products], weights=weights))
        for name in ("cycle_service", "days_short"):
            assert getattr(curve, name)[place] == pytest.approx(np.mean([each[name] for each in products]))
        assert curve.stock_units[place] == pytest.approx(sum(each["stock_units"] for each in products))
        assert curve.orders[place] == sum(each["orders"] for each in products)
        in_money = sum(value * each["stock_units"] for value, each in zip(values, products, strict=True))
        assert curve.stock_value[place] == pytest.approx(in_money)


def test_more_safety_stock_serves_more_with_more_stock() -> None:
    units = growing(np.random.default_rng(6), lines=20, days=200)
    for policy in POLICIES.values():
        curve = replay_sales(units, policy, np.ones(20), 100, replace(SETTING, pack=1))  # packs add noise
        assert (np.diff(curve.fill) >= -1e-9).all()
        assert (np.diff(curve.stock_units) >= -1e-9).all()


@pytest.fixture(scope="module")
def comparison() -> PolicyCurves:
    """Sales that double: a level that was set before is too low or wastes stock."""
    random = np.random.default_rng(8)
    factors = random.uniform(0.3, 3, (30, 1))
    rates = np.hstack([np.full((30, 100), 5.0), 5 * np.repeat(factors, 100, axis=1)])
    return compare_policies(random.poisson(rates).astype(float), np.ones(30), 100, SETTING)


def test_levels_that_follow_sales_need_less_stock_than_a_fixed_one(comparison: PolicyCurves) -> None:
    policies = {each.policy: each for each in comparison.at_fill(0.95)}
    assert set(policies) == {QUANTILE, FIXED, ROLLING}
    assert policies[FIXED].change == 0
    quantile = policies[QUANTILE]
    assert quantile.change == pytest.approx(quantile.stock_value / policies[FIXED].stock_value - 1)
    assert quantile.change < -0.2
    assert all(each.fill == 0.95 for each in policies.values())


def test_policies_are_compared_where_they_reach_the_fill_rate(comparison: PolicyCurves) -> None:
    highest = max(curve.fill[-1] for curve in comparison.curves.values())
    assert {each.policy for each in comparison.at_fill(highest)} < set(POLICIES)
    assert comparison.at_fill(0.0) == []


def test_the_fill_rate_of_a_service_level_is_on_the_curve(comparison: PolicyCurves) -> None:
    fills = [comparison.fill_of_service(each) for each in (0.5, 0.8, 0.95)]
    assert fills == sorted(fills)
    assert 0.5 < fills[0] < fills[-1] <= 1


def test_a_chart_has_the_points_of_each_policy(comparison: PolicyCurves) -> None:
    series = comparison.series()
    assert [each["policy"] for each in series] == [QUANTILE, FIXED, ROLLING]
    for each in series:
        assert len(each["fill"]) == len(each["stock_value"]) > 20
        assert each["stock_value"] == sorted(each["stock_value"])
