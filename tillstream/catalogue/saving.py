"""Save entries one at a time, by compare-and-set: an edit based on an older version is refused."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from tillstream.catalogue import checks, history, records
from tillstream.catalogue.products import CODES, codes_of
from tillstream.catalogue.records import COLLECTIONS, STATE, STATE_ID, Stored, document_id
from tillstream.catalogue.stored import StoredCatalogue
from tillstream.catalogue.world import OneChange
from tillstream.domain.catalogue.columns import KEYS
from tillstream.domain.catalogue.dated_amounts import DatedAmount
from tillstream.domain.catalogue.dated_versions import add_version
from tillstream.domain.catalogue.entries import (
    CLASSES,
    DATED,
    Entry,
    EntryKind,
    Product,
    Salesperson,
    Store,
)
from tillstream.domain.catalogue.json_codec import from_json, to_json
from tillstream.domain.catalogue.problems import InvalidEntry
from tillstream.model import audit
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log

TRIES = 50
CHUNK_PUTS = 400
"""Documents of one transaction; Firestore permits 500."""


class EditConflict(Conflict):
    """Somebody else changed the entry since it was read. `current`: the stored entry; None if there is none."""

    def __init__(self, current: Stored | None) -> None:
        super().__init__("The entry was changed since you opened it. Compare the values and save again.")
        self.current = current


class ImportRunning(Rejected):
    """An import is being applied, so no other change is accepted."""

    def __init__(self) -> None:
        super().__init__("An import is being applied to the catalogue. Try again in a minute.")


def save(
    ports: Ports,
    kind: EntryKind,
    entry: Entry,
    *,
    if_version: int,
    by: str,
    regions: Collection[str],
    also: Sequence[Put] = (),
) -> Stored:
    """Save an entry that was read at `if_version` (0: a new one), with its history and audit entry.

    regions: the regions that exist. also: documents to write with it. An entry without a change is not written. Raises
    `InvalidEntry`, `EditConflict`, and `ImportRunning`.
    """

    def checked(current: Stored | None) -> Entry:
        before = current.entry if current else None
        prepared = prepare(ports, kind, entry, before)
        problems = (
            checks.check(prepared, before, OneChange(StoredCatalogue(ports), prepared), regions)
            if prepared != before
            else []
        )
        if problems:
            raise InvalidEntry(problems)
        return prepared

    return _commit(ports, kind, entry.key, checked, if_version=if_version, by=by, also=also)


def withdraw(
    ports: Ports, kind: EntryKind, key: tuple[str, ...], *, if_version: int, by: str, also: Sequence[Put] = ()
) -> Stored:
    """Take back an entry that was added: its codes are free again, and only its history is left. Raises as `save`."""
    empty = from_json(CLASSES[kind], dict(zip(KEYS[kind], key, strict=True)) | {"active": False})
    return _commit(ports, kind, key, lambda _: empty, if_version=if_version, by=by, also=also)


def _commit(
    ports: Ports,
    kind: EntryKind,
    key: tuple[str, ...],
    checked: Callable[[Stored | None], Entry],
    *,
    if_version: int,
    by: str,
    also: Sequence[Put],
) -> Stored:
    """Write the entry that `checked` returns for the stored one; check again if another entry was saved meanwhile."""
    for _ in range(TRIES):
        state = records.state(ports)
        if state.data["import"]:
            raise ImportRunning
        current = records.get(ports, kind, *key)
        if (current.version if current else 0) != if_version:
            raise EditConflict(current)
        before, prepared = current.entry if current else None, checked(current)
        if current and prepared == before:
            return current
        revision = int(state.data["revision"]) + 1
        puts = [
            *puts_of(ports, kind, prepared, current, revision, by),
            Put(STATE, STATE_ID, {"revision": revision, "import": ""}, if_version=state.version),
            audited(ports, kind, before, prepared, by),
            *also,
        ]
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return Stored(prepared, if_version + 1, revision)
    raise EditConflict(records.get(ports, kind, *key))


def retire(
    ports: Ports, kind: EntryKind, key: tuple[str, ...], *, if_version: int, by: str, regions: Collection[str]
) -> Stored:
    """Retire an entry: it stays in past sales and lists, and is no longer offered. Raises as `save`, and `NotFound`."""
    entry = records.required(ports, kind, *key).entry
    return save(ports, kind, replace(entry, active=False), if_version=if_version, by=by, regions=regions)


def prepare(ports: Ports, kind: EntryKind, entry: Entry, before: Entry | None) -> Entry:
    """The entry as it is stored: new amounts have the time of this change, and the dated fields a version from today.

    The versions and recorded times of the stored entry are kept, whatever the caller passes.
    """
    if isinstance(entry, Product):
        now = ports.clock.now().isoformat()
        old = before if isinstance(before, Product) else Product(entry.code)
        entry = replace(
            entry, costs=_stamped(entry.costs, old.costs, now), prices=_stamped(entry.prices, old.prices, now)
        )
    if isinstance(entry, Product | Store | Salesperson):
        versions = before.versions if isinstance(before, Product | Store | Salesperson) else ()
        entry = replace(entry, versions=add_version(versions, dated_values(kind, entry), _today(ports)))
    return entry


def puts_of(
    ports: Ports,
    kind: EntryKind,
    entry: Entry,
    current: Stored | None,
    revision: int,
    by: str,
    *,
    import_id: str = "",
    codes: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> list[Put]:
    """The documents of a change: the entry, its codes and its history.

    codes: the products that take over codes which this one loses, in the same import.
    """
    before = current.entry if current else None
    version = current.version if current else 0
    values, entry_id = to_json(entry), document_id(*entry.key)
    subject = history.subject_of_document(kind, entry_id)
    puts = [
        Put(COLLECTIONS[kind], entry_id, values | {"revision": revision}, if_version=version),
        history.put(ports, subject, before, values, version + 1, by, import_id),
    ]
    if isinstance(entry, Product):
        old = codes_of(before) if isinstance(before, Product) else {}
        new = codes_of(entry)
        puts += [_code(key, codes.get(key, ""), old[key]) for key in old if key not in new]
        puts += [_code(key, entry.code, new[key]) for key in new if old.get(key) != new[key]]
    return puts


def audited(ports: Ports, kind: EntryKind, before: Entry | None, after: Entry, by: str) -> Put:
    old, new = history.changed_fields(before, after)
    return audit_log.entry(ports, by, audit.AuditAction.CATALOGUE_SAVED, f"{kind} {' '.join(after.key)}", old, new)


def dated_values(kind: EntryKind, entry: Entry) -> dict[str, Any]:
    return {name: to_json(getattr(entry, name)) for name in DATED[kind]}


def _code(key: tuple[str, str], product: str, kind: str) -> Put:
    """An alias or barcode; without a product, it is free again."""
    return Put(CODES, document_id(*key), {"region": key[0], "code": key[1], "product": product, "kind": kind})


def _stamped(rows: tuple[DatedAmount, ...], old: tuple[DatedAmount, ...], now: str) -> tuple[DatedAmount, ...]:
    return tuple(row if row in old else replace(row, recorded_at=now) for row in rows)


def _today(ports: Ports) -> date:
    return ports.clock.now().date()
