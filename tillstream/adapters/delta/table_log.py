"""The Delta logs of the tables of an export. The files are there before, and are neither read nor written."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, create_table_with_add_actions

from tillstream.model.errors import Unavailable
from tillstream.ports.files import LoggedFile, LoggedTable


class DeltaTableLog:
    """folder: of the export, with a folder for each table."""

    format = "delta"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def commit(self, table: LoggedTable, files: Sequence[LoggedFile], settlement_no: int) -> None:
        place = str(self._folder / table.name)
        schema = _schema(table)
        now = int(time.time() * 1_000)
        properties = CommitProperties(custom_metadata={"settlement_no": str(settlement_no)})
        partitioned = [table.partitioned_by] if table.partitioned_by else None
        with _translated(table.name):
            last = DeltaTable(place) if DeltaTable.is_deltatable(place) else None
            if last is None or _columns(last.schema()) != _columns(schema):
                create_table_with_add_actions(
                    place,
                    schema,
                    [_add(table, file, now) for file in files],
                    "overwrite" if last else "error",
                    partitioned,
                    table.name,
                    table.description,
                    commit_properties=properties,
                )
                return
            _describe(last, table, schema, properties)
            wanted = {file.path: file for file in files}
            listed = dict.fromkeys(last.get_add_actions().column("path").to_pylist())
            actions: list[AddAction | RemoveAction] = [
                _add(table, file, now) for path, file in wanted.items() if path not in listed
            ]
            actions += [RemoveAction(path, True, now) for path in listed if path not in wanted]
            if actions:
                last.create_write_transaction(actions, "append", schema, partitioned, commit_properties=properties)


def _schema(table: LoggedTable) -> Schema:
    columns = [*table.columns, *([pa.field(table.partitioned_by, pa.string())] if table.partitioned_by else [])]
    described = [column.with_metadata({"comment": table.descriptions.get(column.name, "")}) for column in columns]
    return Schema.from_arrow(pa.schema(described))


def _columns(schema: Schema) -> list[tuple[str, object, bool]]:
    """Without descriptions: the files stay if only these change. A commit that adds a file must not also remove it, and
    a file with other columns has another name."""
    return [(column.name, column.type, column.nullable) for column in schema.fields]


def _describe(last: DeltaTable, table: LoggedTable, schema: Schema, properties: CommitProperties) -> None:
    """Replace the descriptions that differ."""
    if last.metadata().description != table.description:
        last.alter.set_table_description(table.description, commit_properties=properties)
    for column, before in zip(schema.fields, last.schema().fields, strict=True):
        if column.metadata != before.metadata:
            last.alter.set_column_metadata(column.name, column.metadata, commit_properties=properties)


def _add(table: LoggedTable, file: LoggedFile, now: int) -> AddAction:
    partition: dict[str, str | None] = {table.partitioned_by: file.partition} if table.partitioned_by else {}
    return AddAction(file.path, file.bytes, partition, now, True, json.dumps({"numRecords": file.rows}))


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        raise Unavailable(f"The Delta table {name} cannot be written: {error}") from error
