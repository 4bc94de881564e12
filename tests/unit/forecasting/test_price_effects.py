"""Price effects: estimated from changes in the catalogue, absent without them, and prices as inputs of forecasts."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from histories import history

from tillstream.forecasting import price_effects, regressors
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAILY, Floats, Regressor
from tillstream.forecasting.price_effects import poisson_slope
from tillstream.forecasting.sales_series import SalesSeries, SeriesKey, TimeAxis

START = date(2024, 1, 1)
STEPS, AHEAD, PRODUCTS = 60 * 7, 28, 20
AXIS = TimeAxis(DAILY, START, STEPS, AHEAD)


def prices(changed: int, seed: int) -> Floats:
    """Logarithms of prices: each of the first products has another one from some week on, up or down by 10 or 20 %."""
    random = np.random.default_rng(seed)
    result = np.zeros((PRODUCTS, STEPS + AHEAD))
    for row in range(changed):
        result[row, random.integers(70, STEPS - 70) :] = np.log(random.choice([0.8, 0.9, 1.1, 1.2]))
    return result


def shop(elasticity: float, changed: int = 10, seed: int = 0, *, together: bool = False) -> SalesSeries:
    """Sales of one category in one store, with a season, weekdays and noise that lasts for weeks."""
    random = np.random.default_rng(seed)
    logarithms = prices(changed, seed)
    if together:
        logarithms[:] = logarithms[0]
    days = np.arange(STEPS)
    season = (1 + 0.4 * np.sin(days / 364 * 2 * np.pi)) * np.where(days % 7 >= 5, 1.8, 0.7)
    noise = np.repeat(random.normal(0, 0.02, (PRODUCTS, STEPS // 7)).cumsum(axis=1), 7, axis=1)
    levels = random.lognormal(1, 0.7, PRODUCTS)[:, None]
    sold = random.poisson(levels * season * np.exp(elasticity * logarithms[:, :STEPS] + noise)).astype(np.float64)
    inputs = (Regressor(regressors.PRICE, logarithms, is_planned=True, is_relative=True),)
    keys = tuple(SeriesKey("UK", "U", "Toys", f"P{number}") for number in range(PRODUCTS))
    return SalesSeries(keys, history(sold, ahead=AHEAD, regressors=inputs), ("",) * PRODUCTS, np.ones(PRODUCTS))


def test_an_elasticity_is_found_again_with_its_interval() -> None:
    effects = [price_effects.estimate_price_effects(shop(-1.5, seed=seed))[0] for seed in range(30)]
    assert np.mean([each.elasticity for each in effects]) == pytest.approx(-1.5, abs=0.15)
    assert 19 <= sum(each.low <= -1.5 <= each.high for each in effects) <= 29, "80 % are right"
    assert sum(each.is_clear for each in effects) >= 25
    assert all(each.category == "Toys" and each.products <= 10 for each in effects)
    assert effects[0].lowest_change == pytest.approx(-0.2, abs=0.15)


def test_without_an_effect_none_is_clear() -> None:
    assert sum(price_effects.estimate_price_effects(shop(0.0, seed=seed))[0].is_clear for seed in range(30)) <= 3


def test_too_few_changes_and_changes_of_a_whole_category_have_no_effect() -> None:
    assert price_effects.estimate_price_effects(shop(-1.5, changed=4)) == []
    assert price_effects.estimate_price_effects(shop(-1.5, together=True)) == [], "this could also be the season"


def test_a_promotion_is_a_lower_price() -> None:
    listed = shop(-2.0)
    (price,) = listed.history.regressors
    rates = 1 - np.exp(price.values - price.values.max(axis=1, keepdims=True))
    inputs = (Regressor("promotion", rates, is_planned=True),)
    promoted = SalesSeries(
        listed.keys, history(listed.history.values, regressors=inputs), listed.currencies, listed.factors
    )
    assert price_effects.estimate_price_effects(promoted)[0].elasticity == pytest.approx(
        price_effects.estimate_price_effects(listed)[0].elasticity, abs=1e-4
    )


def test_counts_of_groups_without_sales_change_no_slope() -> None:
    random = np.random.default_rng(1)
    series, steps = (each.ravel() for each in np.indices((12, 40)))
    variable = random.normal(0, 0.3, 480)
    counts = random.poisson(np.exp(1 + 0.1 * series - variable)).astype(np.float64)
    first = poisson_slope(counts, variable, series, steps, series)
    assert first
    assert first.value == pytest.approx(-1, abs=4 * first.error)
    more = [np.concatenate([one, other]) for one, other in zip((series, steps), (series + 12, steps), strict=True)]
    no_sales = np.concatenate([counts, np.zeros(480)])
    again = poisson_slope(no_sales, np.tile(variable, 2), more[0], more[1], np.tile(series, 2))
    assert again
    assert again.value == pytest.approx(first.value, abs=1e-6)


def test_units_at_another_price_have_the_interval_of_the_elasticity() -> None:
    effect = price_effects.PriceEffect("Toys", -2.0, -3.0, -1.0, True, 6, -0.2, 0.3)
    assert effect.units_at(-0.1) == pytest.approx((0.9**-2, 0.9**-1, 0.9**-3))
    assert effect.units_at(0.25) == pytest.approx((1.25**-2, 1.25**-3, 1.25**-1))


def row(first: int, last: int, amount: float, region: str = "*", currency: str = "GBP") -> dict[str, Any]:
    days = {name: START + timedelta(days=step) for name, step in (("first_day", first), ("next_day", last))}
    return {"product_id": "P", "region": region, "currency": currency, "amount": amount, **days}


def test_list_prices_are_those_of_the_day_in_the_currency_of_the_region() -> None:
    keys = [SeriesKey("UK", "U", "Toys", "P"), SeriesKey("IN", "M", "Toys", "P"), SeriesKey("UK", "U", "Toys")]
    rows = [row(-9, 999, 10.0), row(0, 999, 900.0, currency="INR"), row(50, 80, 8.0, "UK")]
    (price,) = regressors.price_regressors(keys, rows, {"UK": "GBP", "IN": "INR"}, AXIS)
    assert np.exp(price.values[0, [0, 49, 50, 79, 80]]) == pytest.approx([10, 10, 8, 8, 10])
    assert np.exp(price.values[1, 0]) == pytest.approx(900)
    assert np.isnan(price.values[2]).all(), "other products of the category have no price"
    assert regressors.price_regressors(keys, rows[:1], {"UK": "GBP"}, AXIS) == ()


def test_a_planned_price_changes_the_forecast_of_its_product_and_is_explained() -> None:
    units = shop(-2.0, changed=14, seed=3)
    (price,) = units.history.regressors
    recent = slice(STEPS - 230, STEPS)
    as_before = price.values[:10, recent.start :].copy()
    as_before[:, -AHEAD:] = as_before[:, -AHEAD - 1 : -AHEAD]
    cheaper = as_before.copy()
    cheaper[0, -AHEAD:] += np.log(0.8)

    def with_prices(values: Floats) -> SeriesHistory:
        inputs = (Regressor(regressors.PRICE, values, is_planned=True, is_relative=True),)
        return history(units.history.values[:10, recent], ahead=AHEAD, regressors=inputs)

    plain = ensemble.fit_history(with_prices(as_before), AHEAD).means.sum(axis=1)
    planned = ensemble.fit_and_explain(with_prices(cheaper), AHEAD, 230 - AHEAD)
    means = planned.fit.means.sum(axis=1)
    assert means[0] > plain[0] * 1.05
    assert means[1:] == pytest.approx(plain[1:])
    assert planned.parts[-1].sum(axis=1)[0] == pytest.approx(means[0] - plain[0], rel=1e-4)
    assert planned.parts[-1, 1:].sum() == pytest.approx(0, abs=1e-6)
