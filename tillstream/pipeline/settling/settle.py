"""Settle: commit staged batches to the ledger together, then update their records."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import sha256

from tillstream.audit import AuditAction
from tillstream.batches import events, records
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.domain.batch.holds import SPELLINGS, Hold
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.record import IN_LEDGER, TERMINAL, TRANSITIONS, Batch, BatchKind, State
from tillstream.domain.contract.file_dates import date_in_name
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict, NotFound, TooLarge
from tillstream.domain.events import STAGING
from tillstream.pipeline.settling import job_lease, large, write_scope
from tillstream.pipeline.settling.known_spellings import propose_spelling
from tillstream.pipeline.settling.lanes import Backlog, Budget, next_batches, whole_budget
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch


def settle(
    ports: Ports, contracts: ContractRegistry, budget: Budget | None = None, *, sales_first: bool = True
) -> SettlementResult:
    """Commit the next staged batches to the ledger. Idempotent. Raises `Unavailable`, and `Conflict`: retry.

    Large batches are left to the job `settle-large`, if there is one, and all batches while it commits. budget: halved
    whenever a settlement is refused as too large. sales_first: as for `next_batches`. A batch whose staged rows
    are gone or damaged is staged again instead and settled later.
    """
    if ports.jobs and job_lease.is_paused(ports):
        return SettlementResult(0)
    return _settle_next(ports, contracts, budget or budget_of(ports), sales_first=sales_first)


def settle_here(ports: Ports, contracts: ContractRegistry, budget: Budget, tries: int) -> SettlementResult:
    """As `settle`, of any size: this process has the memory of the job. tries: as in `Settlement`.

    Raises `TooLarge` if even one batch does not fit.
    """
    return _settle_next(replace(ports, jobs=None), contracts, budget, sales_first=False, tries=tries)


def budget_of(ports: Ports) -> Budget:
    """What a settlement of this process may contain."""
    whole = whole_budget()
    return replace(whole, rows=min(whole.rows, ports.limits.settled_rows)) if ports.jobs else whole


def _settle_next(
    ports: Ports, contracts: ContractRegistry, budget: Budget, *, sales_first: bool, tries: int = Settlement.tries
) -> SettlementResult:
    uploads = staged_batches(ports)
    rows = large.rows_read(ports, contracts, uploads)
    regions = large.replaced_regions(ports, uploads)
    while batches := next_batches(
        uploads, Backlog(rows, large.left_to_job(ports, rows), regions), budget, sales_first=sales_first
    ):
        try:
            settled = _commit(ports, contracts, batches, tries)
        except TooLarge as error:
            if len(batches) > 1:
                budget.halve(len(batches), sum(rows[batch.batch_id] for batch in batches))
            elif ports.jobs:
                large.request(ports, batches[0].batch_id, large.Work.SETTLE)
            else:
                raise large.does_not_fit(batches[0], rows[batches[0].batch_id], error) from error
            continue
        return settled or _settle_next(ports, contracts, budget, sales_first=sales_first, tries=tries)
    return SettlementResult(0)


def staged_batches(ports: Ports) -> list[Batch]:
    """The batches to settle; obsolete corrections are cancelled instead. Those of other homes are left to the sync."""
    staged = records.find(ports, state=State.STAGED, kind=None, limit=None)
    return [upload for upload in staged if not upload.home and not _cancel_if_obsolete(ports, upload)]


def _commit(ports: Ports, contracts: ContractRegistry, batches: Sequence[Batch], tries: int) -> SettlementResult | None:
    """Settle these batches; None if the staged rows of some are gone or damaged: these are staged again instead."""
    if restage_damaged(ports, batches):
        return None
    descriptions = [to_staged_batch(ports, contracts, upload) for upload in batches]
    replaced = [upload.parent for upload in batches if upload.kind is BatchKind.REPLAY]
    settled = ports.warehouse.settle(Settlement(descriptions, replaced, tries=tries))
    update_records(ports, batches, settled)
    return settled


def restage_damaged(ports: Ports, batches: Sequence[Batch]) -> list[Batch]:
    """Stage the batches again whose staged rows are gone or damaged, and return them. Raises `Unavailable`."""
    damaged = [upload for upload in batches if expiry.damaged(ports, upload)]
    for upload in damaged:
        expiry.restage(ports, upload)
    return damaged


def _cancel_if_obsolete(ports: Ports, upload: Batch) -> bool:
    """Cancel a correction whose batch was undone or replayed since; return True if it was cancelled."""
    if upload.kind is not BatchKind.CORRECTION or records.get(ports, upload.parent).state in IN_LEDGER:
        return False
    records.transition(ports, upload.batch_id, State.CANCELLED, only_from=frozenset({State.STAGED}))
    return True


def _content_digest(upload: Batch, contract: Contract) -> str:
    """The digest of a batch's bytes; with the day in its name, if the rows take their date from it."""
    day = date_in_name(upload.file, contract.file.date_in_name) if contract.file.date_in_name else None
    return sha256(f"{upload.sha256} {day}".encode()).hexdigest() if day else upload.sha256


