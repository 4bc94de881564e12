"""Numbers, days and cells of tables as text, in plain English: 1,234.50, 12.3%, 3 Oct 2026."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.model.dates import day_text
from tillstream.model.money import minor_digits, round_amount, round_to_digits
from tillstream.reports.document import Number, ReportColumn, ReportTable, ReportTile, Sentence, TilePart

WHOLE_FROM = 1_000
"""Amounts from which on no minor units are shown."""
NO_VALUE = "–"

NUMBER_KINDS = frozenset({"money", "signed money", "count", "share", "growth"})


def money_text(value: Any, currency: str, like: Any = 0) -> str:
    """An amount without its currency. like: the largest amount of its column, which decides on minor units."""
    if value is None:
        return NO_VALUE
    amount = Decimal(value)
    return _grouped(amount, amount_digits(currency, amount, Decimal(like)))


def printed_amount(value: Any, currency: str, like: Any = 0) -> Decimal:
    """An amount as `money` writes it; without a currency a count as `count` does."""
    number = Decimal(value)
    return round_to_digits(number, amount_digits(currency, number, Decimal(like)) if currency else 0)


def printed_figure(one: ComparedFigure, currency: str) -> ComparedFigure:
    """The figures as they are written, so that the change is that of what is written. currency: empty for counts."""
    figures = (one.whole, one.now, one.before)
    return ComparedFigure(*(None if figure is None else printed_amount(figure, currency) for figure in figures))


def printed_share(one: TilePart, currency: str) -> Decimal | None:
    """The share on paper and on a page, where large amounts are whole."""
    return _ratio(printed_amount(one.amount, currency, one.like), printed_amount(one.whole, currency, one.like_whole))


def share_of_cells(one: TilePart, currency: str) -> Decimal | None:
    """The share in a workbook, which has amounts with all decimals of their currency."""
    return _ratio(round_amount(one.amount, currency), round_amount(one.whole, currency))


def amount_digits(currency: str, *amounts: Decimal) -> int:
    """The decimal digits of amounts that are shown together: none if one of them is large."""
    return 0 if max(map(abs, amounts)) >= WHOLE_FROM else minor_digits(currency)


def printed_changes(pairs: Sequence[tuple[Any, Any]], currency: str) -> list[Decimal]:
    """The change from each first amount to the second one, as the difference of what two columns print."""
    exact = [(Decimal(before or 0), Decimal(after or 0)) for before, after in pairs]
    largest = [max(map(abs, column)) for column in zip(*exact, strict=True)]
    both = [[printed_amount(one, currency, like) for one, like in zip(pair, largest, strict=True)] for pair in exact]
    return [after - before for before, after in both]


def count_text(value: Any) -> str:
    return NO_VALUE if value is None else _grouped(Decimal(value), 0)


def share_text(value: Any) -> str:
    """0.1234 → 12.3%."""
    return NO_VALUE if value is None else f"{_grouped(Decimal(value) * 100, 1)}%"


def growth_text(value: Any) -> str:
    """0.1234 → +12.3%."""
    return NO_VALUE if value is None else f"{'+' if Decimal(value) > 0 else ''}{share_text(value)}"


def number_text(number: Number) -> str:
    """A number of a sentence, with its currency."""
    value = number.value if number.shown is None else number.shown
    if number.kind.endswith("money"):
        plus = "+" if number.kind == "signed money" and value > 0 else ""
        return f"{plus}{money_text(value, number.currency, number.like)} {number.currency}"
    return {"count": count_text, "share": share_text}[number.kind](value)


def sentence_text(sentence: Sentence) -> str:
    return "".join(one if isinstance(one, str) else number_text(one) for one in sentence.parts)


def rounded_parts(values: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Round parts so that they add up to the rounded sum, by the largest remainder."""
    unit = Decimal(1).scaleb(-digits)
    total = round_to_digits(sum(values, Decimal(0)), digits)
    floors = [value.quantize(unit, ROUND_FLOOR) for value in values]
    missing = int((total - sum(floors, Decimal(0))) / unit)
    order = sorted(range(len(values)), key=lambda index: floors[index] - values[index])
    for index in order[:missing]:
        floors[index] += unit
    return floors


def _ratio(amount: Decimal, whole: Decimal) -> Decimal | None:
    return amount / whole if whole else None


def _grouped(value: Decimal, digits: int) -> str:
    rounded = round_to_digits(value, digits)
    return f"{abs(rounded):,.{digits}f}" if rounded >= 0 else f"−{abs(rounded):,.{digits}f}"


def table_texts(table: ReportTable, currency: str) -> list[list[str]]:
    """The text of the shown cells. The amounts of a column in one currency all have minor units, or none has."""
    shown = [(row, row_currency(table, row, currency)) for row in table.shown_rows]
    largest: dict[tuple[int, str], Any] = defaultdict(int)
    for row, of_row in shown:
        for number, column in enumerate(table.columns):
            if column.kind.endswith("money"):
                largest[number, of_row] = max(largest[number, of_row], abs(row[number] or 0))
    return [
        [
            cell_text(column, value, of_row, largest[number, of_row])
            for number, (column, value) in enumerate(zip(table.columns, row, strict=True))
        ]
        for row, of_row in shown
    ]


def row_currency(table: ReportTable, row: Sequence[Any], currency: str) -> str:
    """The currency of the amounts of a row. currency: that of the report."""
    own = next((number for number, column in enumerate(table.columns) if column.kind == "currency"), None)
    return currency if own is None else str(row[own] or currency)


def cell_text(column: ReportColumn, value: Any, currency: str, like: Any = 0) -> str:
    """The text of a cell. like: the largest amount of its column."""
    if isinstance(value, TilePart):
        value = printed_share(value, currency)
    if value is None:
        return NO_VALUE
    if column.kind.endswith("money"):
        plus = "+" if column.kind == "signed money" and value > 0 else ""
        return f"{plus}{money_text(value, currency, like)}"
    kinds = {"count": count_text, "share": share_text, "growth": growth_text, "day": day_text}
    return kinds.get(column.kind, str)(value)


def tile_text(tile: ReportTile, currency: str) -> str:
    """The value of a tile, with its currency."""
    shown = cell_text(ReportColumn("", tile.kind), tile.value, currency)
    return f"{shown} {currency}" if tile.kind == "money" else shown


def tile_note(tile: ReportTile, currency: str) -> str:
    """The changes of a tile; one a line, empty without one."""
    return "\n".join(
        f"{growth_text(one.growth)} on {name}{part_text(tile, one, currency)}"
        for name, one in tile.changes
        if one.growth is not None
    )


def part_text(tile: ReportTile, one: ComparedFigure, currency: str) -> str:
    """Both figures of a change that is not that of the whole tile; else empty."""
    if one.is_whole:
        return ""
    now, before = (cell_text(ReportColumn("", tile.kind), value, currency) for value in (one.now, one.before))
    return f" ({now} after {before})"
