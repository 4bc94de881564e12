"""The marts for other engines: exports, read copies, and destinations that are written again and again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App, mart_destinations
from tillstream.app.mart_destinations import COPY_SCHEMA, export_marts_to, open_read_copy
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.marts import destinations
from tillstream.marts.copy import CopyDifference, check_copy, copy_to_database
from tillstream.marts.destinations import MartDestination, MartDestinationDraft
from tillstream.marts.export import Exported
from tillstream.marts.state import MartState
from tillstream.marts.tables import TABLES
from tillstream.ports.warehouse import ReadCopy


@dataclass(frozen=True, kw_only=True)
class MartsExport:
    """to: the path of the folder, gs://BUCKET/FOLDER or s3://BUCKET/FOLDER. only: names of tables; empty: those of the
    last export to the folder, or all. location: where other engines read the folder; empty: its path. format: parquet
    or delta; empty: that of the last export to the folder."""

    to: str
    only: Sequence[str] = ()
    location: str = ""
    format: str = ""


def export_marts(app: App, progress: Progress, arguments: MartsExport) -> Result:
    """Export to the folder. Raises as `mart_destinations.export_marts_to`."""
    folder, table_format, exported = export_marts_to(
        app,
        arguments.to,
        arguments.only,
        location=arguments.location,
        table_format=arguments.format,
        progress=lambda count: progress("files", count),
    )
    return Result({"folder": folder, "format": table_format} | _exported(exported))


def _exported(exported: Exported) -> dict[str, object]:
    manifest = exported.manifest
    files = [manifest.files_of(table) for table in manifest.tables]
    return {
        "settlement_no": manifest.state.settlement_no,
        "as_of": manifest.state.as_of or None,
        "written": exported.written,
        "removed": exported.removed,
        "tables": [
            {
                "name": table.name,
                "rows": sum(file.rows for file in listed),
                "files": len(listed),
                "bytes": sum(file.bytes for file in listed),
            }
            for table, listed in zip(manifest.tables, files, strict=True)
        ],
    }


@dataclass(frozen=True, kw_only=True)
class MartsCopy:
    """to: the URL of the database, without a password. password: a reference to it. full: replace everything.
    check: only compare."""

    to: str
    password: str = ""
    schema: str = COPY_SCHEMA
    full: bool = False
    check: bool = False


def copy_marts(app: App, progress: Progress, arguments: MartsCopy) -> Result:
    """Copy to the database, or compare the copy. Raises as `open_read_copy`, `copy` and `check`."""
    target = open_read_copy(app, arguments.to, arguments.password, arguments.schema)
    if arguments.check:
        return _compared_copy(app, target)
    copied = copy_to_database(
        app.ports.warehouse, target, full=arguments.full, progress=lambda count: progress("files", count)
    )
    tables = [{"name": table.name, "rows": copied.rows(table.name)} for table in TABLES]
    return Result(
        _state(target, copied.record.state)
        | {"written": copied.written, "removed": copied.removed, "tables": tables}
        | {"repaired": [_difference(each) for each in copied.repaired]}
    )


def _compared_copy(app: App, target: ReadCopy) -> Result:
    checked = check_copy(app.ports.warehouse, target)
    data = _state(target, checked.copied) | {
        "ledger_settlement_no": checked.current.settlement_no,
        "changed_months": list(checked.behind),
        "differences": [_difference(each) for each in checked.differences],
    }
    return Result(data, FAILED if checked.differences else 0)


def _state(target: ReadCopy, state: MartState) -> dict[str, object]:
    return {"copy": target.name, "settlement_no": state.settlement_no, "as_of": state.as_of or None}


def _difference(difference: CopyDifference) -> dict[str, object]:
    return {
        "table": difference.table,
        "month": difference.month or None,
        "column": difference.column,
        "expected": difference.expected,
        "actual": difference.actual,
    }


_DESTINATION_COLUMNS = (
    *("name", "to", "schema", "format", "every", "added_at", "ran_at", "done_at", "settlement_no", "as_of"),
    *("next_at", "failures", "error"),
)


@dataclass(frozen=True, kw_only=True)
class AddMartDestination:
    """to, password, schema, format: as of a copy or an export. every: day, hour or settlement."""

    name: str
    to: str
    password: str = ""
    schema: str = ""
    format: str = ""
    every: str = destinations.DAY


@dataclass(frozen=True, kw_only=True)
class OfMartDestination:
    """name: of a destination."""

    name: str


def list_mart_destinations(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """All destinations with their last runs. Instants are ISO 8601 UTC text, empty if there is none."""
    return Result(_destination_rows(app, destinations.find_destinations(app.ports)))


def add_mart_destination(app: App, progress: Progress, arguments: AddMartDestination) -> Result:
    """Raises as `mart_destinations.add_mart_destination`."""
    draft = MartDestinationDraft(**asdict(arguments))
    return Result(_destination_row(app, mart_destinations.add_mart_destination(app, draft, COMMAND_LINE)))


def remove_mart_destination(app: App, progress: Progress, arguments: OfMartDestination) -> Result:
    """Raises `NotFound`."""
    return Result(_destination_row(app, destinations.remove_destination(app.ports, arguments.name, COMMAND_LINE)))


def run_mart_destination(app: App, progress: Progress, arguments: OfMartDestination) -> Result:
    """Write a destination now. Raises `NotFound`."""
    return _ended_runs(app, [mart_destinations.run_mart_destination(app, arguments.name, COMMAND_LINE)])


def run_due_mart_destinations(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Write the destinations that are due."""
    return _ended_runs(app, mart_destinations.run_due_destinations(app))


def _ended_runs(app: App, ended: Sequence[MartDestination]) -> Result:
    return Result(_destination_rows(app, ended), FAILED if any(one.error for one in ended) else DONE)


def _destination_rows(app: App, listed: Sequence[MartDestination]) -> list[dict[str, Any]]:
    return [_destination_row(app, one) for one in listed]


def _destination_row(app: App, destination: MartDestination) -> dict[str, Any]:
    data = {name: getattr(destination, name) for name in _DESTINATION_COLUMNS}
    return data | {"behind_settlements": destinations.settlements_behind(app.ports, destination)}
