"""The pace of a month, extended to its end."""

import numpy as np
import pytest

from tillstream.goals.month_projection import PACE, project_pace

DAYS, RATE, SPREAD, MONTHS = 30, 100.0, 20.0, 1_000


def test_a_steady_month_ends_at_its_pace_without_a_band() -> None:
    weights = np.tile([1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0], 5)[:30]
    projection = project_pace([RATE * weight for weight in weights[:10]], weights, 2)
    assert projection is not None
    assert projection.method == PACE
    assert float(projection.mean) == pytest.approx(RATE * weights.sum())
    assert projection.low == projection.mean == projection.high


def test_few_days_with_sales_have_no_pace() -> None:
    weights = np.ones(DAYS)
    assert project_pace([5.0, 0.0, 5.0, 0.0, 5.0, 5.0], weights, 2) is None
    assert project_pace([], weights, 2) is None
    assert project_pace([5.0] * 10, np.zeros(DAYS), 2) is None


@pytest.mark.parametrize("elapsed", [7, 15, 25])
def test_four_of_five_months_end_inside_the_band(elapsed: int) -> None:
    random = np.random.default_rng(7)
    weights, inside = np.ones(DAYS), 0
    for _ in range(MONTHS):
        sold = random.normal(RATE, SPREAD, DAYS)
        projection = project_pace(sold[:elapsed].tolist(), weights, 2)
        assert projection is not None
        inside += float(projection.low) <= sold.sum() <= float(projection.high)
    assert 0.70 <= inside / MONTHS <= 0.85
