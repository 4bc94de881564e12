"""The journal of a home: what each settlement did, in order. It is derived from the ledger and the records."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

import sql
from tillstream.contracts.registry import CONTRACTS_COLLECTION as CONTRACTS
from tillstream.contracts.registry import UNASSIGNED
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.sync.entry import Entry, SentBatch

PAGE = 200
"""Settlements that are read at a time."""
PART_ENTRIES, PART_SETTLEMENTS = 500, 1_000
"""The most entries of a part, and settlements that are read for it: an answer must not take longer than a request."""


def last(ports: Ports) -> int:
    """The number of the last settlement; 0 without any."""
    query = "SELECT COALESCE(MAX(settlement_no), 0) AS last FROM settlements"
    return int(ports.warehouse.query(query).column("last")[0].as_py())


def entries(ports: Ports, after: int, home: str = "", end: int | None = None) -> Iterator[Entry]:
    """Yield the entries after a settlement, in order; settlements about other homes only have none.

    home: whose batches; empty: those of this home. end: the last settlement; None: all.
    """
    end = last(ports) if end is None else end
    for first in range(after + 1, end + 1, PAGE):
        yield from _page(ports, first, min(first + PAGE - 1, end), home)


def part(ports: Ports, after: int, home: str) -> tuple[Entry, ...]:
    """The next entries after a settlement; empty at the end of the journal.

    If more settlements follow, the last entry may be one without batches, after which the next part begins.
    """
    end = min(last(ports), after + PART_SETTLEMENTS)
    read = tuple(islice(entries(ports, after, home, end), PART_ENTRIES))
    reached = read[-1].number if read else after
    return (*read, Entry(end)) if len(read) < PART_ENTRIES and reached < end else read


def _page(ports: Ports, first: int, end: int, home: str) -> Iterator[Entry]:
    rows = ports.warehouse.query(sql.text("ledger/journal"), {"first": first, "last": end}).to_pylist()
    added: defaultdict[int, list[SentBatch]] = defaultdict(list)
    undone: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        batch = batch_records.get_batch(ports, row["batch_id"])
        if {batch.home, _root(ports, batch).home} != {home}:
            continue  # as a correction here of a batch of a home that was removed
        if first <= row["settlement_no"] <= end:
            added[row["settlement_no"]] += [*_needed(ports, batch), SentBatch.of(batch)]
        if first <= row["undone_no"] <= end and row["is_root"]:
            undone[row["undone_no"]].append(batch.batch_id)
    for number in sorted({*added, *undone}):
        yield Entry(number, tuple(added[number]), tuple(undone[number]))


def _root(ports: Ports, batch: Batch) -> Batch:
    """The batch that this one corrects; itself, if it is no correction."""
    return batch_records.get_batch(ports, batch.parent) if batch.kind is BatchKind.CORRECTION else batch


def _needed(ports: Ports, batch: Batch) -> Iterator[SentBatch]:
    """What a replay is read from besides itself and is not in the ledger: earlier batches, and their corrections."""
    if batch.kind is not BatchKind.REPLAY:
        return
    related, earlier = list[Batch](), batch
    while earlier.parent:
        earlier = batch_records.get_batch(ports, earlier.parent)
        fixes = batch_records.child_batches(ports, earlier.batch_id, BatchKind.CORRECTION)
        included = [
            fix for fix in fixes if fix.state is not BatchState.REJECTED and fix.received_at <= batch.received_at
        ]
        related = [earlier, *included, *related]
    settled = in_ledger(ports, [one.batch_id for one in related])
    yield from (SentBatch.of(one, counts=False) for one in related if one.batch_id not in settled)


def in_ledger(ports: Ports, batches: Sequence[str]) -> set[str]:
    """Those of these batches that the ledger has, undone ones included."""
    if not batches:
        return set()
    query = "SELECT batch_id FROM batches WHERE batch_id IN UNNEST(@batches)"
    return set(ports.warehouse.query(query, {"batches": list(batches)}).column("batch_id").to_pylist())


def contract_of(ports: Ports, batch: SentBatch) -> dict[str, object]:
    """The contract version that a batch was read with; empty without one. Raises `NotFound`."""
    if not batch.contract or batch.fields["contract"] == UNASSIGNED.name:
        return {}
    document = ports.documents.get(CONTRACTS, batch.contract)
    if document is None:
        raise NotFound(f"There is no contract {batch.contract}.")
    return document.data
