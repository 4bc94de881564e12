"""A quick forecast has every level, and its fits are not those that later runs of the model reuse."""

from pathlib import Path

from shop_of_two_stores import app

from tillstream.forecasting import runs
from tillstream.forecasting.kept_fits import FOLDER
from tillstream.forecasting.quick_fits import QuickFits
from tillstream.forecasting.run import run
from tillstream.model.events import STAGING

OUTSIDE = "SELECT COUNT(*) AS rows_outside FROM forecasts WHERE mean < low OR mean > high"


def test_a_quick_run_forecasts_all_levels_in_ranges_and_keeps_no_fit(tmp_path: Path) -> None:
    opened = app(tmp_path)
    try:
        ended = run(opened.ports, QuickFits(), keep_fits=False)
        assert (ended.reason, runs.last(opened.ports)) == ("", ended)
        levels = opened.ports.warehouse.query("SELECT DISTINCT level FROM forecasts").column("level").to_pylist()
        assert {"total", "region", "store", "category", "product"} <= set(levels)
        assert opened.ports.warehouse.query(OUTSIDE).to_pylist() == [{"rows_outside": 0}]
        assert list(opened.ports.objects.list(STAGING, FOLDER)) == []
    finally:
        opened.close()
