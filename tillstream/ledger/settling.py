"""The settlement: runs the steps of `sql/ledger/settle.duckdb.sql` on the tables of a connection.

It is done in waves, which are groups of batches that are written together.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Protocol, TypeVar

import duckdb

from tillstream.ledger.current_lines import ChangeLog, CurrentLines, OrderMarkers, SaleLookup, WriteScope
from tillstream.ledger.duckdb_ledger import ScriptRunner
from tillstream.ledger.hold_checks import check_hold
from tillstream.ledger.settlement_record import BatchNumbering, LedgerNumbers, SettlementRecord, last_numbers
from tillstream.model.batch import BatchKind, Hold
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch

ROWS_AT_ONCE = 2_000_000
FEW = 100_000
"""Rows of a wave whose keys are kept in memory while it is settled; larger waves are read again by each step."""
VERY_FEW = 10_000
"""Rows of a wave that are kept with all their columns."""
OTHER_KIND = "batch_lines AS a JOIN winning_observation AS b ON b.key = a.key AND b.is_till <> a.is_till"
"""Rows of a till whose key has a current line of a file, and rows of a file whose key has one of a till."""


class BatchLike(Protocol):
    @property
    def batch_id(self) -> str: ...
    @property
    def kind(self) -> str: ...


AnyBatch = TypeVar("AnyBatch", bound=BatchLike)


def group_adjacent(batches: Iterable[AnyBatch]) -> Iterator[list[AnyBatch]]:
    """Group batches that can form one wave if they share no sale: adjacent micro-batches. Other batches are alone."""
    for is_micro, adjacent in groupby(batches, key=lambda batch: batch.kind == BatchKind.STORE_SALES):
        if is_micro:
            yield list(adjacent)
        else:
            yield from ([batch] for batch in adjacent)


def split_on_shared_sales(
    batches: Sequence[AnyBatch], sales: Callable[[AnyBatch], Collection[str]]
) -> list[list[AnyBatch]]:
    """Split a group into as few waves as possible, so that no two batches of a wave share a sale.

    Batches that share one keep their order; the others are independent of each other, whichever wave they are in.
    sales: the sales of a batch.
    """
    waves: list[list[AnyBatch]] = []
    latest: dict[str, int] = {}
    for batch in batches:
        own = sales(batch)
        number = 1 + max((latest[sale] for sale in own if sale in latest), default=-1)
        if number == len(waves):
            waves.append([])
        waves[number].append(batch)
        latest |= dict.fromkeys(own, number)
    return waves


def divide_into_waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; adjacent micro-batches together, except those that share a sale."""
    for batches in group_adjacent(staged):
        if len(batches) == 1:
            yield batches
        else:
            yield from split_on_shared_sales(batches, partial(_sales_of_batch, cursor))


def _sales_of_batch(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}


