"""Settle: every staged batch enters the ledger in one commit; then the records follow the warehouse."""

import json
from collections.abc import Sequence

from tillstream.audit import What
from tillstream.batches import events, records
from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import FINAL, FOLLOWS, IN_LEDGER, State, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict, NotFound
from tillstream.domain.events import STAGING
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settled, Settlement, StagedBatch

MOST_AT_ONCE = 500


def settle(ports: Ports, book: ContractBook) -> Settled:
    """Take up to 500 staged batches into the ledger. Repeatable; raises `Unavailable`, and `Conflict`: repeat it.

    One whose staged rows are gone is staged anew instead, and settles later.
    """
    waiting = [
        upload
        for upload in records.find(ports, state=State.STAGED, kind=None, limit=None)
        if not _is_late(ports, upload)
    ]
    first = sorted(waiting, key=lambda upload: (upload.received_seq, upload.fix_number, upload.batch_id))[:MOST_AT_ONCE]
    if not first:
        return Settled(0)
    try:
        staged = [describe(ports, book, upload) for upload in first]
    except NotFound:
        lost = [upload for upload in first if expiry.gone(ports, upload)]
        if not lost:
            raise
        for upload in lost:
            expiry.stage_anew(ports, upload)
        return settle(ports, book)
    replaced = [upload.parent for upload in first if upload.kind == "replay"]
    settled = ports.warehouse.settle(Settlement(staged, replaced))
    record(ports, first, settled)
    return settled


def _is_late(ports: Ports, upload: Upload) -> bool:
    """Whether it corrects what was undone or replayed since; then nothing is left to correct."""
    if upload.kind != "correction" or records.get(ports, upload.parent).state in IN_LEDGER:
        return False
    records.move(ports, upload.batch_id, State.CANCELLED, among=frozenset({State.STAGED}))
    return True


def describe(ports: Ports, book: ContractBook, upload: Upload, contract: Contract | None = None) -> StagedBatch:
    """What the warehouse must know of a staged batch. contract: one that nobody has saved, tried on it."""
    contract = contract or book.version(upload.contract, upload.contract_version)
    source = "till" if upload.kind == "messages" else "file"
    return StagedBatch(
        batch_id=upload.batch_id,
        kind=upload.kind,
        source=source,
        region=upload.region,
        contract=upload.contract,
        contract_version=upload.contract_version,
        file=upload.file,
        sha256=upload.sha256,
        received_seq=upload.received_seq,
        accepted=tuple(ports.objects.address(STAGING, name) for name in upload.staged["accepted"]),
        refused=tuple(ports.objects.address(STAGING, name) for name in upload.staged["refused"]),
        rows_read=upload.staged["rows_read"],
        rows_blank=upload.staged["rows_blank"],
        rows_ignored=upload.staged["rows_ignored"],
        problems=json.dumps(upload.staged["problems"], ensure_ascii=False),
        parent=upload.parent,
        fix_number=upload.fix_number,
        as_new=upload.as_new,
        confirmed=upload.confirmed,
        replaces="sale" if source == "till" else contract.replaces,
        nameless=contract.identity.by_content and not contract.replaces,
        rules=contract.where_till_differs,
    )


def record(ports: Ports, batches: Sequence[Upload], settled: Settled) -> None:
    """Bring the records after the warehouse and say what was settled; repeatable."""
    for upload in batches:
        hold = settled.holds.get(upload.batch_id)
        if hold:
            records.move(ports, upload.batch_id, State.HELD, among=frozenset({State.STAGED}), holds=(hold,))
        elif upload.batch_id in settled.batches:
            number = settled.batches[upload.batch_id]
            records.move(ports, upload.batch_id, State.SETTLED, among=frozenset({State.STAGED}), settlement_no=number)
            if upload.kind == "replay":
                leave(ports, upload.parent, State.REPLAYED)
    for number in sorted({*settled.batches.values(), settled.settlement_no} - {0}):
        events.settled(ports, number)


def leave(ports: Ports, batch: str, state: State, told: tuple[str, What] | None = None) -> None:
    """A batch and its corrections no longer count; a correction still on its way is cancelled. told: as in `move`."""
    # The batch comes last: as long as it has not moved, a sweep sees that all this is still to be done.
    for correction in records.children(ports, batch, "correction"):
        last = state if correction.state in IN_LEDGER else State.CANCELLED
        records.move(ports, correction.batch_id, last, among=frozenset(State) - FINAL | IN_LEDGER)
    records.move(ports, batch, state, among=frozenset(one for one in State if state in FOLLOWS[one]), told=told)


def settle_all(ports: Ports, book: ContractBook) -> list[int]:
    """Settle until nothing waits; the settlement numbers."""
    numbers = []
    while True:
        try:
            settled = settle(ports, book)
        except Conflict:
            continue
        if settled.settlement_no:
            numbers.append(settled.settlement_no)
        if not settled.batches:
            return numbers
