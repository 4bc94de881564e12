"""`tillstream marts …`: exports, read copies, and destinations that are written again and again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict, cast

from tillstream.commands.declaration import FileAsEntered, Folder, Group, Option, Terminal, show_answer
from tillstream.commands.printing import count_words, echo, print_line, show_rows
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.marts.copy import CopyDifference
    from tillstream.marts.destinations import MartDestination
    from tillstream.marts.export import Exported
    from tillstream.marts.state import MartState
    from tillstream.ports.warehouse import ReadCopy, Row

marts = Group("marts", "The marts for other engines: facts and dimensions.")
destinations = Group("destinations", "Databases and folders to which a server writes the marts again and again.", marts)

Password = Annotated[str, Option("The password by reference: env:…, file:… or secret:…", metavar="REFERENCE")]


class DestinationRow(TypedDict):
    """A destination, and how far what it has is behind."""

    name: str
    to: str
    schema: str
    format: str
    every: str
    added_at: str
    ran_at: str
    done_at: str
    settlement_no: int
    as_of: str
    next_at: str
    failures: int
    error: str
    behind_settlements: NotRequired[int]


class TotalDifference(TypedDict):
    """A total of a copy that is not that of the ledger. month: empty for a table that is not split by month."""

    table: str
    month: str
    column: str
    actual: str
    expected: str


def show_added_destination(*, name: str) -> None:
    echo(f"{name} is added. A running server writes it within seconds. To write it now:")
    echo(f"tillstream marts destinations run {name}")


def show_removed_destination(*, name: str, to: str) -> None:
    echo(f"{name} is removed. {to} keeps what it has.")


def show_destinations(listed: list[DestinationRow]) -> None:
    for one in listed:
        place = f"{one['to']} schema {one['schema']}" if one["schema"] else one["to"]
        echo(f"{one['name']} · every {one['every']} · {place}")
    _advise_if_none(listed)


def show_status(listed: list[DestinationRow]) -> None:
    for one in listed:
        echo(f"{one['name']} · {_state(one)}")
        if one["error"]:
            failures = f"{count_words(one['failures'], 'failure', 'failures')}"
            echo(f"  {failures}, next try {one['next_at']}: {one['error']}")
    _advise_if_none(listed)


def _state(one: DestinationRow) -> str:
    if not one["done_at"]:
        return "not written yet"
    behind = one["behind_settlements"]
    lag = f"{count_words(behind, 'settlement', 'settlements')} behind" if behind else "up to date"
    return f"settlement {one['settlement_no']:,} · {lag} · written {one['done_at']}"


def _advise_if_none(listed: list[DestinationRow]) -> None:
    if not listed:
        echo("There is no destination. To add one: tillstream marts destinations add NAME --to URL")


def show_ended(listed: list[DestinationRow]) -> None:
    if listed:
        show_status(listed)
    else:
        echo("No destination is due.")


def show_compared_or_copied(data: dict[str, object]) -> None:
    if "differences" in data:
        show_answer(show_check, data)
    else:
        show_answer(show_copy, data)


def show_copy(
    *, tables: "list[Row]", repaired: list[TotalDifference], copy: str, settlement_no: int, written: int, removed: int
) -> None:
    show_rows({"name": "marts", "columns": ["name", "rows"], "rows": tables, "cut": False})
    for each in repaired:
        print_line(f"Copied again: {_sentence(each)}")
    print_line(
        f"{copy} has the marts of settlement {settlement_no:,}: "
        f"{written:,} tables or months written, {removed:,} removed."
    )


def show_check(
    *,
    differences: list[TotalDifference],
    settlement_no: int,
    ledger_settlement_no: int,
    changed_months: list[str],
    copy: str,
) -> None:
    for each in differences:
        print_line(_sentence(each))
    behind = ""
    if settlement_no != ledger_settlement_no:
        changed = len(changed_months)
        behind = f" The ledger is at {ledger_settlement_no:,}: {changed:,} months changed since then."
    count = len(differences)
    result = f"{count:,} totals differ; copy again with --full" if count else "all totals agree"
    print_line(f"{copy} has the marts of settlement {settlement_no:,}: {result}.{behind}")


def _sentence(difference: TotalDifference) -> str:
    part = f"{difference['table']} of {difference['month']}" if difference["month"] else difference["table"]
    return f"{part}: {difference['column']} is {difference['actual']} instead of {difference['expected']}."


def show_export(*, tables: "list[Row]", folder: str, settlement_no: int, written: int, removed: int) -> None:
    show_rows({"name": "marts", "columns": ["name", "rows", "files", "bytes"], "rows": tables, "cut": False})
    print_line(
        f"{folder} has the marts of settlement {settlement_no:,}: {written:,} files written, {removed:,} removed."
    )


@marts.local("connection-file")
def connection_file_on_terminal(
    terminal: Terminal,
    *,
    host: Annotated[str, Option("The server of the copy, as the tool reaches it.")],
    database: Annotated[str, Option("The database of the copy.")],
    user: Annotated[str, Option("A user who may read the copy. Default: the tool asks.")] = "",
    port: Annotated[int, Option("The port of the server.", least=1, most=65535)] = 5432,
    schema: Annotated[str, Option("The schema of the copy.")] = "tillstream",
    no_tls: Annotated[bool, Option("The server has no TLS.")] = False,
    out: Annotated[
        FileAsEntered, Option("The file to write: .pbids for Power BI, .tds for Tableau, .yml for dbt.", metavar="FILE")
    ],
) -> None:
    """Write a file with which Power BI, Tableau or dbt opens a copy in PostgreSQL; it has no password."""
    from tillstream.marts.connection_files import CopyAddress, connection_file

    copy, path = CopyAddress(host, database, user, port, schema, encrypted=not no_tls), Path(out)
    try:
        content = connection_file(path.suffix.removeprefix("."), copy)
    except Rejected as error:
        terminal.fail(str(error))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    terminal.print({"file": out}, lambda data: echo(data["file"]))
    terminal.end()


@destinations.command("add", show_added_destination)
def add_mart_destination(
    app: "App",
    name: str,
    *,
    to: Annotated[
        Folder,
        Option(
            "A database, postgresql://USER@HOST:PORT/DATABASE, without the password; a folder; gs://BUCKET/FOLDER; or "
            "s3://BUCKET/FOLDER."
        ),
    ],
    password: Password = "",
    schema: Annotated[str, Option("The schema of a database. Default: tillstream.")] = "",
    format: Annotated[
        str, Option("The format of a folder. Default: as the last export to it.", choices=["parquet", "delta"])
    ] = "",
    every: Annotated[
        str,
        Option(
            "When it is written again. After a settlement: at most once a minute, and once a day without one.",
            choices=["day", "hour", "settlement"],
        ),
    ] = "day",
) -> Result:
    """Add a destination; a running server writes it at once."""
    from tillstream.app import mart_destinations
    from tillstream.marts.destinations import MartDestinationDraft

    draft = MartDestinationDraft(name, to, password, schema, format, every)
    return Result(_destination_row(app, mart_destinations.add_mart_destination(app, draft, COMMAND_LINE)))


@destinations.command("list", show_destinations, reads=True)
def list_mart_destinations(app: "App") -> Result:
    """List the destinations and when they are written."""
    from tillstream.marts import destinations

    return Result(_destination_rows(app, destinations.find_destinations(app.ports)))


@destinations.command("remove", show_removed_destination)
def remove_mart_destination(app: "App", name: str) -> Result:
    """Write to a destination no longer; what it has stays there."""
    from tillstream.marts import destinations

    return Result(_destination_row(app, destinations.remove_destination(app.ports, name, COMMAND_LINE)))


@destinations.local("run")
def run_destination_on_terminal(terminal: Terminal, name: str = "") -> None:
    """Write a destination now; without NAME, those that are due. Ends with 1 if one fails."""
    if name:
        terminal.run("marts-destinations-run", show_status, name=name)
    terminal.run("marts-destinations-run-due", show_ended)


@marts.local("status")
def mart_status_on_terminal(terminal: Terminal) -> None:
    """Show how far each destination is behind the ledger, and its last failure."""
    terminal.run("marts-destinations", show_status)


@marts.command("export", show_export)
def export_marts(
    app: "App",
    progress: Progress,
    *,
    to: Annotated[
        Folder, Option("Folder, gs://BUCKET/FOLDER or s3://BUCKET/FOLDER: empty, or one with an earlier export.")
    ],
    only: Annotated[Sequence[str], Option("Export only this table; repeatable.", metavar="TABLE")] = (),
    location: Annotated[
        str,
        Option(
            "Where other engines read the folder, such as s3://BUCKET/marts, for the files in its folder statements.",
            metavar="URL",
        ),
    ] = "",
    format: Annotated[
        str,
        Option(
            "Plain Parquet files, or Delta tables of them. Default: as the last export to the folder.",
            choices=["parquet", "delta"],
        ),
    ] = "",
) -> Result:
    """Export facts and dimensions as Parquet files with a manifest; only months that changed are written again."""
    from tillstream.app.mart_destinations import export_marts_to

    folder, table_format, exported = export_marts_to(
        app,
        to,
        only,
        location=location,
        table_format=format,
        progress=lambda count: progress("files", count),
    )
    return Result({"folder": folder, "format": table_format} | _exported(exported))


@marts.command("copy", show_compared_or_copied)
def copy_marts(
    app: "App",
    progress: Progress,
    *,
    to: Annotated[
        str,
        Option(
            "The database: postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=… if needed; without the password.",
            metavar="URL",
        ),
    ],
    password: Password = "",
    schema: Annotated[str, Option("The schema; it is created.")] = "tillstream",
    full: Annotated[bool, Option("Replace all tables, also months that have not changed.")] = False,
    check: Annotated[bool, Option("Compare the copy with the ledger only. Ends with 1 if they differ.")] = False,
) -> Result:
    """Copy facts and dimensions to a PostgreSQL database; only months that changed are replaced."""
    from tillstream.app.mart_destinations import open_read_copy
    from tillstream.marts.copy import copy_to_database
    from tillstream.marts.tables import TABLES

    target = open_read_copy(app, to, password, schema)
    if check:
        return _compared_copy(app, target)
    copied = copy_to_database(app.ports.warehouse, target, full=full, progress=lambda count: progress("files", count))
    tables = [{"name": table.name, "rows": copied.rows(table.name)} for table in TABLES]
    return Result(
        _copy_state(target, copied.record.state)
        | {"written": copied.written, "removed": copied.removed, "tables": tables}
        | {"repaired": [_difference(each) for each in copied.repaired]}
    )


@marts.internal("marts-destinations-run")
def run_mart_destination(app: "App", *, name: str) -> Result:
    """Write a destination now. Raises `NotFound`."""
    from tillstream.app import mart_destinations

    return _ended_runs(app, [mart_destinations.run_mart_destination(app, name, COMMAND_LINE)])


@marts.internal("marts-destinations-run-due")
def run_due_mart_destinations(app: "App") -> Result:
    """Write the destinations that are due."""
    from tillstream.app import mart_destinations

    return _ended_runs(app, mart_destinations.run_due_destinations(app))


def _exported(exported: "Exported") -> dict[str, object]:
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


def _compared_copy(app: "App", target: "ReadCopy") -> Result:
    from tillstream.marts.copy import check_copy

    checked = check_copy(app.ports.warehouse, target)
    data = _copy_state(target, checked.copied) | {
        "ledger_settlement_no": checked.current.settlement_no,
        "changed_months": list(checked.behind),
        "differences": [_difference(each) for each in checked.differences],
    }
    return Result(data, FAILED if checked.differences else 0)


def _copy_state(target: "ReadCopy", state: "MartState") -> dict[str, object]:
    return {"copy": target.name, "settlement_no": state.settlement_no, "as_of": state.as_of or None}


def _difference(difference: "CopyDifference") -> dict[str, object]:
    return {
        "table": difference.table,
        "month": difference.month or None,
        "column": difference.column,
        "expected": difference.expected,
        "actual": difference.actual,
    }


def _ended_runs(app: "App", ended: "Sequence[MartDestination]") -> Result:
    return Result(_destination_rows(app, ended), FAILED if any(one.error for one in ended) else DONE)


def _destination_rows(app: "App", listed: "Sequence[MartDestination]") -> list[DestinationRow]:
    return [_destination_row(app, one) for one in listed]


def _destination_row(app: "App", destination: "MartDestination") -> DestinationRow:
    from tillstream.marts import destinations

    names = DestinationRow.__annotations__.keys() - {"behind_settlements"}
    data = {name: getattr(destination, name) for name in DestinationRow.__annotations__ if name in names}
    behind = destinations.settlements_behind(app.ports, destination)
    return cast("DestinationRow", data | {"behind_settlements": behind})
