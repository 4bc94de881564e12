"""Chips above a dashboard: its period and its active filters."""

from dataclasses import dataclass
from datetime import date

from portal.dashboard import texts
from portal.dashboard.request_filters import DashboardFilters, here
from portal.filters.names import name_of
from portal.filters.texts import LABELS
from portal.reader_locale import day_text, days_text, month_text
from tillstream.analytics.comparison import LatestPeriod
from tillstream.analytics.filters import COMPARED_DATES
from tillstream.model.dates import ALL_TIME, DATE_FILTERS

OWN_DATES = "own"


@dataclass(frozen=True)
class Chip:
    """An active filter value, and the address of the page without it."""

    text: str
    without: str


def chips(selection: DashboardFilters) -> list[Chip]:
    shown = []
    if not selection.preset and selection.latest:
        shown.append(Chip(latest_name(selection.latest), here(preset=ALL_TIME)))
    elif selection.preset in texts.PRESETS:
        shown.append(Chip(texts.PRESETS[selection.preset], here(preset=None)))
    elif selection.preset == OWN_DATES:
        shown.append(Chip(_dates(selection.filters.start, selection.filters.end), here(**dict.fromkeys(DATE_FILTERS))))
    compared_dates = _dates(selection.filters.before_start, selection.filters.before_end)
    if compared_dates:
        shown.append(Chip(texts.compared_with(compared_dates), here(**dict.fromkeys(COMPARED_DATES))))
    if selection.like_for_like:
        shown.append(Chip(texts.LIKE_FOR_LIKE, here(**{"like-for-like": None})))
    for name, label in LABELS.items():
        values = selection.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {name_of(name, value)}", here(**{name: kept})))
    return shown


def latest_name(period: LatestPeriod) -> str:
    """Latest complete month: Oct 2026."""
    if period.is_month:
        return texts.latest_month(month_text(period.start))
    return texts.latest_days_of(_length(period), days_text(period.start, period.end))


def latest_kind(period: LatestPeriod) -> str:
    """Latest complete month."""
    return texts.LATEST_MONTH if period.is_month else texts.latest_days(_length(period))


def _length(period: LatestPeriod) -> int:
    return (period.end - period.start).days + 1


def _dates(start: date | None, end: date | None) -> str:
    if start and end:
        return days_text(start, end)
    return texts.since(day_text(start)) if start else texts.until(day_text(end)) if end else ""
