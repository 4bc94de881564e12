"""Feature tables: each value by a slow calculation of its own, and nothing that was not known."""

import re
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pytest
from histories import START, history, weekly_shape

from tillstream.forecasting import feature_table
from tillstream.forecasting.feature_table import FEWEST_WEEKS, STOCK_DAYS, FeatureInputs, find_outliers, key_columns
from tillstream.forecasting.feature_table import feature_table as feature_table_feature_table
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAY, Holidays, Regressor
from tillstream.forecasting.sales_series import SeriesKey

STEPS, AHEAD = 170, 28
LAST_OUT = 120
KEYS = [SeriesKey("UK", "LDS1", "Toys", f"TO-{number}") for number in range(4)]


def shop() -> SeriesHistory:
    """Four series: one that starts later, one with days out of stock, and prices, an index, a holiday, closed days."""
    values = weekly_shape(steps=STEPS)
    values[:, 6::7] = np.nan
    values[1, :50] = np.nan
    is_out = np.zeros(values.shape, dtype=bool)
    is_out[2, 100:LAST_OUT] = np.isfinite(values[2, 100:LAST_OUT])
    values[is_out] = np.nan
    prices = np.random.default_rng(4).normal(size=(4, STEPS + AHEAD))
    index = np.arange(STEPS, dtype=float)[None]
    own = history(
        values,
        ahead=AHEAD,
        holidays=Holidays(np.array([START + 40 * DAY]), np.array([0])),
        regressors=(
            Regressor("price", prices, is_planned=True, is_relative=True),
            Regressor("index", index, is_planned=False),
        ),
    )
    return replace(own, is_out=is_out)


def table(own: SeriesHistory, days_ahead: int = 1, chosen: slice = slice(None)) -> pa.Table:
    return feature_table_feature_table(own.only(chosen), key_columns(KEYS[chosen]), "units", days_ahead)


def rows_of(own: SeriesHistory, days_ahead: int, product: str) -> dict[int, dict[str, object]]:
    """Rows of a product by step."""
    rows = table(own, days_ahead).to_pylist()
    return {(row["day"] - START.item()).days: row for row in rows if row["product"] == product}


@pytest.mark.parametrize("days_ahead", [1, 10, 28])
def test_lags_and_means_are_those_of_the_latest_days_that_were_known(days_ahead: int) -> None:
    own = shop()
    for number in (0, 1, 2):
        values = own.values[number]
        for step, row in rows_of(own, days_ahead, f"TO-{number}").items():
            origin = step - days_ahead
            for lag in feature_table.LAGS:
                source = step - lag
                while source > origin:
                    source -= lag
                value = values[source] if source >= 0 else np.nan
                assert row[f"lag_{lag}"] == (None if np.isnan(value) else value), (number, step, lag)
            for width in feature_table.MEANS:
                window = [each for each in values[max(origin + 1 - width, 0) : max(origin + 1, 0)] if each == each]
                assert row[f"mean_{width}"] == (pytest.approx(sum(window) / len(window)) if window else None)


def test_rows_begin_with_the_first_sale_and_end_after_the_history() -> None:
    rows = rows_of(shop(), 7, "TO-1")
    assert list(rows) == list(range(50, STEPS + 7))
    assert rows[STEPS - 1]["units"] is not None
    ahead = [rows[step] for step in range(STEPS, STEPS + 7)]
    assert all(row[name] is None for row in ahead for name in feature_table.label_types("units"))
    assert all(row["mean_7"] is not None and row["price"] is not None for row in ahead)


def test_days_out_of_stock_are_masked_and_counted() -> None:
    own = shop()
    rows = rows_of(own, 1, "TO-2")
    assert own.is_out is not None
    is_out = own.is_out[2]
    assert [step for step, row in rows.items() if row["is_out_of_stock"]] == np.flatnonzero(is_out).tolist()
    assert all(rows[step]["units"] is None for step in np.flatnonzero(is_out).tolist())
    for step in (101, 110, LAST_OUT, 150):
        assert rows[step]["days_out_of_stock"] == is_out[max(step - STOCK_DAYS, 0) : step].sum()


