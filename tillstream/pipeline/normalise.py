"""The pipeline room: cells as the source wrote them → the columns of a sale line, by the contract, on whole columns."""

from collections.abc import Sequence
from datetime import time

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import BY_NAME, CONTENT, KEY, Kind
from tillstream.domain.contract import Contract
from tillstream.domain.styles import NumberStyle
from tillstream.pipeline.date_texts import DAY, MISSING
from tillstream.pipeline.dates import example, read_dates, readable
from tillstream.pipeline.extra import json_objects
from tillstream.pipeline.findings import Findings
from tillstream.pipeline.identity import name_sales, sale_ids, source_versions
from tillstream.pipeline.money import line_total, plus
from tillstream.pipeline.numbers import read_numbers
from tillstream.pipeline.schema import NUMERIC, TEXT, lines_schema
from tillstream.pipeline.status import read_status
from tillstream.pipeline.text import Texts, constant, encoded, flags, trimmed
from tillstream.pipeline.zones import to_utc

NORMALISED = (BY_NAME["source_version"], *KEY, *CONTENT)
"""What `normalise` gives, in order; line_key is NULL where the source does not number its lines."""
_NUMBERS = tuple(column.name for column in CONTENT if column.kind is Kind.NUMERIC)
_CONSTANTS = ("country", "channel", "currency")
_PLAIN = ("salesperson_id", "customer_id", "customer_name", "product_id", "product_name", "category")
_SAMPLE = 1_000

Mask = npt.NDArray[np.bool_]


def missing_columns(header: Sequence[str], contract: Contract) -> list[str]:
    """Headers that the contract maps and the file lacks, in the contract's order."""
    present = set(header)
    return [name for name in dict.fromkeys(contract.columns.values()) if name not in present]


def all_midnight(cells: pa.Table, contract: Contract) -> bool:
    """Whether no readable time of these rows is other than 00:00: then the column tells dates, not instants."""
    words = trimmed(cells.column(contract.columns["date"]), contract.missing).words
    return all(_midnight(part, contract) for part in (words[:_SAMPLE], words[_SAMPLE:]))


def _midnight(words: pa.Array, contract: Contract) -> bool:
    read = read_dates(words, contract.dates.formats)
    return not (read.wall[read.timed & (read.wall != MISSING)] % DAY).any()


def normalise(cells: pa.Table, contract: Contract, *, date_only: bool = False) -> tuple[pa.Table, Findings]:
    """cells: all texts, named by the file's headers. One row of `NORMALISED` per row of cells, in the same order.

    date_only: every time of the whole file is 00:00, so it tells days and no instants. What cannot be read is NULL and
    told in the findings. Raises `KeyError` for a mapped header that `missing_columns` would have named.
    """
    return _Normaliser(cells, contract).run(date_only=date_only)


