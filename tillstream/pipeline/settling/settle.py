"""Settle: commit staged batches to the ledger together, then update their records."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from tillstream.audit import AuditAction
from tillstream.batches import events, records
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch.record import IN_LEDGER, TERMINAL, TRANSITIONS, Batch, BatchKind, State
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict, NotFound
from tillstream.domain.events import STAGING
from tillstream.pipeline.settling.lanes import next_batches
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch


def settle(ports: Ports, contracts: ContractRegistry, *, sales_first: bool = True) -> SettlementResult:
    """Commit the next staged batches to the ledger. Idempotent. Raises `Unavailable`, and `Conflict`: retry.

    sales_first: as for `next_batches`. A batch whose staged rows have expired is staged again instead and settled
    later.
    """
    uploads = [upload for upload in _staged(ports) if not _cancel_if_obsolete(ports, upload)]
    batches = next_batches(uploads, sales_first=sales_first)
    if not batches:
        return SettlementResult(0)
    try:
        descriptions = [to_staged_batch(ports, contracts, upload) for upload in batches]
    except NotFound:
        expired = [upload for upload in batches if expiry.expired(ports, upload)]
        if not expired:
            raise
        for upload in expired:
            expiry.restage(ports, upload)
        return settle(ports, contracts, sales_first=sales_first)
    replaced = [upload.parent for upload in batches if upload.kind is BatchKind.REPLAY]
    settled = ports.warehouse.settle(Settlement(descriptions, replaced))
    update_records(ports, batches, settled)
    return settled


def _cancel_if_obsolete(ports: Ports, upload: Batch) -> bool:
    """Cancel a correction whose batch was undone or replayed since; return True if it was cancelled."""
    if upload.kind is not BatchKind.CORRECTION or records.get(ports, upload.parent).state in IN_LEDGER:
        return False
    records.transition(ports, upload.batch_id, State.CANCELLED, only_from=frozenset({State.STAGED}))
    return True


def to_staged_batch(
    ports: Ports, contracts: ContractRegistry, upload: Batch, contract: Contract | None = None
) -> StagedBatch:
    """Describe a staged batch for the warehouse. contract: an unsaved contract that a dry run tries."""
    contract = contract or contracts.version(upload.contract, upload.contract_version)
    source = "till" if upload.kind is BatchKind.STORE_SALES else "file"
    staged = upload.staged
    if staged is None:
        raise NotFound(f"Batch {upload.batch_id} is not staged.")
    return StagedBatch(
        batch_id=upload.batch_id,
        kind=upload.kind.value,
        source=source,
        region=upload.region,
        contract=upload.contract,
        contract_version=upload.contract_version,
        file=upload.file,
        sha256=upload.sha256,
        received_seq=upload.received_seq,
        accepted=tuple(ports.objects.uri(STAGING, name) for name in staged.accepted),
        refused=tuple(ports.objects.uri(STAGING, name) for name in staged.refused),
        rows_read=staged.rows_read,
        rows_blank=staged.rows_blank,
        rows_ignored=staged.rows_ignored,
        problems=json.dumps([asdict(problem) for problem in staged.problems], ensure_ascii=False),
        parent=upload.parent,
        fix_number=upload.fix_number,
        as_new=upload.as_new,
        confirmed=upload.confirmed,
        replaces="sale" if source == "till" else contract.replaces,
        nameless=contract.identity.by_content and not contract.replaces,
        rules=contract.where_till_differs,
    )


def update_records(ports: Ports, batches: Sequence[Batch], settled: SettlementResult) -> None:
    """Update batch records from the committed settlement and publish `batch.settled`. Idempotent."""
    for upload in batches:
        hold = settled.holds.get(upload.batch_id)
        if hold:
            records.transition(ports, upload.batch_id, State.HELD, only_from=frozenset({State.STAGED}), holds=(hold,))
        elif upload.batch_id in settled.batches:
            number = settled.batches[upload.batch_id]
            records.transition(
                ports, upload.batch_id, State.SETTLED, only_from=frozenset({State.STAGED}), settlement_no=number
            )
            if upload.kind is BatchKind.REPLAY:
                retire(ports, upload.parent, State.REPLAYED)
    for number in sorted({*settled.batches.values(), settled.settlement_no} - {0}):
        events.publish_settled(ports, number)


def retire(ports: Ports, batch: str, state: State, audit: tuple[str, AuditAction] | None = None) -> None:
    """Retire a batch and its corrections; cancel corrections not yet settled. audit: (actor, action)."""
    # The batch comes last: as long as its state is unchanged, the sweep detects that this is unfinished.
    for correction in records.children(ports, batch, BatchKind.CORRECTION):
        final_state = state if correction.state in IN_LEDGER else State.CANCELLED
        records.transition(ports, correction.batch_id, final_state, only_from=frozenset(State) - TERMINAL | IN_LEDGER)
    records.transition(
        ports,
        batch,
        state,
        only_from=frozenset(source_state for source_state in State if state in TRANSITIONS[source_state]),
        audit=audit,
    )


def settle_all(ports: Ports, contracts: ContractRegistry) -> list[int]:
    """Settle all staged batches; after a conflict, try again. Returns the settlement numbers.

    Micro-batches of store sales that are staged meanwhile are left to their own event: if one arrives every few
    seconds, settlements would follow one another without end, each at the same cost.
    """
    numbers = []
    sales_first = True
    left = {upload.batch_id for upload in _staged(ports)}
    while left:
        try:
            settled = settle(ports, contracts, sales_first=sales_first)
        except Conflict:
            continue
        sales_first = not sales_first
        if settled.settlement_no:
            numbers.append(settled.settlement_no)
        if not settled.batches and not settled.holds:
            break
        left = {
            upload.batch_id
            for upload in _staged(ports)
            if upload.batch_id in left or upload.kind is not BatchKind.STORE_SALES
        }
    return numbers


def _staged(ports: Ports) -> list[Batch]:
    return records.find(ports, state=State.STAGED, kind=None, limit=None)
