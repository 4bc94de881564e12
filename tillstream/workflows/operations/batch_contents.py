"""Compare rows and amounts of batches in the ledger with their records: first a digest by day, then the days that
differ, batch by batch."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import sql
from tillstream.model.batch import Batch, BatchKind
from tillstream.ports import Ports
from tillstream.records import batch_records

_BY_DAY = """SELECT
  received_date, currency, SUM(IF(kind IN ('upload', 'messages'), accepted, 0)) AS accepted, SUM(net) AS net
FROM (
{contents}
) AS contents
GROUP BY received_date, currency"""
_OF_DAYS = """SELECT * FROM (
{contents}
) AS contents
WHERE received_date IN UNNEST(@days)"""

DISCARDING = (BatchKind.CORRECTION, BatchKind.REPLAY)
Digest = dict[tuple[date, str], tuple[int, Decimal]]
"""(day of receipt, currency) → accepted rows and their net amount; the empty currency has the rows of the day."""


def differences(ports: Ports) -> list[str]:
    """Describe each batch whose rows or amounts in the ledger are not those of its record. Reads the whole ledger."""
    contents = sql.text("ledger/batch_contents")
    in_ledger = _digest(ports.warehouse.query(_BY_DAY.format(contents=contents)).to_pylist())
    by_record, uncertain = _digest_of_records(ports)
    days = {day for (day, _), _ in in_ledger.items() ^ by_record.items()} | uncertain
    if not days:
        return []
    batches: dict[str, list[Mapping[str, Any]]] = {}
    for row in ports.warehouse.query(_OF_DAYS.format(contents=contents), {"days": sorted(days)}).to_pylist():
        batches.setdefault(row["batch_id"], []).append(row)
    return [sentence for batch_id, rows in batches.items() for sentence in _compare(ports, batch_id, rows)]


def _digest(rows: Iterable[Mapping[str, Any]]) -> Digest:
    digest: Digest = {}
    for row in rows:
        day, currency = row["received_date"], row["currency"]
        if currency and row["net"]:
            digest[day, currency] = (0, row["net"])
        if row["accepted"]:
            digest[day, ""] = (int(row["accepted"]) + digest.get((day, ""), (0, Decimal(0)))[0], Decimal(0))
    return digest


def _digest_of_records(ports: Ports) -> tuple[Digest, set[date]]:
    """Return the digest, and the days with a record that does not have the amounts."""
    digest: Digest = {}
    uncertain: set[date] = set()
    for batch in batch_records.all_batches(ports):
        staged = batch.staged
        if not batch.settlement_no or staged is None:
            continue
        day = batch.received_date
        if staged.amounts is None:
            uncertain.add(day)
        added = {"": (_accepted(batch), Decimal(0))} | {
            amounts.currency: (0, Decimal(amounts.net)) for amounts in staged.amounts or () if amounts.net
        }
        for currency, (rows, net) in added.items():
            if rows or net:
                before = digest.get((day, currency), (0, Decimal(0)))
                digest[day, currency] = (before[0] + rows, before[1] + net)
    return {key: value for key, value in digest.items() if any(value)}, uncertain


def _accepted(batch: Batch) -> int:
    """The accepted rows; 0 for corrections and replays, whose reports do not count the rows that people discarded."""
    return 0 if batch.kind in DISCARDING else batch.staged.rows - batch.staged.rows_refused if batch.staged else 0


def _compare(ports: Ports, batch_id: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    document = ports.documents.get(batch_records.BATCHES, batch_id)
    batch = Batch.from_json(document.data) if document else None
    if batch is None or batch.staged is None or not batch.staged.reader:
        return  # no record, or one that was made from the ledger
    accepted = 0 if batch.kind in DISCARDING else sum(row["accepted"] for row in rows)
    name = f"{batch.file} (batch {batch_id})"
    if accepted != _accepted(batch) or rows[0]["rows_read"] != batch.staged.rows_read:
        yield (
            f"{name} has {_accepted(batch):,} accepted rows of {batch.staged.rows_read:,} by its record, but "
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