class _Normaliser:
    def __init__(self, cells: pa.Table, contract: Contract) -> None:
        self._contract, self._length = contract, cells.num_rows
        self._text = {name: trimmed(cells.column(name), contract.missing) for name in cells.column_names}
        self._findings = Findings()
        self._refused: dict[str, Mask] = {}
        """Rows of a number column that could not be read, so that nothing is computed in their place."""

    def run(self, *, date_only: bool) -> tuple[pa.Table, Findings]:
        contract = self._contract
        number = self._mapped("sale_id")
        store = self._given("store_id", contract.identity.store)
        columns = {name: self._given(name) for name in (*_PLAIN, "line_key")}
        columns |= {name: self._given(name, getattr(contract, name)) for name in _CONSTANTS}
        columns |= {name: self._number(name) for name in _NUMBERS}
        columns["store_id"], columns["region"] = store, self._given("region", contract.region)
        columns["sale_id"] = name_sales(number, store, contract, self._findings)
        columns["returns_sale_id"] = self._returned(store)
        columns["source_version"] = self._version()
        columns["sold_at"], columns["sale_date"] = self._dates(date_only=date_only)
        words = self._mapped("status") if "status" in contract.columns else None
        columns["status"] = read_status(words, number, columns["quantity"], contract.status, self._findings)
        columns["currency"] = self._currency(columns["currency"])
        columns["net_amount"] = self._net(columns)
        columns["gross_amount"] = self._gross(columns)
        taken = set(contract.columns.values())
        columns["extra"] = json_objects(
            {name: text.plain() for name, text in self._text.items() if name not in taken}, self._length
        )
        schema = lines_schema(NORMALISED)
        typed = [_typed(columns[field.name], field.type) for field in schema]
        return pa.table(typed, schema=schema), self._findings

    def _mapped(self, name: str) -> Texts:
        return self._text[self._contract.columns[name]]

    def _given(self, name: str, otherwise: str = "") -> pa.Array:
        """The source's column; where none is mapped the contract's constant, else NULL."""
        if name in self._contract.columns:
            return self._mapped(name).rows()
        return constant(otherwise, self._length) if otherwise else pa.nulls(self._length, TEXT)

    def _returned(self, store: pa.Array) -> pa.Array:
        if "returns_sale_id" not in self._contract.columns:
            return pa.nulls(self._length, TEXT)
        return sale_ids(self._mapped("returns_sale_id"), store, self._contract)

    def _tell(self, wrong: Mask, code: str, name: str, text: Texts, detail: str = "") -> Mask:
        """wrong: bool (m,), of the words. The rows that hold them, bool (n,), each told."""
        rows = wrong[text.index]
        self._findings.add_where(rows, code, name, text.rows(), detail)
        return rows

    def _number(self, name: str) -> pa.Array:
        self._refused[name] = np.zeros(self._length, np.bool_)
        if name not in self._contract.columns:
            return pa.nulls(self._length, NUMERIC)
        text, style = self._mapped(name), self._contract.numbers
        read = read_numbers(text.words, style)
        detail = f"; it is written like {_example(style)}"
        for wrong, code in ((read.not_a_number, "not-a-number"), (read.too_large, "number-too-large")):
            if wrong.any():
                self._refused[name] |= self._tell(wrong, code, name, text, detail if code == "not-a-number" else "")
        if read.rounded.any():
            self._tell(read.rounded, "rounded", name, text)
        return read.values.take(pa.array(text.index))

    def _version(self) -> pa.Array:
        if "source_version" not in self._contract.columns:
            return pa.nulls(self._length, pa.int64())
        text = self._mapped("source_version").plain()
        return source_versions(text, self._number("source_version"), self._findings)

    def _currency(self, currency: pa.Array) -> pa.Array:
        if "currency" not in self._contract.columns:
            return currency
        text = self._mapped("currency")
        wrong = ~flags(pc.match_substring_regex(pc.fill_null(text.words, "AAA"), "^[A-Z]{3}$"))
        if not wrong.any():
            return currency
        self._tell(wrong, "not-a-currency", "currency", text)
        return Texts(pc.if_else(pa.array(wrong), None, text.words), text.index).rows()

    def _dates(self, *, date_only: bool) -> tuple[pa.Array, pa.Array]:
        """Instants and business days, worked out once for each distinct text."""
        style, text = self._contract.dates, self._mapped("date")
        read = read_dates(text.words, style.formats)
        self._tell(~readable(text.words, read), "not-a-date", "sale_date", text, example(style.formats))
        there = read.wall != MISSING
        timed = there & read.timed if not date_only else np.zeros(len(there), np.bool_)
        local = np.where(there, read.wall, 0)
        days = np.where(timed, local - _micros(style.cutoff), local) // DAY
        sale_date = pa.array(days.astype(np.int32), mask=~there).cast(pa.date32())
        own = timed & (read.offset != MISSING)
        utc = np.where(own, local - np.where(own, read.offset, 0), 0)
        ours = np.flatnonzero(timed & ~own)
        utc[ours], gone, twice = to_utc(local[ours], style.time_zone)
        for wrong, code, detail in ((gone, "time-does-not-exist", style.time_zone), (twice, "ambiguous-time", "")):
            if wrong.any():
                self._tell(_spread(ours[wrong], len(there)), code, "sale_date", text, detail)
        timed[ours[gone]] = False
        sold_at = pa.array(utc, mask=~timed).cast(pa.timestamp("us", "UTC"))
        index = pa.array(text.index)
        return sold_at.take(index), sale_date.take(index)

    def _net(self, columns: dict[str, pa.Array]) -> pa.Array:
        own = columns["net_amount"]
        if not own.null_count:
            return own
        total, large = line_total(columns["quantity"], columns["unit_price"], columns["discount"])
        return self._completed("net_amount", ("quantity", "unit_price", "discount"), own, total, large)

    def _gross(self, columns: dict[str, pa.Array]) -> pa.Array:
        own, tax = columns["gross_amount"], columns["tax"]
        if not own.null_count or tax.null_count == self._length:
            return own
        total, large = plus(columns["net_amount"], tax)
        return self._completed("gross_amount", ("net_amount", "tax"), own, total, large)

    def _completed(self, name: str, terms: tuple[str, ...], own: pa.Array, total: pa.Array, large: Mask) -> pa.Array:
        """The source's own amount; the computed one where the cell is empty and every term could be read."""
        self._findings.add_where(large & flags(pc.is_null(own)), "number-too-large", name)
        unsure = np.logical_or.reduce([self._refused[term] for term in (name, *terms)])
        if unsure.any():
            total = pc.if_else(pa.array(unsure), None, total)
        return total if own.null_count == self._length else pc.coalesce(own, total)


def _typed(column: pa.Array, type_: pa.DataType) -> pa.Array:
    return encoded(column) if type_ == TEXT else column


def _spread(places: npt.NDArray[np.int64], length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[places] = True
    return mask


def _example(style: NumberStyle) -> str:
    return f"1{style.thousands}234{style.decimal}50"


def _micros(cutoff: time) -> int:
    return (cutoff.hour * 3600 + cutoff.minute * 60 + cutoff.second) * 1_000_000 + cutoff.microsecond
