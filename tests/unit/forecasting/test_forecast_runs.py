"""Forecast runs on a warehouse: what they write, that they repeat, continue and keep what they forecast before."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from shop_of_two_stores import LAST, add, app

import sql
from sql.limits import EVERY_LINE
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.forecasting import published_forecasts, run_records
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.ensemble import ForecastFit
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.model.errors import Rejected


class Fitter:
    """Fits in this process; `fits` counts them, and the one after `limit` fails."""

    fit_and_explain = staticmethod(ensemble.fit_and_explain)

    def __init__(self, limit: int = 1000) -> None:
        self.fits, self.limit = 0, limit

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:
        if self.fits == self.limit:
            raise InterruptedError
        self.fits += 1
        return ensemble.fit_history(history, horizon)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = app(tmp_path_factory.mktemp("shop"))
    with pytest.raises(InterruptedError):
        run_forecast(opened.ports, Fitter(limit=2))
    assert run_records.run_progress(opened.ports) == run_records.RunProgress("2026-07-01T03:00:00+00:00", 2, 10)
    assert run_records.is_forecast_due(opened.ports, at_night=False)
    fitter = Fitter()
    run_forecast(opened.ports, fitter)
    assert fitter.fits == 6, "the two fits of the interrupted run are used"
    yield opened
    opened.close()


def sums(opened: App, condition: str) -> dict[tuple[object, ...], object]:
    text = (
        "SELECT target, level, region, store_id, SUM(mean) AS mean FROM forecasts "
        f"WHERE {condition} GROUP BY target, level, region, store_id"
    )
    rows = opened.ports.warehouse.query(text).to_pylist()
    return {(row["target"], row["level"], row["region"], row["store_id"]): row["mean"] for row in rows}


def test_the_run_knows_the_sales_until_yesterday(shop: App) -> None:
    last = run_records.FORECAST.last_run(shop.ports)
    assert last is not None
    assert (last.cutoff_date, last.grain, last.horizon, last.series, last.reason) == ("2026-06-30", "day", 91, 6, "")
    assert run_records.run_progress(shop.ports) is None
    assert not run_records.is_forecast_due(shop.ports, at_night=True), "it has just run"


def test_the_means_of_all_levels_have_the_same_sum(shop: App) -> None:
    totals = sums(shop, "period = 'day'")
    for target in ("revenue", "units"):
        stores = sum(totals[target, "store", "UK", store] for store in ("LDS1", "MAN1"))  # type: ignore[misc]
        assert stores == totals[target, "region", "UK", None]
        cells = sum(totals[target, "store_category", "UK", store] for store in ("LDS1", "MAN1"))  # type: ignore[misc]
        assert cells == stores
    products = sum(totals["units", "product", "UK", store] for store in ("LDS1", "MAN1"))  # type: ignore[misc]
    assert products == totals["units", "total", None, None]


def test_units_leave_returns_out_and_sundays_are_closed(shop: App) -> None:
    (mean,) = sums(
        shop, "target = 'units' AND level = 'total' AND period = 'week' AND first_day = DATE '2026-07-06'"
    ).values()
    assert pytest.approx(float(mean), rel=0.1) == 5 * 6 * 4 + 6 * 9  # type: ignore[arg-type]
    text = "SELECT DISTINCT first_day, mean, high FROM forecasts WHERE period = 'day'"
    rows = shop.ports.warehouse.query(text).to_pylist()
    assert {(row["mean"], row["high"]) for row in rows if row["first_day"].weekday() == 6} == {(0, 0)}


def test_what_a_customer_returned_on_the_same_day_was_not_sold(shop: App) -> None:
    day = next(LAST - timedelta(days=back) for back in range(10) if (LAST - timedelta(days=back)).toordinal() % 10 == 0)
    text, params = "SELECT SUM(units) AS units FROM line_facts WHERE sale_date = @first", {"first": day, "last": day}
    (kept,) = shop.ports.warehouse.query(text, {"first": day}).to_pylist()
    rows = shop.ports.warehouse.query(sql.text("forecasts/units"), params | EVERY_LINE).to_pylist()
    assert len(rows) == 6
    assert sum(row["units"] for row in rows) == kept["units"]


def test_a_second_run_on_the_same_sales_gives_the_same_numbers_from_the_kept_fits(shop: App) -> None:
    order = "target, level, region, store_id, category, product, period, last_day"
    text = f"SELECT * EXCEPT (created_at) FROM forecasts ORDER BY {order}"
    before = shop.ports.warehouse.query(text)
    fitter = Fitter()
    run_forecast(shop.ports, fitter)
    assert fitter.fits == 0
    assert shop.ports.warehouse.query(text).equals(before)


def test_accuracy_is_stored_by_level_and_window(shop: App) -> None:
    report = published_forecasts.accuracy_report(shop.ports)
    overall = {(row["target"], row["level"]): row for row in report["windows"] if row["cutoff_date"] is None}
    assert float(overall["units", "store"]["relative_mae"]) < 1
    assert 0.5 < float(overall["units", "product"]["coverage"]) <= 1
    windows = [row["cutoff_date"] for row in report["windows"] if (row["target"], row["level"]) == ("units", "store")]
    assert len(set(windows)) == 4 + 1
    assert {row["feature"] for row in report["importance"]} >= {"weekday", "recent level", "holidays"}


def test_a_horizon_of_no_days_or_more_than_thirteen_weeks_is_rejected(shop: App) -> None:
    for horizon in (0, 92):
        with pytest.raises(Rejected, match="1 to 91"):
            run_forecast(shop.ports, Fitter(), horizon)


def test_revenue_without_an_exchange_rate_is_named_and_in_no_total(tmp_path: Path) -> None:
    opened = app(tmp_path)
    rates = opened.ports.warehouse.query("SELECT * FROM reporting_rates WHERE FALSE")
    opened.ports.warehouse.replace_table("reporting_rates", rates)
    ended = run_forecast(opened.ports, Fitter(), 7)
    levels = {(target, level) for target, level, _, _ in sums(opened, "TRUE")}
    opened.close()
    assert ended.unconverted == ("UK",)
    assert {("revenue", "total"), ("revenue", "category")} & levels == set()
    assert {("revenue", "store"), ("units", "total")} <= levels


def test_little_data_gives_the_reason_and_keeps_no_forecast(tmp_path: Path) -> None:
    opened = app(tmp_path, date(2026, 3, 1))
    ended = run_forecast(opened.ports, Fitter())
    opened.close()
    assert ended.reason == "There are sales of 7 weeks. A forecast with a backtest needs 18."


def test_forecasts_of_the_next_days_are_kept_and_those_that_miss_are_named(tmp_path: Path) -> None:
    """A store that sells ten times as much as before: the days are outside of their ranges."""
    opened = app(tmp_path, LAST)
    run_forecast(opened.ports, Fitter(), 7)
    clock = opened.ports.clock
    assert isinstance(clock, ManualClock)
    text = "SELECT * FROM forecasts WHERE target = 'units' AND level = 'store' AND store_id = 'LDS1' AND period = 'day'"
    kept = opened.ports.warehouse.query(text).slice(0, 1)
    (row,) = kept.to_pylist()
    days = [LAST - timedelta(days=number) for number in range(1, 19)]
    wrong = [row | {"cutoff_date": day, "low": 0, "median": 0, "high": 0} for day in days]
    for each in wrong:
        each["first_day"] = each["last_day"] = each["cutoff_date"] + timedelta(days=1)
    opened.ports.warehouse.upsert("forecasts", kept.from_pylist(wrong, kept.schema), ["cutoff_date"])
    add(opened, tmp_path, LAST + timedelta(days=1), LAST + timedelta(days=1))
    clock.advance(timedelta(days=1).total_seconds())
    ended = run_forecast(opened.ports, Fitter(), 7)
    earlier = opened.ports.warehouse.query("SELECT DISTINCT cutoff_date, level FROM forecasts").to_pylist()
    opened.close()
    assert {row["cutoff_date"] for row in earlier} == {LAST + timedelta(days=number) for number in range(-18, 2)}
    assert not any(row["level"] == "product" and row["cutoff_date"] <= LAST for row in earlier)
    assert ended.drifting[0].startswith("Units of store LDS1 in UK: 1 of 16 days were inside")


def test_a_request_during_a_run_is_for_another_run(shop: App) -> None:
    """The run under way had read the sales before, and the forecast lacked what was loaded meanwhile."""
    run_records.request_forecast(shop.ports)
    run_forecast(shop.ports, Fitter())
    assert not run_records.is_forecast_due(shop.ports, at_night=False)
    run_forecast(shop.ports, Fitter(), progress=lambda *_: run_records.request_forecast(shop.ports))
    assert run_records.is_forecast_due(shop.ports, at_night=False)
    run_forecast(shop.ports, Fitter())
    assert not run_records.is_forecast_due(shop.ports, at_night=False)


def test_the_run_of_a_machine_without_openmp_names_what_to_install(
    shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wheels of LightGBM do not contain it: the message of the loader named neither forecasts nor a way out."""
    (tmp_path / "lightgbm.py").write_text("raise OSError('libgomp.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    before = run_records.FORECAST.last_run(shop.ports)
    add(shop, tmp_path, LAST + timedelta(days=1), LAST + timedelta(days=1))
    try:
        ended = run_forecast(shop.ports, Fitter())
        assert "libgomp.so.1" in ended.reason
        assert "sudo apt install libgomp1" in ended.reason
    finally:
        assert before
        run_records.save_run(shop.ports, before)
