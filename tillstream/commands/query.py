"""Named queries and measures, and the contracts and exchange rates behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tillstream.analytics import filter_values, measure_values, queries, query_catalogue, reference
from tillstream.analytics.filters import NAMES as FILTERS
from tillstream.analytics.filters import Filters, is_filter
from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, Progress, Result
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.text import did_you_mean

LIMIT = "limit"
"""The parameter of queries that limit their own rows."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """params: parameters and filters of the query. limit: the maximum number of rows; 0: the query's own, if any."""

    name: str
    params: Mapping[str, str]
    limit: int = 0


@dataclass(frozen=True, kw_only=True)
class Contracts:
    """name: only this one; empty: a summary of all."""

    name: str = ""


@dataclass(frozen=True, kw_only=True)
class ContractChecks:
    """out: the path of the file to write, ending with `.py` or `.yaml`. frame: polars or pandas, which needs `.py`."""

    name: str
    out: str
    frame: str = "polars"


@dataclass(frozen=True, kw_only=True)
class ContractExpectations:
    """out: the path of the file to write, ending with `.json`."""

    name: str
    out: str


@dataclass(frozen=True, kw_only=True)
class FxLoad:
    """file: the path of the rates."""

    file: str


def query(app: App, progress: Progress, arguments: Query) -> Result:
    name, params = arguments.name, dict(arguments.params)
    parameters = {parameter.name: parameter for parameter in query_catalogue.describe_query(name).parameters}
    check_parameter_names(name, params, parameters)
    limit: int | None = arguments.limit or None
    if LIMIT in parameters:
        if limit and LIMIT in params:
            raise Rejected("The limit is passed twice. Use either --limit or --param limit.")
        limit = limit or parameters[LIMIT].value(params.get(LIMIT))
        params[LIMIT] = str(min(limit + 1, 2**63 - 1))  # one more row shows whether there are more
    filters = Filters.parse({key: value for key, value in params.items() if key not in parameters})
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    query_params = {key: value for key, value in params.items() if key in parameters}
    answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, filters, cache=app.queries, **query_params)
    cut = limit is not None and answer.num_rows > limit
    rows = answer.slice(0, limit).to_pylist()
    currency = filters.currency or app.settings.reporting_currency
    return Result({"name": name, "columns": answer.column_names, "rows": rows, "cut": cut, "currency": currency})


def check_parameter_names(query: str, params: Mapping[str, object], parameters: Mapping[str, object]) -> None:
    """Raise `Rejected` for a name that is neither a parameter of the query nor a filter."""
    for name in params:
        if name not in parameters and not is_filter(name):
            own = f"Its parameters: {', '.join(parameters)}. " if parameters else ""
            raise Rejected(
                f"{query} has no parameter or filter {name}.{did_you_mean(name, (*parameters, *FILTERS))} {own}"
                f"Filters: {', '.join(sorted(FILTERS))}."
            )


def contracts(app: App, progress: Progress, arguments: Contracts) -> Result:
    if arguments.name:
        return Result(app.contracts.current(arguments.name).model_dump(mode="json"))
    current = [app.contracts.current(each) for each in app.contracts.names()]
    return Result(
        [
            {
                "name": c.name,
                "version": c.version,
                "region": c.region,
                "currency": c.currency,
                "description": c.description,
            }
            for c in current
        ]
    )


def fx_load(app: App, progress: Progress, arguments: FxLoad) -> Result:
    file = arguments.file
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{Path(file).name} is not a file of rates: it is not text in UTF-8.") from error
    rates = reference.load_rates(app.ports, text, Path(file).name, app.settings.reporting_currency, COMMAND_LINE)
    return Result({"rates": rates})


def contracts_pandera(app: App, progress: Progress, arguments: ContractChecks) -> Result:
    """Write the checks of a contract to a file as a pandera schema. Raises `Rejected` if it cannot be written."""
    from tillstream.pipeline.validating.schema_exports import SCHEMA_FORMATS

    contract, out = app.contracts.current(arguments.name), arguments.out
    formats = SCHEMA_FORMATS[arguments.frame]
    write = formats.get(Path(out).suffix)
    if write is None:
        raise Rejected(f"{Path(out).name} must end with {' or '.join(formats)} for {arguments.frame} frames.")
    return _written(contract, out, write(contract))


def contracts_expectations(app: App, progress: Progress, arguments: ContractExpectations) -> Result:
    """Write the checks of a contract as a suite of Great Expectations. Raises as `contracts_pandera`."""
    from tillstream.pipeline.validating.schema_exports import to_expectation_json

    if Path(arguments.out).suffix != ".json":
        raise Rejected(f"{Path(arguments.out).name} must end with .json.")
    contract = app.contracts.current(arguments.name)
    return _written(contract, arguments.out, to_expectation_json(contract))


def _written(contract: Contract, out: str, content: str) -> Result:
    try:
        Path(out).write_text(content, encoding="utf-8")
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"name": contract.name, "version": contract.version, "file": out})


USUAL_ROWS = 1_000
DEFINITION_COLUMNS = ("name", "label", "format", "description")


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
        defined = [{name: row[name] for name in DEFINITION_COLUMNS} for row in rows]
        return Result({"name": "measures", "columns": list(DEFINITION_COLUMNS), "rows": defined, "cut": False})
    check_parameter_names("measures", arguments.params, {})
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
