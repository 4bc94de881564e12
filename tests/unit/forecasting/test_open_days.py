"""Days without a sale: closed if a sale was certain, else days on which nothing was sold."""

from datetime import date, timedelta

import numpy as np
import pytest

from examples import in_long_proofs
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAILY, Bools, Floats, Holidays
from tillstream.forecasting.sales_series import SalesPlaces, SeriesKey, TimeAxis, day_number, history_of, open_days

MONDAY = date(2024, 1, 1)
WEEKS = 40
DAYS = 7 * WEEKS
NO_HOLIDAY = np.zeros((1, DAYS), dtype=bool)


def weekdays(*closed: int) -> Bools:
    """A store that sells something every day, except on some weekdays."""
    return ~np.isin(np.arange(DAYS) % 7, closed)[None]


def test_a_store_is_closed_on_weekdays_and_on_single_days_without_any_sale() -> None:
    sold = weekdays(6)
    sold[0, 100] = False
    assert (open_days(sold, NO_HOLIDAY, 1) == sold).all()


def test_a_store_that_sells_rarely_is_open_on_days_without_a_sale() -> None:
    sold = (np.random.default_rng(0).random((1, DAYS)) < 0.4) & weekdays(6)
    is_open = open_days(sold, NO_HOLIDAY, 1)
    first = int(np.argmax(sold[0]))
    assert (is_open[0, first:] == weekdays(6)[0, first:]).mean() > 0.99
    assert not is_open[0, :first].any(), "it was not there yet"


def test_a_long_gap_and_a_holiday_without_a_sale_are_closed() -> None:
    sold = (np.arange(DAYS) % 2 == 0)[None]
    sold[0, 100:140] = False
    holiday = NO_HOLIDAY.copy()
    holiday[0, 51] = holiday[0, 52] = True
    is_open = open_days(sold, holiday, 1)
    assert not is_open[0, 101:140].any()
    assert not is_open[0, 51]
    assert is_open[0, 52], "there was a sale on it"
    assert is_open[0, [97, 141]].all()


def test_a_store_that_began_to_open_on_sundays_was_closed_on_them_before() -> None:
    sold = weekdays(6)
    sold[0, 140:] = True
    is_open = open_days(sold, NO_HOLIDAY, 1)
    assert not is_open[0, 6 : 140 - 7 * 13 : 7].any()
    assert is_open[0, 140:].all()


def test_weeks_without_a_sale() -> None:
    sold = np.ones((1, 60), dtype=bool)
    sold[0, 20] = False
    sold[0, 30:36] = False
    assert (open_days(sold, np.zeros((1, 60), dtype=bool), 7) == sold).all()


def history_of_stores(amounts: Floats) -> SeriesHistory:
    """Sales of one category in stores, of shape (stores, days)."""
    axis, sold = TimeAxis(DAILY, MONDAY, DAYS, 28), amounts > 0
    holidays = (Holidays(np.array([], dtype="datetime64[D]"), np.zeros(0, dtype=np.int64)),)
    names = [f"S{number}" for number in range(len(amounts))]
    places = SalesPlaces(
        axis,
        {"UK": MONDAY + timedelta(days=DAYS - 1)},
        {("UK", name): code for code, name in enumerate(names)},
        open_days(sold, np.zeros_like(sold), 1),
        np.zeros(len(names), dtype=np.int64),
        holidays,
    )
    stores, days = np.nonzero(sold)
    return history_of(
        [SeriesKey("UK", name, "Toys") for name in names], stores, day_number(MONDAY) + days, amounts[sold], places
    )


@pytest.mark.parametrize("share", [0.15, *in_long_proofs(0.7)])
def test_the_forecast_of_stores_that_sell_rarely_is_their_mean(share: float) -> None:
    random = np.random.default_rng(5)
    amounts = np.where(random.random((40, DAYS)) < share, random.lognormal(3, 0.5, (40, DAYS)), 0.0)
    means = ensemble.fit_history(history_of_stores(amounts), 28).means
    assert means.sum() / (amounts.mean(axis=1) * 28).sum() == pytest.approx(1, abs=0.1)
