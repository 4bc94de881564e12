"""The files of an export: Parquet with the declared types, and the manifest of state, tables and files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.marts.state import MartState, days_of
from tillstream.marts.tables import BIGNUMERIC, MartTable, MartType, tables_by_name
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected
from tillstream.ports.warehouse import Snapshot

MANIFEST_FORMAT = 1
MANIFEST = "manifest.json"
PARTITION = "month"
PARQUET = "parquet"
"""The format of tables that are plain files; others have logs beside the files."""

ARROW_TYPES: dict[MartType, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    BIGNUMERIC: pa.decimal128(38, 18),
    ColumnKind.INT64: pa.int64(),
    ColumnKind.BOOL: pa.bool_(),
}
GROUP_ROWS = 131_072
"""Rows of a row group. It does not depend on how an engine hands over rows, so that equal rows are equal bytes."""


@dataclass(frozen=True)
class MartFile:
    """path: in the folder, with slashes. month: of its facts, as 2026-11; empty for a dimension."""

    table: str
    month: str
    path: str
    rows: int
    bytes: int
    sha256: str


MartFiles = Mapping[tuple[str, str], MartFile]
"""(table, month) → its file. A month without rows has none."""


@dataclass(frozen=True)
class MartManifest:
    state: MartState
    tables: tuple[MartTable, ...]
    files: MartFiles
    table_format: str = PARQUET

    def to_json(self) -> bytes:
        data = {
            "format": MANIFEST_FORMAT,
            "table_format": self.table_format,
            "settlement_no": self.state.settlement_no,
            "as_of": self.state.as_of or None,
            "reporting_currency": self.state.reporting_currency,
            "sources": self.state.sources,
            "tables": [self._table(table) for table in self.tables],
        }
        return json.dumps(data, ensure_ascii=False, indent=1).encode()

    def _table(self, table: MartTable) -> dict[str, Any]:
        files = self.files_of(table)
        return {
            "name": table.name,
            "description": table.description,
            "key": list(table.key),
            "partitioned_by": PARTITION if table.by_month else None,
            "columns": [
                {"name": column.name, "type": column.type, "description": table.descriptions[column.name]}
                for column in table.columns
            ],
            "rows": sum(file.rows for file in files),
            "files": [{key: value for key, value in asdict(file).items() if key != "table"} for file in files],
        }

    def files_of(self, table: MartTable) -> list[MartFile]:
        """The files of a table, by month."""
        return [file for (name, _), file in sorted(self.files.items()) if name == table.name]


def read_manifest(content: bytes) -> MartManifest:
    """Raises `Rejected` if it is not a manifest of this format.

    A table whose declared columns have changed since has no files here: they are written again. A table that is not
    declared any more is left out.
    """
    try:
        data = json.loads(content)
        if data["format"] != MANIFEST_FORMAT:
            raise Rejected(
                f"The export has format {data['format']}, and this version writes {MANIFEST_FORMAT}. Use another "
                "folder."
            )
        tables = tuple(tables_by_name()[table["name"]] for table in data["tables"] if table["name"] in tables_by_name())
        state = MartState(data["settlement_no"], data["as_of"] or "", data["reporting_currency"], data["sources"])
        listed = _files([table for table in data["tables"] if _is_current(table)])
        table_format = data.get("table_format", PARQUET)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"{MANIFEST} in the folder is not the manifest of an export. Use another folder.") from error
    return MartManifest(state, tables, {(one.table, one.month): one for one in listed}, table_format)


def _is_current(table: Mapping[str, Any]) -> bool:
    declared = tables_by_name().get(table["name"])
    columns = [(column["name"], column["type"]) for column in table["columns"]]
    return declared is not None and columns == [(column.name, column.type) for column in declared.columns]


def _files(tables: Sequence[Mapping[str, Any]]) -> list[MartFile]:
    return [MartFile(table=table["name"], **file) for table in tables for file in table["files"]]


def arrow_schema(table: MartTable) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])


def stream_rows(snapshot: Snapshot, table: MartTable, month: str) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of its key, in record batches with the declared types."""
    params: dict[str, Any] = {}
    condition = ""
    if table.by_month:
        params["first"], params["next"] = days_of(month)
        condition = "\nWHERE sale_date >= @first AND sale_date < @next"
    text = f"SELECT {', '.join(table.names)}\nFROM {table.name}{condition}\nORDER BY {', '.join(table.key)}"
    schema = arrow_schema(table)
    for batch in snapshot.stream(text, params):
        yield from pa.Table.from_batches([batch]).select(table.names).cast(schema).to_batches()


def write_parquet(snapshot: Snapshot, table: MartTable, month: str, file: BinaryIO) -> int:
    """Write the rows of `stream_rows`; return their number."""
    schema = arrow_schema(table)
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(stream_rows(snapshot, table, month), schema):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            rows += group.num_rows
    return rows


def _groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of `GROUP_ROWS` rows; the last one has the rest."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
        while waiting.num_rows >= GROUP_ROWS:
            yield waiting.slice(0, GROUP_ROWS).combine_chunks()
            waiting = waiting.slice(GROUP_ROWS)
    if waiting.num_rows:
        yield waiting.combine_chunks()
