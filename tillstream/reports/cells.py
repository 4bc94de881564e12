"""Cells of tables as text, as PDF and HTML show them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tillstream.model.compared_figure import ComparedFigure
from tillstream.reports import formats
from tillstream.reports.document import Column, Part, Table, Tile

NUMBERS = frozenset({"money", "signed money", "count", "share", "growth"})


def rows(table: Table, currency: str) -> list[list[str]]:
    """The text of the shown cells. The amounts of a column in one currency all have minor units, or none has."""
    shown = [(row, currency_of(table, row, currency)) for row in table.shown_rows]
    largest: dict[tuple[int, str], Any] = defaultdict(int)
    for row, of_row in shown:
        for number, column in enumerate(table.columns):
            if column.kind.endswith("money"):
                largest[number, of_row] = max(largest[number, of_row], abs(row[number] or 0))
    return [
        [
            text(column, value, of_row, largest[number, of_row])
            for number, (column, value) in enumerate(zip(table.columns, row, strict=True))
        ]
        for row, of_row in shown
    ]


def currency_of(table: Table, row: Sequence[Any], currency: str) -> str:
    """The currency of the amounts of a row. currency: that of the report."""
    own = next((number for number, column in enumerate(table.columns) if column.kind == "currency"), None)
    return currency if own is None else str(row[own] or currency)


def text(column: Column, value: Any, currency: str, like: Any = 0) -> str:
    """The text of a cell. like: the largest amount of its column."""
    if isinstance(value, Part):
        value = formats.printed_share(value, currency)
    if value is None:
        return formats.NONE
    if column.kind.endswith("money"):
        plus = "+" if column.kind == "signed money" and value > 0 else ""
        return f"{plus}{formats.money(value, currency, like)}"
    kinds = {"count": formats.count, "share": formats.share, "growth": formats.growth, "day": formats.day}
    return kinds.get(column.kind, str)(value)


def tile_text(tile: Tile, currency: str) -> str:
    """The value of a tile, with its currency."""
    shown = text(Column("", tile.kind), tile.value, currency)
    return f"{shown} {currency}" if tile.kind == "money" else shown


def tile_note(tile: Tile, currency: str) -> str:
    """The changes of a tile; one a line, empty without one."""
    return "\n".join(
        f"{formats.growth(one.growth)} on {name}{of_part(tile, one, currency)}"
        for name, one in tile.changes
        if one.growth is not None
    )


def of_part(tile: Tile, one: ComparedFigure, currency: str) -> str:
    """Both figures of a change that is not that of the whole tile; else empty."""
    if one.is_whole:
        return ""
    now, before = (text(Column("", tile.kind), value, currency) for value in (one.now, one.before))
    return f" ({now} after {before})"
