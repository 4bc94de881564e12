"""Exports and read copies of the marts."""

from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.app import App
from tillstream.app.export_folders import export_to
from tillstream.app.read_copies import DEFAULT_SCHEMA, read_copy
from tillstream.commands.result import FAILED, Progress, Result
from tillstream.marts.copy import CopyDifference, check_copy, copy_to_database
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
    """Export to the folder. Raises as `export_to`."""
    folder, table_format, exported = export_to(
        app,
        arguments.to,
        arguments.only,
        location=arguments.location,
        table_format=arguments.format,
        progress=lambda count: progress("files", count),
    )
    return Result({"folder": folder, "format": table_format} | _summary(exported))


def _summary(exported: Exported) -> dict[str, object]:
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
    schema: str = DEFAULT_SCHEMA
    full: bool = False
    check: bool = False


def copy_marts(app: App, progress: Progress, arguments: MartsCopy) -> Result:
    """Copy to the database, or compare the copy. Raises as `read_copy`, `copy` and `check`."""
    target = read_copy(app, arguments.to, arguments.password, arguments.schema)
    if arguments.check:
        return _checked(app, target)
    copied = copy_to_database(
        app.ports.warehouse, target, full=arguments.full, progress=lambda count: progress("files", count)
    )
    tables = [{"name": table.name, "rows": copied.rows(table.name)} for table in TABLES]
    return Result(
        _state(target, copied.record.state)
        | {"written": copied.written, "removed": copied.removed, "tables": tables}
        | {"repaired": [_difference(each) for each in copied.repaired]}
    )


def _checked(app: App, target: ReadCopy) -> Result:
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
