"""What is known of a day years ahead: its season, and how far the holidays around it are."""

import numpy as np

from tillstream.forecasting.models.panel import DAY, Days, Floats, Grain, Holidays, Ints

FAR = 30
"""Days from which on a holiday is no longer near."""
FEATURES = (
    "weekday", "day_of_month", "days_to_month_end", "season_sin", "season_cos", "week_of_year",
    "holiday", "days_since_holiday", "days_to_holiday", "days_from_easter", "days_to_christmas", "bridge",
)  # fmt: skip


def easter(years: Ints) -> Days:
    """Easter Sundays of the Gregorian calendar, by the anonymous algorithm (Meeus, Astronomical Algorithms, 1991)."""
    a, b, c = years % 19, years // 100, years % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    months = (years - 1970) * 12 + f // 31 - 1
    return np.asarray(months.astype("M8[M]").astype("M8[D]") + f % 31 * DAY)


def days_from_easter(days: Days) -> Ints:
    """Signed days from the Easter Sunday of the same calendar year."""
    years = days.astype("M8[Y]").astype(np.int64) + 1970
    return (days - easter(years)).astype(np.int64)


def features(days: Days, grain: Grain, holidays: Holidays) -> Floats:
    """The features of each day; shape (days, FEATURES). Of a week: of its middle, with the holidays inside it."""
    middle = days + grain.days // 2 * DAY
    month = middle.astype("M8[M]")
    day_of_month = (middle - month.astype("M8[D]")).astype(np.int64)
    to_month_end = ((month + np.timedelta64(1, "M")).astype("M8[D]") - middle).astype(np.int64) - 1
    of_year = (middle - middle.astype("M8[Y]").astype("M8[D]")).astype(np.float64)
    angle = 2 * np.pi * of_year / 365.25
    inside, since, until, bridge = _holidays(days, grain, holidays)
    return np.column_stack(
        [
            (middle.astype(np.int64) + 3) % 7,  # 0: Monday
            day_of_month,
            to_month_end,
            np.sin(angle),
            np.cos(angle),
            of_year // 7,
            inside,
            since,
            until,
            np.clip(days_from_easter(middle), -2 * FAR, 2 * FAR),
            np.clip(358 - of_year, -FAR, 2 * FAR),
            bridge,
        ]
    ).astype(np.float64)


def _holidays(days: Days, grain: Grain, holidays: Holidays) -> tuple[Floats, Floats, Floats, Floats]:
    """Number of the holiday in each step (0: none), days since the last, until the next, and whether it is a bridge."""
    if not len(holidays.days):
        nothing, far = np.zeros(len(days)), np.full(len(days), float(FAR))
        return nothing, far, far, nothing
    last = days + grain.to_last
    following = np.searchsorted(holidays.days, days)  # the first holiday on or after the first day
    index = np.clip(following, 0, len(holidays.days) - 1)
    next_day = holidays.days[index]
    is_inside = (following < len(holidays.days)) & (next_day <= last)
    before = holidays.days[np.clip(following - 1, 0, len(holidays.days) - 1)]
    after_index = np.searchsorted(holidays.days, last, side="right")
    after = holidays.days[np.clip(after_index, 0, len(holidays.days) - 1)]
    since = np.where(following > 0, (days - before).astype(np.int64), FAR)
    until = np.where(after_index < len(holidays.days), (after - last).astype(np.int64), FAR)
    weekday = (days.astype(np.int64) + 3) % 7
    bridge = (grain.days == 1) & ~is_inside & (((weekday == 4) & (since == 1)) | ((weekday == 0) & (until == 1)))
    inside = np.where(is_inside, holidays.names[index] + 1, 0)
    return (
        inside.astype(float),
        np.clip(since, 0, FAR).astype(float),
        np.clip(until, 0, FAR).astype(float),
        bridge.astype(float),
    )
