"""Rows of queries, measures, sale lines, stock and goals as an Arrow stream in a file, for the Python client."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import pyarrow as pa

from tillstream.analytics import filter_values, line_export, measure_values, queries, query_catalogue
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import forbidden_error
from tillstream.app import App
from tillstream.commands.declaration import Group
from tillstream.commands.result import Result
from tillstream.goals import published_standings, target_sales
from tillstream.goals.published_standings import standing_row
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.standings_frame import standings_table
from tillstream.goals.targets import TARGET_FIELDS, GoalMeasure
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Action
from tillstream.people import accounts
from tillstream.stock import published_levels

GOAL_ARGUMENTS = frozenset({"month", "measure", "level", *TARGET_FIELDS})
AT_PARAMETER = "at"


LIMIT = "limit"
"""The parameter of queries that limit their own rows."""

root = Group()


def goals_table(app: App, scope: Scope, params: Mapping[str, Sequence[str]]) -> pa.Table:
    """The standings of the targets that a user sees. params: `GOAL_ARGUMENTS`. Raises `Rejected`, `Forbidden`."""
    if unknown := sorted(set(params) - GOAL_ARGUMENTS):
        raise Rejected(f"There is no parameter {', '.join(unknown)}. Parameters: {', '.join(sorted(GOAL_ARGUMENTS))}.")
    values = {name: texts[-1] for name, texts in params.items()}
    month, measure = _month(app, values.get("month", "")), _measure(scope, values.get("measure", ""))
    read = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month, app.queries)
    standings = read.standings(measure)
    chosen = published_standings.chosen_targets(
        standings,
        scope,
        lambda: target_sales.read_target_names(app.ports, read.sales, app.contracts.regions_to_choose(), month.first),
        values.get("level", ""),
        published_standings.parse_target(values),
    )
    return standings_table([standing_row(one, measure) for one in standings.of_all(chosen)], measure)


def _month(app: App, text: str) -> Month:
    month = Month.parse(text) if text else Month.from_day(app.ports.clock.now().date())
    if month is None:
        raise Rejected(f"“{text}” is not a month. Write year and month, such as 2026-11.")
    return month


def _measure(scope: Scope, text: str) -> GoalMeasure:
    text = text or GoalMeasure.REVENUE.value
    if text not in set(GoalMeasure):
        raise Rejected(f"There is no measure “{text}”. Use one of {', '.join(GoalMeasure)}.")
    if text == GoalMeasure.MARGIN and not scope.may(Action.SEE_COSTS):
        raise forbidden_error(scope, Action.SEE_COSTS, "see costs and margins")
    return GoalMeasure(text)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """kind: one of `FRAME_KINDS`. names: of the query, or of the measures. by: dimensions. params: parameters and
    filters. limit: the maximum number of rows of a query; 0: all."""

    kind: str
    names: Sequence[str]
    params: Mapping[str, Sequence[str]]
    by: Sequence[str] = ()
    limit: int = 0


@root.internal("frame", reads=True, never_writes=True)
def frame(
    app: App,
    *,
    kind: str,
    names: Sequence[str],
    params: Mapping[str, Sequence[str]],
    out: str,
    by: Sequence[str] = (),
    limit: int = 0,
    user: str = "",
) -> Result:
    """Write the rows. Raises as queries and measures do, and `Rejected` for an account that is stopped.

    user: the sign-in name of the account whose access applies; empty: everything. out: the path of the file to write.
    """
    scope = scope_of_account(app, user)
    if kind not in FRAME_KINDS:
        raise Rejected(f"There are no rows of {kind}; use one of {', '.join(FRAME_KINDS)}.")
    batches = FRAME_KINDS[kind](app, scope, Frame(kind=kind, names=names, params=params, by=by, limit=limit))
    first = next(batches)
    try:
        with pa.OSFile(out, "wb") as file, pa.ipc.new_stream(file, first.schema) as writer:
            for batch in chain([first], batches):
                writer.write(batch)
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"out": out})


def scope_of_account(app: App, login: str) -> Scope:
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
    filter_values.check_parameter_names(name, arguments.params, parameters)
    own = {key: values[-1] for key, values in arguments.params.items() if key in parameters}
    if LIMIT in parameters:
        own[LIMIT] = str(limit)
    filters = _filters(app, scope, {key: one for key, one in arguments.params.items() if key not in parameters})
    return _first_rows(queries.stream_query(app.ports.warehouse, name, scope, filters, **own), limit)


def _stock(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    """Stock levels; the parameter `at` selects a day or an instant of the past."""
    name, fixed = published_levels.levels_query_at("".join(arguments.params.get(AT_PARAMETER, [])[-1:]))
    params = {key: values for key, values in arguments.params.items() if key != AT_PARAMETER}
    params |= {key: [value] for key, value in fixed.items()}
    batches = _query(app, scope, replace(arguments, names=[name], params=params))
    return (
        published_levels.stream_units_on_order(app.ports, batches)
        if name == published_levels.NOW_QUERY
        else published_levels.stream_past_levels(batches)
    )


def _goals(app: App, scope: Scope, arguments: Frame) -> Iterator[pa.RecordBatch]:
    return _batches(goals_table(app, scope, arguments.params))


def _first_rows(batches: Iterator[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
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


FRAME_KINDS: dict[str, Callable[[App, Scope, Frame], Iterator[pa.RecordBatch]]] = {
    "query": _query,
    "measures": _measures,
    "sales": _sales,
    "stock": _stock,
    "goals": _goals,
    "definitions": _definitions,
    "queries": _queries,
}


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The batches of a table; at least one, for the schema."""
    empty = pa.RecordBatch.from_arrays([pa.array([], one.type) for one in table.schema], schema=table.schema)
    return iter(table.to_batches() or [empty])
