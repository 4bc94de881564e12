"""Import of a catalogue file: what it would change, and its application in chunks with a journal.

A stopped import is resumed by the sweep. Until it is complete, the catalogue accepts no other change.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice, starmap
from typing import Any

from tillstream.catalogue import entry_checks, entry_saving, stored_entries
from tillstream.catalogue.entry_checks import CatalogueWithImport
from tillstream.catalogue.entry_permissions import check_edit, edits_region
from tillstream.catalogue.entry_saving import changed_fields
from tillstream.catalogue.file_export import (
    AMOUNT_KINDS,
    ENTRY_KINDS,
    FileKind,
    amount_of_row,
    columns_of_file,
    with_amount,
)
from tillstream.catalogue.stored_entries import STATE, STATE_ID, StoredEntry, codes_of_product
from tillstream.model import audit
from tillstream.model.catalogue_columns import ENTRY_COLUMNS, KEY_COLUMNS, EntryProblem, new_entry, parse_cells
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.product_catalogue import DatedAmount, Entry, EntryKind, Product, Salesperson, Store, is_withdrawn
from tillstream.pipeline.tabular import RowProblem, TableRow, read_rows
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log, losses
from tillstream.records.batch_registration import digest_of_stream
from tillstream.records.losses import Loss, LossKind

IMPORTS_COLLECTION = "catalogue_imports"
APPLYING, DONE = "applying", "done"


@dataclass(frozen=True)
class ImportRules:
    """Who imports, and what the values may refer to. `currency`: of amounts without one."""

    regions: Collection[str]
    currency: str
    scope: Scope = UNRESTRICTED


@dataclass(frozen=True)
class PlannedChange:
    """An entry before and after the import, with the line of the file that changes it."""

    line: int
    before: StoredEntry | None
    after: Entry

    @property
    def fields(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields that change, as JSON before and after."""
        return changed_fields(self.before.entry if self.before else None, self.after)


@dataclass(frozen=True)
class ImportPlan:
    """The changes of an import; it can be applied while the catalogue is at `revision` and there are no problems."""

    kind: FileKind
    rows: int
    changes: list[PlannedChange]
    problems: list[RowProblem]
    ignored_headers: list[str]
    state_version: int
    revision: int
    codes: Mapping[tuple[str, str], str] = field(repr=False, default_factory=dict)

    @property
    def added(self) -> int:
        return sum(1 for one in self.changes if one.before is None)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.added


def plan_import(ports: Ports, kind: FileKind, content: bytes, rules: ImportRules) -> ImportPlan:
    """Plan the import of a file. Raises `Rejected` if it cannot be read, and `ImportRunning`."""
    state = stored_entries.catalogue_state(ports)
    if state.data["import"]:
        raise entry_saving.ImportRunning
    entry_kind = ENTRY_KINDS[kind]
    file = read_rows(content, columns_of_file(kind), ports.limits)
    needed = {entry_kind} | _needed(entry_kind)
    stored = {each: {one.entry.key: one for one in stored_entries.find_entries(ports, each)} for each in needed}
    rows = _PlannedRows(ports, kind, stored[entry_kind], rules)
    problems = list(file.unreadable)
    for row in file.rows:
        problems += [RowProblem.from_entry(one, row.line) for one in rows.add(row)]
    changes = rows.changes()
    entries = {each: {key: one.entry for key, one in by_key.items()} for each, by_key in stored.items()}
    entries[entry_kind] = entries[entry_kind] | {one.after.key: one.after for one in changes}
    world = CatalogueWithImport(entries)
    problems += _checked(changes, world, rules)
    problems.sort(key=lambda one: one.line)
    codes = world.codes() if entry_kind is EntryKind.PRODUCT else {}
    return ImportPlan(
        kind, len(file), changes, problems, file.ignored_headers, state.version, int(state.data["revision"]), codes
    )


def _needed(kind: EntryKind) -> set[EntryKind]:
    """Kinds that entries of a kind refer to."""
    needed = {
        EntryKind.PRODUCT: {EntryKind.PROMOTION},
        EntryKind.SALESPERSON: {EntryKind.STORE},
        EntryKind.PROMOTION: {EntryKind.PRODUCT, EntryKind.STORE},
    }
    return needed.get(kind, set())


def _checked(changes: Iterable[PlannedChange], world: CatalogueWithImport, rules: ImportRules) -> Iterable[RowProblem]:
    for change in changes:
        before = change.before.entry if change.before else None
        problems = entry_checks.check_entry(change.after, before, world, rules.regions)
        for problem in [*problems, *check_edit(rules.scope, before, change.after)]:
            yield RowProblem.from_entry(problem, change.line)


