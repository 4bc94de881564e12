"""Settling on DuckDB: the order of the steps of `sql/ledger/settle.duckdb.sql` inside one transaction."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import duckdb

from tillstream.domain.columns import CONTENT, Kind
from tillstream.domain.uploads import Hold
from tillstream.ports.warehouse import Settled, Settlement, StagedBatch

UNIT = "chr(31)"
PRODUCT = "COALESCE(s.product_id, s.product_name, s.category, '-')"


def _text(name: str, kind: Kind) -> str:
    """The canonical text of a content column: NULL is chr(0), an instant its microseconds."""
    plain = f"epoch_us(s.{name})" if kind is Kind.TIMESTAMP else f"s.{name}"
    return f"COALESCE(CAST({plain} AS VARCHAR), chr(0))"


def _hash(*parts: str) -> str:
    return f"CAST(md5_number(concat({f', {UNIT}, '.join(parts)})) & 18446744073709551615 AS UBIGINT)"


def _difference(name: str) -> str:
    return (
        f"IF(s.{name} <> v.{name}, {{'column': '{name}', 'here': CAST(s.{name} AS VARCHAR), "
        f"'there': CAST(v.{name} AS VARCHAR)}}, NULL)"
    )


@lru_cache(maxsize=1)
def statements() -> Mapping[str, str]:
    """The named statements of the settle script, with the expressions that derive from the column list filled in."""
    script = resources.files("sql").joinpath("ledger/settle.duckdb.sql").read_text(encoding="utf-8")
    names = [column.name for column in CONTENT]
    filled = script.format(
        product=PRODUCT,
        sale_hash=_hash("s.region", "s.sale_id"),
        store_day_hash=_hash("s.region", "COALESCE(s.store_id, chr(0))", "CAST(s.sale_date AS VARCHAR)"),
        content_hash=_hash(*(_text(column.name, column.kind) for column in CONTENT)),
        key_hash=f"md5_number(concat(s.region, {UNIT}, s.sale_id, {UNIT}, COALESCE(s.line_key, {PRODUCT} || '#1')))",
        renumbered_key=f"md5_number(concat(region, {UNIT}, sale_id, {UNIT}, product || '#' || n))",
        content_order=", ".join(f"s.{name} NULLS FIRST" for name in names),
        content_columns=", ".join(f"s.{name}" for name in names),
        differences=", ".join(_difference(name) for name in names if name != "extra"),
    )
    parts = re.split(r"^-- name: (\w+)\n", filled, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


class Settling:
    """One settlement on an open transaction of `cursor`; nothing here commits."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.settlement_no = 1 + self._number("SELECT COALESCE(MAX(settlement_no), 0) FROM settlements")
        self.next_batch = 1 + self._number("SELECT COALESCE(MAX(batch_no), 0) FROM batches")
        self.moves = 0

    def run(self, settlement: Settlement) -> Settled:
        repeated = self._request_before(settlement.request_id)
        if repeated:
            return repeated
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE moves (seq BIGINT, key UHUGEINT, old UBIGINT, new UBIGINT)")
        known = self._known([batch.batch_id for batch in settlement.staged])
        staged = sorted(
            (b for b in settlement.staged if b.batch_id not in known),
            key=lambda b: (b.received_seq, b.fix_number, b.batch_id),
        )
        holds: dict[str, Hold] = {}
        taken: list[str] = []
        undone = self._undo(settlement.undo)
        for wave in self._waves(staged):
            held = self._hold(wave[0])
            if held:
                holds[wave[0].batch_id] = held
                continue
            self._settle_wave(wave)
            taken += [batch.batch_id for batch in wave]
        if not taken and not undone:
            return Settled(0, known, holds)
        return self._finish(settlement.request_id, known | dict.fromkeys(taken, self.settlement_no), holds)

    # ---- one wave ---------------------------------------------------------------------------------------------

    def _settle_wave(self, wave: Sequence[StagedBatch]) -> None:
        replaced = self._enter(wave)
        accepted = [address for batch in wave for address in batch.accepted]
        refused = [address for batch in wave for address in batch.refused]
        correction = wave[0].kind == "correction"
        self._touch_nothing()
        tells = any(batch.replaces for batch in wave)
        if accepted:
            self._arrive(accepted, correction=correction)
            self._judge(accepted)
        if refused:
            self._do("add_refusals", addresses=refused, settlement_no=self.settlement_no)
        if accepted:
            self._add(accepted, tells=tells, replaced=replaced)
        if tells or correction or replaced:
            self._do("touch_scopes")
        if replaced:
            self._do("touch_batches")
        self._turn()
        if tells:
            self._count_removed()

    def _enter(self, wave: Sequence[StagedBatch]) -> bool:
        """Number the batches and write their rows; whether an earlier receipt of known bytes moved others' place."""
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE incoming_files (address VARCHAR, batch_no BIGINT)")
        self.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE incoming (batch_no BIGINT, root_no BIGINT, is_till BOOLEAN, "
            "rules VARCHAR, replaces VARCHAR, place_seq BIGINT)"
        )
        moved = False
        roots = []
        for batch in wave:
            number, self.next_batch = self.next_batch, self.next_batch + 1
            place, moved_now = self._place(batch)
            moved = moved or moved_now
            root, root_replaces = self._root(batch, number)
            roots.append(root)
            replaces = root_replaces if batch.kind == "correction" else batch.replaces
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
        self._affect(roots)
        return moved

    def _root(self, batch: StagedBatch, number: int) -> tuple[int, str]:
        if batch.kind != "correction":
            return number, batch.replaces
        row = self.cursor.execute(
            "SELECT batch_no, replaces FROM batches WHERE batch_id = ?", [batch.parent]
        ).fetchone()
        if row is None:
            raise LookupError(f"the corrected batch {batch.parent} is not in the ledger")
        return int(row[0]), str(row[1])

    def _place(self, batch: StagedBatch) -> tuple[int, bool]:
        """The same bytes under the same contract are one statement in time: the place of the first."""
        if not batch.sha256 or batch.as_new or batch.kind not in ("upload", "replay"):
            return batch.received_seq, False
        same = "sha256 = ? AND contract = ? AND NOT as_new AND kind IN ('upload', 'replay')"
        first = self.cursor.execute(
            f"SELECT MIN(place_seq) FROM batches WHERE {same}", [batch.sha256, batch.contract]
        ).fetchone()
        if first is None or first[0] is None:
            return batch.received_seq, False
        if first[0] <= batch.received_seq:
            return int(first[0]), False
        self.cursor.execute(
            f"UPDATE batches SET place_seq = ? WHERE {same}", [batch.received_seq, batch.sha256, batch.contract]
        )
        return batch.received_seq, True

    def _arrive(self, addresses: list[str], *, correction: bool) -> None:
        self._do("arriving", addresses=addresses)
        self._do("arrivals")
        self._do("correction_numbers" if correction else "repeated_products", addresses=addresses)
        if self._some("renumbered"):
            self._do("renumber")
            self._do("count_repeated_lines")
        self._do("known")
        self._do("repeated_keys")
        self._do("differing")

    def _judge(self, addresses: list[str]) -> None:
        disputed = self._some("differing")
        repeated = self._some("repeated_keys")
        if disputed or repeated:
            self.cursor.execute("INSERT INTO touched SELECT DISTINCT key FROM differing")
            self._weigh()
            self._do("between_kinds", addresses=addresses)
            self._do("outcomes")
            self._do("outcomes_judged")
            if repeated:
                self._do("outcomes_of_repeated_keys")
            self._touch_nothing()
        else:
            self._do("outcomes_simple")
        self._do("add_sightings", settlement_no=self.settlement_no)
        self._do("touch_disputed")
        if disputed or repeated:
            self._do("add_ledger_refusals", settlement_no=self.settlement_no)

    def _add(self, addresses: list[str], *, tells: bool, replaced: bool) -> None:
        if self._some("incoming WHERE replaces <> ''"):
            self._do("add_statements", addresses=addresses)
        if tells or replaced or self._some("statements WHERE whole = 'store-day'"):
            self._do("touch_arriving")
        elif self._some("statements"):
            self._do("touch_stated")
        once = "add_versions_once" if self._some("repeated_keys") else "add_versions"
        self._do(once, addresses=addresses, settlement_no=self.settlement_no)
        if self._some("known WHERE NOT is_current"):
            self._do("revive_versions")
        self.moves += 1
        self._do("move_fresh", seq=self.moves)

    # ---- what counts ------------------------------------------------------------------------------------------

    def _weigh(self) -> None:
        """`best`: the greatest sighting that counts, of each touched key."""
        self._do("alive")
        if self._some("statements"):
            self._do("telling")
            if self._some("telling"):
                self._do("left_out")
        self._do("best")

    def _turn(self) -> None:
        if not self._some("touched"):
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE turned (key UHUGEINT, old UBIGINT, new UBIGINT)")
            return
        self._weigh()
        self._do("flags")
        if self._some("turned"):
            self._do("turn_flags")
            self.moves += 1
            self._do("move_turned", seq=self.moves)

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
        self._do("touch_batches")
        self._do("touch_scopes")
        self._turn()
        return True

    def _count_removed(self) -> None:
        for batch_no, removed in self.cursor.execute(statements()["count_removed"]).fetchall():
            self.cursor.execute("UPDATE batches SET removed = ? WHERE batch_no = ?", [removed, batch_no])

    # ---- order, holds, end ------------------------------------------------------------------------------------

    def _waves(self, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
        """Files and corrections one by one; neighbouring micro-batches together as long as they share no sale."""
        wave: list[StagedBatch] = []
        sales: set[str] = set()
        for batch in staged:
            if batch.kind != "messages":
                if wave:
                    yield wave
                yield [batch]
                wave, sales = [], set()
                continue
            told = self._sales(batch)
            if wave and sales & told:
                yield wave
                wave, sales = [], set()
            wave.append(batch)
            sales |= told
        if wave:
            yield wave

    def _sales(self, batch: StagedBatch) -> set[str]:
        addresses = [*batch.accepted]
        if not addresses:
            return set()
        rows = self.cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
        return {row[0] for row in rows.fetchall()}

    def _hold(self, batch: StagedBatch) -> Hold | None:
        code = "known-bytes-under-another-contract"
        if batch.source != "file" or batch.kind != "upload" or batch.as_new or code in batch.confirmed:
            return None
        other = self.cursor.execute(
            "SELECT contract FROM batches WHERE sha256 = ? AND contract <> ? AND undone_no IS NULL LIMIT 1",
            [batch.sha256, batch.contract],
        ).fetchone()
        return Hold(code, f"The same bytes were loaded as {other[0]}.") if other else None

    def _finish(self, request_id: str, batches: Mapping[str, int], holds: Mapping[str, Hold]) -> Settled:
        repeated = self.moves > 1
        self._do("changes" if repeated else "changes_of_one_wave", settlement_no=self.settlement_no)
        counted = self.cursor.execute(
            "SELECT kind, COUNT(*) FROM changes WHERE settlement_no = ? GROUP BY kind", [self.settlement_no]
        ).fetchall()
        changes = {"added": 0, "corrected": 0, "removed": 0} | dict(counted)
        self.cursor.execute(
            "INSERT INTO settlements BY NAME SELECT ? AS settlement_no, now() AS settled_at, ? AS request_id, "
            "? AS added, ? AS corrected, ? AS removed",
            [self.settlement_no, request_id, changes["added"], changes["corrected"], changes["removed"]],
        )
        return Settled(self.settlement_no, batches, holds, changes)

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


_BATCH_FIELDS = (
    "batch_id",
    "kind",
    "source",
    "region",
    "contract",
    "contract_version",
    "file",
    "sha256",
    "received_seq",
    "as_new",
    "fix_number",
    "parent",
    "rules",
    "rows_read",
    "rows_blank",
    "rows_ignored",
    "problems",
)
