"""Compare the batch records with the ledger: the batches themselves, and the rows and amounts of each.

Rows and amounts are compared by a digest of each day first, then batch by batch on the days that differ.

A record is updated after the ledger, so a record that is ahead of the ledger shows that the ledger lost settlements: a
log was cut off in a power cut, or an older copy of a file was put in its place. Settlements are compared once: the last
verified one is stored with its time and with the number of settlements and batches up to it, and only later ones are
read. If the ledger has another one of that number, or fewer rows up to it, everything is compared again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import sql
from sql.limits import limited, where
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState
from tillstream.model.document_json import JsonObject
from tillstream.ports import Ports
from tillstream.records import batch_records, data_version

_DIGEST_BY_DAY = """SELECT
  received_date, currency, SUM(IF(kind IN ('upload', 'messages'), accepted, 0)) AS accepted, SUM(net) AS net
FROM (
{contents}
) AS contents
GROUP BY received_date, currency"""
_CONTENTS_OF_DAYS = """SELECT * FROM (
{contents}
) AS contents
WHERE received_date IN UNNEST(@days)"""

DISCARDING_KINDS = (BatchKind.CORRECTION, BatchKind.REPLAY)
DayDigest = dict[tuple[date, str], tuple[int, Decimal]]
"""(day of receipt, currency) → accepted rows and their net amount; the empty currency has the rows of the day."""

VERIFIED_DOCUMENT = ("upkeep", "verified")
"""Document with the last verified settlement, the counts of settlements and batches up to it, and its time."""
MAYBE_SETTLED_STATES = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.HELD, BatchState.FAILED)
"""States of records whose batch may have been settled since."""
RETIRED_STATES = frozenset({BatchState.UNDONE, BatchState.REPLAYED})
MAX_BY_NUMBER = 100
"""Settlements whose records are looked up one by one; for more, all records are read."""


def batch_content_differences(ports: Ports) -> list[str]:
    """Describe each batch whose rows or amounts in the ledger are not those of its record. Reads the whole ledger."""
    contents = sql.text("ledger/batch_contents")
    in_ledger = _ledger_digest(ports.warehouse.query(_DIGEST_BY_DAY.format(contents=contents)).to_pylist())
    by_record, uncertain = _records_digest(ports)
    days = {day for (day, _), _ in in_ledger.items() ^ by_record.items()} | uncertain
    if not days:
        return []
    batches: dict[str, list[Mapping[str, Any]]] = {}
    for row in ports.warehouse.query(_CONTENTS_OF_DAYS.format(contents=contents), {"days": sorted(days)}).to_pylist():
        batches.setdefault(row["batch_id"], []).append(row)
    return [sentence for batch_id, rows in batches.items() for sentence in _compare_batch(ports, batch_id, rows)]


def _ledger_digest(rows: Iterable[Mapping[str, Any]]) -> DayDigest:
    digest: DayDigest = {}
    for row in rows:
        day, currency = row["received_date"], row["currency"]
        if currency and row["net"]:
            digest[day, currency] = (0, row["net"])
        if row["accepted"]:
            digest[day, ""] = (int(row["accepted"]) + digest.get((day, ""), (0, Decimal(0)))[0], Decimal(0))
    return digest


def _records_digest(ports: Ports) -> tuple[DayDigest, set[date]]:
    """Return the digest, and the days with a record that does not have the amounts."""
    digest: DayDigest = {}
    uncertain: set[date] = set()
    for batch in batch_records.all_batches(ports):
        staged = batch.staged
        if not batch.settlement_no or staged is None:
            continue
        day = batch.received_date
        if staged.amounts is None:
            uncertain.add(day)
        added = {"": (_accepted_rows(batch), Decimal(0))} | {
            amounts.currency: (0, Decimal(amounts.net)) for amounts in staged.amounts or () if amounts.net
        }
        for currency, (rows, net) in added.items():
            if rows or net:
                before = digest.get((day, currency), (0, Decimal(0)))
                digest[day, currency] = (before[0] + rows, before[1] + net)
    return {key: value for key, value in digest.items() if any(value)}, uncertain


def _accepted_rows(batch: Batch) -> int:
    """The accepted rows; 0 for corrections and replays, whose reports do not count the rows that people discarded."""
    return 0 if batch.kind in DISCARDING_KINDS else batch.staged.rows - batch.staged.rows_refused if batch.staged else 0


def _compare_batch(ports: Ports, batch_id: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    document = ports.documents.get(batch_records.BATCHES, batch_id)
    batch = Batch.from_json(document.data) if document else None
    if batch is None or batch.staged is None or not batch.staged.reader:
        return  # no record, or one that was made from the ledger
    accepted = 0 if batch.kind in DISCARDING_KINDS else sum(row["accepted"] for row in rows)
    name = f"{batch.file} (batch {batch_id})"
    if accepted != _accepted_rows(batch) or rows[0]["rows_read"] != batch.staged.rows_read:
        yield (
            f"{name} has {_accepted_rows(batch):,} accepted rows of {batch.staged.rows_read:,} by its record, but "
            f"{accepted:,} of {rows[0]['rows_read']:,} in the ledger."
        )
    if batch.staged.amounts is None:
        return
    nets = {amounts.currency: Decimal(amounts.net) for amounts in batch.staged.amounts if amounts.net}
    in_ledger = {row["currency"]: row["net"] for row in rows if row["currency"]}
    for currency in sorted({*nets, *in_ledger}):
        if nets.get(currency, 0) != in_ledger.get(currency, 0):
            yield (
                f"{name} has a net amount of {nets.get(currency, 0)} {currency} by its record, but of "
                f"{in_ledger.get(currency, 0)} in the ledger."
            )


@dataclass(frozen=True)
class LedgerComparison:
    """What the records and the ledger do not have in common, since the first unverified settlement."""

    last: int
    """The last settlement of the ledger."""
    recorded: int
    """The last settlement that a record or the data version names."""
    lacking: tuple[Batch, ...] = ()
    """Settled by their record, but not in the ledger."""
    counted: tuple[Batch, ...] = ()
    """Undone or replaced by their record, but still counted or absent in the ledger; without corrections."""
    unrecorded: tuple[Mapping[str, Any], ...] = ()
    """Rows of `batches` of the ledger whose record is missing or contradicts them."""

    @property
    def is_short(self) -> bool:
        """Whether the ledger lacks something that the records have."""
        return bool(self.lacking or self.counted or self.recorded > self.last)

    def sentences(self) -> list[str]:
        """Describe each difference for users."""
        sentences = []
        if self.recorded > self.last:
            sentences.append(
                f"The ledger ends with settlement {self.last}, but the records name settlement {self.recorded}."
            )
        sentences += [
            f"{_batch_name(batch)} is settled by its record, but is not in the ledger." for batch in self.lacking
        ]
        sentences += [
            f"{_batch_name(batch)} is {batch.state} by its record, but is counted in the ledger."
            for batch in self.counted
            if batch not in self.lacking
        ]
        sentences += [
            f"{row['file']} (batch {row['batch_id']}) is in the ledger, but its record is missing or contradicts it."
            for row in self.unrecorded
        ]
        return sentences


def _batch_name(batch: Batch) -> str:
    return f"{batch.file} (batch {batch.batch_id}, settlement {batch.settlement_no})"


def is_ledger_behind(ports: Ports) -> bool:
    """Return whether the ledger ends before the last settlement that was published; reads one number of each."""
    newest = data_version.newest_settlement(ports.documents)
    return newest > 0 and _ledger_end(ports, newest)[0] < newest


def compare_ledger(ports: Ports, *, whole: bool = False, settled_by: datetime | None = None) -> LedgerComparison:
    """Compare what is not verified yet, or all of it. settled_by: ignore later settlements without a record, which are
    in progress."""
    verified = _verified_settlement(ports)
    # The records first: a settlement that is committed meanwhile is then in the ledger only, and not missing in it.
    recorded = max(batch_records.last_recorded_settlement(ports), data_version.newest_settlement(ports.documents))
    last, ledger = _ledger_end(ports, verified["settlement_no"])
    first = 1 if whole or not ledger.items() <= verified.items() else verified["settlement_no"] + 1
    if first > max(recorded, last):
        return LedgerComparison(last, recorded)
    expected = _recorded_batches(ports, first, recorded)
    ids = [batch_id for batch_id, batch in expected.items() if batch.settlement_no < first]
    text, params = sql.text("ledger/unverified_batches"), {"first": first, "ids": ids or [""]}
    if first > 1:
        text, params = (
            unverified_batches_sql(),
            params | {"days": _days_to_compare(ports, expected.values(), verified["at"])},
        )
    rows = {row["batch_id"]: row for row in ports.warehouse.query(text, params).to_pylist()}
    last, _ = _ledger_end(ports, 0)
    lacking = [batch for batch_id, batch in expected.items() if batch_id not in rows]
    counted = [batch for batch in expected.values() if _should_be_undone(batch) and not _is_undone(rows, batch)]
    return LedgerComparison(
        last,
        recorded,
        tuple(sorted(lacking, key=lambda batch: (batch.settlement_no, batch.received_seq, batch.fix_number))),
        tuple(sorted(counted, key=lambda batch: (batch.undone_no, batch.state_at))),
        tuple(row for row in rows.values() if _contradicts(ports, row, expected, settled_by)),
    )


def _should_be_undone(batch: Batch) -> bool:
    return batch.state in RETIRED_STATES and not batch.fix_number


def _is_undone(rows: Mapping[str, Mapping[str, Any]], batch: Batch) -> bool:
    return batch.batch_id in rows and rows[batch.batch_id]["undone_no"] is not None


def _recorded_batches(ports: Ports, first: int, recorded: int) -> dict[str, Batch]:
    """Batch id → record, of the batches that a settlement from the first one on added or undid."""
    if recorded - first >= MAX_BY_NUMBER:
        records_read = batch_records.all_batches(ports)
    else:
        numbers = range(first, recorded + 1)
        records_read = (
            batch
            for number in numbers
            for batch in (
                *batch_records.batches_of_settlement(ports, number),
                *batch_records.batches_undone_in(ports, number),
            )
        )
    return {
        batch.batch_id: batch
        for batch in records_read
        if batch.settlement_no and (batch.settlement_no >= first or batch.undone_no >= first)
    }


def _contradicts(
    ports: Ports, row: Mapping[str, Any], expected: Mapping[str, Batch], settled_by: datetime | None
) -> bool:
    if settled_by and row["settled_at"] and row["settled_at"] > settled_by:
        return False
    batch = expected.get(row["batch_id"])
    if batch is None:
        document = ports.documents.get(batch_records.BATCHES, row["batch_id"])
        batch = Batch.from_json(document.data) if document else None
    return (
        batch is None
        or batch.state not in STATES_IN_LEDGER | RETIRED_STATES
        or batch.settlement_no != row["settlement_no"]
    )


@cache
def unverified_batches_sql() -> str:
    """The text of sql/ledger/unverified_batches, limited to days of receipt: @days ARRAY<DATE>."""
    return limited(sql.text("ledger/unverified_batches"), where({"batches": "received_date IN UNNEST(@days)"}))


def _days_to_compare(ports: Ports, expected: Iterable[Batch], verified_at: str) -> list[date]:
    """The days of receipt of all batches that can have been settled since the last settlement.

    BigQuery reads only the partitions of these days. A batch without a record was received after the records were
    written last.
    """
    unsettled = (
        batch
        for state in MAYBE_SETTLED_STATES
        for batch in batch_records.find_batches(ports, state=state, kind=None, limit=None)
    )
    days = {batch.received_date for batch in (*expected, *unsettled)}
    first, today = datetime.fromisoformat(verified_at).date(), ports.clock.now().date()
    return sorted(days | {first + timedelta(days=number) for number in range(-1, (today - first).days + 2)})


def _verified_settlement(ports: Ports) -> Mapping[str, Any]:
    document = ports.documents.get(*VERIFIED_DOCUMENT)
    return document.data if document else {"settlement_no": 0}


def _ledger_end(ports: Ports, number: int) -> tuple[int, JsonObject]:
    """Return the last settlement of the ledger, and what the document of a verified settlement contains."""
    (row,) = ports.warehouse.query(sql.text("ledger/verified_settlement"), {"verified": number}).to_pylist()
    settled_at = row["verified_at"].isoformat() if row["verified_at"] else ""
    counts = {name: int(row[name]) for name in ("settlements", "batches")}
    return int(row["last"]), {"settlement_no": number, "settled_at": settled_at} | counts


def last_ledger_settlement(ports: Ports) -> int:
    """The last settlement of the ledger; 0 if it has none."""
    return _ledger_end(ports, 0)[0]


def note_ledger_verified(ports: Ports, settled_by: datetime | None = None) -> None:
    """Store that the records and the ledger agree up to the last settlement, or to the last one until a time."""
    until = "WHERE settled_at <= @settled_by" if settled_by else ""
    text = f"SELECT COALESCE(MAX(settlement_no), 0) AS last FROM settlements {until}"
    (row,) = ports.warehouse.query(text, {"settled_by": settled_by} if settled_by else None).to_pylist()
    _, ledger = _ledger_end(ports, int(row["last"]))
    if not ledger.items() <= _verified_settlement(ports).items():
        ports.documents.put(*VERIFIED_DOCUMENT, ledger | {"at": ports.clock.now().isoformat()})
