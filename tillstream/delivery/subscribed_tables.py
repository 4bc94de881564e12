"""The table of a subscription: the rows of its exploration or query, within the scope of its reader."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa

from tillstream.analytics import explorations, filter_values, line_export, measure_values, queries, query_catalogue
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filter_values import currency_of_reader
from tillstream.analytics.filters import (
    COMPARED_DATES,
    CURRENCY,
    DATE_FILTERS,
    PERIOD_PRESETS,
    Filters,
    is_filter,
    period_before,
    with_preset_dates,
)
from tillstream.analytics.measures.definitions import find_measure
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.delivery.export_formats import ExportFormat, export_format
from tillstream.delivery.export_table import ExportTable, export_table
from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft, address_arguments
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Scope
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.records import saved_views

LIMIT_ARGUMENT = "limit"
PRESET = "preset"
COLUMN = "column"
OF_PAGES = frozenset({PRESET, "format", "page", "sort", "size", COLUMN})
"""Arguments of an address that are neither parameters nor filters."""
PDF = "pdf"
LINES = "sale-lines"
"""The table of all lines, of which a page has some."""
LINES_PAGE, LINES_FILE, SEARCH, SEARCH_LABEL = "/sale-lines", "/sale-lines/export", "q", "search"
"""Paths of the portal with all lines, their argument besides filters, and its name among the filters of a file."""
KEY_FIGURES, COMPARED_SALES = f"{TABLES}growth", frozenset({f"{TABLES}change", f"{TABLES}change-by-group"})
"""Paths of the tables of the pages Sales and Compare that compare two periods: they have no rows for all time."""
SOME_GROUPS = "A subscription to an exploration contains all groups. Remove “Only groups with” and the limit of Rows."
ArgumentValues = dict[str, list[str]]
Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class TableSource:
    """What tables are read with. reporting_currency: of those without another one. completed: by query, what adds
    columns that the warehouse does not have."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    cache: QueryCache | None = None
    completed: Mapping[str, Callable[[Batches], Iterator[pa.RecordBatch]]] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportRequest:
    """What a file is made of for its reader: address is a path of the portal and its query, such as
    /tables/sales-by-store?region=IN."""

    reader: User
    address: str
    format: str


@dataclass(frozen=True)
class SubscribedTable:
    """filters: with the days of this file. address: of the page, with these days. file_address: of the same file."""

    table: ExportTable
    format: ExportFormat
    filters: Filters
    address: str
    file_address: str

    def chunks(self, batches: Batches) -> Iterator[bytes]:
        """The bytes of the file. batches: those of the table, such as while they are counted."""
        return self.format.chunks(replace(self.table, batches=batches))


def read_table(source: TableSource, request: ExportRequest, today: date) -> SubscribedTable:
    """The rows that the reader may see now. today: the day to which periods such as last-month are relative.

    Raises `NotFound` for a query that is gone, `Rejected` for what the reader may no longer see, and as queries do.
    """
    user = request.reader
    path, arguments = address_arguments(request.address)
    parameters = query_parameters(path, arguments)
    values, preset = _filters(arguments, parameters, today)
    filters = _in_currency(source, user, Filters.parse(values))
    if follows_latest(path) and not preset:
        filters = _latest(source, user, filters, today, everywhere=path in COMPARED_SALES)
    warehouse, cache = source.ports.warehouse, source.cache
    filter_values.check_filter_values(warehouse, user.scope, filters, source.contracts.regions(), cache=cache)
    left_out = {*values, *DATE_FILTERS, *OF_PAGES, CURRENCY} - parameters - {COLUMN}
    kept = {name: texts for name, texts in arguments.items() if name not in left_out}
    address = path + f"?{urlencode(kept | _texts(values, filters), doseq=True)}"
    own = {name: texts[-1].strip() for name, texts in arguments.items() if name in parameters and any(texts)}
    if path == EXPLORE:
        shown = explorations.parse_exploration(arguments, user.scope)
        table = explored_table(source, user.scope, shown, filters)
        file_address = address.replace(EXPLORE, f"{EXPLORE}/file", 1)
    elif path == TABLES + LINES:
        table = lines_table(source, user.scope, filters, own.get(SEARCH, ""))
        if request.format == PDF:
            table = with_columns(table, _columns_of_page(table.schema.names, arguments.get(COLUMN, [])))
        file_address = address.replace(path, LINES_FILE, 1)
        address = address.replace(path, LINES_PAGE, 1)
    else:
        table, file_address = query_table(source, user.scope, path.removeprefix(TABLES), own, filters), address
    used = {SEARCH_LABEL if name == SEARCH else name: [text] for name, text in own.items()}
    table = replace(table, filters=used | _texts(values, filters), created_at=source.ports.clock.now())
    table = replace(table, currency=filters.currency or source.reporting_currency)
    return SubscribedTable(
        table, export_format(request.format), filters, address, f"{file_address}&format={request.format}"
    )


def check_table(source: TableSource, draft: SubscriptionDraft, user: User, today: date) -> None:
    """Raise as `read_table`, so that a subscription that cannot be delivered is not added, and for a PDF that has no
    place for the table."""
    table = read_table(source, request_of(source.ports, draft, user), today).table
    for _ in export_format(PDF).chunks(table) if draft.format == PDF else table.batches:
        return


