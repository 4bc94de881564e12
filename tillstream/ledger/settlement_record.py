"""The record of settlements: their numbers, what earlier ones settled, and the row of this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from tillstream.ledger.settle_script import ScriptRunner, statements
from tillstream.ports.warehouse import SettlementResult

CHANGES = ("added", "corrected", "removed")


@dataclass(frozen=True)
class LedgerNumbers:
    """The greatest numbers in a ledger, which are counted from 1; 0: none."""

    settlement_no: int
    batch_no: int


def last_numbers(script: ScriptRunner) -> LedgerNumbers:
    return LedgerNumbers(
        script.number("SELECT COALESCE(MAX(settlement_no), 0) FROM settlements"),
        script.number("SELECT COALESCE(MAX(batch_no), 0) FROM batches"),
    )


class SettlementRecord:
    def __init__(self, cursor: duckdb.DuckDBPyConnection, settlement_no: int) -> None:
        self._cursor, self._settlement_no = cursor, settlement_no

    def earlier_result(self, request_id: str) -> SettlementResult | None:
        """The result of the settlement that had this request id; None if there is none."""
        if not request_id:
            return None
        row = self._cursor.execute(
            "SELECT settlement_no, added, corrected, removed FROM settlements WHERE request_id = ?", [request_id]
        ).fetchone()
        if row is None:
            return None
        settled = self._cursor.execute("SELECT batch_id FROM batches WHERE settlement_no = ?", [row[0]]).fetchall()
        changes = dict(zip(CHANGES, row[1:], strict=True))
        return SettlementResult(row[0], dict.fromkeys((batch for (batch,) in settled), row[0]), {}, changes)

    def settled_batches(self, batch_ids: Sequence[str]) -> dict[str, int]:
        """Batch → settlement number, of the batches that are settled."""
        sql = "SELECT batch_id, settlement_no FROM batches WHERE batch_id IN (SELECT UNNEST(?))"
        return dict(self._cursor.execute(sql, [list(batch_ids)]).fetchall())

    def is_undone(self, batch_id: str | None) -> bool:
        row = self._cursor.execute(
            "SELECT undone_no IS NOT NULL FROM batches WHERE batch_id = ?", [batch_id]
        ).fetchone()
        return row is not None and bool(row[0])

    def not_undone(self, batch_ids: Sequence[str]) -> list[int]:
        """Numbers of the batches that are not undone; without corrections."""
        rows = self._cursor.execute(
            "SELECT batch_no FROM batches "
            "WHERE batch_id IN (SELECT UNNEST(?)) AND root_no = batch_no AND undone_no IS NULL",
            [list(batch_ids)],
        ).fetchall()
        return [row[0] for row in rows]

    def count_removed(self) -> None:
        """Add the lines that each batch of the wave removed to its record."""
        for batch_no, removed in self._cursor.execute(statements()["count_removed"]).fetchall():
            self._cursor.execute("UPDATE batches SET removed = removed + ? WHERE batch_no = ?", [removed, batch_no])

    def count_added(self) -> dict[str, int]:
        """The number of lines by kind of change, if no line existed before."""
        return self._counts("SELECT 'added', COUNT(*) FROM sale_versions WHERE settlement_no = $settlement_no")

    def count_changes(self) -> dict[str, int]:
        """The number of lines by kind of change, from the change log."""
        return self._counts(
            "SELECT kind, COUNT(*) FROM listed_changes WHERE settlement_no = $settlement_no GROUP BY kind"
        )

    def _counts(self, sql: str) -> dict[str, int]:
        counted = self._cursor.execute(sql, {"settlement_no": self._settlement_no}).fetchall()
        return dict.fromkeys(CHANGES, 0) | dict(counted)

    def add_days(self, *, only_new_sales: bool) -> None:
        """Add the days of the changed sales. only_new_sales: no sale had lines before."""
        step = "add_days_of_new_sales" if only_new_sales else "add_days_of_changed_sales"
        self._cursor.execute(statements()[step], {"settlement_no": self._settlement_no})

    def add(self, request_id: str, changes: Mapping[str, int], *, append_only: bool) -> None:
        self._cursor.execute(
            "INSERT INTO settlements BY NAME SELECT $number AS settlement_no, now() AS settled_at, "
            "$request_id AS request_id, $added AS added, $corrected AS corrected, $removed AS removed, "
            "$only_adds AS only_adds",
            {"number": self._settlement_no, "request_id": request_id, "only_adds": append_only, **changes},
        )
