"""Save entries by compare-and-set, with history and audit entries: one at a time, or those of another home together."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from tillstream.catalogue import entry_checks, stored_entries
from tillstream.catalogue.entry_checks import CatalogueWithEntry
from tillstream.catalogue.stored_entries import (
    CODES_COLLECTION,
    ENTRY_COLLECTIONS,
    STATE,
    STATE_ID,
    StoredCatalogue,
    StoredEntry,
    codes_of_product,
    entry_document_id,
)
from tillstream.model import audit
from tillstream.model.catalogue_columns import KEY_COLUMNS, InvalidEntry
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.product_catalogue import (
    DATED_FIELDS,
    ENTRY_CLASSES,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    Salesperson,
    Store,
    add_version,
    is_withdrawn,
)
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log

HISTORY_COLLECTION = "catalogue_history"

SAVE_TRIES = 50
CHUNK_PUTS = 400
"""Documents of one transaction; Firestore permits 500."""


@dataclass(frozen=True)
class EntryChange:
    """A change of an entry. `before`, `after`: the changed fields only. `import_id`: empty unless imported."""

    at: str
    by: str
    version: int
    before: dict[str, Any]
    after: dict[str, Any]
    import_id: str = ""


def changed_fields(before: Entry | None, after: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as JSON before and after; the versions are left out, because they follow from these."""
    return _differing_fields(to_json(before) if before else None, to_json(after))