class _PlannedRows:
    """Entries as the rows read so far change them."""

    def __init__(
        self, ports: Ports, kind: FileKind, stored: Mapping[tuple[str, ...], StoredEntry], rules: ImportRules
    ) -> None:
        self._ports, self._kind, self._stored, self._rules = ports, kind, stored, rules
        self._entry_kind, self._columns = ENTRY_KINDS[kind], columns_of_file(kind)
        self._today: date = ports.clock.now().date()
        self._entries: dict[tuple[str, ...], Entry] = {}
        self._lines: dict[tuple[str, ...], int] = {}
        self._amounts: dict[tuple[str, ...], tuple[int, DatedAmount]] = {}

    def add(self, row: TableRow) -> Sequence[EntryProblem]:
        """Add the changes of a row; return its problems."""
        parsed, problems = parse_cells(self._columns, row.cells)
        if problems:
            return problems
        return (self._add_amount if self._kind in AMOUNT_KINDS else self._add_entry)(row.line, parsed)

    def changes(self) -> list[PlannedChange]:
        """The entries that differ from the stored ones, by line."""
        planned = []
        for key, entry in self._entries.items():
            before = self._stored.get(key)
            if before is not None and _plain(entry) == _plain(before.entry):
                continue
            prepared = entry_saving.prepare_entry(
                self._ports, self._entry_kind, entry, before.entry if before else None
            )
            planned.append(PlannedChange(self._lines[key], before, prepared))
        return planned

    def _add_entry(self, line: int, parsed: dict[str, Any]) -> Sequence[EntryProblem]:
        key = tuple(parsed[name] for name in KEY_COLUMNS[self._entry_kind])
        if key in self._lines:
            return [EntryProblem("repeated-entry", value=" ".join(key), detail=str(self._lines[key]))]
        self._lines[key] = line
        stored = _unless_withdrawn(self._stored.get(key))
        if stored is None and "name" not in parsed:
            return [EntryProblem("missing-value", "name")]
        if stored:
            self._entries[key] = replace(stored.entry, **parsed)
            return []
        defaults, _ = parse_cells(
            ENTRY_COLUMNS[self._entry_kind], {one.name: "" for one in self._columns if one.default}
        )
        self._entries[key] = new_entry(self._entry_kind, defaults | parsed)
        return []

    def _add_amount(self, line: int, parsed: dict[str, Any]) -> Sequence[EntryProblem]:
        key = (parsed["code"],)
        stored = _unless_withdrawn(self._stored.get(key))
        product = self._entries.get(key) or (stored.entry if stored else None)
        if not isinstance(product, Product):
            return [EntryProblem("unknown-product", "code", parsed["code"])]
        is_price = self._kind == FileKind.PRICES
        row = amount_of_row(parsed, self._rules.currency)
        unknown = list(entry_checks.check_region(row.region, self._rules.regions, everywhere=True))
        if unknown:
            return unknown
        place = (product.code, row.region, row.currency if is_price else "", str(row.valid_from))
        earlier = self._amounts.setdefault(place, (line, row))
        if earlier[0] != line:
            return [EntryProblem("repeated-entry", value=" ".join(place), detail=str(earlier[0]))]
        before = stored.entry if stored and isinstance(stored.entry, Product) else Product(product.code)
        changed = with_amount(product, before, row, self._today, is_price=is_price)
        if changed is not product and not edits_region(self._rules.scope, row.region):
            return [EntryProblem("not-permitted", value=f"{product.code} ({row.region})")]
        self._entries[key] = changed
        self._lines.setdefault(key, line)
        return []


def _unless_withdrawn(stored: StoredEntry | None) -> StoredEntry | None:
    return None if stored and is_withdrawn(stored.entry) else stored


def _plain(entry: Entry) -> Entry:
    return replace(entry, versions=()) if isinstance(entry, Product | Store | Salesperson) else entry


@dataclass(frozen=True)
class AppliedImport:
    """A completed import. `at`: ISO 8601 UTC text."""

    id: str
    kind: str
    file: str
    by: str
    at: str
    added: int
    changed: int


def apply_import(ports: Ports, plan: ImportPlan, *, file: str, by: str) -> AppliedImport:
    """Apply a plan without problems. Raises `Rejected` if it has some, and `Conflict` if the catalogue has changed
    since it was planned."""
    if plan.problems:
        raise Rejected(f"The file has {len(plan.problems)} problems, so nothing was imported.")
    import_id = secrets.token_hex(8)
    journal = {
        "kind": plan.kind.value,
        "file": file,
        "by": by,
        "at": ports.clock.now().isoformat(timespec="seconds"),
        "added": plan.added,
        "changed": plan.changed,
        "done": 0,
        "revision": plan.revision + 1,
        "state": APPLYING if plan.changes else DONE,
    }
    if not plan.changes:
        return _applied_import(Document(import_id, journal, 1))
    journal["sha256"] = _write_changes(ports, import_id, plan, by)
    counts = {"file": file, "added": plan.added, "changed": plan.changed}
    ports.documents.put_all(
        [
            Put(STATE, STATE_ID, {"revision": plan.revision + 1, "import": import_id}, if_version=plan.state_version),
            Put(IMPORTS_COLLECTION, import_id, journal, if_version=0),
            audit_log.entry(ports, by, audit.AuditAction.CATALOGUE_IMPORTED, plan.kind.value, None, counts),
        ]
    )
    return _continue_import(ports, import_id)


