"""The filters of a page of figures: the form, its chips, and the choice of the currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal import figures, filter_fields
from portal.context import TemplateContext, tillstream
from portal.dashboard import texts
from portal.dashboard.request_filters import DashboardFilters, here
from portal.reader_locale import day_text, days_text, month_text
from portal.value_names import FILTER_LABELS, value_name
from tillstream.analytics.filters import ALL_TIME, COMPARED_DATES, DATE_FILTERS, Filters, LatestPeriod

OWN_DATES = "own"
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
    elif selection.preset in texts.PRESETS:
        shown.append(Chip(texts.PRESETS[selection.preset], here(preset=None)))
    elif selection.preset == OWN_DATES:
        shown.append(Chip(_dates(selection.filters.start, selection.filters.end), here(**dict.fromkeys(DATE_FILTERS))))
    compared_dates = _dates(selection.filters.before_start, selection.filters.before_end)
    if compared_dates:
        shown.append(Chip(texts.compared_with(compared_dates), here(**dict.fromkeys(COMPARED_DATES))))
    if selection.like_for_like:
        shown.append(Chip(texts.LIKE_FOR_LIKE, here(**{"like-for-like": None})))
    for name, label in FILTER_LABELS.items():
        values = selection.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {value_name(name, value)}", here(**{name: kept})))
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
        return texts.own_currency(code)
    return texts.reporting_currency(code) if code == reporting != own else code


def selection_context(selection: DashboardFilters, kept: Sequence[str] = ()) -> TemplateContext:
    """What `dashboard/filter_form.html` needs. `kept`: further arguments of the page that the form keeps."""
    return {
        "selection": selection,
        "presets": {ALL_TIME: texts.ALL_TIME, **texts.PRESETS, OWN_DATES: texts.CUSTOM_DATES},
        "currencies": currency_choices(),
        "bar": filter_fields.page_fields(selection.values),
        "first": FIRST_FILTERS,
        "chips": chips(selection),
        "kept": kept,
    }
