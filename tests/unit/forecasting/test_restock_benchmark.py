"""The benchmark of order policies: forecasts at each review from the sales before it, and the section."""

import numpy as np
from histories import history, weekly_shape

from bench.restock.forecasts import Forecasts
from bench.restock.section import section
from bench.restock.trial import FLOOR, FORECAST, Outcome
from tillstream.stock.restock_simulation import FIXED, QUANTILE, QUANTILES, ComparedPolicy, SimulationSetting


def test_levels_come_from_the_sales_before_their_review() -> None:
    values = weekly_shape(series=2, steps=98)
    later = values.copy()
    later[:, 91:] *= 10
    setting = SimulationSetting(lead_days=7, review_days=7, warm_up=7)
    before, after = (
        Forecasts(history(each), np.arange(98), [91]).policy(np.arange(2), 0).levels(values[:, :91], setting)
        for each in (values, later)
    )
    assert before.shape == (len(QUANTILES), 2)
    np.testing.assert_array_equal(before, after)
    median = before[np.searchsorted(QUANTILES, 0.5)]
    np.testing.assert_allclose(median, 14 * values[:, :91].mean(axis=1), rtol=0.2)


def test_the_section_has_the_floors_and_every_policy() -> None:
    shares = {FORECAST: -0.25, QUANTILE: -0.04, FIXED: 0.0}
    policies = [ComparedPolicy(name, 0.9, 0.92, 50, 100 * (1 + each), 0.03, 12, each) for name, each in shares.items()]
    text = section([Outcome(FLOOR, policies)])
    assert "levels by forecasts | 25 % | met |" in text
    assert "levels by recent sales | 4.00 % | **missed** |" in text
    assert "| one week of lead time | quantile of the forecast | 75 | -25.0% | 3.0% | 92.0% | 12 |" in text
