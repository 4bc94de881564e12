"""A quick forecast has every level, and its fits are not those that later runs of the model reuse."""

from pathlib import Path

from shop_of_two_stores import app

from tillstream.forecasting import run_records
from tillstream.forecasting.fitters import QuickFits
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.stored_fits import FOLDER
from tillstream.model.events import STAGING

OUTSIDE = "SELECT COUNT(*) AS rows_outside FROM forecasts WHERE mean < low OR mean > high"


def test_a_quick_run_forecasts_all_levels_in_ranges_and_keeps_no_fit(tmp_path: Path) -> None:
    opened = app(tmp_path)
    try:
        ended = run_forecast(opened.ports, QuickFits(), keep_fits=False)
        assert (ended.reason, run_records.FORECAST.last_run(opened.ports)) == ("", ended)
        levels = opened.ports.warehouse.query("SELECT DISTINCT level FROM forecasts").column("level").to_pylist()
        assert {"total", "region", "store", "category", "product"} <= set(levels)
        assert opened.ports.warehouse.query(OUTSIDE).to_pylist() == [{"rows_outside": 0}]
        assert list(opened.ports.objects.list(STAGING, FOLDER)) == []
    finally:
        opened.close()
