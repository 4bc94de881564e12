"""Fields of nested records, by their paths."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tillstream.model.errors import Rejected

Row = dict[str, Any]


def flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values; the fields of an object within an object have paths with dots. Lists are not unpacked."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a path with dots; None if there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def exploded(record: Mapping[str, Any], lines: str) -> list[Row]:
    """A row for each line of a record, with the fields of the record; one row if there are no lines."""
    row = dict(flat(record))
    if not lines:
        return [row]
    items = row.pop(lines, None) or [{}]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Rejected(f"{lines} is not a list of objects.")
    return [row | dict(flat(item, f"{lines}.")) for item in items]


def parse_columns(text: str) -> dict[str, str]:
    """Column → path, of a text such as “sale=id, sku=lines.sku, currency”."""
    columns = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        name, is_named, path = part.partition("=")
        columns[name.strip()] = path.strip() if is_named else name.strip()
    return columns


def selected(rows: Sequence[Row], columns: Mapping[str, str]) -> tuple[list[str], list[list[Any]]]:
    """The header and cells of rows; without columns, all fields in the order in which they occur."""
    paths = columns or {name: name for row in rows for name in row}
    return list(paths), [[row.get(path) for path in paths.values()] for row in rows]
