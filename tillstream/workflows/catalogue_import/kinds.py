"""Kinds of catalogue files: one for each kind of entry, and two of dated amounts."""

from enum import StrEnum

from tillstream.domain.catalogue.columns import AMOUNT_COLUMNS, COLUMNS, EntryColumn
from tillstream.domain.catalogue.entries import EntryKind
from tillstream.model.errors import Rejected


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
AMOUNTS = frozenset({FileKind.PRICES, FileKind.COSTS})


def file_kind(text: str) -> FileKind:
    """Raises `Rejected` for another word."""
    try:
        return FileKind(text)
    except ValueError as error:
        raise Rejected(f"{text} is not a kind of the catalogue; kinds are {', '.join(FileKind)}.") from error


def columns_of(kind: FileKind) -> tuple[EntryColumn, ...]:
    return AMOUNT_COLUMNS if kind in AMOUNTS else COLUMNS[ENTRY_KINDS[kind]]
