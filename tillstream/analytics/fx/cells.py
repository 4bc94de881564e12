"""Cells of a rates file, validated; errors name line, column and value."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.errors import Rejected

RATE = pa.decimal128(38, 9)
_RATE = r"^[0-9]{1,14}(\.[0-9]{1,18})?$"
_ABOUT_RATES = "a rate is a number above 0 such as 1.0845, with a decimal point and without thousands separators"


@dataclass(frozen=True)
class Source:
    """The data rows of a file and their physical line numbers."""

    name: str
    lines: list[int]
    rows: list[list[str]]

    def refuse(self, row: int, column: str, value: str, why: str) -> NoReturn:
        raise Rejected(f"{self.name}, line {self.lines[row]}, {column}: “{value}”: {why}.")


def cells_of(data: bytes | str, name: str) -> tuple[list[str], Source]:
    try:
        text = data.removeprefix("\ufeff") if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected(f"{name} is not text in UTF-8: {error.reason} at byte {error.start}.") from error
    reader = csv.reader(text.splitlines(), strict=True)
    lines, rows = [], []
    try:
        for row in reader:
            if any(row) and not row[0].startswith("#"):
                lines.append(reader.line_num)
                rows.append([cell.strip() for cell in row])
    except csv.Error as error:
        raise Rejected(f"{name}, line {reader.line_num}: {error}.") from error
    if len(rows) < 2:
        raise Rejected(f"{name} contains no rates.")
    header = rows[0][:-1] if rows[0][-1] == "" else rows[0]
    source = Source(name, lines[1:], [row[: len(header)] if row[len(header) :] == [""] else row for row in rows[1:]])
    for number, row in enumerate(source.rows):
        if len(row) != len(header):
            raise Rejected(
                f"{name}, line {source.lines[number]}: the row has {len(row)} cells, but the header has {len(header)}."
            )
    return header, source


def days_of(source: Source) -> list[date]:
    days = []
    for number, row in enumerate(source.rows):
        try:
            days.append(date(int(row[0][:4]), int(row[0][5:7]), int(row[0][8:])))
        except ValueError:
            source.refuse(number, "date", row[0], "not a date in the format 2024-12-31")
        if days[-1].isoformat() != row[0]:
            source.refuse(number, "date", row[0], "not a date in the format 2024-12-31")
    return days


def rates_of(source: Source, cells: Sequence[str], rows: Sequence[int], column: str) -> pa.Array:
    text = pa.array(cells, pa.string())
    good = pc.match_substring_regex(text, _RATE)
    if not pc.all(good, min_count=0).as_py():
        bad = pc.index(good, False).as_py()
        source.refuse(rows[bad], column, cells[bad], _ABOUT_RATES)
    rates = pc.cast(pc.round(pc.cast(text, pa.decimal128(38, 18)), 9, "half_towards_infinity"), RATE)
    zero = pc.index(rates, pa.scalar(Decimal(0), RATE)).as_py()
    if zero >= 0:
        source.refuse(rows[zero], column, cells[zero], _ABOUT_RATES)
    return rates
