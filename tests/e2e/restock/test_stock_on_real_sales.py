"""Levels by forecasts and by recent sales need less stock on public sales than a level that is set once."""

from pathlib import Path

import pytest

from bench.restock import trial
from tillstream.stock.restock_simulation import FIXED, QUANTILE, ROLLING

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.long,
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the project"),
]


def test_stock_at_90_percent_fill_rate_and_one_week_of_lead_time(tmp_path: Path) -> None:
    outcome = trial.run(DATA, tmp_path, [trial.FLOOR])[0]
    changes = {each.policy: outcome.change(each.policy) for each in outcome.policies}
    assert changes[FIXED] == 0
    assert changes[trial.FORECAST] <= -0.2  # floor −5 %, goal −15 %
    assert changes[QUANTILE] <= -0.15
    assert changes[QUANTILE] < changes[ROLLING]


def test_levels_by_recent_sales_need_less_stock_in_every_case(tmp_path: Path) -> None:
    outcomes = trial.run(DATA, tmp_path, with_forecasts=False)
    assert len(outcomes) == len(trial.CASES)
    for outcome in outcomes:
        assert outcome.change(QUANTILE) <= -0.05, outcome.case.name
        assert outcome.change(QUANTILE) < outcome.change(ROLLING), outcome.case.name
