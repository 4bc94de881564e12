"""The rules of the numbers as a small model: plain lists and dictionaries, computed again from all rows each time.

Nothing is updated in place but the list of batches and the outcomes, which the design says are never rewritten.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from stateful.model_batches import FILE, TILL, Key, Line, ModelBatch, ModelRow, Sighting

ACCEPTED = ("new", "corrected", "duplicate")
Scope = tuple[str, ...]


@dataclass
class Ledger:
    batches: dict[str, ModelBatch] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    """Every accepted row and every row that only the ledger refused."""
    rows: dict[tuple[str, int], dict[int, ModelRow]] = field(default_factory=lambda: defaultdict(dict))
    """(root, row) → fix number → the row in that version."""
    outcomes: dict[tuple[str, int, int], str] = field(default_factory=dict)
    """(root, row, fix number) → outcome; superseded counts as duplicate."""
    foreign: set[tuple[str, Scope]] = field(default_factory=set)
    """(root, scope) of each row that its writer may not write: the scope is stated by nobody in that batch."""
    bound: dict[tuple[str, Scope, int], tuple[frozenset[str], set[Key]]] = field(default_factory=dict)
    """(root, sale, version) → the stores of the bound writer who stated it first, and the keys with current lines of
    these stores at that time."""

    # ---- the order of contents

    def place(self, root: ModelBatch, row: ModelRow) -> int:
        """The same bytes under the same contract are one statement in time: that of the first which settled."""
        if root.kind == "messages":
            return row.sequence
        if root.as_new:
            return root.received
        same = [b for b in self.batches.values() if (b.sha, b.contract) == (root.sha, root.contract)]
        return min(b.received for b in same if b.settled and not b.as_new and b.kind in ("upload", "replay"))

    def statement_order(self, root: ModelBatch, row: ModelRow, version: int) -> tuple[int, int, int, int]:
        place = self.place(root, row)
        return int(root.rules == root.side), version, -place if version else place, root.version

    def order(self, entry: Sighting) -> tuple[int, ...]:
        rank, *rest = self.statement_order(entry.root, entry.row, entry.line.version)
        row_order = -entry.row.number if entry.line.version else entry.row.number
        return int(rank or entry.line.accepted), *rest, entry.row.fix, row_order, -entry.root.received

    # ---- what counts

    def statements(self) -> list[tuple[ModelBatch, Scope, tuple[int, ...], set[Key], int]]:
        """(batch, scope, order, keys, version) of every whole statement in force."""
        groups: dict[tuple[str, Scope, int], list[Sighting]] = defaultdict(list)
        for entry in self.sightings:
            if entry.root.replaces and not entry.root.undone:
                groups[entry.root.id, _scope(entry.root.replaces, entry.line), entry.line.version].append(entry)
        return [
            (
                group[0].root,
                scope,
                self.statement_order(group[0].root, group[0].row, version),
                {entry.key for entry in group},
                version,
            )
            for (_, scope, version), group in groups.items()
            if not self.is_open(group[0].root, scope) and (group[0].root.id, scope) not in self.foreign
        ]

    def is_open(self, root: ModelBatch, scope: Scope) -> bool:
        """Whether a row of the scope waits as validation refused it; a file's row that names none may be of any."""
        for (batch_id, _), by_fix in self.rows.items():
            last = by_fix[max(by_fix)]
            if batch_id != root.id or last.line or last.discarded:
                continue
            own = _scope_of(root.replaces, last.sale, last.store_day)
            if own == scope or (own is None and root.side == FILE):
                return True
        return False

    def best(self) -> dict[Key, Sighting]:
        by_scope: dict[Scope, list[tuple[ModelBatch, tuple[int, ...], set[Key], int]]] = defaultdict(list)
        for root, scope, order, keys, version in self.statements():
            by_scope[scope].append((root, order, keys, version))
        best: dict[Key, Sighting] = {}
        for entry in self.sightings:
            if entry.root.undone or self.outcomes[entry.root.id, entry.row.number, entry.row.fix] not in ACCEPTED:
                continue
            if entry.row.fix < max(self.rows[entry.root.id, entry.row.number]):
                continue
            order = self.order(entry)
            left_out = any(
                statement > order[:4]
                and entry.key not in keys
                and not (root.side == FILE and entry.root.side == TILL)
                and self._may_remove(root, scope, version, entry)
                for scope in (_scope("sale", entry.line), _scope("store-day", entry.line))
                for root, statement, keys, version in by_scope[scope]
            )
            if not left_out and (entry.key not in best or order > self.order(best[entry.key])):
                best[entry.key] = entry
        return best

    def _may_remove(self, root: ModelBatch, scope: Scope, version: int, entry: Sighting) -> bool:
        """A bound writer removes lines of the own stores, and older contents under lines that were theirs."""
        if (root.id, scope, version) not in self.bound:
            return True
        stores, own_keys = self.bound[root.id, scope, version]
        return entry.line.store in stores or entry.key in own_keys

    def current(self) -> dict[Key, tuple[tuple[str, object], ...]]:
        return {key: entry.line.facts for key, entry in self.best().items()}

    # ---- what happens

    def settle(self, taken: Iterable[ModelBatch], undone: Collection[str] = ()) -> dict[Key, str]:
        """One settlement; the net change per key: added, corrected or removed."""
        before = self.current()
        for batch_id in undone:
            self.batches[batch_id].undone = True
        for batch in sorted(taken, key=lambda b: (b.received, b.fix, b.id)):
            self._settle_one(batch)
        after = self.current()
        kinds = {key: "corrected" for key in before.keys() & after.keys() if before[key] != after[key]}
        return (
            kinds
            | dict.fromkeys(after.keys() - before.keys(), "added")
            | dict.fromkeys(before.keys() - after, "removed")
        )

    def _settle_one(self, batch: ModelBatch) -> None:
        root = self.batches[batch.parent] if batch.kind == "correction" else batch
        before = self.best()
        batch.settled = True
        self.batches[batch.id] = batch
        arriving = [Sighting(root, row, row.line, key) for row, key in self._keyed(batch, root) if row.line]
        for row in batch.rows:
            self.rows[root.id, row.number][row.fix] = row
            if row.line is None:
                self.outcomes[root.id, row.number, row.fix] = "ignored" if row.discarded else "quarantined"
        foreign = self._foreign(arriving, batch, before)
        refused = foreign | self._refused([entry for entry in arriving if entry not in foreign], before)
        refused |= _whole_sales(refused, arriving)
        self._follow(arriving, refused, before)
        self.sightings += arriving
        removed = before.keys() - self.best().keys()
        scopes = {_scope(root.replaces, entry.line) for entry in self.sightings if entry.root is root and root.replaces}
        root.removed += sum(
            bool({_scope("sale", before[key].line), _scope("store-day", before[key].line)} & scopes) for key in removed
        )

    def _keyed(self, batch: ModelBatch, root: ModelBatch) -> list[tuple[ModelRow, Key]]:
        """The line's number, else product#n by content; a row fixed later keeps its n or takes the next free one."""
        lines = [(row, row.line) for row in batch.rows if row.line]
        keyed = [(row, (line.sale, line.line)) for row, line in lines if line.line is not None]
        counts: Counter[tuple[str, str, int]] = Counter()
        own: dict[tuple[int, str, str, int], str] = {}
        for entry in self.sightings if batch.kind == "correction" else ():
            if entry.root is root and entry.line.line is None:
                group = (entry.line.sale, entry.line.product, entry.line.version)
                counts[group] = max(counts[group], int(entry.key[1].rpartition("#")[2]))
                own[entry.row.number, *group] = entry.key[1]
        by_content = batch.kind != "correction"
        for row, line in sorted(
            lines, key=lambda t: (t[0].fix, _sortable(t[1].facts) if by_content else (), t[0].number)
        ):
            group = (line.sale, line.product, line.version)
            if line.line is None and (row.number, *group) in own:
                keyed.append((row, (line.sale, own[row.number, *group])))
            elif line.line is None:
                counts[group] += 1
                keyed.append((row, (line.sale, f"{line.product}#{counts[group]}")))
        return keyed

    def _refused(self, arriving: list[Sighting], before: dict[Key, Sighting]) -> set[Sighting]:
        contents = defaultdict(set)
        for entry in arriving:
            contents[entry.key, entry.line.version].add(entry.line.facts)
        return {
            entry
            for entry in arriving
            if (len(contents[entry.key, entry.line.version]) > 1 and not entry.line.accepted)
            or self._loses(entry, before)
        }

    def _foreign(self, arriving: list[Sighting], batch: ModelBatch, before: dict[Key, Sighting]) -> set[Sighting]:
        """Rows of another store than the writer's, and rows whose key has a current line of another store."""
        foreign = set()
        for entry in sorted(arriving, key=lambda entry: entry.row.fix):
            stores = _stores(entry.row, batch)
            if stores is None:
                continue
            current = before.get(entry.key)
            if entry.line.store not in stores or (current is not None and current.line.store not in stores):
                foreign.add(entry)
                self.foreign |= {(entry.root.id, _scope(whole, entry.line)) for whole in ("sale", "store-day")}
            statement = (entry.root.id, _scope("sale", entry.line), entry.line.version)
            if entry.root.replaces == "sale" and not self._is_stated(statement):
                own_keys = {key for key, line in before.items() if line.line.store in stores}
                self.bound.setdefault(statement, (stores, own_keys))
        return foreign

    def _is_stated(self, statement: tuple[str, Scope, int]) -> bool:
        """Whether an earlier batch of its root stated it."""
        root, scope, version = statement
        return any(
            (entry.root.id, _scope("sale", entry.line), entry.line.version) == (root, scope, version)
            for entry in self.sightings
        )

    def _loses(self, entry: Sighting, before: dict[Key, Sighting]) -> bool:
        """Differs from a till, or from what was received first of the same version."""
        current = before.get(entry.key)
        if current is None or not entry.line.differs(current.line, across=current.root.side != entry.root.side):
            return False
        if current.root.side != entry.root.side:
            return entry.root.side == FILE and entry.root.rules == "ask" and not entry.line.accepted
        same_version = entry.line.version > 0 and current.line.version == entry.line.version
        return same_version and self.order(entry) < self.order(current)

    def _follow(self, arriving: list[Sighting], refused: set[Sighting], before: dict[Key, Sighting]) -> None:
        """Outcomes: the rows of one key follow each other in their order."""
        running = dict(before)
        for entry in sorted(arriving, key=self.order):
            current = running.get(entry.key)
            later = current is None or self.order(entry) > self.order(current)
            if entry in refused:
                outcome = "quarantined"
            elif current is None:
                outcome = "new"
            elif not entry.line.differs(current.line, across=current.root.side != entry.root.side) or not later:
                outcome = "duplicate"
            else:
                outcome = "corrected"
            if later and entry not in refused:
                running[entry.key] = entry
            self.outcomes[entry.root.id, entry.row.number, entry.row.fix] = outcome

    def receipt(self, id: str) -> Counter[str]:
        rows = {row: max(by_fix) for (root, row), by_fix in self.rows.items() if root == id}
        return Counter(read=len(rows)) + Counter(self.outcomes[id, row, fix] for row, fix in rows.items())


def _stores(row: ModelRow, batch: ModelBatch) -> frozenset[str] | None:
    """The stores to which the writer of a row is bound; None: not bound."""
    return frozenset({row.sender}) if row.sender else batch.writers.get(row.fix)


def _whole_sales(refused: set[Sighting], arriving: list[Sighting]) -> set[Sighting]:
    """The rows of store sales with a refused line."""
    whole = {entry.line.sale for entry in refused if entry.root.side == TILL}
    return {entry for entry in arriving if entry.line.sale in whole and entry.root.side == TILL}


def _scope(whole: str, line: Line) -> Scope:
    return ("sale", line.sale) if whole == "sale" else ("store-day", *line.store_day)


def _scope_of(whole: str, sale: str | None, store_day: tuple[str, str] | None) -> Scope | None:
    if whole == "sale":
        return ("sale", sale) if sale else None
    return ("store-day", *store_day) if store_day else None


def _sortable(facts: tuple[tuple[str, object], ...]) -> tuple[object, ...]:
    return tuple(value for _, value in facts if value is not None)
