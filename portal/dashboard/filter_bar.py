"""Chips above a dashboard: its period and its active filters."""

from dataclasses import dataclass
from datetime import date

from portal.dashboard.presets import ALL_TIME, PRESETS
from portal.dashboard.request_filters import DATES, DashboardFilters, here
from portal.filters.names import LABELS, name_of
from portal.reader_locale import day_text, days_text, month_text
from tillstream.analytics.comparison import LatestPeriod
from tillstream.analytics.filters import COMPARED_DATES

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
    elif selection.preset in PRESETS:
        shown.append(Chip(PRESETS[selection.preset], here(preset=None)))
    elif selection.preset == OWN_DATES:
        shown.append(Chip(_dates(selection.filters.start, selection.filters.end), here(**dict.fromkeys(DATES))))
    compared_dates = _dates(selection.filters.before_start, selection.filters.before_end)
    if compared_dates:
        shown.append(Chip(f"Compared with: {compared_dates}", here(**dict.fromkeys(COMPARED_DATES))))
    if selection.like_for_like:
        shown.append(Chip("Like-for-like stores", here(**{"like-for-like": None})))
    for name, label in LABELS.items():
        values = selection.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {name_of(name, value)}", here(**{name: kept})))
    return shown


def latest_name(period: LatestPeriod) -> str:
    """Latest complete month: Oct 2026."""
    if period.is_month:
        return f"Latest complete month: {month_text(period.start)}"
    return f"Last {(period.end - period.start).days + 1} reported days: {days_text(period.start, period.end)}"


def _dates(start: date | None, end: date | None) -> str:
    if start and end:
        return days_text(start, end)
    return f"From {day_text(start)}" if start else f"Until {day_text(end)}" if end else ""
