"""Calendar features: Easter, holidays and bridges."""

import numpy as np
import pytest

from tillstream.forecasting.models import features as models_features
from tillstream.forecasting.models.panel import DAILY, WEEKLY, Holidays


@pytest.mark.parametrize(
    ("year", "day"),
    [(1961, "1961-04-02"), (2008, "2008-03-23"), (2019, "2019-04-21"), (2024, "2024-03-31"), (2038, "2038-04-25")],
)
def test_easter_is_on_the_days_of_almanacs(year: int, day: str) -> None:
    assert models_features.easter(np.array([year]))[0] == np.datetime64(day)


def column(name: str, days: list[str], holidays: list[str], grain: object = DAILY) -> list[float]:
    holidays_of_days = Holidays(np.array(holidays, dtype="datetime64[D]"), np.arange(len(holidays)))
    features = models_features.calendar_features(np.array(days, dtype="datetime64[D]"), grain, holidays_of_days)  # type: ignore[arg-type]
    return [float(each) for each in features[:, models_features.CALENDAR_FEATURES.index(name)]]


def test_days_know_how_far_the_holidays_around_them_are() -> None:
    days, holidays = ["2026-12-23", "2026-12-25", "2026-12-28"], ["2026-12-25", "2026-12-26"]
    assert column("holiday", days, holidays) == [0, 1, 0]
    assert column("days_to_holiday", days, holidays) == [2, 1, models_features.FAR_DAYS]
    assert column("days_since_holiday", days, holidays) == [models_features.FAR_DAYS, models_features.FAR_DAYS, 2]


def test_a_friday_after_a_holiday_and_a_monday_before_one_are_bridges() -> None:
    thursday, tuesday = "2026-05-14", "2026-05-19"
    days = ["2026-05-13", "2026-05-15", "2026-05-18", "2026-05-20"]
    assert column("bridge", days, [thursday, tuesday]) == [0, 1, 1, 0]


def test_a_week_has_the_holidays_inside_it() -> None:
    assert column("holiday", ["2026-12-21", "2026-12-28"], ["2026-12-25"], WEEKLY) == [1, 0]
