"""Live files: the current rows of a query at a stable address, and the page that shows how to use it elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import IN_ADDRESS, allow
from portal.api import queries, texts
from portal.api.representations import answer_with_etag
from portal.context import scope, tillstream
from portal.dashboard.request_filters import PERIOD_CHOICES, PRESETS, dates_in_address, resolved
from portal.file_responses import attachment, file_response, query_file, table_source
from portal.translation import N_, _
from portal.urls import with_args
from portal.value_names import FILTER_LABELS, value_name
from tillstream.analytics import query_catalogue
from tillstream.analytics.explorations import (
    BY,
    DEFAULT_BY,
    DEFAULT_MEASURES,
    FIRST,
    GOALS,
    HAVING,
    HIGH,
    IS,
    LOW,
    MEASURE,
    UNGROUPED,
)
from tillstream.analytics.filters import ALL_TIME, CURRENCY, DATE_FILTERS, PERIOD_PRESETS
from tillstream.analytics.measures.definitions import DIMENSIONS, all_measures
from tillstream.delivery.export_formats import FORMATS, export_format
from tillstream.delivery.subscribed_tables import lines_table, measures_table
from tillstream.marts import connection_files
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action

MEASURES_TEXT = N_("Measures of Explore")
LINES_TEXT = N_("Sale lines, with all columns")
TOKEN = "TOKEN"  # noqa: S105 - stands for one
"""What an address has in place of the token."""

QUERY_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "abc-classes": N_("Products by ABC class: how much revenue few of them make"),
        "abc-xyz-classes": N_("Products by ABC and XYZ class, counted"),
        "abc-xyz-products": N_("Each product with its ABC and XYZ class"),
        "by-currency": N_("Sales by currency"),
        "change": N_("Why revenue changed: the effects between two periods"),
        "change-by-group": N_("Why revenue changed, by region, store, category or product"),
        "cohort-retention": N_("How many customers come back, by the period of their first purchase"),
        "country-shares": N_("Countries: share of revenue and customers"),
        "customer-counts": N_("Customers: all, new and repeat"),
        "customers-by-segment": N_("Customers with their segment"),
        "customers-compared": N_("Customers, compared with an earlier period"),
        "earlier-forecasts": N_("Earlier forecasts, to compare with what was sold"),
        "failed-rules": N_("Rows that failed a rule, by data source"),
        "figures-over-time": N_("Key figures over time"),
        "forecast-nodes": N_("What is forecast, with the sums of the next days"),
        "forecasts": N_("Latest forecasts"),
        "freshness-of-everything": N_("How current the data is"),
        "growth": N_("Growth of the key figures"),
        "headline": N_("Further key figures, such as returns and cancelled sales"),
        "kpis": N_("Key figures"),
        "monthly-trends": N_("Months with their growth"),
        "pass-rates": N_("Share of accepted rows, by data source"),
        "products-by-class": N_("Products with their ABC class"),
        "products-compared": N_("Products, compared with an earlier period"),
        "rfm-segments": N_("Segments of customers"),
        "sales-by-category": N_("Sales by category"),
        "sales-by-channel": N_("Sales by channel"),
        "sales-by-country": N_("Sales by country"),
        "sales-by-dimension-compared": N_("Sales by region, store or category, compared with an earlier period"),
        "sales-by-product": N_("Sales by product"),
        "sales-by-region": N_("Sales by region"),
        "sales-by-store": N_("Sales by store"),
        "sales-by-weekday": N_("Sales by month and weekday"),
        "sales-over-time": N_("Sales over time"),
        "sales-over-time-compared": N_("Sales over time, compared with earlier periods"),
        "salespeople": N_("Sales by salesperson"),
        "stock-as-of": N_("Stock on a past day"),
        "stock-levels": N_("Stock levels"),
        "stock-shrinkage": N_("Stock that was lost or turned up"),
        "stock-slow": N_("Stock that sells slowly or not at all"),
        "stock-value": N_("Value of the stock"),
        "top-customers": N_("Customers with the highest revenue"),
        "unplaced-counts": N_("Sales that change no stock, counted"),
        "unplaced-sales": N_("Sales that change no stock"),
    }
)

MEASURES, LINES = "measures", "sale-lines"
NAMES = (MEASURES, LINES, *queries.QUERY_NAMES)
PRESET, PBIDS = "preset", "pbids"
LATEST_PRESET = "latest-period"
"""The preset of the period that pages show without dates."""

Arguments = Mapping[str, Sequence[str]]

NAME = "name"
_OF_PAGES = frozenset({"format", "across", "chart", "against", "column", "sort", FIRST, GOALS, HAVING, IS, LOW, HIGH})
"""Arguments of exports that live files do not have."""

blueprint = Blueprint("live_files", __name__, template_folder="templates")


def no_preset(name: str, presets: Iterable[str]) -> str:
    return _("There is no preset {name}. Use one of: {presets}.", name=name, presets=", ".join(presets))


def moving_text(period: str) -> str:
    return _("{period}; it moves on with time", period=period)


def query_title(name: str) -> str:
    """The title of a query; of one without a title its name in words."""
    return QUERY_TITLES.get(name) or name.replace("-", " ").capitalize()


@allow(Action.SEE_NUMBERS)
def read_live_file(live_file: str, suffix: str) -> ResponseReturnValue:
    """Rows of a query, of the sale lines, or of measures, as CSV, Parquet, JSON lines or a workbook; all rows."""
    if live_file not in NAMES:
        raise NotFound(texts.no_query(live_file, NAMES))
    own = _own_arguments(live_file)
    args = queries.query_arguments(*own, PRESET, IN_ADDRESS)
    preset = request.args.get(PRESET, "")
    presets = (*PERIOD_PRESETS, LATEST_PRESET, ALL_TIME)
    if preset and preset not in presets:
        raise Rejected(no_preset(preset, presets))
    if suffix == PBIDS:
        return _power_bi(live_file, args)
    export_format(suffix)
    values = resolved()[0]
    if preset == LATEST_PRESET and (latest := figures.latest(figures.parse_filters(values))):
        values |= dates_in_address(latest)
    return answer_with_etag(lambda: _respond(live_file, suffix, values), also=sorted(values.items()))


def _own_arguments(name: str) -> tuple[str, ...]:
    if name in (MEASURES, LINES):
        return ("measures", "by") if name == MEASURES else ()
    return tuple(one.name for one in query_catalogue.describe_query(name).parameters)


def _respond(name: str, suffix: str, values: dict[str, list[str]]) -> Response:
    if name not in (MEASURES, LINES):
        return query_file(suffix, name, values)
    source, filters = table_source(), figures.parse_filters(values)
    named = {key: one for key, one in values.items() if key != CURRENCY}
    if name == LINES:
        return file_response(suffix, lines_table(source, scope(), filters), named)
    names, chosen = (queries.split_names(request.args.getlist(one)) for one in ("measures", "by"))
    if not names:
        raise Rejected(texts.NO_MEASURES)
    table = measures_table(source, scope(), names, [one for one in chosen if one != UNGROUPED], filters)
    return file_response(suffix, replace(table, name=name), named)


def live_file_address(name: str, suffix: str, args: dict[str, Any]) -> str:
    """Absolute address of a live file, without a token."""
    root = tillstream().settings.public_url or request.host_url.rstrip("/")
    query = with_args({key: values for key, values in args.items() if key != IN_ADDRESS})
    return f"{root}/files/{name}.{suffix}" + (f"?{query}" if query else "")


def _power_bi(name: str, args: dict[str, Any]) -> Response:
    """A data source file of Power BI with the address of the CSV."""
    content = connection_files.pbids_of_web(live_file_address(name, next(iter(FORMATS)), args))
    return attachment(content, f"{name}.{PBIDS}", connection_files.PBIDS_MEDIA_TYPE)


def live_file_title(name: str) -> str:
    """The title of a live file."""
    return {"measures": MEASURES_TEXT, "sale-lines": LINES_TEXT}.get(name) or query_title(name)


def describe_contents(name: str, args: Arguments) -> list[tuple[str, str]]:
    """Pairs of a label and what the address has for it. args: of the address, without the token."""
    lines = [(_("Rows"), live_file_title(name))]
    if name == "measures":
        chosen = [one for text in args.get("measures", ()) for one in text.split(",")]
        lines.append((_("Measures"), ", ".join(all_measures()[one].label for one in chosen if one in all_measures())))
    by = [one for text in args.get(BY, ()) for one in text.split(",") if one != UNGROUPED]
    if by:
        lines.append((_("Grouped by"), ", ".join(DIMENSIONS[one].label if one in DIMENSIONS else one for one in by)))
    lines.append((_("Period"), _period(args)))
    for filter_name, label in FILTER_LABELS.items():
        if args.get(filter_name):
            lines.append((label, ", ".join(value_name(filter_name, one) for one in args[filter_name])))
    if args.get(CURRENCY):
        lines.append((_("Currency"), args[CURRENCY][0]))
    return lines


def _period(args: Arguments) -> str:
    preset = next(iter(args.get("preset", ())), "")
    if preset == LATEST_PRESET:
        return _("The latest complete month, or the last 28 reported days; it moves on with time")
    if preset in PRESETS:
        return moving_text(PRESETS[preset])
    start, end = (next(iter(args.get(one, ())), "") for one in ("from", "to"))
    if preset == ALL_TIME or not (start or end):
        return PERIOD_CHOICES[ALL_TIME]
    return f"{start or '…'} – {end or '…'}"


@allow(Action.SEE_NUMBERS)
def show_live_file() -> ResponseReturnValue:
    """Addresses of a live file, and how to use them in other tools."""
    chosen = request.args.get(NAME, MEASURES)
    if chosen not in NAMES:
        raise NotFound(texts.no_query(chosen, NAMES))
    args = {name: values for name, values in request.args.lists() if name not in {NAME, IN_ADDRESS}}
    if chosen == MEASURES:
        args = {"measures": [",".join(DEFAULT_MEASURES)], "by": [",".join(DEFAULT_BY)]} | args
    return render_template(
        "live_files/show.html",
        name=chosen,
        contents=describe_contents(chosen, args),
        args=args,
        offered=list(_offered()),
        addresses={suffix: live_file_address(chosen, suffix, args) for suffix in FORMATS},
        with_token=_with_token(live_file_address(chosen, "csv", args)),
        power_bi=f"{url_for('live_files.file', live_file=chosen, suffix=PBIDS)}?{with_args(args)}",
        placeholder=TOKEN,
    )


def _with_token(address: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{IN_ADDRESS}={TOKEN}"


def _offered() -> Iterator[tuple[str, str]]:
    yield MEASURES, MEASURES_TEXT
    yield LINES, LINES_TEXT
    for one in queries.available_queries():
        yield one.name, query_title(one.name)  # descriptions name columns that a role may not see


def tool_address(export: str) -> str:
    """Address of the page for the rows of an export; empty if they have no live file. export: its address."""
    parts = urlsplit(export)
    args: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query):
        if name not in _OF_PAGES:
            args.setdefault({MEASURE: "measures"}.get(name, name), []).append(value)
    if parts.path == url_for("explore.export"):
        across = [value for name, value in parse_qsl(parts.query) if name == "across"]
        by = [one for one in [*args.get(BY, []), *across] if one != UNGROUPED]
        args |= {"measures": [",".join(args.get("measures", []))], BY: [",".join(by) or UNGROUPED]}
        if not any(name in args for name in (PRESET, *DATE_FILTERS)):
            args[PRESET] = [LATEST_PRESET]
        args.setdefault(CURRENCY, [figures.currency()])
        return url_for("live_files.show") + f"?{with_args(args, name=MEASURES)}"
    if parts.path.startswith("/tables/"):
        return url_for("live_files.show") + f"?{with_args(args, name=parts.path.removeprefix('/tables/'))}"
    return ""


blueprint.add_app_template_global(tool_address, "tool_address")

blueprint.add_url_rule("/files", "show", show_live_file)
blueprint.add_url_rule("/files/<live_file>.<suffix>", "file", read_live_file)
