"""The books of the simulated company: the rules of the ledger, written again from the design for this check alone.

Only the outcomes of rows are stored, because they are never rewritten. What counts is computed
from everything received, cell by cell.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from devtools.simulation.entries import VALIDATED, Batch, Cell, Content, Key, Row

Order = tuple[int, ...]


class Claim(NamedTuple):
    """A row that may be the current content of its line. order: its last values are the fix, the row, the receipt."""

    order: Order
    batch: Batch
    row: Row
    content: Content


class Statement(NamedTuple):
    """A batch states all lines of a sale or of a store's day."""

    order: Order
    batch: Batch
    keys: set[Key]


class Figure(NamedTuple):
    """Sums of one product in one store on one day."""

    lines: int
    units: int
    net: Decimal


class Change(NamedTuple):
    """What a settlement did to a line. content: the new one; of a removed line, the old one."""

    kind: str
    content: Content


Changes = dict[tuple[Cell, Key], Change]


class Books:
    """The model. Batches enter in the order in which they were settled."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self._cells: dict[Cell, list[Batch]] = defaultdict(list)
        self._first_received: dict[tuple[str, str], int] = {}

    # ---- what happens

    def settle(self, batches: Sequence[Batch], undone: Iterable[str] = ()) -> Changes:
        """One settlement: undo batches, then add others in the order of receipt. Returns what is different after it."""
        ended = [self.batches[name] for name in undone]
        touched = {row.cell for batch in batches for row in batch.rows}.union(*(batch.by_cell for batch in ended))
        before = {cell: self.current(cell) for cell in touched}
        for batch in ended:
            batch.is_undone = True
        for batch in sorted(batches, key=lambda each: (each.received, each.fix, each.name)):
            self._add(batch)
        changes: Changes = {}
        for cell, old in before.items():
            new = self.current(cell)
            changes |= {(cell, key): Change("removed", old[key].content) for key in old.keys() - new.keys()}
            for key, claim in new.items():
                if key not in old:
                    changes[cell, key] = Change("added", claim.content)
                elif _facts(claim) != _facts(old[key]):
                    changes[cell, key] = Change("corrected", claim.content)
        return changes

    def _add(self, batch: Batch) -> None:
        root = self.batches[batch.parent] if batch.parent else batch
        self.batches[batch.name] = batch
        rows_by_cell: dict[Cell, list[Row]] = defaultdict(list)
        for row in batch.rows:
            rows_by_cell[row.cell].append(row)
        before = {cell: self.current(cell) for cell in rows_by_cell}
        if not batch.parent and batch.sha256:
            same = (batch.sha256, batch.contract)
            self._first_received[same] = min(batch.received, self._first_received.get(same, batch.received))
        for cell, rows in rows_by_cell.items():
            if cell not in root.by_cell:
                self._cells[cell].append(root)
            latest = root.by_cell.setdefault(cell, {})
            for row in rows:
                latest[row.number] = row
                if row.content is not None:
                    root.every_row.setdefault(cell, []).append(row)
        for cell, rows in rows_by_cell.items():
            self._judge(root, rows, before[cell])

    def _judge(self, root: Batch, rows: list[Row], before: dict[Key, Claim]) -> None:
        """The outcomes of the rows of one batch in one cell."""
        claims = []
        for row in rows:
            if row.content is None:
                root.outcomes[row.number] = "ignored" if row.discarded else "quarantined"
            else:
                claims.append(Claim(self._order(root, row), root, row, row.content))
        refused = {claim.row.number for claim in claims if self._is_refused(claim, claims, before.get(claim.row.key))}
        if root.is_till:
            sales = {claim.row.key.sale for claim in claims if claim.row.number in refused}
            refused |= {claim.row.number for claim in claims if claim.row.key.sale in sales}
        current = dict(before)
        for claim in sorted(claims, key=lambda each: each.order):
            if claim.row.number in refused:
                root.outcomes[claim.row.number] = "quarantined"
                continue
            earlier = current.get(claim.row.key)
            is_later = earlier is None or claim.order > earlier.order
            if earlier is None:
                outcome = "new"
            elif is_later and claim.content != earlier.content:
                outcome = "corrected"
            else:
                outcome = "duplicate"
            root.outcomes[claim.row.number] = outcome
            if is_later:
                current[claim.row.key] = claim

    def _is_refused(self, claim: Claim, claims: list[Claim], current: Claim | None) -> bool:
        """Whether the ledger refuses it: two contents of one version, or a file that differs from a till."""
        row = claim.row
        contents = {c.content for c in claims if (c.row.key, c.row.version) == (row.key, row.version)}
        if len(contents) > 1 and not row.accepted:
            return True
        if current is None or current.content == claim.content:
            return False
        if current.batch.is_till != claim.batch.is_till:
            return current.batch.is_till and claim.batch.rules == "ask" and not row.accepted
        return row.version > 0 and current.row.version == row.version and claim.order < current.order

    # ---- the order of contents

    def _statement_order(self, root: Batch, row: Row) -> Order:
        place = row.place
        if not root.is_till:
            place = self._first_received[root.sha256, root.contract]
        rank = root.rules == ("till" if root.is_till else "file")
        return int(rank), row.version, -place if row.version else place

    def _order(self, root: Batch, row: Row) -> Order:
        rank, version, place = self._statement_order(root, row)
        return (
            int(rank or row.accepted),
            version,
            place,
            row.fix,
            -row.number if version else row.number,
            -root.received,
        )

    # ---- what counts

    def current(self, cell: Cell) -> dict[Key, Claim]:
        """The claim that counts for each line of a cell."""
        batches = [batch for batch in self._cells.get(cell, ()) if not batch.is_undone]
        by_sale, of_day = self._statements(cell, batches)
        best: dict[Key, Claim] = {}
        for batch in batches:
            for row in batch.by_cell[cell].values():
                if row.content is None or batch.outcomes.get(row.number) not in VALIDATED:
                    continue
                claim = Claim(self._order(batch, row), batch, row, row.content)
                if any(_removes(each, claim) for each in (*by_sale[row.key.sale], *of_day)):
                    continue
                if row.key not in best or claim.order > best[row.key].order:
                    best[row.key] = claim
        return best

    def _statements(self, cell: Cell, batches: list[Batch]) -> tuple[dict[str, list[Statement]], list[Statement]]:
        by_sale: dict[str, list[Statement]] = defaultdict(list)
        of_day: list[Statement] = []
        for batch in batches:
            if not batch.whole:
                continue
            groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
            for row in batch.every_row.get(cell, ()):
                groups[row.key.sale if batch.whole == "sale" else "", row.version].append(row)
            refused = [row for row in batch.by_cell[cell].values() if row.content is None and not row.discarded]
            is_open = {row.key.sale if batch.whole == "sale" else "" for row in refused}
            for (scope, _), rows in groups.items():
                if scope in is_open:
                    continue
                order = self._statement_order(batch, rows[0])
                (by_sale[scope] if scope else of_day).append(Statement(order, batch, {row.key for row in rows}))
        return by_sale, of_day

    def lines(self, cell: Cell) -> dict[Key, Content]:
        """The current content of each line of a cell."""
        return {key: claim.content for key, claim in self.current(cell).items()}

    def figures(self, cell: Cell) -> dict[str, Figure]:
        """Product → its sums in a cell."""
        sums: dict[str, Figure] = {}
        for content in self.lines(cell).values():
            lines, units, net = sums.get(content.product, (0, 0, Decimal(0)))
            net += content.quantity * content.price
            sums[content.product] = Figure(lines + 1, units + content.quantity, net)
        return sums

    def cells(self) -> list[Cell]:
        """Every cell that a batch has named."""
        return list(self._cells)

    def receipt(self, name: str) -> Counter[str]:
        """Outcome → number of rows of a file or micro-batch, and `read`."""
        outcomes = self.batches[name].outcomes
        return Counter(outcomes.values()) + Counter(read=len(outcomes))


def _facts(claim: Claim) -> tuple[Content, bool]:
    """What decides whether a line changed: only messages of tills have the time of a sale."""
    return claim.content, claim.batch.is_till


def _removes(statement: Statement, claim: Claim) -> bool:
    """Whether a later statement lacks the line. A file never removes lines of tills."""
    if statement.order <= claim.order[:3] or claim.row.key in statement.keys:
        return False
    return statement.batch.is_till or not claim.batch.is_till
