"""Exports of queries and measures to a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from tillstream.analytics import query_catalogue
from tillstream.analytics.measures.definitions import find_measure
from tillstream.app import App
from tillstream.commands.frame import FRAME_KINDS, Frame, scope_of_account
from tillstream.commands.query import LIMIT, check_parameter_names
from tillstream.commands.result import Progress, Result
from tillstream.delivery.export_formats import FORMATS
from tillstream.delivery.export_table import ExportTable, export_table
from tillstream.model.errors import Rejected

MEASURES, QUERY, SALES = "measures", "query", "sales"
ALL_LINES_QUERY = "sale-lines"
"""The query of which an export has all lines, read by ranges of days in bounded memory."""


@dataclass(frozen=True, kw_only=True)
class ExportRows:
    """query: its name; empty: measures by dimensions. params: parameters and filters. out: the path of the file."""

    query: str
    out: str
    params: Mapping[str, str]
    measures: Sequence[str] = ()
    by: Sequence[str] = ()
    user: str = ""


def export(app: App, progress: Progress, arguments: ExportRows) -> Result:
    """Write the file in the format of its ending; an earlier file is replaced once the new one is complete.

    Raises `Rejected` for another ending or a file that cannot be written, and as the query or the measures do.
    """
    path = Path(arguments.out)
    chosen = FORMATS.get(path.suffix.removeprefix("."))
    if chosen is None:
        raise Rejected(f"{path.name} must end with {', '.join(f'.{one}' for one in FORMATS)}.")
    table = _table(app, arguments)
    rows = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in table.batches:
            yield batch
            rows += batch.num_rows
            progress("exported", batch.num_rows)

    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            for data in chosen.chunks(replace(table, batches=counted())):
                file.write(data)
        part.replace(path)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Result({"out": str(path), "rows": rows, "bytes": path.stat().st_size})


def _table(app: App, arguments: ExportRows) -> ExportTable:
    scope = scope_of_account(app, arguments.user)
    limit = 0
    params = {name: [value] for name, value in arguments.params.items()}
    if arguments.query:
        if arguments.measures or arguments.by:
            raise Rejected("An export is of a query, or of measures by dimensions, not of both.")
        query = query_catalogue.describe_query(arguments.query)
        parameters = {one.name: one for one in query.parameters}
        check_parameter_names(query.name, params, parameters)
        if LIMIT in params:
            limit = parameters[LIMIT].value(params[LIMIT][0])
        kind = SALES if query.name == ALL_LINES_QUERY and not {LIMIT, "offset"} & set(params) else QUERY
        names, totals = [query.name], query.totals
    else:
        if not arguments.measures:
            raise Rejected("An export needs the name of a query, or measures.")
        kind, names = MEASURES, list(arguments.measures)
        totals = tuple(name for name in names if find_measure(name).is_additive)
    rows = Frame(kind=kind, names=names, params=params, by=arguments.by, limit=limit, out="")
    batches = FRAME_KINDS[kind](app, scope, rows)
    currency = arguments.params.get("currency") or app.settings.reporting_currency
    return export_table(arguments.query or _named(arguments), batches, totals, params, app.ports.clock.now(), currency)


def _named(arguments: ExportRows) -> str:
    """measures-by-month-and-region."""
    return f"measures-by-{'-and-'.join(arguments.by)}" if arguments.by else MEASURES
