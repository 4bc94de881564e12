"""`tillstream query`, `tillstream measures`, `tillstream export`, and the exchange rates behind them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tillstream.commands.declaration import Group, InputFile, Option, OutputFile, read_file
from tillstream.commands.printing import count_words, print_line, show_csv, show_table
from tillstream.commands.result import COMMAND_LINE, Progress, Result
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED

if TYPE_CHECKING:
    import pyarrow as pa

    from tillstream.app import App
    from tillstream.delivery.export_table import ExportTable
    from tillstream.model.people import Scope

root = Group()
fx = Group("fx", "Manage exchange rates.")

FORMS = {"table": show_table, "csv": show_csv}
LIMIT = "limit"
"""The parameter of queries that limit their own rows."""
ALL_LINES_QUERY = "sale-lines"
"""The query of which an export has all lines, read by ranges of days in bounded memory."""
ENDINGS = [f".{suffix}" for suffix in FORMATS]
DEFINITION_COLUMNS = ("name", "label", "format", "description")


def show_rates(data: dict[str, int]) -> None:
    print_line(f"{count_words(data['rates'], 'rate is', 'rates are')} loaded.")


def show_export(*, out: str, rows: int) -> None:
    print_line(f"{out} has {rows:,} rows.")


@root.command("query", FORMS, reads=True)
def query(
    app: "App",
    name: str,
    *,
    params: Annotated[
        Mapping[str, str], Option("A parameter or filter of the query; can be repeated.", names=("--param",))
    ],
    limit: Annotated[int | None, Option("Maximum number of rows; default: that of the query.", least=1)] = None,
) -> Result:
    """Run a named query, such as kpis or sale-lines. A note on standard error reports further rows."""
    from tillstream.analytics import filter_values, queries, query_catalogue
    from tillstream.analytics.filters import Filters

    values, limit = dict(params), limit or None
    parameters = {parameter.name: parameter for parameter in query_catalogue.describe_query(name).parameters}
    filter_values.check_parameter_names(name, params, parameters)
    if LIMIT in parameters:
        if limit and LIMIT in values:
            raise Rejected("The limit is passed twice. Use either --limit or --param limit.")
        limit = limit or parameters[LIMIT].value(values.get(LIMIT))
        values[LIMIT] = str(min(limit + 1, 2**63 - 1))  # one more row shows whether there are more
    filters = Filters.parse({key: value for key, value in values.items() if key not in parameters})
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    query_params = {key: value for key, value in values.items() if key in parameters}
    answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, filters, cache=app.queries, **query_params)
    cut = limit is not None and answer.num_rows > limit
    rows = answer.slice(0, limit).to_pylist()
    currency = filters.currency or app.settings.reporting_currency
    return Result({"name": name, "columns": answer.column_names, "rows": rows, "cut": cut, "currency": currency})


@root.command("measures", FORMS, reads=True)
def measures(
    app: "App",
    names: Sequence[str] = (),
    *,
    by: Annotated[Sequence[str], Option("A dimension, such as month or store; can be repeated.")] = (),
    params: Annotated[Mapping[str, str], Option("A filter; can be repeated.", names=("--param",))],
    limit: Annotated[int, Option("Maximum number of rows.", least=1)] = 1000,
) -> Result:
    """Compute measures, such as revenue or orders, by dimensions. Without names, list the definitions of all."""
    from tillstream.analytics import filter_values, measure_values
    from tillstream.analytics.filters import Filters

    if not names:
        rows = [one.published() for one in measure_values.visible_measures(UNRESTRICTED)]
        defined = [{name: row[name] for name in DEFINITION_COLUMNS} for row in rows]
        return Result({"name": "measures", "columns": list(DEFINITION_COLUMNS), "rows": defined, "cut": False})
    filter_values.check_parameter_names("measures", params, {})
    filters = Filters.parse(params)
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    more = {LIMIT: limit + 1} if by else {}  # one more row shows whether there are more
    warehouse = app.ports.warehouse
    values = measure_values.query_measures(warehouse, names, by, UNRESTRICTED, filters, cache=app.queries, **more)
    rows = values.slice(0, limit).to_pylist()
    cut = values.num_rows > limit
    currency = filters.currency or app.settings.reporting_currency
    return Result({"name": "measures", "columns": values.column_names, "rows": rows, "cut": cut, "currency": currency})


@fx.command("load", show_rates)
def fx_load(app: "App", file: InputFile) -> Result:
    """Load daily rates from the ECB's history as CSV, or from a file date,currency,rate[,base]."""
    from tillstream.analytics import reference

    try:
        text = read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected(f"{Path(file).name} is not a file of rates: it is not text in UTF-8.") from error
    rates = reference.load_rates(app.ports, text, Path(file).name, app.settings.reporting_currency, COMMAND_LINE)
    return Result({"rates": rates})


