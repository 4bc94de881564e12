"""The calendar table agrees with Python's calendar on each day."""

from datetime import date, timedelta

from duck import Duck
from sample_ledger import SAMPLE_LEDGER


def test_every_day_of_forty_years_has_the_features_that_python_gives_it(duck: Duck) -> None:
    rows = duck.query("SELECT * FROM dim_date ORDER BY sale_date").to_pylist()
    assert len(rows) == (date(2040, 1, 1) - date(2000, 1, 1)).days
    for number, row in enumerate(rows):
        day = date(2000, 1, 1) + timedelta(number)
        iso_year, iso_week, weekday = day.isocalendar()
        assert row == {
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
