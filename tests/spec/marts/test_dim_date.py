"""The calendar table agrees with Python's calendar on each day."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from duck import Duck
from googlesql import Judge, body, shortened
from sample_ledger import SAMPLE_LEDGER

import sql
from examples import in_long_proofs
from tillstream.model.tables.warehouse_tables import TABLES

OTHER_DAYS = [date(2, 1, 1), date(24, 2, 29), date(1999, 12, 31), date(2040, 1, 1), date(9998, 12, 31)]
OTHER_SETTLED_DAYS = {"settlement_days": [(number, day) for number in (1, 2) for day in OTHER_DAYS]}
"""Two settlements with sales on each of the days that are not in the forty years."""


def _plain(day: date) -> dict[str, Any]:
    """The columns that follow from the day alone."""
    iso_year, iso_week, weekday = day.isocalendar()
    return {
        "sale_date": day,
        "year": day.year,
        "quarter": (day.month + 2) // 3,
        "month": day.month,
        "day_of_month": day.day,
        "day_of_year": day.timetuple().tm_yday,
        "weekday": weekday,
        "weekday_name": f"{day:%A}",
        "iso_year": iso_year,
        "iso_week": iso_week,
        "week_start": day - timedelta(weekday - 1),
        "month_start": day.replace(day=1),
        "quarter_start": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    }


def test_every_day_of_forty_years_and_each_day_of_sales_has_the_features_that_python_gives_it(duck: Duck) -> None:
    days = [date(2000, 1, 1) + timedelta(number) for number in range((date(2040, 1, 1) - date(2000, 1, 1)).days)]
    duck.fill(SAMPLE_LEDGER | OTHER_SETTLED_DAYS)
    rows = duck.query(f"SELECT {', '.join(_plain(days[0]))} FROM dim_date ORDER BY sale_date").to_pylist()
    duck.fill(SAMPLE_LEDGER)
    assert rows == [_plain(day) for day in sorted(days + OTHER_DAYS)]


NRF = (2, "4-5-4", 6, 3)
"""The row of `calendar` for the calendar of the National Retail Federation."""
NRF_YEARS = {
    2012: (date(2012, 1, 29), 53),
    2013: (date(2013, 2, 3), 52),
    2017: (date(2017, 1, 29), 53),
    2018: (date(2018, 2, 4), 52),
    2022: (date(2022, 1, 30), 52),
    2023: (date(2023, 1, 29), 53),
    2024: (date(2024, 2, 4), 52),
    2025: (date(2025, 2, 2), 52),
}
"""First day and weeks, as published: nrf.com/resources/4-5-4-calendar."""


def _retail(duck: Duck, calendar: tuple[int, str, int, int]) -> dict[date, dict[str, Any]]:
    duck.fill(SAMPLE_LEDGER | {"calendar": [calendar]})
    rows = duck.query("SELECT * FROM dim_date").to_pylist()
    duck.fill(SAMPLE_LEDGER)
    return {row["sale_date"]: row for row in rows}


def test_the_calendar_of_the_national_retail_federation_is_as_published(duck: Duck) -> None:
    days = _retail(duck, NRF)
    for year, (first, weeks) in NRF_YEARS.items():
        assert (days[first]["retail_year"], days[first]["retail_week"]) == (year, 1)
        last = first + timedelta(7 * weeks - 1)
        assert (days[last]["retail_year"], days[last]["retail_week"], days[last]["retail_month"]) == (year, weeks, 12)
        assert days[last + timedelta(1)]["retail_year"] == year + 1
    assert [days[day]["retail_month"] for day in (date(2024, 3, 2), date(2024, 3, 3), date(2024, 4, 7))] == [1, 2, 3]


def _calendars() -> list[tuple[int, str, int, int]]:
    patterns = ("4-4-5", "4-5-4", "5-4-4")
    return [(month, patterns[month % 3], month % 7, 3 * (month % 2)) for month in (1, 2, 7, 12)]


@pytest.mark.parametrize("calendar", _calendars(), ids=str)
def test_retail_years_are_whole_weeks_and_begin_near_the_fiscal_year(
    duck: Duck, calendar: tuple[int, str, int, int]
) -> None:
    month, pattern, after_monday, ahead = calendar
    weeks_of_month = [int(one) for one in pattern.split("-")] * 4
    days = _retail(duck, calendar)
    starts = sorted({row["retail_year_start"] for row in days.values() if row["retail_year_start"] in days})
    for start, following in pairwise(starts):
        assert start.weekday() == after_monday
        fiscal = min((date(year, month, 1) for year in (start.year, start.year + 1)), key=lambda one: abs(one - start))
        assert -3 <= (start - fiscal).days <= 3 if ahead else 0 <= (fiscal - start).days <= 6
        weeks = (following - start).days // 7
        assert weeks in {52, 53}
        rows = [days[start + timedelta(number)] for number in range(7 * weeks)]
        assert [row["retail_week"] for row in rows] == [number // 7 + 1 for number in range(7 * weeks)]
        months = [number + 1 for number, count in enumerate(weeks_of_month) for _ in range(count)]
        assert [row["retail_month"] for row in rows[::7]] == [*months, 12][:weeks]
        assert all(row["retail_quarter"] == (row["retail_month"] + 2) // 3 for row in rows)
        assert all(
            row["retail_week_start"] <= row["sale_date"] < row["retail_week_start"] + timedelta(7) for row in rows
        )
    for day, row in days.items():
        ends = day.year + (month > 1 and day.month >= month)
        fiscal_month = (day.month - month) % 12 + 1
        assert (row["fiscal_year"], row["fiscal_month"], row["fiscal_quarter"]) == (
            ends,
            fiscal_month,
            (fiscal_month + 2) // 3,
        )


@pytest.mark.parametrize("years", [(2022, 2024), *in_long_proofs((2000, 2039))])
def test_google_gives_each_day_the_same_retail_calendar(judge: Judge, duck: Duck, years: tuple[int, int]) -> None:
    text = shortened(body(sql.text("marts/dim_date")), *years)
    filled = {"calendar": [NRF]} | OTHER_SETTLED_DAYS
    duck.fill(SAMPLE_LEDGER | filled)
    columns, rows = duck.answer(text)
    duck.fill(SAMPLE_LEDGER)
    true_columns, true_rows = judge.answer(text, content=dict.fromkeys(TABLES, ()) | filled)
    assert columns == list(true_columns)
    assert sorted(rows) == sorted(true_rows)


def test_sales_find_the_features_of_their_day_and_the_holidays_of_their_country(duck: Duck) -> None:
    duck.fill(
        {**SAMPLE_LEDGER, "holidays": [("France", date(2024, 2, 12), "Mardi"), ("India", date(2024, 2, 12), "Other")]}
    )
    result = duck.query(
        "SELECT sale_facts.country, dim_date.weekday_name, dim_date.iso_week, holidays.name"
        " FROM sale_facts INNER JOIN dim_date ON dim_date.sale_date = sale_facts.sale_date"
        " LEFT JOIN holidays ON holidays.country = sale_facts.country AND holidays.holiday_date = sale_facts.sale_date"
        " WHERE sale_facts.region = 'UK' AND sale_facts.status = 'completed'"
    ).to_pylist()
    dates = {tuple(row.values()) for row in result}
    assert ("France", "Monday", 7, "Mardi") in dates
    assert ("UK", "Thursday", 5, None) in dates
    duck.fill(SAMPLE_LEDGER)
