"""Filters of queries, parsed from text and validated; periods by name, such as last-month; earlier periods compared."""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from tillstream.model.columns import STATUSES
from tillstream.model.errors import Rejected

COLUMNS: Mapping[str, str] = {
    "status": "status",
    "region": "region",
    "store": "store_id",
    "category": "category",
    "product": "product_id",
    "channel": "channel",
    "salesperson": "salesperson_id",
    "country": "country",
}
"""filter → column of sale_facts; a line passes if the filter contains its value. A product without an ID has its
name."""

DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""The only form of dates accepted; `date.fromisoformat` also parses other forms of ISO 8601."""
DATE_FILTERS = ("from", "to")
COMPARE = "compare-"
COMPARED_DATES = (f"{COMPARE}from", f"{COMPARE}to")
CURRENCY = "currency"
NAMES = frozenset({*DATE_FILTERS, *COMPARED_DATES, CURRENCY, *COLUMNS})

PERIOD_PRESETS = (
    "yesterday",
    "last-week",
    "last-7-days",
    "last-30-days",
    "this-month",
    "last-month",
    "this-quarter",
    "this-year",
    "last-year",
    "last-12-months",
)
OWN_DATES = "own"
"""The preset of dates that are chosen one by one."""
ALL_TIME = "all"
"""The preset without dates."""

MONTHS_OF_A_YEAR = 12
MAX_MONTH_AGE = timedelta(days=45)
"""How old the last complete month may be, relative to the last reported day, to be the latest period."""
STORE_CLOSED_AFTER = timedelta(days=92)
"""A region without sales for longer no longer reports, and months are complete without it."""
LATEST_DAYS = 28


@dataclass(frozen=True)
class Filters:
    """Filters of sale lines, and the currency of their amounts.

    `start` and `end` are sale dates, inclusive; in the others None means any value.
    """

    start: date | None = None
    end: date | None = None
    status: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    store: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    product: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    salesperson: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    before_start: date | None = None
    before_end: date | None = None
    """The period to compare with, in place of the previous one."""
    against: "Filters | None" = None
    """The sales to compare with, without their period, if they are other ones."""
    currency: str = ""
    """ISO 4217 code of the currency of all amounts; empty: the reporting currency."""

    @classmethod
    def parse(cls, raw: Mapping[str, str | Sequence[str]]) -> "Filters":
        """Parse `from`, `to`, the same of `compare-`, `currency`, and the names of COLUMNS, each one text or several;
        empty text means no filter.

        `compare-NAME` replaces NAME for the sales to compare with, which have the other filters in common.
        Raises `Rejected` with a message for users.
        """
        replaced = {name: f"{COMPARE}{name}" for name in COLUMNS if f"{COMPARE}{name}" in raw}
        if replaced:
            own = {name: value for name, value in raw.items() if name not in replaced.values()}
            columns = {name: raw[name] for name in COLUMNS if name in raw}
            return replace(
                cls.parse(own), against=cls.parse(columns | {name: raw[other] for name, other in replaced.items()})
            )
        unknown = sorted(set(raw) - NAMES)
        if unknown:
            raise Rejected(f"There is no filter {', '.join(unknown)}. Available filters: {', '.join(sorted(NAMES))}.")
        texts = {name: _non_empty(value) for name, value in raw.items()}
        start, end = _period(texts, "from", "to")
        before_start, before_end = _period(texts, "compare-from", "compare-to")
        currencies = texts.get(CURRENCY, ())
        if len(currencies) > 1:
            raise Rejected("currency must be one currency.")
        wrong = sorted(set(texts.get("status", ())) - set(STATUSES))
        if wrong:
            raise Rejected(f"There is no status {', '.join(wrong)}. Allowed values: {', '.join(STATUSES)}.")
        chosen: dict[str, Any] = {name: texts[name] for name in COLUMNS if texts.get(name)}
        return cls(start, end, **chosen, before_start=before_start, before_end=before_end, currency="".join(currencies))

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """column of sale_facts → permitted values, for the filters that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {column: values[name] for name, column in COLUMNS.items() if values[name] is not None}


def is_filter(name: str) -> bool:
    """Whether `Filters.parse` takes a name: one of NAMES, or a column of the sales to compare with."""
    return name in NAMES or name.removeprefix(COMPARE) in COLUMNS


