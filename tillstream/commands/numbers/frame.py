"""Rows of queries, measures and sale lines as an Arrow stream in a file, for the Python client."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import pyarrow as pa

from tillstream.analytics import filter_values, line_export, measure_values, queries, query_catalogue
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.numbers.goal_frame import goals
from tillstream.commands.query import LIMIT, check_names
from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.people import accounts
from tillstream.stock import published_levels

AT = "at"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """kind: one of KINDS. names: of the query, or of the measures. by: dimensions. params: parameters and filters.
    limit: the maximum number of rows of a query; 0: all. user: the sign-in name of the account whose access applies;
    empty: everything. out: the path of the file to write."""

    kind: str
    names: Sequence[str]
    params: Mapping[str, Sequence[str]]
    out: str
    by: Sequence[str] = ()
    limit: int = 0
    user: str = ""


def frame(app: App, progress: Progress, arguments: Frame) -> Result:
    """Write the rows. Raises as queries and measures do, and `Rejected` for an account that is stopped."""
    scope = scope_of(app, arguments.user)
    if arguments.kind not in KINDS:
        raise Rejected(f"There are no rows of {arguments.kind}; use one of {', '.join(KINDS)}.")
    batches = KINDS[arguments.kind](app, scope, arguments)
    first = next(batches)
    try:
        with pa.OSFile(arguments.out, "wb") as file, pa.ipc.new_stream(file, first.schema) as writer:
            for batch in chain([first], batches):
                writer.write(batch)
    except OSError as error:
        raise Rejected(f"{arguments.out} cannot be written: {error.strerror}.") from error
    return Result({"out": arguments.out})


def scope_of(app: App, login: str) -> Scope:
    """What an account may see; without a sign-in name, everything. Raises `NotFound`, `Rejected`."""
    if not login:
        return UNRESTRICTED
    user = accounts.get_user(app.ports, login)
    if user.disabled:
        raise Rejected(f"The account {login} is stopped.")
    return user.scope


def _filters(app: App, scope: Scope, values: Mapping[str, Sequence[str]]) -> Filters:
    filters = Filters.parse(values)
    filter_values.check_filter_values(app.ports.warehouse, scope, filters, app.contracts.regions(), cache=app.queries)
    return filters


def _query(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    if len(arguments.names) != 1:
        raise Rejected("A query has one name.")
    name, limit = arguments.names[0], arguments.limit or measure_values.ALL_ROWS
    parameters = {one.name: one for one in query_catalogue.describe_query(name).parameters}
    check_names(name, arguments.params, parameters)
    own = {key: values[-1] for key, values in arguments.params.items() if key in parameters}
    if LIMIT in parameters:
        own[LIMIT] = str(limit)
    filters = _filters(app, scope, {key: one for key, one in arguments.params.items() if key not in parameters})
    return _first(queries.stream_query(app.ports.warehouse, name, scope, filters, **own), limit)


def _stock(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    """Stock levels; the parameter `at` selects a day or an instant of the past."""
    name, fixed = published_levels.levels_query_at("".join(arguments.params.get(AT, [])[-1:]))
    params = {key: values for key, values in arguments.params.items() if key != AT}
    params |= {key: [value] for key, value in fixed.items()}
    batches = _query(app, scope, replace(arguments, names=[name], params=params))
    return (
        published_levels.stream_units_on_order(app.ports, batches)
        if name == published_levels.NOW_QUERY
        else published_levels.stream_past_levels(batches)
    )


def _goals(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    return _batches(goals(app, scope, arguments.params))


def _first(batches: Iterator[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in batches:
        yield batch.slice(0, left)
        left -= batch.num_rows
        if left <= 0:
            return


def _measures(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    filters = _filters(app, scope, arguments.params)
    limit = {LIMIT: measure_values.ALL_ROWS} if arguments.by else {}
    warehouse, names, by = app.ports.warehouse, arguments.names, arguments.by
    return _batches(measure_values.query_measures(warehouse, names, by, scope, filters, cache=app.queries, **limit))


def _sales(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    return line_export.export_lines(app.ports.warehouse, scope, _filters(app, scope, arguments.params))


def _definitions(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    return _batches(pa.Table.from_pylist([one.published() for one in measure_values.visible_measures(scope)]))


def _queries(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    described = [query_catalogue.describe_query(name) for name in query_catalogue.query_names()]
    rows = [
        {"name": one.name, "description": one.description, "parameters": [each.name for each in one.parameters]}
        for one in described
    ]
    return _batches(pa.Table.from_pylist(rows))


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The batches of a table; at least one, for the schema."""
    empty = pa.RecordBatch.from_arrays([pa.array([], one.type) for one in table.schema], schema=table.schema)
    return iter(table.to_batches() or [empty])


KINDS: dict[str, Callable[[App, Scope, Frame], Iterator[pa.RecordBatch]]] = {
    "query": _query,
    "measures": _measures,
    "sales": _sales,
    "stock": _stock,
    "goals": _goals,
    "definitions": _definitions,
    "queries": _queries,
}