def test_dates_and_holidays() -> None:
    row = rows_of(shop(), 1, "TO-0")[40]
    assert (row["day"].isoformat(), row["weekday"], row["month"], row["day_of_month"], row["day_of_year"]) == (  # type: ignore[attr-defined]
        "2024-02-10", 5, 2, 10, 41,
    )  # fmt: skip
    assert (row["holiday"], row["days_since_holiday"], row["bridge"]) == (1, 30, False)


@pytest.mark.parametrize("days_ahead", [1, 13])
def test_no_input_depends_on_a_day_that_was_not_known(days_ahead: int) -> None:
    own = shop()
    cutoff = 130
    changed = own.values.copy()
    changed[:, cutoff:] = 1000 - changed[:, cutoff:] * 3
    index = own.regressors[1]
    later = index.values.copy()
    later[:, cutoff:] = -1
    other = replace(own, values=changed, regressors=(own.regressors[0], replace(index, values=later)))
    inputs = list(feature_table.input_types(own))
    tables = [each.filter(pa.compute.less(each["day"], until)).select(inputs)
              for until in [pa.scalar((START + (cutoff + days_ahead) * DAY).item(), pa.date32())]
              for each in (table(own, days_ahead), table(other, days_ahead))]  # fmt: skip
    assert tables[0].num_rows > 400
    assert tables[0].equals(tables[1])
    assert not table(own, days_ahead).select(inputs).equals(table(other, days_ahead).select(inputs))


def test_series_in_parts_have_the_same_rows_as_together() -> None:
    own = shop()
    parts = [table(own, 5, slice(start, end)) for start, end in ((0, 1), (1, 3), (3, 4))]
    assert pa.concat_tables(parts).equals(table(own, 5))


def test_a_series_without_any_sale_has_no_rows() -> None:
    own = shop()
    values = own.values.copy()
    values[3] = np.nan
    assert "TO-3" not in table(replace(own, values=values))["product"].to_pylist()


def test_the_columns_are_those_that_are_declared() -> None:
    own = shop()
    assert table(own).schema == feature_table.feature_schema(own, "units")
    assert set(feature_table.WHOLE_NUMBERS) <= set(feature_table.CALENDAR_TYPES)


def test_an_outlier_is_far_from_the_median_of_its_weekday() -> None:
    values = weekly_shape(steps=STEPS)
    values[0, 150], values[1, 150] = 400, np.nan
    flags = find_outliers(values, 7)
    for step in (12, 100, 149, 150):
        before = [values[0, each] for each in range(step - 7, step - 7 * 14, -7) if each >= 0]
        middle = median(before)
        scale = 1.4826 * median(abs(each - middle) for each in before)
        assert flags[0, step] == (len(before) >= FEWEST_WEEKS and abs(values[0, step] - middle) > 3 * scale)
    assert flags[0, 150] == 1
    assert np.isnan(flags[1, 150])
    assert flags[:, : 7 * FEWEST_WEEKS].sum() == 0, "too few values before"


def test_a_sale_of_a_product_that_rarely_sells_is_no_outlier_by_itself() -> None:
    values = np.zeros((2, STEPS))
    values[:, ::21] = 1
    values[1, 140] = 30
    assert find_outliers(values, 7)[0].sum() == 0
    assert find_outliers(values, 7)[1].nonzero()[0].tolist() == [140]


def test_flags_of_lags_are_those_of_the_days_that_they_come_from() -> None:
    own = shop()
    own.values[0, 120] = 500
    flags = FeatureInputs(own).outliers[0]
    rows = rows_of(own, 1, "TO-0")
    assert flags[120] == 1
    assert [rows[step]["lag_7_is_outlier"] for step in (126, 127, 128)] == [bool(flags[119]), True, bool(flags[121])]
    assert rows[120]["is_outlier"] is True


def test_the_page_lists_the_columns() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "spark-models.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \| (string|date|int32|double|bool) \|", page, re.MULTILINE)
    types = {
        "double": pa.float64(),
        "bool": pa.bool_(),
        "string": pa.string(),
        "int32": pa.int32(),
        "date": pa.date32(),
    }
    listed = {name: types[kind] for names, kind in rows for name in re.findall(r"`(\w+)`", names)}
    plans = {name for name in listed if name in {"price", "revenue"} or name.startswith(("promotion", "outside"))}
    schema = feature_table.feature_schema(replace(shop(), regressors=()), "units")
    assert {name: kind for name, kind in listed.items() if name not in plans} == dict(
        zip(schema.names, schema.types, strict=True)
    )
