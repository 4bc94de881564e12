"""Assign the batches of a wave their numbers and places in time, and insert them into `batches`."""

from collections.abc import Sequence

import duckdb

from tillstream.domain.batch.record import received_date
from tillstream.ports.warehouse import StagedBatch

_BATCH_FIELDS = (
    "batch_id", "kind", "source", "region", "contract", "contract_version",
    "file", "sha256", "received_seq", "as_new", "fix_number", "parent",
    "rules", "rows_read", "rows_blank", "rows_ignored", "problems", "writers",
)  # fmt: skip


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
