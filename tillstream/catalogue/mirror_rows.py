"""Rows of the warehouse's tables for entries of the catalogue."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tillstream.domain.catalogue.aliases import AliasCycle, resolve
from tillstream.domain.catalogue.dated_amounts import EVERYWHERE, AmountRange, cost_ranges, price_ranges
from tillstream.domain.catalogue.dated_versions import Version, ranges
from tillstream.domain.catalogue.entries import Entry, EntryKind, Product, Promotion, Salesperson, Store, Supplier

Row = dict[str, Any]
PRODUCT_CODES, COSTS = "product_codes", "dim_product_cost"
MARGIN_TABLES = (COSTS, PRODUCT_CODES)
"""Tables on which margins depend."""


@dataclass(frozen=True)
class MirrorTable:
    """A table with the rows of each entry. `key`: the columns that identify the entry."""

    name: str
    kind: EntryKind
    key: tuple[str, ...]
    rows: Callable[[Any], Iterator[Row]]


def products(product: Product) -> Iterator[Row]:
    for values, days in _versions(product.versions):
        barcodes = values.pop("barcodes", [])
        yield {
            "product_id": product.code,
            "name": values["name"] or product.code,
            **_texts(values, "category", "supplier"),
            "pack_size": _number(values["pack_size"]),
            "barcode": barcodes[0] if barcodes else None,
            "active": values["active"],
            "minimum_order": product.minimum_order,
            "shelf_life_days": product.shelf_life_days,
            "minimum_stock": product.minimum_stock,
            **days,
        }


def costs(product: Product) -> Iterator[Row]:
    return (_amount(product, row) for row in cost_ranges(product.costs))


def prices(product: Product) -> Iterator[Row]:
    return (_amount(product, row) for row in price_ranges(product.prices))


def stores(store: Store) -> Iterator[Row]:
    for values, days in _versions(store.versions):
        hours = {one["day"]: one["hours"] for one in values["opening_hours"]}
        yield {
            "region": store.region,
            "store_id": store.store_id,
            "name": values["name"] or store.store_id,
            **_texts(values, "country", "time_zone", "currency"),
            "latitude": _number(values["latitude"]),
            "longitude": _number(values["longitude"]),
            "opening_hours": json.dumps(hours) if hours else None,
            "active": values["active"],
            **days,
        }


def salespeople(one: Salesperson) -> Iterator[Row]:
    for values, days in _versions(one.versions):
        yield {
            "region": one.region,
            "salesperson_id": one.salesperson_id,
            "name": values["name"] or one.salesperson_id,
            "stores": json.dumps(values["stores"]) if values["stores"] else None,
            "active": values["active"],
            **days,
        }


def suppliers(one: Supplier) -> Iterator[Row]:
    yield {
        "supplier": one.code,
        "name": one.name or one.code,
        "lead_time_days": one.lead_time_days,
        "review_days": one.review_days,
        "active": one.active,
    }


def promotions(one: Promotion) -> Iterator[Row]:
    """The promotion, unless it is retired; `valid_to` is the day after its last one."""
    if one.active:
        yield {
            "promotion_id": one.promotion_id,
            "product_id": one.product or None,
            "category": one.category or None,
            "region": one.region,
            "store_id": one.store_id or None,
            "kind": one.kind,
            "rate": one.rate,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to + timedelta(days=1) if one.valid_to and one.valid_to < date.max else None,
        }


MIRRORED = (
    MirrorTable("catalogue_products", EntryKind.PRODUCT, ("product_id",), products),
    MirrorTable(COSTS, EntryKind.PRODUCT, ("product_id",), costs),
    MirrorTable("dim_product_price", EntryKind.PRODUCT, ("product_id",), prices),
    MirrorTable("catalogue_stores", EntryKind.STORE, ("region", "store_id"), stores),
    MirrorTable("catalogue_salespeople", EntryKind.SALESPERSON, ("region", "salesperson_id"), salespeople),
    MirrorTable("catalogue_suppliers", EntryKind.SUPPLIER, ("supplier",), suppliers),
    MirrorTable("dim_promotion", EntryKind.PROMOTION, ("promotion_id",), promotions),
)


def code_rows(codes: Mapping[tuple[str, str], str]) -> list[Row]:
    """Rows of `product_codes`, in which aliases of aliases name the last product."""
    regions = sorted({region for region, _ in codes} - {EVERYWHERE})
    aliased = {code for region, code in codes if region != EVERYWHERE}
    rows = []
    for region, code in sorted(codes):
        product = _resolved(codes, region, code)
        rows.append({"region": region, "code": code, "product_id": product})
        if region == EVERYWHERE and aliased:
            for each in regions:
                other = _resolved(codes, each, code)
                if (each, code) not in codes and other != product:
                    rows.append({"region": each, "code": code, "product_id": other})
    return rows


def rows_of(table: MirrorTable, entries: Iterable[Entry]) -> list[Row]:
    return [row for entry in entries for row in table.rows(entry)]


def _resolved(codes: Mapping[tuple[str, str], str], region: str, code: str) -> str:
    try:
        return resolve(codes, region, code)
    except AliasCycle:  # refused when saving
        return codes[region, code]


def _versions(versions: Iterable[Version]) -> Iterator[tuple[Row, Row]]:
    for valid_from, valid_to, values in ranges(list(versions)):
        yield dict(values), {"valid_from": valid_from, "valid_to": valid_to}


def _amount(product: Product, row: AmountRange) -> Row:
    return {
        "product_id": product.code,
        "region": row.region,
        "currency": row.currency,
        "amount": row.amount,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }


def _texts(values: Mapping[str, Any], *names: str) -> Row:
    return {name: values[name] or None for name in names}


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
