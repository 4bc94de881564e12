"""Histories as rows of a data frame, and back."""

from dataclasses import replace

import numpy as np

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAILY, DAY, Holidays, Regressor
from tillstream.forecasting.stored_fits import fit_digest
from tillstream.spark import series_frame

STEPS, AHEAD = 30, 7


def history() -> SeriesHistory:
    random = np.random.default_rng(3)
    values = random.poisson(3, (5, STEPS)).astype(float)
    values[1, :4] = np.nan
    planned = random.normal(size=(5, STEPS + AHEAD))
    return SeriesHistory(
        grain=DAILY,
        days=np.datetime64("2026-01-05", "D") + DAY * np.arange(STEPS + AHEAD),
        values=values,
        stores=np.array([0, 0, 1, 1, 2]),
        categories=np.array([0, 1, 0, 1, 1]),
        countries=np.zeros(5, dtype=np.int64),
        is_open=np.ones((3, STEPS), dtype=bool),
        holidays=(Holidays(np.zeros(0, dtype="datetime64[D]"), np.zeros(0, dtype=np.int64)),),
        regressors=(
            Regressor("promotion", planned, is_planned=True, available=np.zeros(planned.shape, dtype=np.int64)),
            Regressor("index", planned[:1], is_planned=False),
        ),
        can_be_sparse=True,
        is_out=np.isnan(values),
    )


def test_rows_in_any_order_are_the_same_history() -> None:
    whole = history()
    rows = series_frame.series_rows(whole).take([3, 0, 4, 2, 1])
    assert fit_digest(series_frame.history_of(rows, series_frame.shared_history(whole)), AHEAD) == fit_digest(
        whole, AHEAD
    )


def test_what_is_shared_has_no_series() -> None:
    shared = series_frame.shared_history(history())
    assert shared.series == 0
    assert [each.values.shape[0] for each in shared.regressors] == [0, 1], "a regressor of all series is kept"


def test_a_history_without_days_out_of_stock_has_no_column_for_them() -> None:
    whole = replace(history(), is_out=None)
    rows = series_frame.series_rows(whole)
    assert "is_out" not in rows.column_names
    assert series_frame.history_of(rows, series_frame.shared_history(whole)).is_out is None


def test_stores_share_a_block_until_it_is_full() -> None:
    stores = np.repeat(np.arange(4), [200, 100, 10, 300])
    assert series_frame.store_blocks(stores).tolist() == [0, 0, 1, 1]
