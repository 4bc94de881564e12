"""Named queries, and the contracts and exchange rates behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tillstream.analytics import filter_values, queries, reference
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.domain.errors import Rejected
from tillstream.domain.people import UNRESTRICTED


@dataclass(frozen=True, kw_only=True)
class Query:
    """params: parameters and filters of the query."""

    name: str
    params: Mapping[str, str]


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
class FxLoad:
    """file: the path of the rates."""

    file: str


def query(app: App, progress: Progress, arguments: Query) -> Result:
    name, params = arguments.name, arguments.params
    parameter_names = {parameter.name for parameter in queries.describe(name).parameters}
    filters = Filters.parse({key: value for key, value in params.items() if key not in parameter_names})
    filter_values.check(app.ports.warehouse, UNRESTRICTED, filters, app.book.regions(), cache=app.queries)
    query_params = {key: value for key, value in params.items() if key in parameter_names}
    answer = queries.run(app.ports.warehouse, name, UNRESTRICTED, filters, cache=app.queries, **query_params)
    return Result({"name": name, "columns": answer.column_names, "rows": answer.to_pylist()})


def contracts(app: App, progress: Progress, arguments: Contracts) -> Result:
    if arguments.name:
        return Result(app.book.current(arguments.name).model_dump(mode="json"))
    current = [app.book.current(each) for each in app.book.names()]
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
    app.queries.clear()
    return Result({"rates": rates})


def contracts_pandera(app: App, progress: Progress, arguments: ContractChecks) -> Result:
    """Write the checks of a contract to a file as a pandera schema. Raises `Rejected` if it cannot be written."""
    from tillstream.pipeline.validating.export import FORMATS

    contract, out = app.book.current(arguments.name), arguments.out
    formats = FORMATS[arguments.frame]
    write = formats.get(Path(out).suffix)
    if write is None:
        raise Rejected(f"{Path(out).name} must end with {' or '.join(formats)} for {arguments.frame} frames.")
    try:
        Path(out).write_text(write(contract), encoding="utf-8")
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"name": contract.name, "version": contract.version, "file": out})
