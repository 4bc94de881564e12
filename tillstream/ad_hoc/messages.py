"""Tables and statements as JSON, for what the portal and the process that runs a statement exchange."""

from collections.abc import Iterable, Mapping
from typing import Any

from tillstream.ad_hoc.offered import OfferedColumn, OfferedTable
from tillstream.ad_hoc.places import Place
from tillstream.ad_hoc.statement import Statement
from tillstream.ports.machine import BrokenFrame


def tables_to_json(tables: Iterable[OfferedTable]) -> list[dict[str, Any]]:
    return [
        {
            "name": table.name,
            "select": table.select,
            "is_restricted": table.is_restricted,
            "columns": [[column.name, column.type] for column in table.columns],
        }
        for table in tables
    ]


def tables_from_json(tables: Iterable[Mapping[str, Any]]) -> dict[str, OfferedTable]:
    """By name, without descriptions."""
    return {
        table["name"]: OfferedTable(
            table["name"],
            "",
            tuple(OfferedColumn(name, kind, "") for name, kind in table["columns"]),
            table["select"],
            table["is_restricted"],
        )
        for table in tables
    }


def statement_to_json(statement: Statement) -> dict[str, Any]:
    names = {name: [place.line, place.column] for name, place in statement.names.items()}
    return {
        "sql": statement.sql,
        "read": list(statement.read),
        "names": names,
    }


def statement_from_json(value: Mapping[str, Any], offered: Mapping[str, OfferedTable]) -> Statement:
    """Raises `BrokenFrame` for a statement that reads other tables than those offered."""
    try:
        names = {str(name): Place(int(line), int(column)) for name, (line, column) in value["names"].items()}
        read = tuple(str(name) for name in value["read"])
        statement = Statement(str(value["sql"]), read, names)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenFrame("A frame is no statement.") from error
    if not set(read) <= offered.keys():
        raise BrokenFrame("A statement reads a table that was not offered.")
    return statement