class SettlementRunner:
    """One settlement in the open transaction of `cursor`; it does not commit.

    last: the greatest numbers of the whole ledger, if the tables contain only a slice of it.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, last: LedgerNumbers | None = None) -> None:
        self.cursor = cursor
        self.script = ScriptRunner(cursor)
        is_slice = last is not None
        last = last or last_numbers(self.script)
        self.settlement_no = last.settlement_no + 1
        self.record = SettlementRecord(cursor, self.settlement_no)
        self.numbering = BatchNumbering(cursor, self.settlement_no, last.batch_no)
        self.markers = OrderMarkers(cursor)
        self.changes = ChangeLog(self.script, self.settlement_no)
        self.current = CurrentLines(self.script, self.changes, self.settlement_no, is_slice=is_slice)
        self.sales = SaleLookup(self.script, self.settlement_no)
        self.write_scope = WriteScope(self.script)
        self.repeated = False
        """Whether the wave contains a key more than once."""
        self.extends_sales = False
        """Whether a sale of the ledger got lines."""

    def run(self, settlement: Settlement) -> SettlementResult:
        earlier = self.record.earlier_result(settlement.request_id)
        if earlier:
            return earlier
        settled_before = self.record.settled_batches([batch.batch_id for batch in settlement.staged])
        staged = sorted(
            (b for b in settlement.staged if b.batch_id not in settled_before),
            key=lambda b: (b.received_seq, b.fix_number, b.batch_id),
        )
        checked = [] if settlement.is_repetition else staged
        # before the undo: a replay that is held must leave the batch that it replaces as it is
        holds = self._check([batch for batch in checked if batch.parent in settlement.undo])
        kept = {batch.parent for batch in staged if batch.batch_id in holds}
        undone = self._undo([batch_id for batch_id in settlement.undo if batch_id not in kept])
        open_batches = [batch for batch in staged if batch.batch_id not in holds and not self._is_obsolete(batch)]
        unchecked = {batch.batch_id for batch in checked if batch.parent not in settlement.undo}
        settled = self._settle(open_batches, unchecked, holds)
        if not settled and not undone:
            return SettlementResult(0, settled_before, holds)
        return self._finish(settlement.request_id, settled_before | dict.fromkeys(settled, self.settlement_no), holds)

    def _check(self, batches: Sequence[StagedBatch]) -> dict[str, Hold]:
        holds = {}
        for batch in batches:
            self.sales.read([batch])
            if hold := check_hold(self.cursor, batch):
                holds[batch.batch_id] = hold
        return holds

    def _settle(self, batches: Sequence[StagedBatch], unchecked: Collection[str], holds: dict[str, Hold]) -> list[str]:
        """Return the IDs of the settled batches; `holds` gets those of the unchecked ones that are held."""
        settled: list[str] = []
        self.sales.expect(batches)
        for wave in divide_into_waves(self.cursor, batches):
            self.sales.read(wave)
            first = wave[0].batch_id
            if first in unchecked and (hold := check_hold(self.cursor, wave[0])):
                holds[first] = hold
                continue
            self._settle_wave(wave)
            settled += [batch.batch_id for batch in wave]
        return settled

    # ---- one wave ---------------------------------------------------------------------------------------------

    def _settle_wave(self, wave: Sequence[StagedBatch]) -> None:
        correction = wave[0].is_correction
        self.write_scope.enter(wave, self.numbering.next_batch)
        affected, replaced = self.numbering.enter(wave)
        only_staged_sales = not correction and not replaced
        self.current.begin(affected, only_staged_sales=only_staged_sales)
        accepted = [address for batch in wave for address in batch.accepted]
        refused = [address for batch in wave for address in batch.refused]
        has_statements = any(batch.replaces for batch in wave)
        if accepted:
            self._stage_lines(accepted, sum(batch.rows_read for batch in wave), correction=correction)
            if only_staged_sales:
                self.current.read_staged_sales()
            self._determine_outcomes(any_foreign=self.write_scope.find_foreign_rows())
        if refused:
            self.script.run("add_refusals", addresses=refused, settlement_no=self.settlement_no)
        if accepted:
            self._add_lines(replaced=replaced)
        if not only_staged_sales or (has_statements and accepted and self._affects_settled_sales()):
            self.current.add_keys_of_scopes()
        if replaced:
            self.script.run("add_keys_of_batches")
        current_changed = self.current.update()
        self.markers.update(has_lines=bool(accepted), current_changed=current_changed)
        if current_changed and has_statements:
            self.record.count_removed()

    def _stage_lines(self, addresses: list[str], rows: int, *, correction: bool) -> None:
        few = rows <= FEW
        self.cursor.execute("SET VARIABLE accepted = $addresses::VARCHAR[]", {"addresses": addresses})
        self.script.run("staged")
        if rows <= VERY_FEW:
            self.script.run("keep_staged")
        self.script.run("staged_lines")
        if few:
            self.script.run("keep_staged_lines")
        self.script.run("batch_lines")
        self.script.run("add_batch_days", settlement_no=self.settlement_no)
        if correction:
            self.script.run("correction_numbers")
        elif self.script.exists("staged_lines WHERE numbered_here"):
            self.script.run("repeated_products")
        else:
            self.script.run("none_renumbered")
        if self.script.exists("renumbered"):
            if not few:
                self.script.run("keep_staged_lines")
            self.script.run("renumber")
            self.script.run("count_repeated_lines")
        self.script.run("known")

    def _determine_outcomes(self, *, any_foreign: bool) -> None:
        self.script.run("repeated_keys")
        self.repeated = self.script.exists("repeated_keys")
        self.script.run("differing")
        disputed = any_foreign or self.repeated or self.script.exists("differing")
        if disputed:
            self.cursor.execute("INSERT INTO affected_keys SELECT DISTINCT key FROM differing")
            self.current.resolve()
            self.script.run("between_kinds" if self.script.exists(OTHER_KIND) else "no_between_kinds")
            self.script.run("outcomes")
            self.script.run("outcomes_checked")
            if self.repeated:
                self.script.run("outcomes_of_repeated_keys")
            self.current.clear()
        else:
            self.script.run("outcomes_simple")
        self.script.run("add_sightings", settlement_no=self.settlement_no)
        self.script.run("add_disputed_keys")
        if disputed:
            self.script.run("add_ledger_refusals", settlement_no=self.settlement_no)

    def _add_lines(self, *, replaced: bool) -> None:
        if self.script.exists("incoming_batches WHERE replaces = 'sale'"):
            self.script.run("add_sale_statements", settlement_no=self.settlement_no)
        if self.script.exists("incoming_batches WHERE replaces = 'store-day'"):
            self.script.run("add_store_day_statements", settlement_no=self.settlement_no)
        if replaced:
            self.script.run("add_staged_keys")
        elif self.script.exists("statements"):
            self.script.run("add_keys_of_statements")
            if self.script.exists("statements WHERE whole = 'store-day'"):
                self.script.run("add_keys_of_store_day_statements")
        self.markers.prepare()
        self.extends_sales = self.extends_sales or self.script.exists("known_sales")
        if self.repeated or self.script.exists("known") or self.script.exists("affected_keys"):
            self.changes.start()
        if self.script.exists("staged_lines ANTI JOIN known USING (key, content)"):
            self._add_versions()
        if self.script.exists("known WHERE NOT is_current"):
            self.script.run("revive_versions")
        self.changes.add_new_lines()

    def _add_versions(self) -> None:
        params = {"settlement_no": self.settlement_no}
        if self.repeated:
            self.script.run("add_versions_once", **params)
            return
        for first in range(0, 1 + self.script.number("SELECT MAX(row_number) FROM staged_lines"), ROWS_AT_ONCE):
            self.script.run("add_versions", first=first, last=first + ROWS_AT_ONCE - 1, **params)

    # ---- other changes ----------------------------------------------------------------------------------------

    def _affects_settled_sales(self) -> bool:
        """Whether lines may be removed or restored: not if all sales are new; always for a store's day."""
        return any(
            self.script.exists(source)
            for source in ("known", "known_sales", "incoming_batches WHERE replaces = 'store-day'")
        )

    def _undo(self, batch_ids: Sequence[str]) -> bool:
        if not batch_ids:
            return False
        batch_nos = self.record.not_undone(batch_ids)
        if not batch_nos:
            return False
        self.current.begin(batch_nos, only_staged_sales=False)
        self.cursor.execute(
            "UPDATE batches SET undone_no = ? WHERE root_no IN (SELECT batch_no FROM affected)", [self.settlement_no]
        )
        self.script.run("add_keys_of_batches")
        self.current.add_keys_of_scopes()
        self.markers.update(has_lines=False, current_changed=self.current.update())
        return True

    def _is_obsolete(self, batch: StagedBatch) -> bool:
        """Whether it corrects an undone batch."""
        return batch.is_correction and self.record.is_undone(batch.parent)

    def _finish(self, request_id: str, batches: Mapping[str, int], holds: Mapping[str, Hold]) -> SettlementResult:
        append_only = self.changes.append_only
        self.changes.write()
        changes = self.record.count_added() if append_only else self.record.count_changes()
        self.current.read_from_least()
        self.record.add_days(only_new_sales=append_only and not self.extends_sales)
        self.record.add(request_id, changes, append_only=append_only)
        return SettlementResult(self.settlement_no, batches, holds, changes, self.write_scope.foreign_rows)
