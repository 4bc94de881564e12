"""Fits that are made in blocks of stores, as on Spark: their numbers are those of all series together."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from histories import history

from tillstream.forecasting.models import boosted_trees, ensemble
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.spark import forecast_fits, series_frame
from tillstream.spark.series_frame import GroupFunction

STEPS, CUTOFF, HORIZON = 430, 400, 14


class InThisProcess:
    """Calls the functions with the rows that Spark would call them with."""

    def __init__(self, whole: SeriesHistory) -> None:
        self.common = self.broadcast(series_frame.shared_history(whole))
        self._rows = series_frame.series_rows(whole)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def broadcast(self, value: object) -> SimpleNamespace:
        return SimpleNamespace(value=value)

    def grouped(self, cutoffs: Sequence[int], keys: Sequence[str], schema: str, function: GroupFunction) -> pa.Table:
        parts = [self._rows]
        for name in keys:
            column = self._rows[name]
            parts = [self._rows.filter(pc.equal(column, each)) for each in column.unique()]
        return pa.concat_tables(function((pa.scalar(each),), part) for each in cutoffs for part in parts)


def sales_of_two_stores() -> SeriesHistory:
    """Rare sales: in the year, those of the first store tripled and those of the second stayed as they were."""
    random = np.random.default_rng(5)
    grown = 0.4 * np.linspace(1, 3, STEPS)
    values = random.poisson([grown] * 4 + [np.full(STEPS, 0.8)] * 4).astype(np.float64)
    return replace(
        history(values, ahead=HORIZON, can_be_sparse=True),
        stores=np.repeat([0, 1], 4),
        categories=np.tile([0, 1], 4),
        is_open=np.ones((2, STEPS), dtype=bool),
    )


def test_the_growth_of_a_year_is_that_of_all_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_fits, "SeriesFrame", InThisProcess)
    monkeypatch.setattr(series_frame, "BLOCK_SERIES", 4)
    monkeypatch.setattr(boosted_trees, "SAMPLES", 2_000)
    whole = sales_of_two_stores()
    assert series_frame.store_blocks(whole.stores).tolist() == [0, 1]
    divided = forecast_fits.fit_windows(whole, [CUTOFF], HORIZON, CUTOFF)
    earlier = ensemble.fit_history(whole.until(CUTOFF, HORIZON), HORIZON)
    newest = ensemble.fit_and_explain(whole, HORIZON, CUTOFF)
    assert np.array_equal(divided[CUTOFF].fit.means, earlier.means)
    assert np.array_equal(divided[STEPS].fit.means, newest.fit.means)
    assert np.array_equal(divided[STEPS].parts, newest.parts)
    assert divided[STEPS].importance == newest.importance
