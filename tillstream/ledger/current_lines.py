"""The lines of a wave: which may be written, which are in the ledger, which become current, and what changes."""

from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb

from tillstream.ledger.duckdb_ledger import ScriptRunner, statements
from tillstream.model.people import writers_from_text
from tillstream.ports.warehouse import StagedBatch

ROWS_TOGETHER = 500_000
"""Staged rows whose sales are looked up in one scan of the ledger; the sales are kept in memory. For larger waves, it
takes longer to find the rows first than to read all columns in the scan."""


class WriteScope:
    """Fills `foreign_rows` and `statement_writers` for each wave; both are empty if no writer is bound to stores."""

    def __init__(self, script: ScriptRunner) -> None:
        self._script = script
        self._writers: list[tuple[int, int, list[str] | None]] = []
        self.foreign_rows: Counter[str] = Counter()
        """Batch id → rows that it may not write, over the waves so far."""

    def enter(self, wave: Sequence[StagedBatch], first_batch_no: int) -> None:
        """Note the writers of a wave. first_batch_no: number of its first batch; those of the others follow."""
        self._writers = [
            writer for number, batch in enumerate(wave, first_batch_no) for writer in _writers_of(number, batch)
        ]

    def find_foreign_rows(self) -> bool:
        """Whether any writer may not write a row. Needs `staged`, `batch_lines` and `known_lines`."""
        self._script.run("no_bound_writers")
        if not self._writers:
            return False
        cursor = self._script.cursor
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE bound_writers (own_no INTEGER, fix_number BIGINT, stores VARCHAR[])"
        )
        cursor.executemany("INSERT INTO bound_writers VALUES (?, ?, ?)", self._writers)
        has_lines = self._script.exists("known_lines WHERE is_current")
        for step in ("current_stores" if has_lines else "no_current_stores", "bound_lines", "foreign_rows"):
            self._script.run(step)
        self._script.run("statement_writers")
        counted = self._script.rows("count_foreign_rows")
        self.foreign_rows.update(dict(counted))
        return bool(counted)


def _writers_of(number: int, batch: StagedBatch) -> Iterator[tuple[int, int, list[str] | None]]:
    if batch.writers is None:
        return
    bound = writers_from_text(batch.writers)
    if bound is None:
        yield number, batch.fix_number, None
    else:
        yield from ((number, fix_number, stores) for fix_number, stores in bound.items())


class SaleLookup:
    """Fills `known_lines` for each wave. One scan of the ledger finds the rows of many batches.

    The scan reads only the hashes of the sales, and takes longer as the ledger grows. The other columns are read of the
    rows that it finds.
    """

    def __init__(self, script: ScriptRunner, settlement_no: int) -> None:
        self._script, self._settlement_no = script, settlement_no
        self._coming: list[StagedBatch] = []
        self._searched: set[str] = set()
        """Batches whose rows are in `found_lines`."""

    def expect(self, batches: Sequence[StagedBatch]) -> None:
        """Note the batches of the settlement, in the order of the waves."""
        self._coming = list(batches)

    def read(self, wave: Sequence[StagedBatch]) -> None:
        """Fill `known_lines` with every content of the sales of the wave, as the ledger is now."""
        accepted = [address for batch in wave for address in batch.accepted]
        if not accepted or not self._script.exists("sale_versions"):
            self._script.run("no_known_lines")
            return
        if sum(batch.rows_read for batch in wave) > ROWS_TOGETHER:
            self._script.run("known_lines_at_once", accepted=accepted)
            return
        if not self._searched.issuperset(batch.batch_id for batch in wave):
            self._find(wave)
        alone = len(self._searched) == len(wave)
        self._script.run("known_lines" if alone else "known_lines_of_wave", **({} if alone else {"accepted": accepted}))
        if self._script.exists(f"sale_versions WHERE settlement_no = {self._settlement_no}"):
            self._script.run("add_known_lines", accepted=accepted, settlement_no=self._settlement_no)

    def _find(self, wave: Sequence[StagedBatch]) -> None:
        """Find the rows of the wave and of the batches after it."""
        together, rows = list(wave), sum(batch.rows_read for batch in wave)
        self._searched = {batch.batch_id for batch in wave}
        places = [place for place, batch in enumerate(self._coming) if batch.batch_id in self._searched]
        following = self._coming[places[0] :] if places else []
        for batch in following:
            if batch.batch_id in self._searched:
                continue
            rows += batch.rows_read
            if rows > ROWS_TOGETHER:
                break
            together.append(batch)
        self._searched = {batch.batch_id for batch in together}
        accepted = [address for batch in together for address in batch.accepted]
        self._script.run("found_lines", accepted=accepted, settlement_no=self._settlement_no)


class ChangeLog:
    """Records transitions once it is started; until then, the versions that were added are the changes."""

    def __init__(self, script: ScriptRunner, settlement_no: int) -> None:
        self._script, self._settlement_no = script, settlement_no
        self._moves = 0
        self.append_only = True
        """True while no line existed before."""
        script.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE transitions (seq BIGINT, key UHUGEINT, old BIGINT, new BIGINT)"
        )

    def start(self) -> None:
        """Record every transition from here on."""
        if self.append_only:
            self.append_only = False
            self._add("transitions_so_far", settlement_no=self._settlement_no)

    def add_new_lines(self) -> None:
        if not self.append_only:
            self._add("add_transitions_of_new_lines")

    def add_changes(self) -> None:
        self._add("add_transitions_of_changes")

    def write(self) -> None:
        """Write the net change per key to `listed_changes`."""
        if not self.append_only:
            self._script.run("changes" if self._moves > 1 else "changes_of_one_wave", settlement_no=self._settlement_no)

    def _add(self, step: str, **params: int) -> None:
        self._moves += 1
        self._script.run(step, seq=self._moves, **params)


