"""The period that a dashboard opens on: the latest complete month, or the last reported days."""

from datetime import date

import pytest

from tillstream.analytics.filters import Filters, ReportedDays, compare_previous_period, latest_period
from tillstream.model.errors import Rejected

FIRST, LATER = date(2024, 11, 1), date(2027, 1, 20)


def latest(*last_days: date, first: date = FIRST, today: date = LATER) -> str:
    period = latest_period((ReportedDays(first, last) for last in last_days), today)
    if period is None:
        return "nothing"
    return f"{'month' if period.is_month else 'days'} {period.start} {period.end}"


@pytest.mark.parametrize(
    ("last_days", "expected"),
    [
        # the last day of a month completes it
        ((date(2026, 10, 31),), "month 2026-10-01 2026-10-31"),
        ((date(2026, 11, 22),), "month 2026-10-01 2026-10-31"),
        # every region is reported through it
        ((date(2026, 11, 22), date(2026, 10, 31)), "month 2026-10-01 2026-10-31"),
        ((date(2026, 11, 10), date(2026, 10, 30)), "month 2026-09-01 2026-09-30"),
        # an older one is not the latest period
        ((date(2026, 11, 14), date(2026, 10, 30)), "month 2026-09-01 2026-09-30"),
        ((date(2026, 11, 15), date(2026, 10, 30)), "days 2026-10-19 2026-11-15"),
        # a region that is closed does not hold the month back
        ((date(2026, 11, 22), date(2026, 1, 30)), "month 2026-10-01 2026-10-31"),
        ((), "nothing"),
    ],
)
def test_the_latest_complete_month_or_the_last_reported_days(last_days: tuple[date, ...], expected: str) -> None:
    assert latest(*last_days) == expected


def test_a_month_is_complete_only_from_its_first_day_on() -> None:
    assert latest(date(2024, 11, 30), first=date(2024, 11, 1)) == "month 2024-11-01 2024-11-30"
    assert latest(date(2024, 12, 5), first=date(2024, 11, 2)) == "days 2024-11-08 2024-12-05"
    assert latest(date(2024, 11, 9), first=date(2024, 11, 2)) == "days 2024-11-02 2024-11-09"
    assert latest_period([ReportedDays()], LATER) is None


@pytest.mark.parametrize(
    ("today", "last", "expected"),
    [
        (date(2026, 11, 30), date(2026, 11, 30), "month 2026-10-01 2026-10-31"),
        (date(2026, 11, 30), date(2026, 12, 1), "month 2026-10-01 2026-10-31"),
        (date(2026, 12, 1), date(2026, 11, 30), "month 2026-11-01 2026-11-30"),
        (date(2026, 12, 1), date(2026, 12, 1), "month 2026-11-01 2026-11-30"),
    ],
)
def test_a_month_is_complete_only_after_its_last_day(today: date, last: date, expected: str) -> None:
    assert latest(last, today=today) == expected


REPORTED = ReportedDays(date(2024, 1, 1), date(2024, 6, 20))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        # cut to the same number of days as the unfinished period
        ({"compare-from": "2024-03-01", "compare-to": "2024-03-30"}, (date(2024, 3, 1), date(2024, 3, 20))),
        ({"compare-from": "2024-03-01"}, (date(2024, 3, 1), date(2024, 3, 20))),
        ({"compare-to": "2024-03-30"}, (date(2024, 3, 1), date(2024, 3, 20))),
        # another length is the reader's choice
        ({"compare-from": "2024-03-01", "compare-to": "2024-03-10"}, (date(2024, 3, 1), date(2024, 3, 10))),
        ({"compare-from": "2023-12-01"}, None),
        ({"compare-from": "2024-05-25", "compare-to": "2024-06-25"}, None),
    ],
)
def test_any_period_can_be_compared_with(before: dict[str, str], expected: tuple[date, date] | None) -> None:
    filters = Filters.parse({"from": "2024-06-01", "to": "2024-06-30", **before})
    comparison = compare_previous_period(filters, REPORTED)
    assert (comparison and (comparison.before_start, comparison.before_end)) == expected


def test_a_period_to_compare_with_that_ends_before_it_begins_is_rejected() -> None:
    with pytest.raises(Rejected, match="compare-from 2024-03-02 compare-to 2024-03-01"):
        Filters.parse({"compare-from": "2024-03-02", "compare-to": "2024-03-01"})
