"""What an import would change: each row is converted and checked, nothing is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tillstream.catalogue import checks, records, saving
from tillstream.catalogue.history import changed_fields
from tillstream.catalogue.records import Stored
from tillstream.catalogue.world import ManyChanges
from tillstream.domain.catalogue.columns import COLUMNS, KEYS, new_entry, parse_cells
from tillstream.domain.catalogue.dated_amounts import DatedAmount
from tillstream.domain.catalogue.entries import Entry, EntryKind, Product, Salesperson, Store, is_withdrawn
from tillstream.domain.catalogue.permissions import check_edit, edits_region
from tillstream.domain.catalogue.problems import EntryProblem
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.ports import Ports
from tillstream.workflows.catalogue_import.amount_rows import row_of, with_amount
from tillstream.workflows.catalogue_import.kinds import AMOUNTS, ENTRY_KINDS, FileKind, columns_of
from tillstream.workflows.catalogue_import.read_file import FileRow, read


@dataclass(frozen=True)
class Rules:
    """Who imports, and what the values may refer to. `currency`: of amounts without one."""

    regions: Collection[str]
    currency: str
    scope: Scope = UNRESTRICTED


@dataclass(frozen=True)
class RowProblem:
    line: int
    problem: EntryProblem


@dataclass(frozen=True)
class PlannedChange:
    """An entry before and after the import, with the line of the file that changes it."""

    line: int
    before: Stored | None
    after: Entry

    @property
    def fields(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields that change, as JSON before and after."""
        return changed_fields(self.before.entry if self.before else None, self.after)


@dataclass(frozen=True)
class Plan:
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


def plan(ports: Ports, kind: FileKind, content: bytes, rules: Rules) -> Plan:
    """Plan the import of a file. Raises `Rejected` if it cannot be read, and `ImportRunning`."""
    state = records.state(ports)
    if state.data["import"]:
        raise saving.ImportRunning
    entry_kind = ENTRY_KINDS[kind]
    file = read(content, columns_of(kind), ports.limits)
    needed = {entry_kind} | _needed(entry_kind)
    stored = {each: {one.entry.key: one for one in records.find(ports, each)} for each in needed}
    rows = _Rows(ports, kind, stored[entry_kind], rules)
    for row in file.rows:
        rows.add(row)
    changes = rows.changes()
    entries = {each: {key: one.entry for key, one in by_key.items()} for each, by_key in stored.items()}
    entries[entry_kind] = entries[entry_kind] | {one.after.key: one.after for one in changes}
    world = ManyChanges(entries)
    problems = rows.problems + list(_checked(changes, world, rules))
    problems.sort(key=lambda one: one.line)
    codes = world.codes() if entry_kind is EntryKind.PRODUCT else {}
    return Plan(
        kind, len(file.rows), changes, problems, file.ignored_headers, state.version, int(state.data["revision"]), codes
    )


def _needed(kind: EntryKind) -> set[EntryKind]:
    """Kinds that entries of a kind refer to."""
    needed = {
        EntryKind.PRODUCT: {EntryKind.PROMOTION},
        EntryKind.SALESPERSON: {EntryKind.STORE},
        EntryKind.PROMOTION: {EntryKind.PRODUCT, EntryKind.STORE},
    }
    return needed.get(kind, set())


def _checked(changes: Iterable[PlannedChange], world: ManyChanges, rules: Rules) -> Iterable[RowProblem]:
    for change in changes:
        before = change.before.entry if change.before else None
        for problem in checks.check(change.after, before, world, rules.regions):
            yield RowProblem(change.line, problem)
        for problem in check_edit(rules.scope, before, change.after):
            yield RowProblem(change.line, problem)


