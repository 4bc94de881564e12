"""The rules of the numbers as a tiny model: plain lists and dictionaries, all worked out anew from what was told.

Nothing is updated in place but the list of batches and the outcomes, which the design says are never rewritten.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

FILE, TILL = "file", "till"
ACCEPTED = ("new", "corrected", "duplicate")
Key = tuple[str, str]
Scope = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One row that validation accepts: `facts` is its content, sorted as the columns of a sale line are."""

    sale: str
    product: str
    store_day: tuple[str, str]
    facts: tuple[tuple[str, object], ...]
    line: str | None = None
    version: int = 0
    accepted: bool = False

    def differs(self, other: "Line", *, across: bool) -> bool:
        if not across:
            return self.facts != other.facts
        mine, theirs = (
            {name: value for name, value in facts if value is not None and name != "extra"}
            for facts in (self.facts, other.facts)
        )
        return any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys())


@dataclass(frozen=True)
class Told:
    """One row of a batch. Without a line it is refused (its scopes as far as they can be read) or discarded."""

    row: int
    line: Line | None = None
    sale: str | None = None
    store_day: tuple[str, str] | None = None
    discarded: bool = False
    fix: int = 0
    sequence: int = 0


@dataclass(eq=False)
class ModelBatch:
    id: str
    kind: str
    """upload, messages, correction or replay"""
    contract: str
    version: int
    received: int
    rows: list[Told]
    sha: str = ""
    replaces: str = ""
    rules: str = "ask"
    as_new: bool = False
    parent: str = ""
    fix: int = 0
    settled: bool = False
    undone: bool = False
    removed: int = 0

    @property
    def side(self) -> str:
        return TILL if self.kind == "messages" else FILE


class Seen(NamedTuple):
    root: ModelBatch
    told: Told
    line: Line
    key: Key