def resume_import(ports: Ports) -> AppliedImport | None:
    """Complete an import that was stopped, if there is one. Idempotent; others may resume it at the same time.

    One whose remaining changes are lost ends where it is, and is recorded as a loss.
    """
    import_id = str(stored_entries.catalogue_state(ports).data["import"])
    if not import_id:
        return None
    if not _is_whole(ports, import_id):
        return _give_up(ports, import_id)
    return _continue_import(ports, import_id)


def import_object_name(import_id: str) -> str:
    return f"catalogue/{import_id}.jsonl"


def _is_whole(ports: Ports, import_id: str) -> bool:
    """Whether the changes of an import are as they were written; also if it is done."""
    journal = ports.documents.get(IMPORTS_COLLECTION, import_id)
    if journal is None or journal.data["state"] == DONE:
        return True
    try:
        with ports.objects.open(STAGING, import_object_name(import_id)) as stream:
            return journal.data.get("sha256", "") in {"", digest_of_stream(stream)}
    except NotFound:
        # another process may have completed it meanwhile
        journal = ports.documents.get(IMPORTS_COLLECTION, import_id)
        return journal is None or journal.data["state"] == DONE
    except OSError:
        return False


def _give_up(ports: Ports, import_id: str) -> AppliedImport:
    """End an import whose remaining changes are lost. Idempotent."""
    journal = ports.documents.get(IMPORTS_COLLECTION, import_id)
    if journal is None:
        raise Rejected(f"The import {import_id} has no journal.")
    data, total = journal.data, journal.data["added"] + journal.data["changed"]
    message = f"The import of {data['file']} stopped after {data['done']:,} of {total:,} changes. The rest is lost."
    losses.report_losses(ports, Loss(LossKind.STATE, import_object_name(import_id), message, "Import the file again."))
    state = Put(
        STATE,
        STATE_ID,
        {"revision": data["revision"], "import": ""},
        if_version=stored_entries.catalogue_state(ports).version,
    )
    try:
        ports.documents.put_all(
            [Put(IMPORTS_COLLECTION, import_id, data | {"state": DONE}, if_version=journal.version), state]
        )
    except Conflict:
        return _continue_import(ports, import_id)
    return _applied_import(journal)


def _write_changes(ports: Ports, import_id: str, plan: ImportPlan, by: str) -> str:
    """Write the documents of each change as a line of JSON; return the SHA-256."""
    sha256 = hashlib.sha256()
    kind, revision = ENTRY_KINDS[plan.kind], plan.revision + 1
    with ports.objects.writer(STAGING, import_object_name(import_id), if_generation=0) as out:
        for change in plan.changes:
            codes = _freed(plan, change.before)
            puts = entry_saving.entry_puts(
                ports, kind, change.after, change.before, revision, by, import_id=import_id, codes=codes
            )
            line = [[put.collection, put.id, put.data, put.if_version] for put in puts]
            text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
            sha256.update(text)
            out.write(text)
    return sha256.hexdigest()


def _freed(plan: ImportPlan, before: StoredEntry | None) -> dict[tuple[str, str], str]:
    """Codes of the stored product that another product has after the import, with that product."""
    if before is None or not isinstance(before.entry, Product):
        return {}
    return {
        key: plan.codes[key]
        for key in codes_of_product(before.entry)
        if plan.codes.get(key, "") not in ("", before.entry.code)
    }


def _continue_import(ports: Ports, import_id: str) -> AppliedImport:
    while True:
        journal = ports.documents.get(IMPORTS_COLLECTION, import_id)
        if journal is None:
            raise Rejected(f"The import {import_id} has no journal.")
        if journal.data["state"] == DONE:
            return _applied_import(journal)
        try:
            return _apply_from(ports, journal)
        except Conflict:  # another process is applying it, too: continue where that one is
            continue


def _apply_from(ports: Ports, journal: Document) -> AppliedImport:
    """Write the remaining entries in chunks, each together with the progress. Raises `Conflict`."""
    data, version = dict(journal.data), journal.version
    chunk: list[Put] = []
    with ports.objects.open(STAGING, import_object_name(journal.id)) as stream:
        for line in islice(stream, data["done"], None):
            puts = list(starmap(Put, json.loads(line)))
            if chunk and len(chunk) + len(puts) >= entry_saving.CHUNK_PUTS:
                ports.documents.put_all([*chunk, Put(IMPORTS_COLLECTION, journal.id, dict(data), if_version=version)])
                version, chunk = version + 1, []
            chunk += puts
            data["done"] += 1
    data["state"] = DONE
    state = Put(
        STATE,
        STATE_ID,
        {"revision": data["revision"], "import": ""},
        if_version=stored_entries.catalogue_state(ports).version,
    )
    ports.documents.put_all([*chunk, Put(IMPORTS_COLLECTION, journal.id, data, if_version=version), state])
    ports.objects.delete(STAGING, import_object_name(journal.id))
    return _applied_import(Document(journal.id, data, version + 1))


def _applied_import(journal: Document) -> AppliedImport:
    data = journal.data
    names = ("kind", "file", "by", "at", "added", "changed")
    return AppliedImport(journal.id, **{name: data[name] for name in names})
