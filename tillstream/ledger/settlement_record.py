"""The record of settlements: numbers and places of their batches, what earlier ones settled, the row of this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from tillstream.ledger.duckdb_ledger import ScriptRunner, statements
from tillstream.model.batch import received_date
from tillstream.ports.warehouse import SettlementResult, StagedBatch

_BATCH_FIELDS = (
    "batch_id", "kind", "source", "region", "contract", "contract_version",
    "file", "sha256", "received_seq", "as_new", "fix_number", "parent",
    "rules", "rows_read", "rows_blank", "rows_ignored", "problems", "writers",
)  # fmt: skip

CHANGES = ("added", "corrected", "removed")


class BatchNumbering:
    """Numbers batches from the greatest existing number, inside the transaction of `cursor`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, settlement_no: int, last_batch_no: int) -> None:
        self.cursor = cursor
        self.settlement_no = settlement_no
        self.next_batch = 1 + last_batch_no

    def enter(self, wave: Sequence[StagedBatch]) -> tuple[list[int], bool]:
        """Insert the batches; return the affected batch numbers, and whether earlier batches were moved.

        Affected are the roots of the wave, and batches whose place an earlier receipt of the same bytes moved.
        """
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE incoming_files (address VARCHAR, batch_no BIGINT)")
        self.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE incoming_batches (batch_no BIGINT, root_no BIGINT, is_till BOOLEAN, "
            "rules VARCHAR, replaces VARCHAR, place_seq BIGINT, received_date DATE)"
        )
        moved: list[int] = []
        roots = []
        for batch in wave:
            number, self.next_batch = self.next_batch, self.next_batch + 1
            effective_seq, batches_moved = self._effective_position(batch)
            moved += batches_moved
            root, replaces, effective_seq = (
                self._root_batch(batch) if batch.is_correction else (number, batch.replaces, effective_seq)
            )
            roots.append(root)
            self.cursor.execute(
                "INSERT INTO batches BY NAME SELECT "
                "$batch_no AS batch_no, $batch_id AS batch_id, $kind AS kind, $source AS source, $region AS region, "
                "$contract AS contract, $contract_version AS contract_version, $file AS file, $sha256 AS sha256, "
                "$received_seq AS received_seq, $place_seq AS place_seq, $as_new AS as_new, $root_no AS root_no, "
                "$fix_number AS fix_number, $parent AS parent, $replaces AS replaces, $rules AS rules, "
                "$rows_read AS rows_read, $rows_blank AS rows_blank, $rows_ignored AS rows_ignored, "
                "$problems AS problems, $confirmed AS confirmed, $writers AS writers, 0 AS removed, "
                "$received_date AS received_date, $settlement_no AS settlement_no",
                {
                    **{name: getattr(batch, name) for name in _BATCH_FIELDS},
                    "batch_no": number,
                    "place_seq": effective_seq,
                    "root_no": root,
                    "replaces": replaces,
                    "confirmed": ",".join(batch.confirmed),
                    "received_date": received_date(batch.received_seq),
                    "settlement_no": self.settlement_no,
                },
            )
            self.cursor.execute(
                "INSERT INTO incoming_batches VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    *(number, root, batch.source in ("till", "form"), batch.rules, replaces, effective_seq),
                    received_date(batch.received_seq),
                ],
            )
            files = [(address, number) for address in (*batch.accepted, *batch.refused)]
            if files:
                self.cursor.executemany("INSERT INTO incoming_files VALUES (?, ?)", files)
        return [*roots, *moved], bool(moved)

    def _root_batch(self, batch: StagedBatch) -> tuple[int, str, int]:
        """The batch number, replace scope and place of the batch that a correction belongs to."""
        row = self.cursor.execute(
            "SELECT batch_no, replaces, place_seq FROM batches WHERE batch_id = ?", [batch.parent]
        ).fetchone()
        if row is None:
            raise LookupError(f"the corrected batch {batch.parent} is not in the ledger")
        return int(row[0]), str(row[1]), int(row[2])

    def _effective_position(self, batch: StagedBatch) -> tuple[int, list[int]]:
        """The place of the batch, and the batches that it moves.

        The same bytes under the same contract share the place of their first receipt. Batches with a later place are
        moved if this one was received before them.
        """
        if not batch.sha256 or batch.as_new or not batch.is_file:
            return batch.received_seq, []
        same_bytes = "sha256 = ? AND contract = ? AND NOT as_new AND kind IN ('upload', 'replay')"
        first = self.cursor.execute(
            f"SELECT MIN(place_seq) FROM batches WHERE {same_bytes}", [batch.sha256, batch.contract]
        ).fetchone()
        if first is None or first[0] is None:
            return batch.received_seq, []
        if first[0] <= batch.received_seq:
            return int(first[0]), []
        moved = self.cursor.execute(
            f"UPDATE batches SET place_seq = ? WHERE {same_bytes} RETURNING batch_no",
            [batch.received_seq, batch.sha256, batch.contract],
        ).fetchall()
        return batch.received_seq, [int(row[0]) for row in moved]


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
