"""The dashboard area's periods: words that stay true tomorrow, so that a link to "this month" keeps meaning it."""

from datetime import date, timedelta

PRESETS = {
    "last-7-days": "Last 7 days",
    "last-30-days": "Last 30 days",
    "this-month": "This month",
    "last-month": "Last month",
    "this-quarter": "This quarter",
    "this-year": "This year",
    "last-year": "Last year",
    "last-12-months": "Last 12 months",
}


def dates_of(preset: str, today: date) -> tuple[date, date]:
    """First and last day, both included; a period under way ends today."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return {
        "last-7-days": (today - timedelta(days=6), today),
        "last-30-days": (today - timedelta(days=29), today),
        "this-month": (month, today),
        "last-month": (before.replace(day=1), before),
        "this-quarter": (month.replace(month=(month.month - 1) // 3 * 3 + 1), today),
        "this-year": (month.replace(month=1), today),
        "last-year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "last-12-months": (_a_year_before(today) + timedelta(days=1), today),
    }[preset]


def _a_year_before(day: date) -> date:
    """29 February has no twin: its year ends with the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
