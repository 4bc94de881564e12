"""Kinds of catalogue files, and the export of entries as CSV or XLSX; an import of the file changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

from tillstream.catalogue import stored_entries
from tillstream.catalogue.entry_lists import entry_in_scope
from tillstream.catalogue.entry_permissions import shows_amount
from tillstream.model.catalogue_columns import AMOUNT_COLUMNS, ENTRY_COLUMNS, EntryColumn, entry_cells, value_text
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.product_catalogue import (
    EVERYWHERE,
    AmountRange,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    amount_changes_nothing,
    amount_on,
    cost_ranges,
    is_withdrawn,
    price_ranges,
)
from tillstream.pipeline.tabular import csv_file, xlsx_file
from tillstream.ports import Ports

EXPORT_FORMATS = ("csv", "xlsx")


class FileKind(StrEnum):
    PRODUCTS = "products"
    PRICES = "prices"
    COSTS = "costs"
    STORES = "stores"
    SALESPEOPLE = "salespeople"
    SUPPLIERS = "suppliers"
    PROMOTIONS = "promotions"


ENTRY_KINDS = {
    FileKind.PRODUCTS: EntryKind.PRODUCT,
    FileKind.PRICES: EntryKind.PRODUCT,
    FileKind.COSTS: EntryKind.PRODUCT,
    FileKind.STORES: EntryKind.STORE,
    FileKind.SALESPEOPLE: EntryKind.SALESPERSON,
    FileKind.SUPPLIERS: EntryKind.SUPPLIER,
    FileKind.PROMOTIONS: EntryKind.PROMOTION,
}
AMOUNT_KINDS = frozenset({FileKind.PRICES, FileKind.COSTS})


def parse_file_kind(text: str) -> FileKind:
    """Raises `Rejected` for another word."""
    try:
        return FileKind(text)
    except ValueError as error:
        raise Rejected(f"{text} is not a kind of the catalogue; kinds are {', '.join(FileKind)}.") from error


def columns_of_file(kind: FileKind) -> tuple[EntryColumn, ...]:
    return AMOUNT_COLUMNS if kind in AMOUNT_KINDS else ENTRY_COLUMNS[ENTRY_KINDS[kind]]


def amount_of_row(parsed: Mapping[str, Any], currency: str) -> DatedAmount:
    """The amount of a row. currency: that of a row without one."""
    return DatedAmount(
        parsed.get("region", EVERYWHERE),
        parsed.get("currency", "") or currency,
        parsed["amount"],
        parsed.get("valid_from"),
    )


def with_amount(product: Product, stored: Product, row: DatedAmount, today: date, *, is_price: bool) -> Product:
    """The product with the amount of a row; the same product if that already counts.

    An undated first amount holds from the beginning, a later one from today. stored: the product before the import.
    """
    rows = product.prices if is_price else product.costs
    earlier = _same_list(stored.prices if is_price else stored.costs, row, is_price=is_price)
    if amount_changes_nothing(earlier, row, by_currency=is_price):
        return product
    if row.valid_from is None and earlier:
        current = amount_on(earlier, row.region, today)
        if current and (current.amount, current.currency) == (row.amount, row.currency):
            return product
        row = replace(row, valid_from=today)
    return replace(product, prices=(*rows, row)) if is_price else replace(product, costs=(*rows, row))


def _same_list(rows: tuple[DatedAmount, ...], row: DatedAmount, *, is_price: bool) -> list[DatedAmount]:
    """The rows that the new one continues: of exactly its region and, for prices, of its currency."""
    return [one for one in rows if one.region == row.region and (not is_price or one.currency == row.currency)]


def counting_amounts(product: Product, *, is_price: bool) -> list[AmountRange]:
    """The rows that count on some day, for an export."""
    return price_ranges(product.prices) if is_price else cost_ranges(product.costs)


def export_table(ports: Ports, kind: FileKind, scope: Scope = UNRESTRICTED) -> tuple[list[str], Iterator[list[str]]]:
    """The headers and rows of an export, by key."""
    stored = stored_entries.find_entries(ports, ENTRY_KINDS[kind])
    listed = (one.entry for one in stored if entry_in_scope(scope, one.entry) and not is_withdrawn(one.entry))
    entries = sorted(listed, key=lambda one: one.key)
    return [column.name for column in columns_of_file(kind)], _rows(kind, entries, scope)


def export_catalogue(ports: Ports, kind: FileKind, form: str, scope: Scope = UNRESTRICTED) -> bytes:
    """The file. Raises `Rejected` for another format than CSV and XLSX."""
    if form not in EXPORT_FORMATS:
        raise Rejected(
            f"The catalogue is exported as {' or '.join(EXPORT_FORMATS)}, not as {form or 'a file without an ending'}."
        )
    headers, rows = export_table(ports, kind, scope)
    return csv_file(headers, rows) if form == "csv" else xlsx_file(headers, rows, kind.value)


def _rows(kind: FileKind, entries: Iterable[Entry], scope: Scope) -> Iterator[list[str]]:
    for entry in entries:
        if kind in AMOUNT_KINDS and isinstance(entry, Product):
            for row in counting_amounts(entry, is_price=kind == FileKind.PRICES):
                values = (entry.code, row.region, row.currency, row.valid_from, row.amount)
                if shows_amount(scope, row.region):
                    yield [value_text(value) for value in values]
        elif kind not in AMOUNT_KINDS:
            yield list(entry_cells(ENTRY_KINDS[kind], entry).values())
