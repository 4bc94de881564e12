"""Small tables as text: a header of column names, then rows.

`-` is NULL, `~` a space; omitted columns get a default value.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tillstream.model.columns import Field
from tillstream.model.tables.warehouse_tables import TABLES

READ = {
    "STRING": lambda text: text.replace("~", " "),
    "JSON": str,
    "DATE": date.fromisoformat,
    "TIMESTAMP": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "NUMERIC": Decimal,
    "INT64": int,
    "BOOL": lambda text: text == "yes",
    "hash128": int,
    "hash64": int,
}
PLAIN = {
    "STRING": "",
    "JSON": "{}",
    "DATE": date(2024, 1, 1),
    "TIMESTAMP": datetime(2024, 1, 1, tzinfo=UTC),
    "NUMERIC": Decimal(0),
    "INT64": 0,
    "BOOL": False,
    "hash128": 0,
    "hash64": 0,
}


def parse_tables(tables: Mapping[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """table → rows with every column of the table, in its order."""
    return {table: _rows(TABLES[table], text) for table, text in tables.items()}


def _rows(fields: tuple[Field, ...], text: str) -> list[tuple[Any, ...]]:
    header, *lines = [line.split() for line in text.strip().splitlines()]
    unknown = set(header) - {field.name for field in fields}
    assert not unknown, unknown
    assert all(len(line) == len(header) for line in lines), lines
    return [tuple(_cell(field, dict(zip(header, line, strict=True))) for field in fields) for line in lines]


def _cell(field: Field, cells: dict[str, str]) -> Any:
    if field.name in cells:
        text = cells[field.name]
        return None if text == "-" else READ[str(field.kind)](text)
    return PLAIN[str(field.kind)] if field.required else None
