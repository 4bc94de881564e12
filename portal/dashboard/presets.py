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
    match preset:
        case "last-7-days":
            return today - timedelta(days=6), today
        case "last-30-days":
            return today - timedelta(days=29), today
        case "this-month":
            return month, today
        case "last-month":
            last = month - timedelta(days=1)
            return last.replace(day=1), last
        case "this-quarter":
            return month.replace(month=(month.month - 1) // 3 * 3 + 1), today
        case "this-year":
            return month.replace(month=1), today
        case "last-year":
            return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)
        case "last-12-months":
            # The day after the same day a year before: 365 or 366 days, and 29 February has no twin.
            start = (
                date(today.year - 1, 3, 1) if (today.month, today.day) == (2, 29) else _next_day_a_year_before(today)
            )
            return start, today
    raise LookupError(preset)


def _next_day_a_year_before(today: date) -> date:
    return today.replace(year=today.year - 1) + timedelta(days=1)
