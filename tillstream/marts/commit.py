"""Commits the files of an export to the logs of its tables."""

from tillstream.marts.manifest import PARTITION, Manifest
from tillstream.marts.parquet import schema_of
from tillstream.marts.tables import MartTable
from tillstream.ports.files import LoggedFile, LoggedTable, TableLog


def commit_tables(log: TableLog, manifest: Manifest, previous: Manifest | None) -> None:
    """Give each table the files of the manifest. A table that only the export before had gets none.

    Each table has a version of its own; if this is interrupted, the next export commits the rest. Raises as `TableLog`.
    """
    names = {table.name for table in manifest.tables}
    dropped = [table for table in (previous.tables if previous else ()) if table.name not in names]
    settlement_no = manifest.state.settlement_no
    for table in (*manifest.tables, *dropped):
        files = [
            LoggedFile(file.path.removeprefix(f"{table.name}/"), file.bytes, file.rows, file.month)
            for file in (manifest.files_of(table) if table.name in names else ())
        ]
        log.commit(_logged(table), files, settlement_no)


def _logged(table: MartTable) -> LoggedTable:
    partitioned_by = PARTITION if table.by_month else ""
    return LoggedTable(table.name, table.description, schema_of(table), table.descriptions, partitioned_by)
