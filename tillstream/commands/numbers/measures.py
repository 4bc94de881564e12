"""Measures by dimensions, and their definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillstream.analytics import filter_values, measure_values
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.query import LIMIT, check_names
from tillstream.commands.result import Progress, Result
from tillstream.model.people import UNRESTRICTED

USUAL_ROWS = 1_000
DEFINED = ("name", "label", "format", "description")


@dataclass(frozen=True, kw_only=True)
class Measures:
    """names: of the measures; none: the definitions of all. params: filters. limit: the maximum number of rows."""

    names: Sequence[str]
    by: Sequence[str]
    params: Mapping[str, str]
    limit: int = USUAL_ROWS


def measures(app: App, progress: Progress, arguments: Measures) -> Result:
    if not arguments.names:
        rows = [one.published() for one in measure_values.visible_measures(UNRESTRICTED)]
        defined = [{name: row[name] for name in DEFINED} for row in rows]
        return Result({"name": "measures", "columns": list(DEFINED), "rows": defined, "cut": False})
    check_names("measures", arguments.params, {})
    filters = Filters.parse(arguments.params)
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    more = {LIMIT: arguments.limit + 1} if arguments.by else {}  # one more row shows whether there are more
    warehouse, names, by = app.ports.warehouse, arguments.names, arguments.by
    values = measure_values.query_measures(warehouse, names, by, UNRESTRICTED, filters, cache=app.queries, **more)
    rows = values.slice(0, arguments.limit).to_pylist()
    cut = values.num_rows > arguments.limit
    currency = filters.currency or app.settings.reporting_currency
    return Result({"name": "measures", "columns": values.column_names, "rows": rows, "cut": cut, "currency": currency})
