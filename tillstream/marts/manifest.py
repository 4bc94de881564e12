"""The manifest of an export: its state, its tables with their columns and types, and its files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.marts.state import MartState
from tillstream.marts.tables import MartTable, by_name
from tillstream.model.errors import Rejected

FORMAT = 1
MANIFEST = "manifest.json"
PARTITION = "month"
PARQUET = "parquet"
"""The format of tables that are plain files; others have logs beside the files."""


@dataclass(frozen=True)
class MartFile:
    """path: in the folder, with slashes. month: of its facts, as 2026-11; empty for a dimension."""

    table: str
    month: str
    path: str
    rows: int
    bytes: int
    sha256: str


Files = Mapping[tuple[str, str], MartFile]
"""(table, month) → its file. A month without rows has none."""


@dataclass(frozen=True)
class Manifest:
    state: MartState
    tables: tuple[MartTable, ...]
    files: Files
    table_format: str = PARQUET

    def to_json(self) -> bytes:
        data = {
            "format": FORMAT,
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


def read(content: bytes) -> Manifest:
    """Raises `Rejected` if it is not a manifest of this format.

    A table whose declared columns have changed since has no files here: they are written again. A table that is not
    declared any more is left out.
    """
    try:
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise Rejected(
                f"The export has format {data['format']}, and this version writes {FORMAT}. Use another folder."
            )
        tables = tuple(by_name()[table["name"]] for table in data["tables"] if table["name"] in by_name())
        state = MartState(data["settlement_no"], data["as_of"] or "", data["reporting_currency"], data["sources"])
        listed = _files([table for table in data["tables"] if _is_current(table)])
        table_format = data.get("table_format", PARQUET)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"{MANIFEST} in the folder is not the manifest of an export. Use another folder.") from error
    return Manifest(state, tables, {(one.table, one.month): one for one in listed}, table_format)


def _is_current(table: Mapping[str, Any]) -> bool:
    declared = by_name().get(table["name"])
    columns = [(column["name"], column["type"]) for column in table["columns"]]
    return declared is not None and columns == [(column.name, column.type) for column in declared.columns]


def _files(tables: Sequence[Mapping[str, Any]]) -> list[MartFile]:
    return [MartFile(table=table["name"], **file) for table in tables for file in table["files"]]