def to_staged_batch(
    ports: Ports, contracts: ContractRegistry, upload: Batch, contract: Contract | None = None
) -> StagedBatch:
    """Describe a staged batch for the warehouse. contract: an unsaved contract that a dry run tries."""
    contract = contract or contracts.version(upload.contract, upload.contract_version)
    staged = upload.staged
    if staged is None:
        raise NotFound(f"Batch {upload.batch_id} is not staged.")
    return StagedBatch(
        batch_id=upload.batch_id,
        kind=upload.kind.value,
        source=upload.source,
        region=upload.region,
        contract=upload.contract,
        contract_version=upload.contract_version,
        file=upload.file,
        sha256=_content_digest(upload, contract),
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
        confirmed=(*upload.confirmed, *(SPELLINGS if contract.identity.similar_sales == "keep" else ())),
        replaces="sale" if upload.source == "till" else contract.replaces,
        writers=write_scope.writers(ports, upload),
        nameless=contract.identity.by_content and not contract.replaces,
        rules=contract.where_till_differs,
    )


def update_records(ports: Ports, batches: Sequence[Batch], settled: SettlementResult) -> None:
    """Update batch records from the committed settlement and publish `batch.settled`. Idempotent."""
    for upload in batches:
        hold = settled.holds.get(upload.batch_id)
        if hold:
            records.transition(
                ports,
                upload.batch_id,
                State.HELD,
                only_from=frozenset({State.STAGED}),
                holds=(hold,),
                proposed=_proposed(ports, upload, hold),
            )
        elif upload.batch_id in settled.batches:
            number = settled.batches[upload.batch_id]
            records.transition(
                ports,
                upload.batch_id,
                State.SETTLED,
                only_from=frozenset({State.STAGED}),
                audits=write_scope.security_events(ports, upload, settled),
                settlement_no=number,
            )
            if upload.kind is BatchKind.REPLAY:
                retire(ports, upload.parent, State.REPLAYED, number)
    for number in sorted({*settled.batches.values(), settled.settlement_no} - {0}):
        events.publish_settled(ports, number)


def _proposed(ports: Ports, upload: Batch, hold: Hold) -> Proposal | None:
    if hold.code not in SPELLINGS:
        return None
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return propose_spelling(contract, hold)


def retire(
    ports: Ports, batch: str, state: State, undone_no: int, audit: tuple[str, AuditAction] | None = None
) -> None:
    """Retire a batch and its corrections; cancel corrections not yet settled.

    undone_no: the settlement that undid or replaced it. audit: (actor, action).
    """
    # The batch comes last: as long as its state is unchanged, the sweep detects that this is unfinished.
    for correction in records.children(ports, batch, BatchKind.CORRECTION):
        final_state = state if correction.state in IN_LEDGER else State.CANCELLED
        records.transition(
            ports,
            correction.batch_id,
            final_state,
            only_from=frozenset(State) - TERMINAL | IN_LEDGER,
            undone_no=undone_no if final_state is state else 0,
        )
    records.transition(
        ports,
        batch,
        state,
        only_from=frozenset(source_state for source_state in State if state in TRANSITIONS[source_state]),
        audit=audit,
        undone_no=undone_no,
    )


def settle_all(ports: Ports, contracts: ContractRegistry) -> list[int]:
    """As `settle_staged`, then `start_job`."""
    numbers = settle_staged(ports, contracts)
    start_job(ports, contracts)
    return numbers


def settle_staged(ports: Ports, contracts: ContractRegistry) -> list[int]:
    """Settle all staged batches; after a conflict, try again. Returns the settlement numbers.

    Micro-batches of store sales that are staged meanwhile are left to their own event: if one arrives every few
    seconds, settlements would follow one another without end, each at the same cost.
    """
    numbers = []
    budget = budget_of(ports)
    sales_first = True
    left = {upload.batch_id for upload in staged_batches(ports)}
    while left:
        try:
            settled = settle(ports, contracts, budget, sales_first=sales_first)
        except Conflict:
            continue
        sales_first = not sales_first
        if settled.settlement_no:
            numbers.append(settled.settlement_no)
        if not settled.batches and not settled.holds:
            break
        left = {
            upload.batch_id
            for upload in staged_batches(ports)
            if upload.batch_id in left or upload.kind is not BatchKind.STORE_SALES
        }
    return numbers


def start_job(ports: Ports, contracts: ContractRegistry) -> None:
    """Start the job `settle-large` if anything is left to it. Raises `Unavailable`."""
    requested = (large.requested(ports, work) for work in (large.Work.UNDO, large.Work.REPETITION))
    if ports.jobs and (has_large(ports, contracts) or any(requested)):
        large.start_job(ports)


def has_large(ports: Ports, contracts: ContractRegistry) -> bool:
    """Whether a staged batch is left to the job."""
    return bool(large.left_to_job(ports, large.rows_read(ports, contracts, staged_batches(ports))))
