"""Convert columns of numbers to columns of text."""

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.samples.draw import Ints, Mask

Text: TypeAlias = pa.Array
"""One cell per row."""


def joined(*parts: Text | str, between: str = "") -> Text:
    """Concatenate the cells of each row."""
    return pc.binary_join_element_wise(*parts, between)


def take(words: list[str], index: Ints) -> Text:
    """words[index], or an empty cell if the index is -1."""
    return pa.array([*words, ""]).take(pa.array(np.where(index < 0, len(words), index)))


def whole(numbers: Ints, width: int = 0) -> Text:
    """Integers as text, zero-padded to `width`."""
    text = pc.cast(pa.array(numbers), pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def amounts(units: Ints, scale: int = 2) -> Text:
    """Exact decimal text of integers in units of 10^-scale."""
    return pc.cast(decimals(units, scale), pa.string())


def decimals(units: Ints, scale: int) -> Text:
    """Integers in units of 10^-scale as decimals, built from their 128-bit layout, low word first."""
    words = np.empty((units.size, 2), dtype="<i8")
    words[:, 0] = units
    words[:, 1] = units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, scale), units.size, [None, pa.py_buffer(words.tobytes())])


def thousands(text: Text) -> Text:
    """Group thousands: 1234.50 as 1,234.50; up to 999,999.99."""
    return pc.replace_substring_regex(text, r"(\d)(\d{3}\.)", r"\1,\2")


def signed(symbol: str, text: Text) -> Text:
    """Insert a currency symbol between the minus and the digits."""
    return pc.replace_substring_regex(text, "^(-?)", rf"\1{symbol}")


def comma(text: Text, group: str = "") -> Text:
    """Decimal comma: 1234.50 as 1234,50, with `group` as thousands separator."""
    grouped = pc.replace_substring(thousands(text), ",", "_")
    return pc.replace_substring(pc.replace_substring(grouped, ".", ","), "_", group)


def quoted(words: list[str], delimiter: str) -> list[str]:
    """Each word as a CSV cell, quoted if it contains the delimiter or a quote."""
    return ['"' + word.replace('"', '""') + '"' if delimiter in word or '"' in word else word for word in words]


def where(mask: Mask, text: str, cells: Text) -> Text:
    """Replace the cells in the rows of the mask by `text`."""
    return pc.if_else(pa.array(mask), text, cells)
