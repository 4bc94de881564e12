"""Forecasts of public sales are better than those of simple methods and of AutoETS, and their ranges have what came."""

from pathlib import Path

import pytest

from bench.forecasting import data_sets, trial
from bench.forecasting.methods import LAST_YEAR
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


def test_weekly_revenue_of_stores(tmp_path: Path) -> None:
    outcome = trial.run(data_sets.walmart(DATA, tmp_path))
    assert outcome.ours.mae <= 0.75  # AutoETS: 1.38
    assert max(outcome.ours.windows) <= 1
    assert outcome.ours.rmse <= 0.8
    assert outcome.better >= 0.9
    assert outcome.ours.mae < outcome.others[LAST_YEAR].mae
    within(outcome, pinball=0.9)


def test_daily_revenue_of_a_bakery(tmp_path: Path) -> None:
    outcome = trial.run(data_sets.bakery(DATA, tmp_path))
    assert outcome.ours.mae <= 0.75  # AutoETS: 0.91
    assert sum(each < 1 for each in outcome.ours.windows) >= 11
    assert outcome.ours.mae < outcome.others[LAST_YEAR].mae
    within(outcome, pinball=0.8)


def test_daily_units_of_products(tmp_path: Path) -> None:
    outcome = trial.run(data_sets.retail(DATA, tmp_path))
    assert outcome.ours.of_sums <= 0.82  # AutoETS: 0.82
    assert outcome.ours.rmse <= 0.8
    assert not outcome.others  # there is no year before
    within(outcome, pinball=0.8)