def _non_empty(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in ((value,) if isinstance(value, str) else value) if text)


def _period(texts: Mapping[str, tuple[str, ...]], first: str, last: str) -> tuple[date | None, date | None]:
    start, end = (_day(name, texts.get(name, ())) for name in (first, last))
    if start and end and start > end:
        raise Rejected(f"The period ends before it begins: {first} {start} {last} {end}.")
    return start, end


def _day(name: str, texts: tuple[str, ...]) -> date | None:
    if not texts:
        return None
    if len(texts) > 1:
        raise Rejected(f"{name} must be one day.")
    try:
        return date.fromisoformat(texts[0] if DATE_PATTERN.fullmatch(texts[0]) else "")
    except ValueError as error:
        raise Rejected(f"{name} is “{texts[0]}”; write a day in the format 2026-01-31.") from error


def preset_dates(preset: str, today: date) -> tuple[date, date]:
    """First and last day, both included.

    A number of days or months ends yesterday, because a begun day is not comparable with a whole one. A week is from
    Monday to Sunday. The current month, quarter or year extends to its end, so that it is compared with a whole one.
    """
    yesterday = today - timedelta(days=1)
    month = today.replace(day=1)
    previous = month - timedelta(days=1)
    sunday = today - timedelta(days=today.isoweekday())
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    return {
        "yesterday": (yesterday, yesterday),
        "last-week": (sunday - timedelta(days=6), sunday),
        "last-7-days": (today - timedelta(days=7), yesterday),
        "last-30-days": (today - timedelta(days=30), yesterday),
        "this-month": (month, _last_of_months(month, 1)),
        "last-month": (previous.replace(day=1), previous),
        "this-quarter": (quarter, _last_of_months(quarter, 3)),
        "this-year": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "last-year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "last-12-months": (_a_year_before(yesterday) + timedelta(days=1), yesterday),
    }[preset]


def with_preset_dates(
    values: Mapping[str, Sequence[str]], preset: str, today: date
) -> tuple[dict[str, list[str]], str]:
    """Filters as text with the dates of a preset, and the name of the preset; `OWN_DATES` for other dates, empty for
    none."""
    chosen = {name: list(texts) for name, texts in values.items()}
    if preset in PERIOD_PRESETS:
        start, end = preset_dates(preset, today)
        return chosen | {"from": [start.isoformat()], "to": [end.isoformat()]}, preset
    if preset == ALL_TIME:
        return {name: texts for name, texts in chosen.items() if name not in DATE_FILTERS}, preset
    return chosen, OWN_DATES if any(name in chosen for name in DATE_FILTERS) else ""


def _last_of_months(first: date, count: int) -> date:
    """Last day of `count` months from `first`, all in the same year."""
    last = first.month + count - 1
    return first.replace(month=last, day=monthrange(first.year, last)[1])