@dataclass
class Ledger:
    batches: dict[str, ModelBatch] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    """Every accepted row and every row that only the ledger refused."""
    told: dict[tuple[str, int], dict[int, Told]] = field(default_factory=lambda: defaultdict(dict))
    """(root, row) → fix number → what was told."""
    outcomes: dict[tuple[str, int, int], str] = field(default_factory=dict)
    """(root, row, fix number) → outcome; superseded counts as duplicate."""

    # ---- the order of contents

    def place(self, root: ModelBatch, told: Told) -> int:
        """The same bytes under the same contract are one statement in time: that of the first which settled."""
        if root.kind == "messages":
            return told.sequence
        if root.as_new:
            return root.received
        same = [b for b in self.batches.values() if (b.sha, b.contract) == (root.sha, root.contract)]
        return min(b.received for b in same if b.settled and not b.as_new and b.kind in ("upload", "replay"))

    def statement_order(self, root: ModelBatch, told: Told, version: int) -> tuple[int, int, int, int]:
        place = self.place(root, told)
        return int(root.rules == root.side), version, -place if version else place, root.version

    def order(self, seen: Seen) -> tuple[int, ...]:
        rank, *rest = self.statement_order(seen.root, seen.told, seen.line.version)
        row = -seen.told.row if seen.line.version else seen.told.row
        return int(rank or seen.line.accepted), *rest, seen.told.fix, row

    # ---- what counts

    def statements(self) -> list[tuple[ModelBatch, Scope, tuple[int, ...], set[Key]]]:
        """(batch, scope, order, keys) of every whole statement in force."""
        found: dict[tuple[str, Scope, int], list[Seen]] = defaultdict(list)
        names: dict[tuple[str, int], set[Key]] = defaultdict(set)
        for seen in self.seen:
            if seen.root.replaces and not seen.root.undone:
                found[seen.root.id, _scope(seen.root.replaces, seen.line), seen.line.version].append(seen)
                names[seen.root.id, seen.line.version].add(seen.key)
        return [
            (
                seen[0].root,
                scope,
                self.statement_order(seen[0].root, seen[0].told, version),
                names[seen[0].root.id, version],
            )
            for (_, scope, version), seen in found.items()
            if not self.is_open(seen[0].root, scope)
        ]

    def is_open(self, root: ModelBatch, scope: Scope) -> bool:
        """Whether a row of the scope waits as validation refused it; a file's row that names none may be of any."""
        for (batch_id, _), by_fix in self.told.items():
            last = by_fix[max(by_fix)]
            if batch_id != root.id or last.line or last.discarded:
                continue
            own = _scope_of(root.replaces, last.sale, last.store_day)
            if own == scope or (own is None and root.side == FILE):
                return True
        return False

    def best(self) -> dict[Key, Seen]:
        by_scope: dict[Scope, list[tuple[ModelBatch, tuple[int, ...], set[Key]]]] = defaultdict(list)
        for root, scope, order, keys in self.statements():
            by_scope[scope].append((root, order, keys))
        best: dict[Key, Seen] = {}
        for seen in self.seen:
            if seen.root.undone or self.outcomes[seen.root.id, seen.told.row, seen.told.fix] not in ACCEPTED:
                continue
            if seen.told.fix < max(self.told[seen.root.id, seen.told.row]):
                continue
            order = self.order(seen)
            left_out = any(
                told > order[:4] and seen.key not in keys and not (root.side == FILE and seen.root.side == TILL)
                for scope in (_scope("sale", seen.line), _scope("store-day", seen.line))
                for root, told, keys in by_scope[scope]
            )
            if not left_out and (seen.key not in best or order > self.order(best[seen.key])):
                best[seen.key] = seen
        return best

    def current(self) -> dict[Key, tuple[tuple[str, object], ...]]:
        return {key: seen.line.facts for key, seen in self.best().items()}

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
        arriving = [Seen(root, told, told.line, key) for told, key in self._keyed(batch, root) if told.line]
        for told in batch.rows:
            self.told[root.id, told.row][told.fix] = told
            if told.line is None:
                self.outcomes[root.id, told.row, told.fix] = "ignored" if told.discarded else "quarantined"
        refused = self._refused(arriving, before)
        self._follow(arriving, refused, before)
        self.seen += arriving
        gone = before.keys() - self.best().keys()
        scopes = {_scope(root.replaces, seen.line) for seen in self.seen if seen.root is root and root.replaces}
        root.removed += sum(
            bool({_scope("sale", before[key].line), _scope("store-day", before[key].line)} & scopes) for key in gone
        )

    def _keyed(self, batch: ModelBatch, root: ModelBatch) -> list[tuple[Told, Key]]:
        """The line's number, else product#n by content; a row fixed later keeps its n or takes the next free one."""
        lines = [(told, told.line) for told in batch.rows if told.line]
        keyed = [(told, (line.sale, line.line)) for told, line in lines if line.line is not None]
        counts: Counter[tuple[str, str, int]] = Counter()
        own: dict[tuple[int, str, str, int], str] = {}
        for seen in self.seen if batch.kind == "correction" else ():
            if seen.root is root and seen.line.line is None:
                group = (seen.line.sale, seen.line.product, seen.line.version)
                counts[group] = max(counts[group], int(seen.key[1].rpartition("#")[2]))
                own[seen.told.row, *group] = seen.key[1]
        by_content = batch.kind != "correction"
        for told, line in sorted(
            lines, key=lambda t: (t[0].fix, _sortable(t[1].facts) if by_content else (), t[0].row)
        ):
            group = (line.sale, line.product, line.version)
            if line.line is None and (told.row, *group) in own:
                keyed.append((told, (line.sale, own[told.row, *group])))
            elif line.line is None:
                counts[group] += 1
                keyed.append((told, (line.sale, f"{line.product}#{counts[group]}")))
        return keyed

    def _refused(self, arriving: list[Seen], before: dict[Key, Seen]) -> set[Seen]:
        contents = defaultdict(set)
        for seen in arriving:
            contents[seen.key, seen.line.version].add(seen.line.facts)
        refused = {
            seen
            for seen in arriving
            if (len(contents[seen.key, seen.line.version]) > 1 and not seen.line.accepted) or self._loses(seen, before)
        }
        whole = {seen.line.sale for seen in refused if seen.root.side == TILL}
        return refused | {seen for seen in arriving if seen.line.sale in whole and seen.root.side == TILL}

    def _loses(self, seen: Seen, before: dict[Key, Seen]) -> bool:
        """Differs from a till, or from what was received first of the same version."""
        current = before.get(seen.key)
        if current is None or not seen.line.differs(current.line, across=current.root.side != seen.root.side):
            return False
        if current.root.side != seen.root.side:
            return seen.root.side == FILE and seen.root.rules == "ask" and not seen.line.accepted
        same_version = seen.line.version > 0 and current.line.version == seen.line.version
        return same_version and self.order(seen) < self.order(current)

    def _follow(self, arriving: list[Seen], refused: set[Seen], before: dict[Key, Seen]) -> None:
        """Outcomes: the rows of one key follow each other in their order."""
        running = dict(before)
        for seen in sorted(arriving, key=self.order):
            current = running.get(seen.key)
            later = current is None or self.order(seen) > self.order(current)
            if seen in refused:
                outcome = "quarantined"
            elif current is None:
                outcome = "new"
            elif not seen.line.differs(current.line, across=current.root.side != seen.root.side) or not later:
                outcome = "duplicate"
            else:
                outcome = "corrected"
            if later and seen not in refused:
                running[seen.key] = seen
            self.outcomes[seen.root.id, seen.told.row, seen.told.fix] = outcome

    def receipt(self, id: str) -> Counter[str]:
        rows = {row: max(by_fix) for (root, row), by_fix in self.told.items() if root == id}
        return Counter(read=len(rows)) + Counter(self.outcomes[id, row, fix] for row, fix in rows.items())


def _scope(whole: str, line: Line) -> Scope:
    return ("sale", line.sale) if whole == "sale" else ("store-day", *line.store_day)


def _scope_of(whole: str, sale: str | None, store_day: tuple[str, str] | None) -> Scope | None:
    if whole == "sale":
        return ("sale", sale) if sale else None
    return ("store-day", *store_day) if store_day else None


def _sortable(facts: tuple[tuple[str, object], ...]) -> tuple[object, ...]:
    return tuple(value for _, value in facts if value is not None)