@root.command("export", show_export, reads=True, ends_with_client=True)
def export(
    app: "App",
    progress: Progress,
    query: str = "",
    *,
    out: Annotated[OutputFile, Option(f"File ending with {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")],
    params: Annotated[Mapping[str, str], Option("A parameter or filter of the query; repeatable.", names=("--param",))],
    measures: Annotated[
        Sequence[str], Option("Instead of a query, a measure; repeatable.", names=("--measure",), metavar="NAME")
    ] = (),
    by: Annotated[
        Sequence[str], Option("A dimension of the measures, such as month; repeatable.", metavar="NAME")
    ] = (),
    user: Annotated[
        str, Option("Only what this account may see; default: everything.", names=("--as",), metavar="LOGIN")
    ] = "",
) -> Result:
    """Export all rows of a named query, such as sale-lines, to a file."""
    from tillstream.commands.frame import scope_of_account

    path = Path(out)
    chosen = FORMATS.get(path.suffix.removeprefix("."))
    if chosen is None:
        raise Rejected(f"{path.name} must end with {', '.join(f'.{one}' for one in FORMATS)}.")
    exported = _table(app, scope_of_account(app, user), query, params, measures, by)
    rows = 0

    def counted() -> Iterator["pa.RecordBatch"]:
        nonlocal rows
        for batch in exported.batches:
            yield batch
            rows += batch.num_rows
            progress("exported", batch.num_rows)

    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            for data in chosen.chunks(replace(exported, batches=counted())):
                file.write(data)
        part.replace(path)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Result({"out": str(path), "rows": rows, "bytes": path.stat().st_size})


def _table(
    app: "App", scope: "Scope", query: str, params: Mapping[str, str], measures: Sequence[str], by: Sequence[str]
) -> "ExportTable":
    from tillstream.analytics import filter_values, query_catalogue
    from tillstream.analytics.measures.definitions import find_measure
    from tillstream.commands.frame import FRAME_KINDS, Frame
    from tillstream.delivery.export_table import export_table

    limit, values = 0, {name: [value] for name, value in params.items()}
    if query:
        if measures or by:
            raise Rejected("An export is of a query, or of measures by dimensions, not of both.")
        described = query_catalogue.describe_query(query)
        parameters = {one.name: one for one in described.parameters}
        filter_values.check_parameter_names(query, values, parameters)
        if LIMIT in values:
            limit = parameters[LIMIT].value(values[LIMIT][0])
        kind = "sales" if query == ALL_LINES_QUERY and not {LIMIT, "offset"} & set(values) else "query"
        names, totals = [query], described.totals
    else:
        if not measures:
            raise Rejected("An export needs the name of a query, or measures.")
        kind, names = "measures", list(measures)
        totals = tuple(name for name in names if find_measure(name).is_additive)
    batches = FRAME_KINDS[kind](app, scope, Frame(kind=kind, names=names, params=values, by=by, limit=limit))
    currency = params.get("currency") or app.settings.reporting_currency
    title = query or (f"measures-by-{'-and-'.join(by)}" if by else kind)
    return export_table(title, batches, totals, values, app.ports.clock.now(), currency)
