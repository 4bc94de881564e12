"""The affected keys of a wave, and which of their contents is current."""

from collections.abc import Sequence

from tillstream.ledger.change_log import ChangeLog
from tillstream.ledger.settle_script import ScriptRunner


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
