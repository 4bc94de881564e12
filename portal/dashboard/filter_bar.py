"""The filters of a page of figures: the form, its chips, and the choice of the currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal import figures, filter_fields
from portal.context import TemplateContext, tillstream
from portal.dashboard.request_filters import PERIOD_CHOICES, PRESETS, DashboardFilters, here
from portal.reader_locale import day_text, days_text, month_text
from portal.translation import N_, _
from portal.value_names import FILTER_LABELS, value_name
from tillstream.analytics.filters import ALL_TIME, COMPARED_DATES, DATE_FILTERS, OWN_DATES, Filters, LatestPeriod

LATEST_MONTH = N_("Latest complete month")
FIRST_FILTERS = ("region", "store")
"""Filters next to the period; the others are behind a button."""


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
        shown.append(Chip(_dates(selection.filters.start, selection.filters.end), here(**dict.fromkeys(DATE_FILTERS))))
    compared_dates = _dates(selection.filters.before_start, selection.filters.before_end)
    if compared_dates:
        shown.append(Chip(_("Compared with: {days}", days=compared_dates), here(**dict.fromkeys(COMPARED_DATES))))
    if selection.like_for_like:
        shown.append(Chip(_("Like-for-like stores"), here(**{"like-for-like": None})))
    for name, label in FILTER_LABELS.items():
        values = selection.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {value_name(name, value)}", here(**{name: kept})))
    return shown


def latest_name(period: LatestPeriod) -> str:
    """Latest complete month: Oct 2026."""
    if period.is_month:
        return f"{LATEST_MONTH}: {month_text(period.start)}"
    return _("Last {count} reported days: {days}", count=_length(period), days=days_text(period.start, period.end))


def latest_kind(period: LatestPeriod) -> str:
    """Latest complete month."""
    return LATEST_MONTH if period.is_month else _("Last {count} reported days", count=_length(period))


def _length(period: LatestPeriod) -> int:
    return (period.end - period.start).days + 1


def _dates(start: date | None, end: date | None) -> str:
    if start and end:
        return days_text(start, end)
    return _("From {day}", day=day_text(start)) if start else _("Until {day}", day=day_text(end)) if end else ""


@dataclass(frozen=True)
class CurrencyChoice:
    """`value`: what the address contains; empty for the reader's own currency, which needs no parameter."""

    value: str
    label: str
    chosen: bool


def currency_choices() -> list[CurrencyChoice]:
    """Currencies to choose from, the reader's own first; empty if all sales are in that one."""
    own, reporting = figures.readers_currency(), tillstream().settings.reporting_currency
    sold = [row["currency"] for row in figures.rows("by-currency", Filters(currency=reporting))]
    rated = figures.currencies()
    offered = dict.fromkeys([own, reporting, *(code for code in sold if code in rated), figures.currency()])
    if len(offered) == 1:
        return []
    offered |= dict.fromkeys(sorted(rated))
    return [
        CurrencyChoice("" if code == own else code, _label(code, own, reporting), code == figures.currency())
        for code in offered
    ]


def _label(code: str, own: str, reporting: str) -> str:
    if code == own != reporting:
        return _("{code} (yours)", code=code)
    return _("{code} (reporting)", code=code) if code == reporting != own else code


def selection_context(selection: DashboardFilters, kept: Sequence[str] = ()) -> TemplateContext:
    """What `dashboard/filter_form.html` needs. `kept`: further arguments of the page that the form keeps."""
    return {
        "selection": selection,
        "presets": PERIOD_CHOICES,
        "currencies": currency_choices(),
        "bar": filter_fields.page_fields(selection.values),
        "first": FIRST_FILTERS,
        "chips": chips(selection),
        "kept": kept,
    }
