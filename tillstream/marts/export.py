"""Exports the marts to a folder, only the months that changed, with statements with which other engines read them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tillstream.marts import mart_files
from tillstream.marts.mart_files import MANIFEST, PARQUET, PARTITION, MartFile, MartManifest, arrow_schema
from tillstream.marts.state import Changes, MartState, read_consistently
from tillstream.marts.tables import BIGNUMERIC, MartTable, MartType, chosen_tables
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected
from tillstream.ports.files import ExportDraft, ExportFolder, LoggedFile, LoggedTable, TableLog
from tillstream.ports.warehouse import Snapshot, Warehouse

FilesOfTable = Sequence[MartFile]
STATEMENTS_FOLDER = "statements"
SQL_SCHEMA = "tillstream"
_HIVE: Mapping[MartType, str] = {
    ColumnKind.STRING: "string",
    ColumnKind.DATE: "date",
    ColumnKind.NUMERIC: "decimal(38, 9)",
    BIGNUMERIC: "decimal(38, 18)",
    ColumnKind.INT64: "bigint",
    ColumnKind.BOOL: "boolean",
}
_REDSHIFT = {**_HIVE, ColumnKind.STRING: "varchar(65535)"}
_HEADER = "-- Written by tillstream marts export; run it again after an export.\n"

ExportPart = tuple[str, str]
"""A table, and a month of it; without a month for a dimension."""
ExportProgress = Callable[[int], None]


def commit_tables(log: TableLog, manifest: MartManifest, previous: MartManifest | None) -> None:
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
    return LoggedTable(table.name, table.description, arrow_schema(table), table.descriptions, partitioned_by)


def engine_statements(manifest: MartManifest, location: str) -> dict[str, bytes]:
    """Name of each file → its statements, of all tables. location: of the folder, without a slash at the end."""
    return {
        f"{STATEMENTS_FOLDER}/{engine}.sql": (
            _HEADER + before + "\n".join(write(table, manifest.files_of(table), location) for table in manifest.tables)
        ).encode()
        for engine, (before, write) in _ENGINES.items()
    }


def _spark(table: MartTable, _files: FilesOfTable, location: str) -> str:
    """Spark lists the column of partitions with the others."""
    name = f"`{SQL_SCHEMA}`.`{table.name}`"
    columns = _commented(table)
    if table.by_month:
        columns = f"{columns},\n  `{PARTITION}` string COMMENT 'Month of sale_date'"
    partitions = f"\nPARTITIONED BY (`{PARTITION}`)" if table.by_month else ""
    repair = f"MSCK REPAIR TABLE {name};\n" if table.by_month else f"REFRESH TABLE {name};\n"
    return (
        f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} (\n{columns}\n)\nUSING PARQUET{partitions}\n"
        f"LOCATION '{_text(_uri(location))}/{table.name}';\n{repair}"
    )


def _athena(table: MartTable, files: FilesOfTable, location: str) -> str:
    name = f"`{SQL_SCHEMA}`.`{table.name}`"
    partitioned = f"\nPARTITIONED BY (`{PARTITION}` string)" if table.by_month else ""
    added = "".join(
        f"ALTER TABLE {name} ADD IF NOT EXISTS PARTITION (`{PARTITION}` = '{file.month}') "
        f"LOCATION '{_text(location)}/{table.name}/{PARTITION}={file.month}/';\n"
        for file in files
        if file.month
    )
    return (
        f"DROP TABLE IF EXISTS {name};\nCREATE EXTERNAL TABLE {name} (\n{_commented(table)}\n){partitioned}\n"
        f"STORED AS PARQUET\nLOCATION '{_text(location)}/{table.name}/';\n{added}"
    )


def _commented(table: MartTable) -> str:
    return ",\n".join(
        f"  `{column.name}` {_HIVE[column.type]} COMMENT '{_text(table.descriptions[column.name])}'"
        for column in table.columns
    )


def _redshift(table: MartTable, files: FilesOfTable, location: str) -> str:
    columns = ",\n".join(f'  "{column.name}" {_REDSHIFT[column.type]}' for column in table.columns)
    partitioned = f'\nPARTITIONED BY ("{PARTITION}" char(7))' if table.by_month else ""
    added = "".join(
        f"ALTER TABLE {SQL_SCHEMA}.{table.name} ADD IF NOT EXISTS PARTITION (\"{PARTITION}\" = '{file.month}') "
        f"LOCATION '{_text(location)}/{table.name}/{PARTITION}={file.month}/';\n"
        for file in files
        if file.month
    )
    return (
        f"DROP TABLE IF EXISTS {SQL_SCHEMA}.{table.name};\nCREATE EXTERNAL TABLE {SQL_SCHEMA}.{table.name} "
        f"(\n{columns}\n)"
        f"{partitioned}\nSTORED AS PARQUET\nLOCATION '{_text(location)}/{table.name}/';\n{added}"
    )


def _duckdb(table: MartTable, files: FilesOfTable, location: str) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if files:
        listed = ",\n".join(f"  '{_quoted(location)}/{file.path}'" for file in files)
        source = f"read_parquet([\n{listed}\n], hive_partitioning = false)"
    else:
        types = {**_HIVE, ColumnKind.STRING: "varchar"}
        nulls = ", ".join(f'CAST(NULL AS {types[column.type]}) AS "{column.name}"' for column in table.columns)
        source = f"(SELECT {nulls}) WHERE FALSE"
    return f"CREATE OR REPLACE VIEW {SQL_SCHEMA}.{table.name} AS\nSELECT {columns}\nFROM {source};\n"


def _bigquery(table: MartTable, files: FilesOfTable, location: str) -> str:
    types = {
        **_HIVE,
        ColumnKind.STRING: "STRING",
        ColumnKind.DATE: "DATE",
        ColumnKind.NUMERIC: "NUMERIC",
        BIGNUMERIC: "BIGNUMERIC",
    }
    types |= {ColumnKind.INT64: "INT64", ColumnKind.BOOL: "BOOL"}
    columns = ",\n".join(f"  `{column.name}` {types[column.type]}" for column in table.columns)
    partitioned = f"\nWITH PARTITION COLUMNS (`{PARTITION}` STRING)" if table.by_month else ""
    place = f"{_text(location)}/{table.name}"
    prefix = f",\n  hive_partition_uri_prefix = '{place}'" if table.by_month else ""
    # not the whole folder, which also has the log of a Delta table
    uris = [f"{place}/{PARTITION}=*"] if table.by_month else [f"{_text(location)}/{file.path}" for file in files]
    return (
        f"CREATE OR REPLACE EXTERNAL TABLE `{SQL_SCHEMA}`.`{table.name}` (\n{columns}\n){partitioned}\n"
        f"OPTIONS (\n  format = 'PARQUET',\n  uris = [{', '.join(map(repr, uris))}]{prefix}\n);\n"
    )


_ENGINES: Mapping[str, tuple[str, Callable[[MartTable, FilesOfTable, str], str]]] = {
    "athena": (f"CREATE DATABASE IF NOT EXISTS `{SQL_SCHEMA}`;\n", _athena),
    "redshift": (
        f"-- First: CREATE EXTERNAL SCHEMA {SQL_SCHEMA} FROM DATA CATALOG DATABASE '{SQL_SCHEMA}' IAM_ROLE default\n"
        "-- CREATE EXTERNAL DATABASE IF NOT EXISTS;\n",
        _redshift,
    ),
    "spark": (f"CREATE DATABASE IF NOT EXISTS `{SQL_SCHEMA}`;\n", _spark),
    "duckdb": (f"CREATE SCHEMA IF NOT EXISTS {SQL_SCHEMA};\n", _duckdb),
    "bigquery": (f"CREATE SCHEMA IF NOT EXISTS `{SQL_SCHEMA}`;\n", _bigquery),
}
"""Engine → the beginning of its file, and the statements of a table."""


def _uri(location: str) -> str:
    return location if "://" in location else f"file://{location}"


def _text(words: str) -> str:
    """Words in single quotes: engines escape these differently, so that a typographic one takes their place."""
    return words.replace("\\", "/").replace("'", "’")


def _quoted(path: str) -> str:
    return path.replace("'", "''")


@dataclass(frozen=True)
class Exported:
    """written: files that are new or have other rows. removed: files that were replaced or have no rows any more."""

    manifest: MartManifest
    written: int
    removed: int


def export_to_folder(
    warehouse: Warehouse,
    folder: ExportFolder,
    only: Collection[str] = (),
    *,
    location: str = "",
    log: TableLog | None = None,
    progress: ExportProgress = lambda _: None,
) -> Exported:
    """Write the tables, and replace the manifest when all files are there.

    only: names of tables; empty: those of the last export to the folder, or all. location: where engines read the
    folder, for the statements; empty: its path. log: makes the files tables of its format; None: plain Parquet files.
    progress: called with the number of files that were read.
    Raises `Rejected` for an unknown table or a folder that cannot be used; `Unavailable` if settlements commit faster
    than they can be read, or if the disk fails. The last export stays valid then.
    """
    tables = chosen_tables(only)
    table_format = log.format if log else PARQUET
    with folder.locked():
        content = folder.read(MANIFEST)
        previous = mart_files.read_manifest(content) if content else None
        if previous and previous.table_format not in (PARQUET, table_format):
            raise Rejected(f"{folder.path} has tables of the format {previous.table_format}. Use another folder.")
        if previous and previous.tables and not only:
            tables = previous.tables
        run = _ExportRun(folder, tables, previous, progress)
        state = run.read(warehouse)
        manifest = MartManifest(state, tables, run.files, table_format)
        texts = engine_statements(manifest, location.rstrip("/") or folder.path)
        commit = partial(commit_tables, log, manifest, previous) if log else _no_progress
        removed = folder.publish(run.drafts, texts, manifest.to_json(), commit)
    return Exported(manifest, len(run.drafts), removed)


def folder_format(folder: ExportFolder) -> str:
    """The format of the tables of the last export; that of plain files if there is none. Raises `Rejected`."""
    content = folder.read(MANIFEST)
    return mart_files.read_manifest(content).table_format if content else PARQUET


def _no_progress() -> None:
    """Plain files have no log."""


class _ExportRun:
    """files: every file of the export, published or not. drafts: path → those that are not."""

    def __init__(
        self,
        folder: ExportFolder,
        tables: tuple[MartTable, ...],
        previous: MartManifest | None,
        progress: ExportProgress,
    ) -> None:
        self._folder, self._tables, self._progress = folder, tables, progress
        self._exported = previous.state if previous else None
        self._previous = {} if previous is None else dict(previous.files)
        self._complete = {name for name, _ in self._previous}
        wanted = {table.name for table in tables}
        self.files = {part: file for part, file in self._previous.items() if part[0] in wanted and self._is_whole(file)}
        self.drafts: dict[str, ExportDraft] = {}

    def _is_whole(self, file: MartFile) -> bool:
        return self._folder.size(file.path) == file.bytes

    def read(self, warehouse: Warehouse) -> MartState:
        """Read everything that changed; return its state."""
        return read_consistently(warehouse, self._exported, self._read_changes)

    def _read_changes(self, snapshot: Snapshot, state: MartState, changes: Changes) -> None:
        for part in [part for part in self.files if part[1] and part[1] not in changes.months]:
            self._forget(part)
        for table in self._tables:
            for month in self._stale_months(table, changes):
                self._write(snapshot, table, month, state)
        self._complete = {table.name for table in self._tables}

    def _stale_months(self, table: MartTable, changes: Changes) -> Iterator[str]:
        if not table.by_month:
            yield ""
            return
        is_new = table.name not in self._complete
        for month in sorted(changes.months):
            missing = self._previous.get((table.name, month)) and (table.name, month) not in self.files
            if is_new or month in changes.changed or missing:
                yield month

    def _write(self, snapshot: Snapshot, table: MartTable, month: str, state: MartState) -> None:
        part = (table.name, month)
        with self._folder.draft() as opened:
            rows = mart_files.write_parquet(snapshot, table, month, opened.file)
            draft = opened.finished()
        self._progress(1)
        self._forget(part)
        previous = self._previous.get(part)
        if table.by_month and not rows:
            self._folder.discard(draft)
        elif previous and previous.sha256 == draft.sha256 and self._is_whole(previous):
            self._folder.discard(draft)
            self.files[part] = previous
        else:
            partition = f"{PARTITION}={month}/" if month else ""
            path = f"{table.name}/{partition}{state.settlement_no}-{draft.sha256[:12]}.parquet"
            self.drafts[path] = draft
            self.files[part] = MartFile(table.name, month, path, rows, draft.bytes, draft.sha256)

    def _forget(self, part: ExportPart) -> None:
        """Drop what an earlier try of this run wrote."""
        if (file := self.files.pop(part, None)) and (draft := self.drafts.pop(file.path, None)):
            self._folder.discard(draft)