class _Rows:
    """Entries as the rows read so far change them."""

    def __init__(self, ports: Ports, kind: FileKind, stored: Mapping[tuple[str, ...], Stored], rules: Rules) -> None:
        self.problems: list[RowProblem] = []
        self._ports, self._kind, self._stored, self._rules = ports, kind, stored, rules
        self._entry_kind, self._columns = ENTRY_KINDS[kind], columns_of(kind)
        self._today: date = ports.clock.now().date()
        self._entries: dict[tuple[str, ...], Entry] = {}
        self._lines: dict[tuple[str, ...], int] = {}
        self._amounts: dict[tuple[str, ...], tuple[int, DatedAmount]] = {}

    def add(self, row: FileRow) -> None:
        if row.unreadable:
            self.problems.append(RowProblem(row.line, EntryProblem("unreadable-row", value=row.unreadable[:80])))
            return
        parsed, problems = parse_cells(self._columns, row.cells)
        if problems:
            self.problems += [RowProblem(row.line, one) for one in problems]
        elif self._kind in AMOUNTS:
            self._add_amount(row.line, parsed)
        else:
            self._add_entry(row.line, parsed)

    def changes(self) -> list[PlannedChange]:
        """The entries that differ from the stored ones, by line."""
        planned = []
        for key, entry in self._entries.items():
            before = self._stored.get(key)
            if before is not None and _plain(entry) == _plain(before.entry):
                continue
            prepared = saving.prepare(self._ports, self._entry_kind, entry, before.entry if before else None)
            planned.append(PlannedChange(self._lines[key], before, prepared))
        return planned

    def _add_entry(self, line: int, parsed: dict[str, Any]) -> None:
        key = tuple(parsed[name] for name in KEYS[self._entry_kind])
        if key in self._lines:
            problem = EntryProblem("repeated-entry", value=" ".join(key), detail=str(self._lines[key]))
            self.problems.append(RowProblem(line, problem))
            return
        self._lines[key] = line
        stored = _unless_withdrawn(self._stored.get(key))
        if stored is None and "name" not in parsed:
            self.problems.append(RowProblem(line, EntryProblem("missing-value", "name")))
            return
        if stored:
            self._entries[key] = replace(stored.entry, **parsed)
            return
        defaults, _ = parse_cells(COLUMNS[self._entry_kind], {one.name: "" for one in self._columns if one.default})
        self._entries[key] = new_entry(self._entry_kind, defaults | parsed)

    def _add_amount(self, line: int, parsed: dict[str, Any]) -> None:
        key = (parsed["code"],)
        stored = _unless_withdrawn(self._stored.get(key))
        product = self._entries.get(key) or (stored.entry if stored else None)
        if not isinstance(product, Product):
            self.problems.append(RowProblem(line, EntryProblem("unknown-product", "code", parsed["code"])))
            return
        is_price = self._kind == FileKind.PRICES
        row = row_of(parsed, self._rules.currency)
        unknown = list(checks.check_region(row.region, self._rules.regions, everywhere=True))
        if unknown:
            self.problems += [RowProblem(line, one) for one in unknown]
            return
        place = (product.code, row.region, row.currency if is_price else "", str(row.valid_from))
        earlier = self._amounts.setdefault(place, (line, row))
        if earlier[0] != line:
            problem = EntryProblem("repeated-entry", value=" ".join(place), detail=str(earlier[0]))
            self.problems.append(RowProblem(line, problem))
            return
        before = stored.entry if stored and isinstance(stored.entry, Product) else Product(product.code)
        changed = with_amount(product, before, row, self._today, is_price=is_price)
        if changed is not product and not edits_region(self._rules.scope, row.region):
            problem = EntryProblem("not-permitted", value=f"{product.code} ({row.region})")
            self.problems.append(RowProblem(line, problem))
            return
        self._entries[key] = changed
        self._lines.setdefault(key, line)


def _unless_withdrawn(stored: Stored | None) -> Stored | None:
    return None if stored and is_withdrawn(stored.entry) else stored


def _plain(entry: Entry) -> Entry:
    return replace(entry, versions=()) if isinstance(entry, Product | Store | Salesperson) else entry
