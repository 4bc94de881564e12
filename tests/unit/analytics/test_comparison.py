"""What a chosen period is compared with: never an unfinished one with a whole one."""

from datetime import date, timedelta

import pytest

from tillstream.analytics.filters import (
    Filters,
    PeriodComparison,
    ReportedDays,
    compare_previous_period,
    compare_previous_year,
    period_before,
)
from tillstream.model.errors import Rejected


def day(text: str) -> date:
    return date.fromisoformat(text)


def describe(start: str, end: str, last: str, first: str = "2020-01-01") -> str:
    comparison = compare_previous_period(Filters(day(start), day(end)), ReportedDays(day(first), day(last)))
    if comparison is None:
        return "nothing"
    assert comparison.cut == (comparison.end < day(end))
    return f"{comparison.start}..{comparison.end} against {comparison.before_start}..{comparison.before_end}"


@pytest.mark.parametrize(
    ("start", "end", "last", "says"),
    [
        # whole months against whole months, however long
        ("2025-02-01", "2025-02-28", "2025-05-01", "2025-02-01..2025-02-28 against 2025-01-01..2025-01-31"),
        ("2024-03-01", "2024-03-31", "2024-03-31", "2024-03-01..2024-03-31 against 2024-02-01..2024-02-29"),
        ("2025-01-01", "2025-12-31", "2026-01-05", "2025-01-01..2025-12-31 against 2024-01-01..2024-12-31"),
        ("2025-04-01", "2025-06-30", "2026-01-05", "2025-04-01..2025-06-30 against 2025-01-01..2025-03-31"),
        # cut at the last reported day, and the other to the same length
        ("2025-03-01", "2025-03-31", "2025-03-12", "2025-03-01..2025-03-12 against 2025-02-01..2025-02-12"),
        ("2025-01-01", "2025-12-31", "2025-03-12", "2025-01-01..2025-03-12 against 2024-01-01..2024-03-12"),
        ("2025-04-01", "2025-06-30", "2025-04-30", "2025-04-01..2025-04-30 against 2025-01-01..2025-01-31"),
        ("2025-03-01", "2025-03-31", "2025-03-30", "2025-03-01..2025-03-30 against 2025-02-01..2025-02-28"),
        ("2025-01-01", "2025-12-31", "2025-02-28", "2025-01-01..2025-02-28 against 2024-01-01..2024-02-29"),
        # other periods against as many days
        ("2025-03-03", "2025-03-09", "2025-05-01", "2025-03-03..2025-03-09 against 2025-02-24..2025-03-02"),
        ("2025-03-03", "2025-03-09", "2025-03-06", "2025-03-03..2025-03-06 against 2025-02-24..2025-02-27"),
        ("2024-03-01", "2024-03-01", "2025-05-01", "2024-03-01..2024-03-01 against 2024-02-29..2024-02-29"),
        ("2025-03-02", "2025-03-31", "2025-05-01", "2025-03-02..2025-03-31 against 2025-01-31..2025-03-01"),
        # nothing of it is reported
        ("2025-06-01", "2025-06-30", "2025-05-31", "nothing"),
    ],
)
def test_a_period_meets_the_same_part_of_the_one_before(start: str, end: str, last: str, says: str) -> None:
    assert describe(start, end, last) == says


@pytest.mark.parametrize(
    ("start", "end", "last", "before"),
    [
        ("2025-02-01", "2025-02-28", "2025-05-01", "2024-02-01..2024-02-29"),
        ("2024-02-01", "2024-02-29", "2025-05-01", "2023-02-01..2023-02-28"),
        ("2025-03-03", "2025-03-09", "2025-05-01", "2024-03-03..2024-03-09"),
        ("2025-01-01", "2025-12-31", "2025-03-12", "2024-01-01..2024-03-12"),
    ],
)
def test_a_period_meets_the_same_days_of_the_year_before(start: str, end: str, last: str, before: str) -> None:
    comparison = compare_previous_year(Filters(day(start), day(end)), ReportedDays(day("2020-01-01"), day(last)))
    assert comparison is not None
    assert f"{comparison.before_start}..{comparison.before_end}" == before
    assert comparison.cut == (day(last) < day(end))
    assert compare_previous_year(Filters(day(start), day(end)), ReportedDays(day("2024-06-01"), day(last))) is None
    assert compare_previous_year(Filters(day(start)), ReportedDays(day("2020-01-01"), day(last))) is None


