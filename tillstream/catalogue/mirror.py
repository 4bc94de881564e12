"""The mirror of the catalogue in the warehouse: written after each change, and compared as a whole once a day."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa

from tillstream.catalogue import mirror_rows, products, records
from tillstream.catalogue.changed_costs import first_changed_day
from tillstream.catalogue.mirror_rows import COSTS, MIRRORED, PRODUCT_CODES, MirrorTable, Row
from tillstream.domain.catalogue.entries import Entry, EntryKind
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.tables.catalogue_tables import CATALOGUE_TABLES
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY
from tillstream.records import data_version

MIRROR_ID, CODES, WRITING = "mirror", "mirror-codes", "mirror-writing:"
LONGEST = timedelta(minutes=10)
"""Time after which a write that has not ended was interrupted."""
MOST_KEYS = 1_000
"""With more changed entries, whole tables are compared."""
_TYPES: dict[Any, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    ColumnKind.BOOL: pa.bool_(),
    ColumnKind.JSON: pa.string(),
}


def follow(ports: Ports) -> bool:
    """`sync` after a change. False if the warehouse is unavailable: the sweep writes the change later."""
    with suppress(Unavailable, Conflict):
        sync(ports)
        return True
    return False


def sync(ports: Ports) -> int:
    """Write the entries that changed since the last call; return the number of changed tables. Idempotent.

    Once a day, all entries are compared. Two calls at the same time both write: the one that ends later starts again
    if the other has noted its revision, so that no older row stays. Of a call that was interrupted, rows can be in the
    tables whose days were not noted: its document remains, and the margins of all products are computed again.
    """
    writing = f"{WRITING}{uuid4().hex}"
    since: int | None = None
    while True:
        document = ports.documents.get(records.STATE, MIRROR_ID)
        mirrored = int(document.data["revision"]) if document else 0
        last_full = str(document.data["compared_on"]) if document else ""
        now = ports.clock.now()
        today = now.date().isoformat()
        revision = records.revision(ports)
        if since is None and revision == mirrored and last_full == today:
            return 0
        start = 0 if last_full != today else mirrored
        since = start if since is None else min(since, start)
        others = ports.documents.find(records.STATE, above=WRITING, below=WRITING + AFTER_ANY)
        others = [one for one in others if one.id != writing]
        ended = [one for one in others if int(one.data["until"]) <= now.timestamp()]
        ports.documents.put(records.STATE, writing, {"until": int((now + LONGEST).timestamp())})
        try:
            changed = _write(ports, since, is_repeated=bool(ended))
        except BaseException:
            ports.documents.put(records.STATE, writing, {"until": 0})
            raise
        if len(ended) == len(others):  # otherwise the next call decides whether one of them was interrupted
            noted = {"revision": revision, "compared_on": today}
            try:
                ports.documents.put(records.STATE, MIRROR_ID, noted, if_version=document.version if document else 0)
            except Conflict:
                continue
        for each in (writing, *(one.id for one in ended)):
            ports.documents.delete(records.STATE, each)
        return changed


def codes_version(ports: Ports) -> str:
    """Another text means that codes of products changed, so that lines and movements may be those of other products."""
    document = ports.documents.get(records.STATE, CODES)
    return str(document.data["version"]) if document else ""


def forget(ports: Ports) -> None:
    """Let the next `sync` compare all entries."""
    ports.documents.delete(records.STATE, MIRROR_ID)


def _write(ports: Ports, since: int, *, is_repeated: bool = False) -> int:
    """Return the number of changed tables."""
    changed_tables = 0
    codes: set[str] = set()
    first = date.max
    kinds = dict.fromkeys(table.kind for table in MIRRORED)
    entries = {kind: [one.entry for one in records.changed_since(ports, kind, since)] for kind in kinds}
    for table in MIRRORED:
        old, new = _mirror(ports, table, entries[table.kind], whole=since == 0)
        changed_tables += old != new
        if table.name == COSTS:
            codes |= {str(row["product_id"]) for row in (*old, *new)}
            first = first_changed_day(old, new)
    code_rows = mirror_rows.code_rows(products.all_codes(ports)) if entries[EntryKind.PRODUCT] else []
    recoded = _mirror_codes(ports, code_rows) if entries[EntryKind.PRODUCT] else set()
    changed_tables += bool(recoded)
    if changed_tables or is_repeated:
        every = None if is_repeated else _every_code(codes | recoded, code_rows)
        since_day = date.min if recoded or is_repeated else first
        data_version.note_catalogue_change(ports.warehouse, ports.documents, ports.clock, every, since_day)
    if recoded or is_repeated:
        ports.documents.put(records.STATE, CODES, {"version": uuid4().hex})
    return changed_tables


def _mirror(ports: Ports, table: MirrorTable, entries: Sequence[Entry], *, whole: bool) -> tuple[list[Row], list[Row]]:
    """Write the rows of a table that differ from the stored ones; return the stored and the new ones of these."""
    if not entries and not whole:
        return [], []
    rows = mirror_rows.rows_of(table, entries)
    keys = None if whole or len(entries) > MOST_KEYS else [one.key for one in entries]
    stored = _stored(ports, table.name, table.key, keys)
    if keys is None and not whole:
        listed = {one.key for one in entries}
        stored = [row for row in stored if _key(table, row) in listed]
    old, new = _counted(table.name, stored), _counted(table.name, rows)
    if old == new:
        return [], []
    gone = {_key(table, row) for row in stored} - {_key(table, row) for row in rows}
    if whole or gone:
        every = rows if whole else mirror_rows.rows_of(table, [one.entry for one in records.find(ports, table.kind)])
        ports.warehouse.replace_table(table.name, _arrow(table.name, every))
    else:
        ports.warehouse.upsert(table.name, _arrow(table.name, rows), table.key)
    return _as_rows(table.name, old - new), _as_rows(table.name, new - old)


def _mirror_codes(ports: Ports, rows: Sequence[Row]) -> set[str]:
    """Replace the table of codes if it differs; return the codes and products that changed."""
    stored = _stored(ports, PRODUCT_CODES, (), None)
    old, new = _counted(PRODUCT_CODES, stored), _counted(PRODUCT_CODES, rows)
    if old == new:
        return set()
    ports.warehouse.replace_table(PRODUCT_CODES, _arrow(PRODUCT_CODES, rows))
    return {str(text) for row in ((old - new) + (new - old)) for text in row[1:]}


def _every_code(codes: Collection[str], rows: Sequence[Row]) -> set[str] | None:
    """These products and codes with all aliases and barcodes of the products; None if there are too many.

    rows: of `product_codes`.
    """
    if len(codes) > MOST_KEYS:
        return None
    return {*codes, *(str(row["code"]) for row in rows if row["product_id"] in codes)}


def _stored(ports: Ports, table: str, key: Sequence[str], keys: Sequence[tuple[str, ...]] | None) -> list[Row]:
    columns = ", ".join(_names(table))
    if keys is None:
        return list(ports.warehouse.query(f"SELECT {columns} FROM {table}").to_pylist())
    condition = f"{key[-1]} IN UNNEST(@keys)"
    query = f"SELECT {columns} FROM {table} WHERE {condition}"
    rows = ports.warehouse.query(query, {"keys": sorted({one[-1] for one in keys})}).to_pylist()
    wanted = set(keys)
    return [row for row in rows if tuple(row[name] for name in key) in wanted]


def _key(table: MirrorTable, row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in table.key)


def _counted(table: str, rows: Sequence[Row]) -> Counter[tuple[Any, ...]]:
    """The rows as a multiset of tuples; JSON in one notation."""
    kinds = {field.name: field.kind for field in CATALOGUE_TABLES[table]}
    return Counter(
        tuple(
            json.dumps(json.loads(row[name]), sort_keys=True) if kind == ColumnKind.JSON and row[name] else row[name]
            for name, kind in kinds.items()
        )
        for row in rows
    )


def _as_rows(table: str, counted: Counter[tuple[Any, ...]]) -> list[Row]:
    return [dict(zip(_names(table), row, strict=True)) for row in counted.elements()]


def _names(table: str) -> tuple[str, ...]:
    return tuple(field.name for field in CATALOGUE_TABLES[table])


def _arrow(table: str, rows: Sequence[Row]) -> pa.Table:
    fields = [(field.name, _TYPES[field.kind]) for field in CATALOGUE_TABLES[table]]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))
