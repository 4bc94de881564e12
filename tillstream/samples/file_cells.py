"""Cells of sample files: columns of numbers as text, and those that all regions have in formats of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.samples import master_data
from tillstream.samples.draws import Ints, Mask
from tillstream.samples.master_data import customer_names
from tillstream.samples.monthly_sales import RETURNED, SampleLines, SampleMonth
from tillstream.samples.regions import SampleRegion

TextColumn: TypeAlias = pa.Array
"""One cell per row."""
NamedCells = dict[str, TextColumn]


def joined_cells(*parts: TextColumn | str, between: str = "") -> TextColumn:
    """Concatenate the cells of each row."""
    return pc.binary_join_element_wise(*parts, between)


def taken_words(words: list[str], index: Ints) -> TextColumn:
    """words[index], or an empty cell if the index is -1."""
    return pa.array([*words, ""]).take(pa.array(np.where(index < 0, len(words), index)))


def whole_numbers(numbers: Ints, width: int = 0) -> TextColumn:
    """Integers as text, zero-padded to `width`."""
    text = pc.cast(pa.array(numbers), pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def amount_texts(units: Ints, scale: int = 2) -> TextColumn:
    """Exact decimal text of integers in units of 10^-scale."""
    return pc.cast(decimals(units, scale), pa.string())


def decimals(units: Ints, scale: int) -> TextColumn:
    """Integers in units of 10^-scale as decimals, built from their 128-bit layout, low word first."""
    words = np.empty((units.size, 2), dtype="<i8")
    words[:, 0] = units
    words[:, 1] = units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, scale), units.size, [None, pa.py_buffer(words.tobytes())])


def group_thousands(text: TextColumn) -> TextColumn:
    """Group thousands: 1234.50 as 1,234.50; up to 999,999.99."""
    return pc.replace_substring_regex(text, r"(\d)(\d{3}\.)", r"\1,\2")


def with_currency_sign(symbol: str, text: TextColumn) -> TextColumn:
    """Insert a currency symbol between the minus and the digits."""
    return pc.replace_substring_regex(text, "^(-?)", rf"\1{symbol}")


def with_decimal_comma(text: TextColumn, group: str = "") -> TextColumn:
    """Decimal comma: 1234.50 as 1234,50, with `group` as thousands separator."""
    grouped = pc.replace_substring(group_thousands(text), ",", "_")
    return pc.replace_substring(pc.replace_substring(grouped, ".", ","), "_", group)


def quoted_cells(words: list[str], delimiter: str) -> list[str]:
    """Each word as a CSV cell, quoted if it contains the delimiter or a quote."""
    return ['"' + word.replace('"', '""') + '"' if delimiter in word or '"' in word else word for word in words]


def replace_where(mask: Mask, text: str, cells: TextColumn) -> TextColumn:
    """Replace the cells in the rows of the mask by `text`."""
    return pc.if_else(pa.array(mask), text, cells)


@dataclass(frozen=True)
class SampleFileStyle:
    """`cells` returns the columns in order; the last five fields name the columns that receive faults."""

    encoding: str
    delimiter: str
    newline: str
    cells: Callable[[SampleLines, SampleRegion, SampleMonth], NamedCells]
    number: str
    date: str
    status: str
    quantity: str
    product: str


def time_stamps(month: SampleMonth) -> str:
    return f"{month.year % 100:02}{month.month:02}{month.mark}"


def sale_days(month: SampleMonth, pattern: str, day: Ints) -> TextColumn:
    dates = [month.first + timedelta(days=offset) for offset in range(month.days)]
    return taken_words([d.strftime(pattern) if "%" in pattern else pattern.format(d) for d in dates], day - 1)


def sale_instants(month: SampleMonth, day: str, clock: str, lines: SampleLines) -> TextColumn:
    return joined_cells(sale_days(month, day, lines.day), sale_times(clock, lines), between=" ")


def sale_times(clock: str, lines: SampleLines) -> TextColumn:
    words = [
        clock.format(hour=hour, half=(hour + 11) % 12 + 1, minute=minute, noon="AM" if hour < 12 else "PM")
        for hour, minute in (divmod(time, 60) for time in range(24 * 60))
    ]
    return taken_words(words, lines.minute)


def salesperson_cells(letter: str, lines: SampleLines) -> TextColumn:
    people = [f"{letter}{101 + number}" for number in range(int(lines.salesperson.max(initial=-1)) + 1)]
    return taken_words(people, lines.salesperson)


def customer_id_cells(letter: str, lines: SampleLines) -> TextColumn:
    numbers = joined_cells(letter, whole_numbers(lines.customer + 10_001))
    return replace_where(lines.customer < 0, "", numbers)


def customer_cells(lines: SampleLines, region: SampleRegion) -> TextColumn:
    numbers = np.arange(int(lines.customer.max(initial=-1)) + 1, dtype=np.int64)
    return taken_words(customer_names(region.name, numbers), lines.customer)


def category_cells(lines: SampleLines) -> TextColumn:
    return taken_words(list(master_data.PRODUCT_CATEGORIES), master_data.CATEGORY_OF_PRODUCT[lines.product])


def country_cells(lines: SampleLines, region: SampleRegion) -> TextColumn:
    """Country of each customer; the first of the region for lines without a customer."""
    ends = np.cumsum(np.array(region.country_weights, dtype=np.int64))
    index = np.searchsorted(ends, lines.customer * 7919 % int(ends[-1]), side="right")
    return taken_words(list(region.countries), np.where(lines.customer < 0, 0, index))


def original_sale_cells(numbers: TextColumn, lines: SampleLines) -> TextColumn:
    return replace_where(lines.status != RETURNED, "", numbers)