def request_of(ports: Ports, draft: SubscriptionDraft, user: User) -> ExportRequest:
    """The request for a file of a subscription, with the current address of its view.

    Raises `NotFound` for a view that is gone, and `Rejected` for an exploration of which the page shows some groups
    only, because a file has all of them.
    """
    address = draft.address
    if draft.view:
        views = {view.id: view for view in saved_views.find_views(ports, user.login, user.created_at)}
        if draft.view not in views:
            raise NotFound("The saved view was deleted, or is no longer shared.")
        address = views[draft.view].address
    path, arguments = address_arguments(address)
    shown = explorations.parse_exploration(arguments, user.scope) if path == EXPLORE else None
    if shown and (shown.having or shown.first):
        raise Rejected(SOME_GROUPS)
    return ExportRequest(user, address, draft.format)


def query_parameters(path: str, arguments: ArgumentValues) -> frozenset[str]:
    """Names of the parameters of a table besides filters. Raises `Rejected` for an argument that is none of them."""
    if path == EXPLORE:
        return frozenset()
    name = path.removeprefix(TABLES)
    own = {SEARCH} if name == LINES else {one.name for one in query_catalogue.describe_query(name).parameters}
    unknown = sorted(one for one in arguments if one not in own | OF_PAGES and not is_filter(one))
    if unknown:
        raise Rejected(f"{name} has no parameter {unknown[0]}.")
    return frozenset(own)


def _filters(arguments: ArgumentValues, parameters: Collection[str], today: date) -> tuple[ArgumentValues, str]:
    """The filters with the days of the preset, and the preset. A parameter of the query is no filter. A period to
    compare with moves on too: it is the one before, as the page Compare has it."""
    chosen = {name: texts for name, texts in arguments.items() if name not in parameters and any(texts)}
    values = {name: texts for name, texts in chosen.items() if is_filter(name)}
    dated, preset = with_preset_dates(values, next(iter(arguments.get(PRESET, [])), ""), today)
    if preset in PERIOD_PRESETS and any(name in dated for name in COMPARED_DATES):
        days = period_before(*(date.fromisoformat(dated[name][0]) for name in DATE_FILTERS))
        dated |= {name: [day.isoformat()] for name, day in zip(COMPARED_DATES, days, strict=True)}
    return dated, preset


def _in_currency(source: TableSource, user: User, filters: Filters) -> Filters:
    if filters.currency:
        return filters
    choice, reporting, warehouse = user.display_currency, source.reporting_currency, source.ports.warehouse
    own = currency_of_reader(warehouse, source.contracts, user.scope, choice, reporting, cache=source.cache)
    return replace(filters, currency=own)


def follows_latest(path: str) -> bool:
    """Whether a table without dates and preset has the latest period, as its page has it."""
    return path in {EXPLORE, KEY_FIGURES, *COMPARED_SALES}


def _latest(source: TableSource, user: User, filters: Filters, today: date, *, everywhere: bool) -> Filters:
    """The latest period of the regions and stores in the filters, or everywhere, as the page Compare has it."""
    chosen = Filters() if everywhere else filters
    latest = queries.read_latest_period(source.ports.warehouse, user.scope, chosen, today, cache=source.cache)
    return replace(filters, start=latest.start, end=latest.end) if latest else filters


def _texts(values: ArgumentValues, filters: Filters) -> ArgumentValues:
    days = zip(DATE_FILTERS, (filters.start, filters.end), strict=True)
    others = {name: texts for name, texts in values.items() if name not in DATE_FILTERS}
    return others | {name: [day.isoformat()] for name, day in days if day} | {CURRENCY: [filters.currency]}


def measures_table(
    source: TableSource, scope: Scope, names: Sequence[str], by: Sequence[str], filters: Filters
) -> ExportTable:
    """All groups of measures by dimensions, without a comparison."""
    limit: dict[str, Any] = {LIMIT_ARGUMENT: measure_values.ALL_ROWS} if by else {}
    rows = measure_values.query_measures(source.ports.warehouse, names, by, scope, filters, cache=source.cache, **limit)
    batches = rows.to_batches() or [pa.RecordBatch.from_pylist([], rows.schema)]
    return export_table("explore", batches, [name for name in names if find_measure(name).is_additive])


def explored_table(source: TableSource, scope: Scope, shown: Exploration, filters: Filters) -> ExportTable:
    """All groups of an exploration, with the values across columns in rows."""
    names, by = ([one.name for one in each] for each in (shown.measures, shown.dimensions))
    return measures_table(source, scope, names, by, filters)


def lines_table(source: TableSource, scope: Scope, filters: Filters, search: str = "") -> ExportTable:
    """All lines, with all columns that may be seen."""
    return export_table(LINES, line_export.export_lines(source.ports.warehouse, scope, filters, search))


def with_columns(table: ExportTable, names: Sequence[str]) -> ExportTable:
    """The table with some of its columns."""
    schema = pa.schema([table.schema.field(name) for name in names])
    return replace(table, schema=schema, batches=(batch.select(names) for batch in table.batches))


def _columns_of_page(names: Sequence[str], chosen: Collection[str]) -> list[str]:
    return [name for name in names if name in chosen] or [name for name in line_export.PAGE_COLUMNS if name in names]


def query_table(source: TableSource, scope: Scope, name: str, own: Mapping[str, Any], filters: Filters) -> ExportTable:
    """The rows of a query; all of a ranking that has no limit. own: the parameters of the query."""
    query = query_catalogue.describe_query(name)
    if LIMIT_ARGUMENT in {one.name for one in query.parameters}:
        own = {LIMIT_ARGUMENT: measure_values.ALL_ROWS, **own}
    batches: Batches = queries.stream_query(source.ports.warehouse, name, scope, filters, **own)
    return export_table(name, source.completed[name](batches) if name in source.completed else batches, query.totals)