class CurrentLines:
    """Runs between the steps of a wave, on their temporary tables.

    is_slice: whether the tables contain a slice of a ledger. All of it is read: it is small, and statements of ledgers
    of older versions have the settlement of the corrected batch, which can be before the first one of their sale.
    """

    def __init__(self, script: ScriptRunner, changes: ChangeLog, settlement_no: int, *, is_slice: bool) -> None:
        self._script, self._changes, self._settlement_no = script, changes, settlement_no
        self._is_slice = is_slice
        self._first = self._least = settlement_no
        """The settlements from which this wave has to be read, and the least one of the waves so far."""
        self._only_staged_sales = False

    def begin(self, batch_nos: Sequence[int], *, only_staged_sales: bool) -> None:
        """Begin a wave without affected keys. batch_nos: batches whose statements may count otherwise afterwards.

        only_staged_sales: whether the wave changes lines of the staged sales only.
        """
        sql = "CREATE OR REPLACE TEMP TABLE affected AS SELECT UNNEST(?::BIGINT[]) AS batch_no"
        self._script.cursor.execute(sql, [list(batch_nos)])
        self.clear()
        self._script.run("no_staged_lines")
        self._only_staged_sales = only_staged_sales
        self._read_from(self._settlement_no if only_staged_sales else 0)

    def clear(self) -> None:
        """Let no key be affected."""
        self._script.cursor.execute("CREATE OR REPLACE TEMP TABLE affected_keys (key UHUGEINT)")

    def read_staged_sales(self) -> None:
        """Let the steps read from the first settlement of a staged sale on, which `known_lines` contains."""
        least = f"SELECT COALESCE(MIN(settlement_no), {self._settlement_no}) FROM known_lines"
        self._read_from(self._script.number(least))

    def _read_other_sales(self) -> None:
        """Let the steps read from the first settlement of any sale that a store-day of the wave has or had."""
        self._script.run("other_sales")
        if self._script.exists("other_sales"):
            least = "SELECT MIN(settlement_no) FROM sale_versions SEMI JOIN other_sales USING (sale)"
            self._read_from(min(self._first, self._script.number(least)))

    def read_from_least(self) -> None:
        """Let the steps read everything that the waves so far could change."""
        self._read_from(self._least)

    def add_keys_of_scopes(self) -> None:
        """Add the keys that complete statements of the affected batches may remove or restore."""
        for whole, step in (("sale", "add_keys_of_sales"), ("store-day", "add_keys_of_store_days")):
            if self._script.exists(
                f"statements WHERE whole = '{whole}' AND batch_no IN (SELECT batch_no FROM affected)"
            ):
                self._script.run(step)
                if whole == "store-day" and self._only_staged_sales:
                    self._read_other_sales()

    def resolve(self) -> None:
        """Fill `winning_observation` for each affected key."""
        self._script.run("affected_versions")
        self._script.run("live_observations")
        if self._script.exists("statements"):
            self._script.run("active_statements")
            if self._script.exists("active_statements"):
                self._script.run("stated_keys")
                self._script.run("superseded_by_statement")
        self._script.run("winning_observation")

    def update(self) -> bool:
        """Update the current flags of the affected keys; whether any changed."""
        if not self._script.exists("affected_keys"):
            return False
        self.resolve()
        self._script.run("current_changes")
        if not self._script.exists("current_changes"):
            return False
        self._changes.start()
        self._script.run("update_current")
        self._changes.add_changes()
        return True

    def _read_from(self, settlement_no: int) -> None:
        """Let the steps read rows of this settlement and later ones only: the others are of sales that do not change.

        The tables grow in the order of settlements, so the engine skips all before it.
        """
        first = 0 if self._is_slice else settlement_no
        self._script.cursor.execute(f"SET VARIABLE oldest = {first}")
        self._first = first
        self._least = min(self._least, first)


class OrderMarkers:
    """Runs between the steps of a wave, on their temporary tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def prepare(self) -> None:
        """Compute the markers with which the wave's versions are inserted, before they are."""
        for step in ("known_sales", "staged_sales", "first_lines", "mixed_sales"):
            self._run_step(step)

    def update(self, *, has_lines: bool, current_changed: bool) -> None:
        """Recompute the markers that changed, after the current flags were updated."""
        if has_lines and not current_changed:
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE current_changes (key UHUGEINT, old BIGINT, new BIGINT)")
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE affected_versions (key UHUGEINT, sale BIGINT)")
        if has_lines:
            self._run_step("doubtful_sales")
        elif current_changed:
            self._run_step("changed_sales")
        else:
            return
        if self.cursor.execute("SELECT 1 FROM doubtful_sales LIMIT 1").fetchone():
            self._run_step("lead")

    def _run_step(self, name: str) -> None:
        self.cursor.execute(statements()[name])
