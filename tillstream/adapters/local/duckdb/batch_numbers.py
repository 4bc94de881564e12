"""How the batches of a wave get their numbers, their place in time and their rows in `batches`."""

from collections.abc import Sequence

import duckdb

from tillstream.ports.warehouse import StagedBatch

_BATCH_FIELDS = (
    "batch_id", "kind", "source", "region", "contract", "contract_version",
    "file", "sha256", "received_seq", "as_new", "fix_number", "parent",
    "rules", "rows_read", "rows_blank", "rows_ignored", "problems",
)  # fmt: skip


class Entering:
    """Numbers batches on from the greatest known number, inside the transaction of `cursor`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, settlement_no: int) -> None:
        self.cursor = cursor
        self.settlement_no = settlement_no
        greatest = cursor.execute("SELECT COALESCE(MAX(batch_no), 0) FROM batches").fetchone()
        self.next_batch = 1 + (int(greatest[0]) if greatest else 0)

    def enter(self, wave: Sequence[StagedBatch]) -> tuple[list[int], bool]:
        """The batches they affect: their roots, and those whose place an earlier receipt of the same bytes moved."""
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE incoming_files (address VARCHAR, batch_no BIGINT)")
        self.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE incoming (batch_no BIGINT, root_no BIGINT, is_till BOOLEAN, "
            "rules VARCHAR, replaces VARCHAR, place_seq BIGINT)"
        )
        moved: list[int] = []
        roots = []
        for batch in wave:
            number, self.next_batch = self.next_batch, self.next_batch + 1
            place, moved_now = self._place(batch)
            moved += moved_now
            root, replaces, place = self._root(batch) if batch.kind == "correction" else (number, batch.replaces, place)
            roots.append(root)
            self.cursor.execute(
                "INSERT INTO batches BY NAME SELECT "
                "$batch_no AS batch_no, $batch_id AS batch_id, $kind AS kind, $source AS source, $region AS region, "
                "$contract AS contract, $contract_version AS contract_version, $file AS file, $sha256 AS sha256, "
                "$received_seq AS received_seq, $place_seq AS place_seq, $as_new AS as_new, $root_no AS root_no, "
                "$fix_number AS fix_number, $parent AS parent, $replaces AS replaces, $rules AS rules, "
                "$rows_read AS rows_read, $rows_blank AS rows_blank, $rows_ignored AS rows_ignored, "
                "$problems AS problems, $confirmed AS confirmed, 0 AS removed, $settlement_no AS settlement_no",
                {
                    **{name: getattr(batch, name) for name in _BATCH_FIELDS},
                    "batch_no": number,
                    "place_seq": place,
                    "root_no": root,
                    "replaces": replaces,
                    "confirmed": ",".join(batch.confirmed),
                    "settlement_no": self.settlement_no,
                },
            )
            self.cursor.execute(
                "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?)",
                [number, root, batch.source in ("till", "form"), batch.rules, replaces, place],
            )
            files = [(address, number) for address in (*batch.accepted, *batch.refused)]
            if files:
                self.cursor.executemany("INSERT INTO incoming_files VALUES (?, ?)", files)
        return [*roots, *moved], bool(moved)

    def _root(self, batch: StagedBatch) -> tuple[int, str, int]:
        """The upload of a correction, what it tells whole, and its place, which is the correction's too."""
        row = self.cursor.execute(
            "SELECT batch_no, replaces, place_seq FROM batches WHERE batch_id = ?", [batch.parent]
        ).fetchone()
        if row is None:
            raise LookupError(f"the corrected batch {batch.parent} is not in the ledger")
        return int(row[0]), str(row[1]), int(row[2])

    def _place(self, batch: StagedBatch) -> tuple[int, list[int]]:
        """The same bytes under the same contract are one statement in time: the place of the first.

        And the batches that stood at a later place until now, because this one was received before them.
        """
        if not batch.sha256 or batch.as_new or batch.kind not in ("upload", "replay"):
            return batch.received_seq, []
        same = "sha256 = ? AND contract = ? AND NOT as_new AND kind IN ('upload', 'replay')"
        first = self.cursor.execute(
            f"SELECT MIN(place_seq) FROM batches WHERE {same}", [batch.sha256, batch.contract]
        ).fetchone()
        if first is None or first[0] is None:
            return batch.received_seq, []
        if first[0] <= batch.received_seq:
            return int(first[0]), []
        moved = self.cursor.execute(
            f"UPDATE batches SET place_seq = ? WHERE {same} RETURNING batch_no",
            [batch.received_seq, batch.sha256, batch.contract],
        ).fetchall()
        return batch.received_seq, [int(row[0]) for row in moved]
