"""Forecasting methods on series whose future is known."""

import numpy as np
import pytest
from histories import WEEKLY, history, weekly_shape, yearly_weeks

from tillstream.forecasting.models.ensemble import fit_panel
from tillstream.forecasting.models.history import group_series
from tillstream.forecasting.models.panel import Floats, Holidays, Panel
from tillstream.forecasting.models.seasonal_models import recent_level, seasonal_error, seasonal_naive, year_ago


def panel(*arguments: object, **options: object) -> Panel:
    return group_series(history(*arguments, **options))[0]  # type: ignore[arg-type]


def test_seasonal_naive_repeats_the_last_week_and_skips_days_without_a_value() -> None:
    values = np.arange(21.0)[None]
    values[0, 20] = np.nan
    assert seasonal_naive(panel(values), 9).tolist() == [[14, 15, 16, 17, 18, 19, 13, 14, 15]]


def test_the_scale_is_the_mean_change_from_week_to_week() -> None:
    values = np.array([[*range(7), *(each + 3 for each in range(7))], [5.0] * 14])
    assert seasonal_error(values.astype(float), panel(values.astype(float)).grain).tolist() == [3, 5]


def test_the_level_has_the_shape_of_the_week_and_the_recent_mean() -> None:
    week = np.array([1.0, 1, 1, 1, 1, 2, 7])
    ahead = recent_level(panel(np.tile(week, 20)[None]), 14)
    assert ahead is not None
    assert np.allclose(ahead, np.tile(week, 2))


def test_a_product_with_a_regular_week_of_its_own_keeps_it() -> None:
    week = np.array([0.0, 0, 0, 1, 1, 5, 8])
    ahead = recent_level(panel(np.tile(np.vstack([week, np.full(7, 50.0)]), 20)), 7)
    assert ahead is not None
    assert np.allclose(ahead[0], week)


def test_a_single_large_sale_does_not_give_a_product_a_weekday_of_its_own() -> None:
    values = np.tile(np.array([[4.0, 4, 4, 4, 4, 4, 8], [400, 400, 400, 400, 400, 400, 800]]), 20)
    values[0, 120] = 200
    ahead = recent_level(panel(values), 7)
    assert ahead is not None
    assert np.allclose(ahead[0] / ahead[0, 0], [1, 1, 1, 1, 1, 1, 2], atol=0.1)


def test_the_year_ago_member_knows_the_season_and_grows_by_half_of_the_growth() -> None:
    values = np.tile(np.r_[np.ones(47), np.full(5, 3.0)], 3)[None, :143].copy()
    values[:, 91:] *= 1.21  # the last year
    ahead = year_ago(panel(values, ahead=13, grain=WEEKLY), 13)
    assert ahead is not None
    assert np.allclose(ahead[0, :8], 1.21 * 1.1)
    assert np.allclose(ahead[0, 8:], 3 * 1.21 * 1.1)


def test_weeks_around_easter_correspond_to_those_around_the_earlier_one() -> None:
    values = np.ones((1, 60))
    days = history(values, ahead=13, grain=WEEKLY).days
    peak = int(np.flatnonzero(days <= np.datetime64("2024-03-31"))[-1])
    values[0, peak] = 4
    ahead = year_ago(panel(values, ahead=13, grain=WEEKLY), 13)
    assert ahead is not None
    ahead_days = days[60:]
    easter = int(np.flatnonzero(ahead_days <= np.datetime64("2025-04-20"))[-1])
    assert int(ahead[0].argmax()) == easter
    assert np.count_nonzero(ahead[0] > 2) == 1


def test_the_forecast_has_closed_weekdays_and_holidays_without_sales() -> None:
    values = weekly_shape(steps=400)
    values[:, np.arange(400) % 7 == 6] = np.nan  # closed on Sundays
    may = np.array(["2024-05-01", "2025-05-01"], dtype="datetime64[D]")
    values[:, int((may[0] - np.datetime64("2024-01-01")).astype(int))] = np.nan
    ahead = fit_panel(panel(values, ahead=91, holidays=Holidays(may, np.zeros(2, dtype=np.int64))), 91)
    weekdays = (400 + np.arange(91)) % 7
    assert not ahead.is_open[:, weekdays == 6].any()
    second = int((may[1] - np.datetime64("2024-01-01")).astype(int)) - 400
    assert not ahead.is_open[:, second].any()
    assert np.count_nonzero(~ahead.is_open[0]) == 13 + 1
    assert (ahead.means[~ahead.is_open] == 0).all()


def test_the_forecast_beats_the_naive_one_on_noise_and_on_a_season() -> None:
    for values, grain in ((weekly_shape(steps=300), None), (yearly_weeks(), WEEKLY)):
        options = {} if grain is None else {"grain": grain}
        past, came = values[:, :-13], values[:, -13:]
        ahead = fit_panel(panel(past, ahead=13, **options), 13)
        assert np.abs(ahead.means - came).sum() < 0.9 * np.abs(ahead.naive - came).sum()


def test_the_same_history_gives_the_same_forecast() -> None:
    first, second = (fit_panel(panel(weekly_shape()), 28).means for _ in range(2))
    assert (first == second).all()


def rare_sales(series: int = 60, steps: int = 430, seed: int = 5) -> Floats:
    """Sales on every eighth day at random, of amounts that differ widely; nothing grows."""
    random = np.random.default_rng(seed)
    is_sold = random.random((series, steps)) < 1 / 8
    return np.where(is_sold, random.lognormal(3, 1, (series, steps)), 0.0)


def test_members_of_series_that_rarely_sell_have_no_bias() -> None:
    bias: dict[str, list[float]] = {"recent_level": [], "year_ago": []}
    for seed in range(24):
        values = rare_sales(seed=seed)
        modelled = panel(values, ahead=28)
        for member in (recent_level, year_ago):
            ahead = member(modelled, 28)
            assert ahead is not None
            bias[member.__name__].append(float(np.nanmean(ahead) / values.mean() - 1))
    assert abs(np.mean(bias["recent_level"])) < 0.05
    assert abs(np.mean(bias["year_ago"])) < 0.1


def test_the_growth_of_a_series_that_sells_daily_is_its_own() -> None:
    values = weekly_shape(steps=430)
    values[0, -28:] *= 2
    ahead = year_ago(panel(values), 28)
    assert ahead is not None
    assert ahead[0].mean() / values[0, :-28].mean() > 1.7
    assert abs(ahead[3].mean() / values[3].mean() - 1) < 0.1


@pytest.mark.parametrize(
    ("daily", "lately"), [(-1.0, -2.0), (-2.0, -1.0), (-2.0, 1.0), (0.0, -3.0), (0.0, 3.0), (0.0, 0.0)]
)
def test_a_category_of_discounts_does_not_change_the_growth_of_the_others(daily: float, lately: float) -> None:
    sold = np.random.default_rng(1).poisson(0.3, (8, 500)) * 20.0
    coupons = np.full((1, 500), daily)
    coupons[0, :-28:2] += 50  # corrections that cancel each other
    coupons[0, 1:-28:2] -= 50
    coupons[0, -28:] = lately
    alone, together = year_ago(panel(sold), 28), year_ago(panel(np.vstack([sold, coupons])), 28)
    assert alone is not None
    assert together is not None
    assert np.isfinite(together).all()
    assert np.allclose(together[:8].sum(axis=1), alone.sum(axis=1), rtol=0.1)


def test_series_without_a_positive_mean_alone_have_a_forecast() -> None:
    ahead = year_ago(panel(np.full((2, 500), -2.0)), 28)
    assert ahead is not None
    assert np.allclose(ahead, -2)