def test_days_before_the_first_reported_one_are_nothing_to_compare_with() -> None:
    assert describe("2025-02-01", "2025-02-28", "2025-05-01", first="2025-01-01") != "nothing"
    assert describe("2025-02-01", "2025-02-28", "2025-05-01", first="2025-01-02") == "nothing"
    assert compare_previous_period(Filters(day("2025-02-01"), day("2025-02-28")), ReportedDays()) is None


def test_a_period_without_both_ends_or_before_all_days_is_compared_with_nothing() -> None:
    reported = ReportedDays(date.min, date.max)
    assert compare_previous_period(Filters(start=day("2024-03-01")), reported) is None
    assert compare_previous_period(Filters(end=day("2024-03-01")), reported) is None
    assert compare_previous_period(Filters(date.min, date.max), reported) is None
    assert compare_previous_period(Filters(date.min, date.min), reported) is None


def test_both_sides_have_as_many_days_unless_months_differ() -> None:
    for length in range(1, 40):
        for reported in range(length + 3):
            start = day("2025-03-05")
            period = Filters(start, start + timedelta(days=length - 1))
            comparison = compare_previous_period(
                period, ReportedDays(day("2020-01-01"), start + timedelta(days=reported))
            )
            assert isinstance(comparison, PeriodComparison)
            assert comparison.end - comparison.start == comparison.before_end - comparison.before_start
            assert comparison.before_end < comparison.start


@pytest.mark.parametrize(
    ("start", "end", "before", "last", "before_last"),
    [
        ("2026-12-01", "2026-12-31", "2026-11-01..2026-11-30", "2026-12-02", "2026-11-02"),
        ("2026-12-01", "2026-12-31", "2026-11-01..2026-11-30", "2026-12-31", "2026-11-30"),
        ("2026-10-01", "2026-12-31", "2026-07-01..2026-09-30", "2026-10-31", "2026-07-31"),
        ("2026-04-01", "2026-06-30", "2026-01-01..2026-03-31", "2026-05-09", "2026-02-09"),
        ("2024-02-01", "2024-02-29", "2023-02-01..2023-02-28", "2024-02-10", "2023-02-10"),
        ("2026-12-01", "2026-12-31", "2026-07-01..2026-09-30", "2026-12-02", "2026-09-30"),
    ],
)
def test_a_chosen_period_of_as_many_months_is_cut_alike(
    start: str, end: str, before: str, last: str, before_last: str
) -> None:
    before_start, before_end = (day(text) for text in before.split(".."))
    filters = Filters(day(start), day(end), before_start=before_start, before_end=before_end)
    comparison = compare_previous_period(filters, ReportedDays(day("2020-01-01"), day(last)))
    assert comparison
    assert (comparison.start, comparison.end) == (day(start), day(last))
    assert (comparison.before_start, comparison.before_end) == (before_start, day(before_last))
    assert comparison.cut == (comparison.end < day(end))


def test_the_days_that_are_chosen_and_reported() -> None:
    reported = ReportedDays(day("2024-01-05"), day("2024-03-12"))
    assert reported.within(Filters()) == reported
    inside = Filters(day("2024-02-01"), day("2024-02-29"))
    assert reported.within(inside) == ReportedDays(inside.start, inside.end)
    assert reported.within(Filters(day("2023-01-01"), day("2025-01-01"))) == reported
    assert ReportedDays().within(inside) == ReportedDays()


@pytest.mark.parametrize(
    ("start", "end"), [("2026-01-01", "2026-03-31"), ("2024-02-01", "2024-02-29"), ("2026-05-03", "2026-05-09")]
)
def test_the_period_before_is_the_one_that_is_compared(start: str, end: str) -> None:
    comparison = compare_previous_period(
        Filters(day(start), day(end)), ReportedDays(day("2020-01-01"), day("2026-12-31"))
    )
    assert comparison
    assert period_before(day(start), day(end)) == (comparison.before_start, comparison.before_end)


@pytest.mark.parametrize(
    ("start", "end"), [("0001-01-01", "0001-01-02"), ("0001-01-05", "0001-02-20"), ("0001-03-01", "0001-05-31")]
)
def test_no_period_begins_before_the_first_year(start: str, end: str) -> None:
    with pytest.raises(Rejected, match="Choose a later first day"):
        period_before(day(start), day(end))
