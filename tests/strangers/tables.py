"""Cells to bytes: delimited text in any encoding, workbooks, and how programs write numbers and dates."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests import sheet_files
from tests.strangers.facts import Line

Columns = dict[str, Callable[[Line], object]]
Rows = list[list[str]]


def plain(number: Decimal, places: int = 2) -> str:
    return f"{number:.{places}f}"


def money(
    number: Decimal, decimal: str = ".", thousands: str = "", *, before: str = "", after: str = "", places: int = 2
) -> str:
    """Write a number; a minus sign comes first."""
    text = f"{abs(number):,.{places}f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    return f"{'-' if number < 0 else ''}{before}{text}{after}"


def comma(number: Decimal) -> str:
    return money(number, ",")


def german(number: Decimal) -> str:
    return money(number, ",", ".")


def whole(number: Decimal) -> str:
    return str(int(number))


def once(line: Line, value: object) -> object:
    """A value in the first line of a sale only."""
    return value if line.number == 1 else ""


def stamp(style: str) -> Callable[[Line], str]:
    """A column with the time of the sale."""
    return lambda line: strip(line.at, style)


def strip(at: datetime, style: str) -> str:
    """Format with strftime; `-` after % drops leading zeros on every platform."""
    for code in "dmIH":
        style = style.replace(f"%-{code}", at.strftime(f"%{code}").lstrip("0") or "0")
    return at.strftime(style)


def cells(lines: Iterable[Line], columns: Columns, *, header: bool = True) -> Rows:
    rows = [list(columns)] if header else []
    return rows + [[str(column(line)) for column in columns.values()] for line in lines]


def text(rows: Rows, delimiter: str = ",", *, quote: str = "minimal", end: str = "\r\n") -> str:
    """quote: minimal, all, or none."""
    out = io.StringIO()
    styles = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "none": csv.QUOTE_NONE}
    csv.writer(out, delimiter=delimiter, quoting=styles[quote], lineterminator=end, escapechar="\\").writerows(rows)
    return out.getvalue()


def encoded(content: str, encoding: str = "utf-8") -> bytes:
    """Encode; `bom` is UTF-8 with a byte order mark."""
    if encoding == "bom":
        return codecs.BOM_UTF8 + content.encode()
    return content.encode(encoding)


def delimited(
    lines: Sequence[Line],
    columns: Columns,
    delimiter: str = ",",
    encoding: str = "utf-8",
    *,
    quote: str = "minimal",
    end: str = "\r\n",
    above: Sequence[str] = (),
    below: Sequence[str] = (),
) -> bytes:
    """A table with lines of text above and below it."""
    body = text(cells(lines, columns), delimiter, quote=quote, end=end)
    return encoded("".join(f"{one}{end}" for one in above) + body + "".join(f"{one}{end}" for one in below), encoding)


def xlsx(rows: sheet_files.Cells, more: Callable[[Any, Any], None] | None = None, sheet: str = "Sales") -> bytes:
    """A workbook of equal bytes at any time."""

    def fill(book: Any, page: Any) -> None:
        book.set_properties({"created": datetime(2026, 4, 20)})  # noqa: DTZ001 - as a spreadsheet stores it
        if more:
            more(book, page)

    return sheet_files.xlsx(rows, fill, sheet)