def _differing_fields(before: dict[str, Any] | None, new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old = before or {}
    names = [name for name in new if name != "versions" and old.get(name) != new[name]]
    if before is None:
        return {}, {name: new[name] for name in names if new[name] not in ("", [])}
    return {name: old.get(name) for name in names}, {name: new[name] for name in names}


def history_put(
    ports: Ports, entry: str, before: Entry | None, after: dict[str, Any], version: int, by: str, import_id: str
) -> Put:
    """The history entry of a change, to be written with it. entry: as of `entry_subject`. after: the entry as JSON."""
    old, new = _differing_fields(to_json(before) if before else None, after)
    data = {
        "entry": entry,
        "at": ports.clock.now().isoformat(timespec="seconds"),
        "by": by,
        "version": version,
        "before": old,
        "after": new,
        "import_id": import_id,
    }
    return Put(HISTORY_COLLECTION, f"{ports.clock.tick():016x}-{secrets.token_hex(4)}", data, if_version=0)


def find_entry_changes(ports: Ports, kind: EntryKind, *key: str, limit: int = 200) -> list[EntryChange]:
    """The changes of an entry, newest first."""
    documents = ports.documents.find(
        HISTORY_COLLECTION, {"entry": entry_subject(kind, *key)}, descending=True, limit=limit
    )
    return [EntryChange(**{name: value for name, value in one.data.items() if name != "entry"}) for one in documents]


def entry_subject(kind: EntryKind, *key: str) -> str:
    return document_subject(kind, entry_document_id(*key))


def document_subject(kind: EntryKind, id: str) -> str:
    return f"{kind}:{id}"


class EntryConflict(Conflict):
    """Somebody else changed the entry since it was read. `current`: the stored entry; None if there is none."""

    def __init__(self, current: StoredEntry | None) -> None:
        super().__init__("The entry was changed since you opened it. Compare the values and save again.")
        self.current = current


class ImportRunning(Rejected):
    """An import is being applied, so no other change is accepted."""

    def __init__(self) -> None:
        super().__init__("An import is being applied to the catalogue. Try again in a minute.")


def save_entry(
    ports: Ports,
    kind: EntryKind,
    entry: Entry,
    *,
    if_version: int,
    by: str,
    regions: Collection[str],
    also: Sequence[Put] = (),
) -> StoredEntry:
    """Save an entry that was read at `if_version` (0: a new one), with its history and audit entry.

    regions: the regions that exist. also: documents to write with it. An entry without a change is not written. Raises
    `InvalidEntry`, `EntryConflict`, and `ImportRunning`.
    """

    def checked(current: StoredEntry | None) -> Entry:
        before = current.entry if current else None
        prepared = prepare_entry(ports, kind, entry, before)
        problems = (
            entry_checks.check_entry(prepared, before, CatalogueWithEntry(StoredCatalogue(ports), prepared), regions)
            if prepared != before
            else []
        )
        if problems:
            raise InvalidEntry(problems)
        return prepared

    return _commit(ports, kind, entry.key, checked, if_version=if_version, by=by, also=also)


def withdraw_entry(
    ports: Ports, kind: EntryKind, key: tuple[str, ...], *, if_version: int, by: str, also: Sequence[Put] = ()
) -> StoredEntry:
    """Take back an entry that was added: its codes are free again, and only its history is left. Raises as `save`."""
    empty = from_json(ENTRY_CLASSES[kind], dict(zip(KEY_COLUMNS[kind], key, strict=True)) | {"active": False})
    return _commit(ports, kind, key, lambda _: empty, if_version=if_version, by=by, also=also)


def _commit(
    ports: Ports,
    kind: EntryKind,
    key: tuple[str, ...],
    checked: Callable[[StoredEntry | None], Entry],
    *,
    if_version: int,
    by: str,
    also: Sequence[Put],
) -> StoredEntry:
    """Write the entry that `checked` returns for the stored one; check again if another entry was saved meanwhile."""
    for _ in range(SAVE_TRIES):
        state = stored_entries.catalogue_state(ports)
        if state.data["import"]:
            raise ImportRunning
        current = stored_entries.get_entry(ports, kind, *key)
        if (current.version if current else 0) != if_version:
            raise EntryConflict(current)
        before, prepared = current.entry if current else None, checked(current)
        if current and prepared == before:
            return current
        revision = int(state.data["revision"]) + 1
        puts = [
            *entry_puts(ports, kind, prepared, current, revision, by),
            Put(STATE, STATE_ID, {"revision": revision, "import": ""}, if_version=state.version),
            entry_audit(ports, kind, before, prepared, by),
            *also,
        ]
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return StoredEntry(prepared, if_version + 1, revision)
    raise EntryConflict(stored_entries.get_entry(ports, kind, *key))


def prepare_entry(ports: Ports, kind: EntryKind, entry: Entry, before: Entry | None) -> Entry:
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


def entry_puts(
    ports: Ports,
    kind: EntryKind,
    entry: Entry,
    current: StoredEntry | None,
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
    values, entry_id = to_json(entry), entry_document_id(*entry.key)
    subject = document_subject(kind, entry_id)
    puts = [
        Put(ENTRY_COLLECTIONS[kind], entry_id, values | {"revision": revision}, if_version=version),
        history_put(ports, subject, before, values, version + 1, by, import_id),
    ]
    if isinstance(entry, Product):
        old = codes_of_product(before) if isinstance(before, Product) else {}
        new = codes_of_product(entry)
        puts += [_code_put(key, codes.get(key, ""), old[key]) for key in old if key not in new]
        puts += [_code_put(key, entry.code, new[key]) for key in new if old.get(key) != new[key]]
    return puts


def entry_audit(ports: Ports, kind: EntryKind, before: Entry | None, after: Entry, by: str) -> Put:
    old, new = changed_fields(before, after)
    return audit_log.entry(ports, by, audit.AuditAction.CATALOGUE_SAVED, f"{kind} {' '.join(after.key)}", old, new)


def dated_values(kind: EntryKind, entry: Entry) -> dict[str, Any]:
    return {name: to_json(getattr(entry, name)) for name in DATED_FIELDS[kind]}


def _code_put(key: tuple[str, str], product: str, kind: str) -> Put:
    """An alias or barcode; without a product, it is free again."""
    return Put(
        CODES_COLLECTION, entry_document_id(*key), {"region": key[0], "code": key[1], "product": product, "kind": kind}
    )


def _stamped(rows: tuple[DatedAmount, ...], old: tuple[DatedAmount, ...], now: str) -> tuple[DatedAmount, ...]:
    return tuple(row if row in old else replace(row, recorded_at=now) for row in rows)


def _today(ports: Ports) -> date:
    return ports.clock.now().date()


@dataclass(frozen=True)
class SentEntry:
    """An entry with its versions and the times of its amounts. regions: those that exist.

    may_replace: whether the stored entry (None: none) is the one that the other side expects.
    """

    kind: EntryKind
    entry: Entry
    may_replace: Callable[[Entry | None], bool]
    regions: Collection[str]


@dataclass(frozen=True)
class SentEntryOutcome:
    """version: of the stored entry; 0 if it was not saved. why: the entry is refused, in words."""

    version: int = 0
    why: str = ""


def save_sent_entries(ports: Ports, sent: Sequence[SentEntry], by: str) -> list[SentEntryOutcome]:
    """Save entries, with their history and audit entries; the outcome of each.

    An entry that is refused is tried again after the others, as it may need one of them. The reads are those of the
    documents that the entries name. Idempotent. Raises `ImportRunning`, and `Conflict` after many changes by others.
    """
    for _ in range(SAVE_TRIES):
        try:
            return _Saving(ports, by).save(sent)
        except Conflict:
            continue
    raise Conflict("The catalogue is being changed by others. Try again in a minute.")


class _Saving:
    """One try. Raises `Conflict` if somebody else saves an entry meanwhile."""

    def __init__(self, ports: Ports, by: str) -> None:
        self._ports, self._by = ports, by
        state = stored_entries.catalogue_state(ports)
        if state.data["import"]:
            raise ImportRunning
        self._revision, self._state_version = int(state.data["revision"]), state.version
        self._stored = StoredCatalogue(ports)
        self._chunk: list[Put] = []

    def save(self, sent: Sequence[SentEntry]) -> list[SentEntryOutcome]:
        outcomes: dict[int, SentEntryOutcome] = {}
        left, count = list(range(len(sent))), len(sent) + 1
        while left and len(left) < count:
            count = len(left)
            outcomes |= {place: self._one(sent[place]) for place in left}
            left = [place for place in left if outcomes[place].why]
        self._commit()
        return [outcomes[place] for place in range(len(sent))]

    def _one(self, sent: SentEntry) -> SentEntryOutcome:
        stored, entry = self._stored.get(sent.kind, sent.entry.key), sent.entry
        before = stored.entry if stored else None
        if stored and before == entry:
            return SentEntryOutcome(stored.version)
        if not sent.may_replace(before):
            return SentEntryOutcome()
        if not is_withdrawn(entry):
            problems = entry_checks.check_entry(entry, before, CatalogueWithEntry(self._stored, entry), sent.regions)
            if problems:
                return SentEntryOutcome(why=str(InvalidEntry(problems)))
        self._add(sent.kind, entry, stored)
        return SentEntryOutcome(stored.version + 1 if stored else 1)

    def _add(self, kind: EntryKind, entry: Entry, stored: StoredEntry | None) -> None:
        audited = entry_audit(self._ports, kind, stored.entry if stored else None, entry, self._by)
        revision = self._revision + 1
        puts = [*entry_puts(self._ports, kind, entry, stored, revision, self._by), audited]
        written = {(put.collection, put.id) for put in self._chunk}
        if self._chunk and (len(self._chunk) + len(puts) >= CHUNK_PUTS or not _put_ids(puts).isdisjoint(written)):
            self._commit()
            puts = [*entry_puts(self._ports, kind, entry, stored, self._revision + 1, self._by), audited]
        self._chunk += puts
        self._stored.add(kind, StoredEntry(entry, stored.version + 1 if stored else 1, self._revision + 1))

    def _commit(self) -> None:
        if not self._chunk:
            return
        revision = {"revision": self._revision + 1, "import": ""}
        state = Put(STATE, STATE_ID, revision, if_version=self._state_version)
        self._ports.documents.put_all([*self._chunk, state])
        self._revision, self._state_version, self._chunk = self._revision + 1, self._state_version + 1, []


def _put_ids(puts: Sequence[Put]) -> set[tuple[str, str]]:
    return {(put.collection, put.id) for put in puts}