def _a_year_before(day: date) -> date:
    """The same day a year earlier; the 28th for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@dataclass(frozen=True)
class ReportedDays:
    """The first and last reported day of a scope; None without data."""

    first: date | None = None
    last: date | None = None

    def within(self, filters: Filters) -> "ReportedDays":
        """Return the range limited to the period of the filters."""
        if self.first is None or self.last is None:
            return self
        return ReportedDays(max(self.first, filters.start or self.first), min(self.last, filters.end or self.last))


@dataclass(frozen=True)
class PeriodComparison:
    """`start` to `end` against `before_start` to `before_end`, inclusive.

    cut: the period was shortened, because its later days are not reported yet.
    """

    start: date
    end: date
    before_start: date
    before_end: date
    cut: bool


@dataclass(frozen=True)
class LatestPeriod:
    """`start` to `end`, inclusive. is_month: a complete month; otherwise the last reported days."""

    start: date
    end: date
    is_month: bool


def latest_period(regions: Iterable[ReportedDays], today: date) -> LatestPeriod | None:
    """The latest complete month, or the last LATEST_DAYS reported days; None without data.

    A month is complete if it begins on or after the first reported day, every region is reported through its last day,
    and that day is before today. A complete month that is older than MONTH_AGE is not the latest period.
    """
    reported = [(days.first, days.last) for days in regions if days.first is not None and days.last is not None]
    if not reported:
        return None
    first, last = min(first for first, _ in reported), max(last for _, last in reported)
    through = min(today - timedelta(days=1), *(day for _, day in reported if last - day <= STORE_CLOSED_AFTER))
    end = through if _is_month_end(through) else through.replace(day=1) - timedelta(days=1)
    if end.replace(day=1) >= first and last - end <= MAX_MONTH_AGE:
        return LatestPeriod(end.replace(day=1), end, is_month=True)
    return LatestPeriod(max(first, last - timedelta(days=LATEST_DAYS - 1)), last, is_month=False)


def compare_previous_period(filters: Filters, reported: ReportedDays) -> PeriodComparison | None:
    """Compare the period, through its last reported day, with the same part of the previous period.

    Whole months are compared with as many whole months, any other period with as many days, unless the filters have a
    period to compare with. None if the period is open-ended or not reported yet, or if the previous one begins before
    the first reported day. Other sales are compared with each period as it is.
    """
    if filters.start is None or filters.end is None:
        return None
    if filters.against is not None:
        before_start, before_end = filters.before_start or filters.start, filters.before_end or filters.end
        return PeriodComparison(filters.start, filters.end, before_start, before_end, cut=False)
    if filters.before_start or filters.before_end:
        return _chosen(filters.start, filters.end, filters.before_start, filters.before_end, reported)
    return _compared(filters.start, filters.end, _whole_months(filters.start, filters.end), reported)


def compare_previous_year(filters: Filters, reported: ReportedDays) -> PeriodComparison | None:
    """As `compare_previous_period`, with the same days of the previous year; the last day of February maps to its last
    day.

    None for filters with other sales to compare with.
    """
    if filters.against is not None or filters.start is None or filters.end is None:
        return None
    return _compared(filters.start, filters.end, MONTHS_OF_A_YEAR, reported)


def period_before(start: date, end: date) -> tuple[date, date]:
    """The first and last day of as many whole months before, or of as many days just before.

    Raises `Rejected` if it would begin before year 1.
    """
    months = _whole_months(start, end)
    try:
        last = start - timedelta(days=1)
        return (_months_before(start, months) if months else last - (end - start)), last
    except (OverflowError, ValueError) as error:
        raise Rejected(f"No period before {start} is as long. Choose a later first day.") from error


def _chosen(
    start: date, end: date, before_start: date | None, before_end: date | None, reported: ReportedDays
) -> PeriodComparison | None:
    """Compare with a chosen period, as long as `start` to `end` if one of its ends is open; both are cut alike,
    also whole months of different lengths."""
    if reported.first is None or reported.last is None or start > reported.last:
        return None
    days = end - start
    first = before_start or (before_end - days if before_end else start)
    last = min(end, reported.last)
    before_last = before_end or first + days
    months = _whole_months(start, end)
    if months and months == _whole_months(first, before_last):
        apart = (start.year - first.year) * MONTHS_OF_A_YEAR + start.month - first.month
        before_last = _months_before(last, apart)
    elif before_last - first == days:
        before_last = first + (last - start)
    if first < reported.first or before_last > reported.last:
        return None
    return PeriodComparison(start, last, first, before_last, cut=last < end)


def _compared(start: date, end: date, months: int, reported: ReportedDays) -> PeriodComparison | None:
    """Compare with the period `months` earlier; if 0, with as many days just before."""
    if reported.first is None or reported.last is None or start > reported.last:
        return None
    last = min(end, reported.last)
    days = (end - start).days + 1
    if (start - date.min).days < max(days, 31 * months):
        return None
    before = _months_before(start, months) if months else start - timedelta(days=days)
    before_end = _months_before(last, months) if months else before + (last - start)
    return None if before < reported.first else PeriodComparison(start, last, before, before_end, cut=last < end)


def _whole_months(start: date, end: date) -> int:
    """Number of whole months in the period; 0 if it does not consist of whole months."""
    if start.day > 1 or not _is_month_end(end):
        return 0
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _months_before(day: date, months: int) -> date:
    """The same day `months` earlier; the last day of a month maps to the last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, last if _is_month_end(day) else min(day.day, last))


def _is_month_end(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
