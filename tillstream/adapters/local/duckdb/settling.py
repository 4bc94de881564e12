"""Settling on DuckDB: the order of the steps of `sql/ledger/settle.duckdb.sql` inside one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from tillstream.adapters.local.duckdb.batch_numbers import Entering
from tillstream.adapters.local.duckdb.hold_checks import held
from tillstream.adapters.local.duckdb.order_leads import Leading
from tillstream.adapters.local.duckdb.settle_script import statements
from tillstream.adapters.local.duckdb.waves import waves
from tillstream.domain.batch import Hold
from tillstream.ports.warehouse import Settled, Settlement, StagedBatch

ROWS_AT_ONCE = 2_000_000
FEW = 100_000
"""Rows of a wave that are kept in memory while it enters; of more, what a step needs is read again."""


class Settling:
    """One settlement on an open transaction of `cursor`; nothing here commits."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.settlement_no = 1 + self._number("SELECT COALESCE(MAX(settlement_no), 0) FROM settlements")
        self.entering = Entering(cursor, self.settlement_no)
        self.leading = Leading(cursor)
        self.moves = 0
        self.repeated = False
        """Whether the wave tells a key more than once."""
        self.only_adds = True
        """Until now no line had been there before; then the versions themselves tell the changes."""

    def run(self, settlement: Settlement) -> Settled:
        repeated = self._request_before(settlement.request_id)
        if repeated:
            return repeated
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE moves (seq BIGINT, key UHUGEINT, old BIGINT, new BIGINT)")
        known = self._known([batch.batch_id for batch in settlement.staged])
        staged = sorted(
            (b for b in settlement.staged if b.batch_id not in known),
            key=lambda b: (b.received_seq, b.fix_number, b.batch_id),
        )
        holds: dict[str, Hold] = {}
        taken: list[str] = []
        undone = self._undo(settlement.undo)
        for wave in waves(self.cursor, [batch for batch in staged if not self._is_late(batch)]):
            hold = held(self.cursor, wave[0])
            if hold:
                holds[wave[0].batch_id] = hold
                continue
            self._settle_wave(wave)
            taken += [batch.batch_id for batch in wave]
        if not taken and not undone:
            return Settled(0, known, holds)
        return self._finish(settlement.request_id, known | dict.fromkeys(taken, self.settlement_no), holds)

    # ---- one wave ---------------------------------------------------------------------------------------------

    def _settle_wave(self, wave: Sequence[StagedBatch]) -> None:
        affected, replaced = self.entering.enter(wave)
        self._affect(affected)
        accepted = [address for batch in wave for address in batch.accepted]
        refused = [address for batch in wave for address in batch.refused]
        correction = wave[0].kind == "correction"
        self._touch_nothing()
        self._do("nothing_arriving")
        tells = any(batch.replaces for batch in wave)
        if accepted:
            self._arrive(accepted, few=sum(batch.rows_read for batch in wave) <= FEW, correction=correction)
            self._judge()
        if refused:
            self._do("add_refusals", addresses=refused, settlement_no=self.settlement_no)
        if accepted:
            self._add(replaced=replaced)
        if correction or replaced or (tells and accepted and self._meets_known_sales()):
            self._touch_scopes()
        if replaced:
            self._do("touch_batches")
        turned = self._turn()
        self.leading.settle(arrived=bool(accepted), turned=turned)
        if turned and tells:
            self._count_removed()

    def _arrive(self, addresses: list[str], *, few: bool, correction: bool) -> None:
        self.cursor.execute("SET VARIABLE accepted = $addresses::VARCHAR[]", {"addresses": addresses})
        self._do("staged")
        self._do("arriving")
        if few:
            self._do("keep_arriving")
        self._do("arrivals")
        if correction:
            self._do("correction_numbers")
        elif self._some("arriving WHERE numbered_here"):
            self._do("repeated_products")
        else:
            self._do("none_renumbered")
        if self._some("renumbered"):
            if not few:
                self._do("keep_arriving")
            self._do("renumber")
            self._do("count_repeated_lines")
        self._do("known_lines" if self._some("sale_versions") else "no_known_lines")
        self._do("known")
        self._do("repeated_keys")
        self.repeated = self._some("repeated_keys")
        self._do("differing")

    def _judge(self) -> None:
        disputed = self._some("differing")
        if disputed or self.repeated:
            self.cursor.execute("INSERT INTO touched SELECT DISTINCT key FROM differing")
            self._weigh()
            self._do("between_kinds")
            self._do("outcomes")
            self._do("outcomes_judged")
            if self.repeated:
                self._do("outcomes_of_repeated_keys")
            self._touch_nothing()
        else:
            self._do("outcomes_simple")
        self._do("add_sightings", settlement_no=self.settlement_no)
        self._do("touch_disputed")
        if disputed or self.repeated:
            self._do("add_ledger_refusals", settlement_no=self.settlement_no)

    def _add(self, *, replaced: bool) -> None:
        if self._some("incoming WHERE replaces = 'sale'"):
            self._do("add_sale_statements")
        if self._some("incoming WHERE replaces = 'store-day'"):
            self._do("add_store_day_statements")
        if replaced or self._some("statements WHERE whole = 'store-day'"):
            self._do("touch_arriving")
        elif self._some("statements"):
            self._do("touch_stated")
        self.leading.arrive()
        if self.repeated or self._some("known") or self._some("touched"):
            self._list_changes()
        if self._some("arriving ANTI JOIN known USING (key, content)"):
            self._add_versions()
        if self._some("known WHERE NOT is_current"):
            self._do("revive_versions")
        if not self.only_adds:
            self.moves += 1
            self._do("move_fresh", seq=self.moves)

    def _add_versions(self) -> None:
        mine = {"settlement_no": self.settlement_no}
        if self.repeated:
            self._do("add_versions_once", **mine)
            return
        for first in range(0, 1 + self._number("SELECT MAX(row_number) FROM arriving"), ROWS_AT_ONCE):
            self._do("add_versions", first=first, last=first + ROWS_AT_ONCE - 1, **mine)

    def _list_changes(self) -> None:
        """From here on each move is kept."""
        if self.only_adds:
            self.only_adds = False
            self.moves += 1
            self._do("moves_so_far", seq=self.moves, settlement_no=self.settlement_no)

    # ---- what counts ------------------------------------------------------------------------------------------

    def _weigh(self) -> None:
        """`best`: the greatest sighting that counts, of each touched key."""
        self._do("touched_versions")
        self._do("alive")
        if self._some("statements"):
            self._do("telling")
            if self._some("telling"):
                self._do("named")
                self._do("left_out")
        self._do("best")

    def _turn(self) -> bool:
        """Move the flags of the touched keys; whether any moved."""
        if not self._some("touched"):
            return False
        self._weigh()
        self._do("flags")
        if not self._some("turned"):
            return False
        self._list_changes()
        self._do("turn_flags")
        self.moves += 1
        self._do("move_turned", seq=self.moves)
        return True

    def _meets_known_sales(self) -> bool:
        """Whether lines may be left out or given back: never of sales that nobody knew, ever of a store's day."""
        return any(self._some(one) for one in ("known", "known_sales", "incoming WHERE replaces = 'store-day'"))

    def _touch_scopes(self) -> None:
        for whole, step in (("sale", "touch_sales"), ("store-day", "touch_store_days")):
            if self._some(f"statements WHERE whole = '{whole}' AND batch_no IN (SELECT batch_no FROM affected)"):
                self._do(step)

    def _undo(self, batch_ids: Sequence[str]) -> bool:
        if not batch_ids:
            return False
        rows = self.cursor.execute(
            "SELECT batch_no FROM batches "
            "WHERE batch_id IN (SELECT UNNEST(?)) AND root_no = batch_no AND undone_no IS NULL",
            [list(batch_ids)],
        ).fetchall()
        if not rows:
            return False
        self._affect([row[0] for row in rows])
        self.cursor.execute(
            "UPDATE batches SET undone_no = ? WHERE root_no IN (SELECT batch_no FROM affected)", [self.settlement_no]
        )
        self._touch_nothing()
        self._do("nothing_arriving")
        self._do("touch_batches")
        self._touch_scopes()
        self.leading.settle(arrived=False, turned=self._turn())
        return True

    def _count_removed(self) -> None:
        for batch_no, removed in self.cursor.execute(statements()["count_removed"]).fetchall():
            self.cursor.execute("UPDATE batches SET removed = removed + ? WHERE batch_no = ?", [removed, batch_no])

    # ---- order, end -------------------------------------------------------------------------------------------

    def _is_late(self, batch: StagedBatch) -> bool:
        """A correction of what is undone by now corrects nothing."""
        if batch.kind != "correction":
            return False
        root = "SELECT undone_no IS NOT NULL FROM batches WHERE batch_id = ?"
        row = self.cursor.execute(root, [batch.parent]).fetchone()
        return row is not None and bool(row[0])

    def _finish(self, request_id: str, batches: Mapping[str, int], holds: Mapping[str, Hold]) -> Settled:
        changes = {"added": 0, "corrected": 0, "removed": 0} | self._changes()
        self.cursor.execute(
            "INSERT INTO settlements BY NAME SELECT $number AS settlement_no, now() AS settled_at, "
            "$request_id AS request_id, $added AS added, $corrected AS corrected, $removed AS removed, "
            "$only_adds AS only_adds",
            {"number": self.settlement_no, "request_id": request_id, "only_adds": self.only_adds} | changes,
        )
        return Settled(self.settlement_no, batches, holds, changes)

    def _changes(self) -> dict[str, int]:
        """How many lines were added, corrected and removed, net."""
        mine = {"settlement_no": self.settlement_no}
        if self.only_adds:
            added = "SELECT 'added', COUNT(*) FROM sale_versions WHERE settlement_no = $settlement_no"
            return dict(self.cursor.execute(added, mine).fetchall())
        self._do("changes" if self.moves > 1 else "changes_of_one_wave", **mine)
        listed = "SELECT kind, COUNT(*) FROM listed_changes WHERE settlement_no = $settlement_no GROUP BY kind"
        return dict(self.cursor.execute(listed, mine).fetchall())

    def _request_before(self, request_id: str) -> Settled | None:
        if not request_id:
            return None
        row = self.cursor.execute(
            "SELECT settlement_no, added, corrected, removed FROM settlements WHERE request_id = ?", [request_id]
        ).fetchone()
        if row is None:
            return None
        taken = self.cursor.execute("SELECT batch_id FROM batches WHERE settlement_no = ?", [row[0]]).fetchall()
        changes = dict(zip(("added", "corrected", "removed"), row[1:], strict=True))
        return Settled(row[0], dict.fromkeys((batch for (batch,) in taken), row[0]), {}, changes)

    def _known(self, batch_ids: Sequence[str]) -> dict[str, int]:
        known = "SELECT batch_id, settlement_no FROM batches WHERE batch_id IN (SELECT UNNEST(?))"
        return dict(self.cursor.execute(known, [list(batch_ids)]).fetchall())

    # ---- plumbing ---------------------------------------------------------------------------------------------

    def _affect(self, batch_nos: Sequence[int]) -> None:
        self.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE affected AS SELECT UNNEST(?::BIGINT[]) AS batch_no", [list(batch_nos)]
        )

    def _touch_nothing(self) -> None:
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE touched (key UHUGEINT)")

    def _do(self, name: str, **params: Any) -> None:
        self.cursor.execute(statements()[name], params or None)

    def _some(self, source: str) -> bool:
        return self.cursor.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None

    def _number(self, sql: str) -> int:
        row = self.cursor.execute(sql).fetchone()
        return int(row[0]) if row else 0
