"""Forecasts of public sales are better than last week's or last year's, and their ranges have what came."""

from pathlib import Path

import pytest

from bench.forecasting import trial
from bench.forecasting.trial import Outcome

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.long,
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the project"),
]


def within(outcome: Outcome, *, pinball: float) -> None:
    assert 0.7 <= outcome.coverage <= 0.9
    assert abs(outcome.bias) <= 0.1
    assert outcome.pinball_ratio <= pinball
    assert outcome.relative_mae < outcome.scaled_year


def test_weekly_revenue_of_stores(tmp_path: Path) -> None:
    outcome = trial.walmart(DATA, tmp_path)
    assert outcome.relative_mae <= 0.75
    assert max(outcome.by_window) <= 1
    assert outcome.relative_rmse <= 0.8
    assert outcome.better >= 0.9
    within(outcome, pinball=0.9)


def test_daily_revenue_of_a_bakery(tmp_path: Path) -> None:
    outcome = trial.bakery(DATA, tmp_path)
    assert outcome.relative_mae <= 0.75
    assert sum(each < 1 for each in outcome.by_window) >= 11
    within(outcome, pinball=0.8)


def test_daily_units_of_products(tmp_path: Path) -> None:
    outcome = trial.retail(DATA, tmp_path)
    assert outcome.relative_sum_error <= 0.82
    assert outcome.relative_rmse <= 0.8
    within(outcome, pinball=0.8)
