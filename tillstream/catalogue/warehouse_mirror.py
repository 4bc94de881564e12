"""The mirror of the catalogue in the warehouse: written after each change, and compared as a whole once a day."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow as pa

from tillstream.catalogue import stored_entries
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.product_catalogue import (
    EVERYWHERE,
    AliasCycle,
    AmountRange,
    Entry,
    EntryKind,
    FieldVersion,
    Product,
    Promotion,
    Salesperson,
    Store,
    Supplier,
    cost_ranges,
    price_ranges,
    resolve_code,
    version_ranges,
)
from tillstream.model.tables.catalogue_tables import CATALOGUE_TABLES
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY
from tillstream.records import data_version

MirrorRow = dict[str, Any]
PRODUCT_CODES_TABLE, COSTS_TABLE = "product_codes", "dim_product_cost"
MARGIN_TABLES = (COSTS_TABLE, PRODUCT_CODES_TABLE)
"""Tables on which margins depend."""

MIRROR_ID, CODES_ID, WRITING_PREFIX = "mirror", "mirror-codes", "mirror-writing:"
MAX_WRITING_TIME = timedelta(minutes=10)
"""Time after which a write that has not ended was interrupted."""
MAX_KEYS = 1_000
"""With more changed entries, whole tables are compared."""
_TYPES: dict[Any, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    ColumnKind.BOOL: pa.bool_(),
    ColumnKind.JSON: pa.string(),
}


@dataclass(frozen=True)
class MirrorTable:
    """A table with the rows of each entry. `key`: the columns that identify the entry."""

    name: str
    kind: EntryKind
    key: tuple[str, ...]
    rows: Callable[[Any], Iterator[MirrorRow]]


def product_rows(product: Product) -> Iterator[MirrorRow]:
    for values, days in _version_rows(product.versions):
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


def cost_rows(product: Product) -> Iterator[MirrorRow]:
    return (_amount_row(product, row) for row in cost_ranges(product.costs))


def price_rows(product: Product) -> Iterator[MirrorRow]:
    return (_amount_row(product, row) for row in price_ranges(product.prices))


def store_rows(store: Store) -> Iterator[MirrorRow]:
    for values, days in _version_rows(store.versions):
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


def salesperson_rows(one: Salesperson) -> Iterator[MirrorRow]:
    for values, days in _version_rows(one.versions):
        yield {
            "region": one.region,
            "salesperson_id": one.salesperson_id,
            "name": values["name"] or one.salesperson_id,
            "stores": json.dumps(values["stores"]) if values["stores"] else None,
            "active": values["active"],
            **days,
        }


def supplier_rows(one: Supplier) -> Iterator[MirrorRow]:
    yield {
        "supplier": one.code,
        "name": one.name or one.code,
        "lead_time_days": one.lead_time_days,
        "review_days": one.review_days,
        "active": one.active,
    }


def promotion_rows(one: Promotion) -> Iterator[MirrorRow]:
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


MIRROR_TABLES = (
    MirrorTable("catalogue_products", EntryKind.PRODUCT, ("product_id",), product_rows),
    MirrorTable(COSTS_TABLE, EntryKind.PRODUCT, ("product_id",), cost_rows),
    MirrorTable("dim_product_price", EntryKind.PRODUCT, ("product_id",), price_rows),
    MirrorTable("catalogue_stores", EntryKind.STORE, ("region", "store_id"), store_rows),
    MirrorTable("catalogue_salespeople", EntryKind.SALESPERSON, ("region", "salesperson_id"), salesperson_rows),
    MirrorTable("catalogue_suppliers", EntryKind.SUPPLIER, ("supplier",), supplier_rows),
    MirrorTable("dim_promotion", EntryKind.PROMOTION, ("promotion_id",), promotion_rows),
)


def rows_of_codes(codes: Mapping[tuple[str, str], str]) -> list[MirrorRow]:
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


def rows_of_entries(table: MirrorTable, entries: Iterable[Entry]) -> list[MirrorRow]:
    return [row for entry in entries for row in table.rows(entry)]


def _resolved(codes: Mapping[tuple[str, str], str], region: str, code: str) -> str:
    try:
        return resolve_code(codes, region, code)
    except AliasCycle:  # refused when saving
        return codes[region, code]


def _version_rows(versions: Iterable[FieldVersion]) -> Iterator[tuple[MirrorRow, MirrorRow]]:
    for valid_from, valid_to, values in version_ranges(list(versions)):
        yield dict(values), {"valid_from": valid_from, "valid_to": valid_to}


def _amount_row(product: Product, row: AmountRange) -> MirrorRow:
    return {
        "product_id": product.code,
        "region": row.region,
        "currency": row.currency,
        "amount": row.amount,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }


def _texts(values: Mapping[str, Any], *names: str) -> MirrorRow:
    return {name: values[name] or None for name in names}


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def first_changed_day(old: Collection["MirrorRow"], new: Collection["MirrorRow"]) -> date:
    """Return the first day on which a product has another cost in a region; `date.max` if there is none.

    old, new: rows of `dim_product_cost` that differ; the days of one product and region do not overlap.
    """
    bounds = sorted({day for row in (*old, *new) for day in (_first_day(row), row["valid_to"]) if day})
    return next((day for day in bounds if _valid_costs(old, day) != _valid_costs(new, day)), date.max)


def _first_day(row: "MirrorRow") -> date:
    return row["valid_from"] or date.min


def _valid_costs(rows: Collection["MirrorRow"], day: date) -> set[tuple[object, ...]]:
    """The amounts that are valid on a day."""
    return {
        (row["product_id"], row["region"], row["currency"], row["amount"])
        for row in rows
        if _first_day(row) <= day and (row["valid_to"] is None or day < row["valid_to"])
    }


def follow_change(ports: Ports) -> bool:
    """`sync_mirror` after a change. False if the warehouse is unavailable: the sweep writes the change later."""
    with suppress(Unavailable, Conflict):
        sync_mirror(ports)
        return True
    return False


def sync_mirror(ports: Ports) -> int:
    """Write the entries that changed since the last call; return the number of changed tables. Idempotent.

    Once a day, all entries are compared. Two calls at the same time both write: the one that ends later starts again
    if the other has noted its revision, so that no older row stays. Of a call that was interrupted, rows can be in the
    tables whose days were not noted: its document remains, and the margins of all products are computed again.
    """
    writing = f"{WRITING_PREFIX}{uuid4().hex}"
    since: int | None = None
    while True:
        document = ports.documents.get(stored_entries.STATE, MIRROR_ID)
        mirrored = int(document.data["revision"]) if document else 0
        last_full = str(document.data["compared_on"]) if document else ""
        now = ports.clock.now()
        today = now.date().isoformat()
        revision = stored_entries.catalogue_revision(ports)
        if since is None and revision == mirrored and last_full == today:
            return 0
        start = 0 if last_full != today else mirrored
        since = start if since is None else min(since, start)
        others = ports.documents.find(stored_entries.STATE, above=WRITING_PREFIX, below=WRITING_PREFIX + AFTER_ANY)
        others = [one for one in others if one.id != writing]
        ended = [one for one in others if int(one.data["until"]) <= now.timestamp()]
        ports.documents.put(stored_entries.STATE, writing, {"until": int((now + MAX_WRITING_TIME).timestamp())})
        try:
            changed = _write(ports, since, is_repeated=bool(ended))
        except BaseException:
            ports.documents.put(stored_entries.STATE, writing, {"until": 0})
            raise
        if len(ended) == len(others):  # otherwise the next call decides whether one of them was interrupted
            noted = {"revision": revision, "compared_on": today}
            try:
                ports.documents.put(
                    stored_entries.STATE, MIRROR_ID, noted, if_version=document.version if document else 0
                )
            except Conflict:
                continue
        for each in (writing, *(one.id for one in ended)):
            ports.documents.delete(stored_entries.STATE, each)
        return changed


def codes_version(ports: Ports) -> str:
    """Another text means that codes of products changed, so that lines and movements may be those of other products."""
    document = ports.documents.get(stored_entries.STATE, CODES_ID)
    return str(document.data["version"]) if document else ""


def forget_mirror(ports: Ports) -> None:
    """Let the next `sync_mirror` compare all entries."""
    ports.documents.delete(stored_entries.STATE, MIRROR_ID)


def _write(ports: Ports, since: int, *, is_repeated: bool = False) -> int:
    """Return the number of changed tables."""
    changed_tables = 0
    codes: set[str] = set()
    first = date.max
    kinds = dict.fromkeys(table.kind for table in MIRROR_TABLES)
    entries = {kind: [one.entry for one in stored_entries.entries_changed_since(ports, kind, since)] for kind in kinds}
    for table in MIRROR_TABLES:
        old, new = _mirror(ports, table, entries[table.kind], whole=since == 0)
        changed_tables += old != new
        if table.name == COSTS_TABLE:
            codes |= {str(row["product_id"]) for row in (*old, *new)}
            first = first_changed_day(old, new)
    code_rows = rows_of_codes(stored_entries.all_codes(ports)) if entries[EntryKind.PRODUCT] else []
    recoded = _mirror_codes(ports, code_rows) if entries[EntryKind.PRODUCT] else set()
    changed_tables += bool(recoded)
    if changed_tables or is_repeated:
        every = None if is_repeated else _every_code(codes | recoded, code_rows)
        since_day = date.min if recoded or is_repeated else first
        data_version.note_catalogue_change(ports.warehouse, ports.documents, ports.clock, every, since_day)
    if recoded or is_repeated:
        ports.documents.put(stored_entries.STATE, CODES_ID, {"version": uuid4().hex})
    return changed_tables


def _mirror(
    ports: Ports, table: MirrorTable, entries: Sequence[Entry], *, whole: bool
) -> tuple[list[MirrorRow], list[MirrorRow]]:
    """Write the rows of a table that differ from the stored ones; return the stored and the new ones of these."""
    if not entries and not whole:
        return [], []
    rows = rows_of_entries(table, entries)
    keys = None if whole or len(entries) > MAX_KEYS else [one.key for one in entries]
    stored = _stored(ports, table.name, table.key, keys)
    if keys is None and not whole:
        listed = {one.key for one in entries}
        stored = [row for row in stored if _key(table, row) in listed]
    old, new = _counted(table.name, stored), _counted(table.name, rows)
    if old == new:
        return [], []
    gone = {_key(table, row) for row in stored} - {_key(table, row) for row in rows}
    if whole or gone:
        every = (
            rows
            if whole
            else rows_of_entries(table, [one.entry for one in stored_entries.find_entries(ports, table.kind)])
        )
        ports.warehouse.replace_table(table.name, _arrow_table(table.name, every))
    else:
        ports.warehouse.upsert(table.name, _arrow_table(table.name, rows), table.key)
    return _as_rows(table.name, old - new), _as_rows(table.name, new - old)


def _mirror_codes(ports: Ports, rows: Sequence[MirrorRow]) -> set[str]:
    """Replace the table of codes if it differs; return the codes and products that changed."""
    stored = _stored(ports, PRODUCT_CODES_TABLE, (), None)
    old, new = _counted(PRODUCT_CODES_TABLE, stored), _counted(PRODUCT_CODES_TABLE, rows)
    if old == new:
        return set()
    ports.warehouse.replace_table(PRODUCT_CODES_TABLE, _arrow_table(PRODUCT_CODES_TABLE, rows))
    return {str(text) for row in ((old - new) + (new - old)) for text in row[1:]}


def _every_code(codes: Collection[str], rows: Sequence[MirrorRow]) -> set[str] | None:
    """These products and codes with all aliases and barcodes of the products; None if there are too many.

    rows: of `product_codes`.
    """
    if len(codes) > MAX_KEYS:
        return None
    return {*codes, *(str(row["code"]) for row in rows if row["product_id"] in codes)}


def _stored(ports: Ports, table: str, key: Sequence[str], keys: Sequence[tuple[str, ...]] | None) -> list[MirrorRow]:
    columns = ", ".join(_names(table))
    if keys is None:
        return list(ports.warehouse.query(f"SELECT {columns} FROM {table}").to_pylist())
    condition = f"{key[-1]} IN UNNEST(@keys)"
    query = f"SELECT {columns} FROM {table} WHERE {condition}"
    rows = ports.warehouse.query(query, {"keys": sorted({one[-1] for one in keys})}).to_pylist()
    wanted = set(keys)
    return [row for row in rows if tuple(row[name] for name in key) in wanted]


def _key(table: MirrorTable, row: MirrorRow) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in table.key)


def _counted(table: str, rows: Sequence[MirrorRow]) -> Counter[tuple[Any, ...]]:
    """The rows as a multiset of tuples; JSON in one notation."""
    kinds = {field.name: field.kind for field in CATALOGUE_TABLES[table]}
    return Counter(
        tuple(
            json.dumps(json.loads(row[name]), sort_keys=True) if kind == ColumnKind.JSON and row[name] else row[name]
            for name, kind in kinds.items()
        )
        for row in rows
    )


def _as_rows(table: str, counted: Counter[tuple[Any, ...]]) -> list[MirrorRow]:
    return [dict(zip(_names(table), row, strict=True)) for row in counted.elements()]


def _names(table: str) -> tuple[str, ...]:
    return tuple(field.name for field in CATALOGUE_TABLES[table])


def _arrow_table(table: str, rows: Sequence[MirrorRow]) -> pa.Table:
    fields = [(field.name, _TYPES[field.kind]) for field in CATALOGUE_TABLES[table]]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))
