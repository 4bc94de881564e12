"""Settle: commit staged batches to the ledger together, then update their records and audit what is out of scope."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model import json_text
from tillstream.model.audit import AuditAction
from tillstream.model.batch import (
    SPELLING_HOLDS,
    STATE_TRANSITIONS,
    STATES_IN_LEDGER,
    TERMINAL_STATES,
    Batch,
    BatchKind,
    BatchState,
    ContractProposal,
    Hold,
)
from tillstream.model.contract import ID_COLUMNS, Contract
from tillstream.model.contract_patterns import common_id_patterns, date_in_name
from tillstream.model.errors import Conflict, NotFound, Rejected, TooLarge
from tillstream.model.events import STAGING
from tillstream.model.people import EACH_OWN_STORE, NOT_YOUR_STORE, UNVERIFIED, narrow_stores, writers_to_text
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.lanes import SettlementBacklog, SettlementBudget, next_batches, whole_budget
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch
from tillstream.records import audit_log, batch_originals, batch_records

MAX_SPELLINGS = 1_000
"""Replaced values of a column, which a contract lists one by one."""
MAX_LISTED_SENDERS = 20

_REFUSED_ROWS = """
SELECT COUNT(*) AS n FROM refusals
INNER JOIN batches ON batches.root_no = refusals.batch_no AND batches.fix_number = refusals.fix_number
  AND batches.received_date = refusals.received_date
WHERE batches.batch_id = @batch_id AND refusals.code = 'not-your-store' AND refusals.refused_by = 'ledger'
  AND refusals.received_date = @received_date
"""


def propose_spelling(contract: Contract, hold: Hold) -> ContractProposal | None:
    """The version with which the file has the known sales; None if no rule turns all spellings into the known ones."""
    unchanged = ContractProposal(contract.model_dump(mode="json") | {"version": contract.version + 1})
    sales = [("store_id", *pair) for pair in hold.stores] + [("sale_id", *pair) for pair in hold.numbers]
    proposal = _with_spelling_rules(contract, unchanged, sales)
    if not proposal:
        return None
    changed = _with_spelling_rules(contract, proposal, hold.products) or proposal
    return changed if changed.changes else None


def _with_spelling_rules(
    contract: Contract, proposal: ContractProposal, words: Sequence[tuple[str, str, str]]
) -> ContractProposal | None:
    """With a rule for each column of these words, each with the known one; None if a word has no rule."""
    changed: ContractProposal | None = proposal
    for column in dict.fromkeys(column for column, *_ in words):
        pairs = [(here, there) for one, here, there in words if one == column]
        changed = (
            _with_spelling_rule(contract, changed, column, pairs) if changed and column in contract.columns else None
        )
    return changed


def _with_spelling_rule(
    contract: Contract, proposal: ContractProposal, column: str, pairs: Sequence[tuple[str, str]]
) -> ContractProposal | None:
    spellings = dict(pairs)
    if len(spellings) < len(set(pairs)):
        return None
    header, data = contract.columns[column], proposal.contract
    patterns = _spelling_patterns(contract, column, spellings) if column in ID_COLUMNS - {"store_id"} else ()
    if patterns:
        columns = (column, "returns_sale_id") if column == "sale_id" else (column,)
        rules = {name: list(patterns) for name in columns if name in contract.columns}
        identity = data["identity"] | {"spellings": data["identity"]["spellings"] | rules}
        here, there = next(pair for pair in pairs if pair[0] != pair[1])
        change = f"{header}: {here} is read as {there}; numbers are written as {patterns[0]}"
        return ContractProposal(data | {"identity": identity}, (*proposal.changes, change))
    # a value that others of the file have as well is another product
    spellings = {here: there for here, there in spellings.items() if here != there}
    if column == "sale_id" or len(spellings) > MAX_SPELLINGS or set(spellings) & set(spellings.values()):
        return None
    earlier = data["values"].get(column, {})
    replaced = {word: spellings.get(value, value) for word, value in earlier.items()}
    values = data["values"] | {column: spellings | replaced}
    changes = tuple(f"{header}: {here} is read as {there}" for here, there in spellings.items())
    return ContractProposal(data | {"values": values}, (*proposal.changes, *changes))


def _spelling_patterns(contract: Contract, column: str, spellings: Mapping[str, str]) -> tuple[str, ...]:
    """Patterns that give each ID its known spelling, and leave the known ones as they are."""
    from tillstream.pipeline.normalising.source_columns import usual_spellings  # heavy, only needed here

    prefix = contract.identity.id_prefix if column == "sale_id" else ""
    if not all(text.startswith(prefix) for pair in spellings.items() for text in pair):
        return ()
    pairs = {here.removeprefix(prefix): there.removeprefix(prefix) for here, there in spellings.items()}
    earlier = contract.identity.spellings.get(column, ())
    patterns = tuple(dict.fromkeys((*earlier, *common_id_patterns(pairs.values(), pairs))))
    if not patterns:
        return ()
    wanted = [*pairs.values(), *pairs.values()]
    return patterns if usual_spellings([*pairs, *pairs.values()], patterns) == wanted else ()


def describe_unverified_senders(ports: Ports, upload: Batch) -> dict[str, list[str]]:
    """Why they are not verified, the stores whose tokens sent them and those that they name, keys, and addresses."""
    try:
        with batch_originals.open_whole_original(ports, upload) as stream:
            messages = [message for message in read_messages(stream).unreadable if message.unverified]
    except Rejected as error:  # the settlement is committed: its record must be written
        return {"reasons": [str(error)]}
    details = {
        "reasons": (message.unverified for message in messages),
        "stores": (message.store for message in messages),
        "claimed_stores": map(_claimed_store, messages),
        "keys": (message.signing.get("key") for message in messages),
        "addresses": (message.address for message in messages),
    }
    return {name: listed for name, values in details.items() if (listed := _distinct_values(values))}


def _claimed_store(message: StoredMessage) -> str:
    """Region and store that a message names; empty if it cannot be read."""
    try:
        content: Any = json_text.decode_json(message.text)
        return f"{content['region']}/{content['store_id']}"
    except (ValueError, TypeError, KeyError):
        return ""


def _distinct_values(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})[:MAX_LISTED_SENDERS]


def writers_of_batch(ports: Ports, upload: Batch) -> str | None:
    """To which stores the writers of its rows are bound; a replay has those of the corrections that it includes."""
    if upload.own_stores:
        return EACH_OWN_STORE
    stores = {upload.fix_number: upload.stores}
    if upload.kind is BatchKind.REPLAY:
        corrections = batch_records.inherited_corrections(ports, upload)
        stores |= {each.fix_number: narrow_stores(each.stores, upload.replayer_stores) for each in corrections}
    return writers_to_text(stores)


def security_events(ports: Ports, upload: Batch, settled: SettlementResult) -> Sequence[Put]:
    """The audit entries of a batch that has just been settled, if rows of it were rejected as `not-your-store`, or
    messages of it could not be verified."""
    return [*_out_of_scope(ports, upload, settled), *_unverified_messages(ports, upload)]


def _out_of_scope(ports: Ports, upload: Batch, settled: SettlementResult) -> Sequence[Put]:
    rows = _rows_in_ledger(ports, upload, settled) + _rows_at_staging(upload, NOT_YOUR_STORE)
    if not rows:
        return ()
    is_sale = upload.kind is BatchKind.STORE_SALES
    action = AuditAction.SALE_OUT_OF_SCOPE if is_sale else AuditAction.UPLOAD_OUT_OF_SCOPE
    details = {"rows": rows, "file": upload.file, "region": upload.region}
    stores = {"stores": list(upload.stores)} if upload.stores is not None else {}
    subject = upload.parent if upload.kind is BatchKind.CORRECTION else upload.batch_id
    return [audit_log.entry(ports, upload.received_by, action, subject, None, details | stores)]


def _unverified_messages(ports: Ports, upload: Batch) -> Sequence[Put]:
    rows = _rows_at_staging(upload, UNVERIFIED)
    if not rows:
        return ()
    details = {"rows": rows, "file": upload.file, "region": upload.region} | describe_unverified_senders(ports, upload)
    return [audit_log.entry(ports, upload.received_by, AuditAction.SALE_UNVERIFIED, upload.batch_id, None, details)]


def _rows_in_ledger(ports: Ports, upload: Batch, settled: SettlementResult) -> int:
    """The rows that the ledger rejected. A settlement whose answer was lost did not count them."""
    if settled.batches[upload.batch_id] == settled.settlement_no:
        return settled.foreign_rows.get(upload.batch_id, 0)
    if not upload.own_stores and upload.stores is None:
        return 0
    params = {"batch_id": upload.batch_id, "received_date": upload.received_date}
    counted: int = ports.warehouse.query(_REFUSED_ROWS, params).column("n")[0].as_py()
    return counted


def _rows_at_staging(upload: Batch, code: str) -> int:
    return sum(one.count for one in upload.staged.problems if one.code == code) if upload.staged else 0


def settle(
    ports: Ports, contracts: ContractRegistry, budget: SettlementBudget | None = None, *, sales_first: bool = True
) -> SettlementResult:
    """Commit the next staged batches to the ledger. Idempotent. Raises `Unavailable`, and `Conflict`: retry.

    Large batches are left to the job `settle-large`, if there is one, and all batches while it commits. budget: halved
    whenever a settlement is refused as too large. sales_first: as for `next_batches`. A batch whose staged rows
    are gone or damaged is staged again instead and settled later.
    """
    if ports.jobs and large_job.is_settling_paused(ports):
        return SettlementResult(0)
    return _settle_next(ports, contracts, budget or settlement_budget(ports), sales_first=sales_first)


def settle_here(ports: Ports, contracts: ContractRegistry, budget: SettlementBudget, tries: int) -> SettlementResult:
    """As `settle`, of any size: this process has the memory of the job. tries: as in `Settlement`.

    Raises `TooLarge` if even one batch does not fit.
    """
    return _settle_next(replace(ports, jobs=None), contracts, budget, sales_first=False, tries=tries)


def settlement_budget(ports: Ports) -> SettlementBudget:
    """What a settlement of this process may contain."""
    whole = whole_budget()
    return replace(whole, rows=min(whole.rows, ports.limits.settled_rows)) if ports.jobs else whole


def _settle_next(
    ports: Ports,
    contracts: ContractRegistry,
    budget: SettlementBudget,
    *,
    sales_first: bool,
    tries: int = Settlement.tries,
) -> SettlementResult:
    uploads = staged_batches(ports)
    rows = large_job.rows_to_read(ports, contracts, uploads)
    regions = large_job.replaced_regions(ports, uploads)
    while batches := next_batches(
        uploads,
        SettlementBacklog(rows, large_job.batches_left_to_job(ports, rows), regions),
        budget,
        sales_first=sales_first,
    ):
        try:
            settled = _commit_batches(ports, contracts, batches, tries)
        except TooLarge as error:
            if len(batches) > 1:
                budget.halve(len(batches), sum(rows[batch.batch_id] for batch in batches))
            elif ports.jobs:
                large_job.request_work(ports, batches[0].batch_id, large_job.RequestedWork.SETTLE)
            else:
                raise large_job.too_large_for_memory(batches[0], rows[batches[0].batch_id], error) from error
            continue
        return settled or _settle_next(ports, contracts, budget, sales_first=sales_first, tries=tries)
    return SettlementResult(0)


def staged_batches(ports: Ports) -> list[Batch]:
    """The batches to settle; obsolete corrections are cancelled instead. Those of other homes are left to the sync."""
    staged = batch_records.find_batches(ports, state=BatchState.STAGED, kind=None, limit=None)
    return [upload for upload in staged if not upload.home and not _cancel_if_obsolete(ports, upload)]


def _commit_batches(
    ports: Ports, contracts: ContractRegistry, batches: Sequence[Batch], tries: int
) -> SettlementResult | None:
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
    if (
        upload.kind is not BatchKind.CORRECTION
        or batch_records.get_batch(ports, upload.parent).state in STATES_IN_LEDGER
    ):
        return False
    batch_records.transition_batch(
        ports, upload.batch_id, BatchState.CANCELLED, only_from=frozenset({BatchState.STAGED})
    )
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
        confirmed=(*upload.confirmed, *(SPELLING_HOLDS if contract.identity.similar_sales == "keep" else ())),
        replaces="sale" if upload.source == "till" else contract.replaces,
        writers=writers_of_batch(ports, upload),
        nameless=contract.identity.by_content and not contract.replaces,
        rules=contract.where_till_differs,
    )


def update_records(ports: Ports, batches: Sequence[Batch], settled: SettlementResult) -> None:
    """Update batch records from the committed settlement and publish `batch.settled`. Idempotent."""
    for upload in batches:
        hold = settled.holds.get(upload.batch_id)
        if hold:
            batch_records.transition_batch(
                ports,
                upload.batch_id,
                BatchState.HELD,
                only_from=frozenset({BatchState.STAGED}),
                holds=(hold,),
                proposed=_proposed_contract(ports, upload, hold),
            )
        elif upload.batch_id in settled.batches:
            number = settled.batches[upload.batch_id]
            batch_records.transition_batch(
                ports,
                upload.batch_id,
                BatchState.SETTLED,
                only_from=frozenset({BatchState.STAGED}),
                audits=security_events(ports, upload, settled),
                settlement_no=number,
            )
            if upload.kind is BatchKind.REPLAY:
                retire_batch(ports, upload.parent, BatchState.REPLAYED, number)
    for number in sorted({*settled.batches.values(), settled.settlement_no} - {0}):
        batch_records.publish_settled(ports, number)


def _proposed_contract(ports: Ports, upload: Batch, hold: Hold) -> ContractProposal | None:
    if hold.code not in SPELLING_HOLDS:
        return None
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return propose_spelling(contract, hold)


def retire_batch(
    ports: Ports, batch: str, state: BatchState, undone_no: int, audit: tuple[str, AuditAction] | None = None
) -> None:
    """Retire a batch and its corrections; cancel corrections not yet settled.

    undone_no: the settlement that undid or replaced it. audit: (actor, action).
    """
    # The batch comes last: as long as its state is unchanged, the sweep detects that this is unfinished.
    for correction in batch_records.child_batches(ports, batch, BatchKind.CORRECTION):
        final_state = state if correction.state in STATES_IN_LEDGER else BatchState.CANCELLED
        batch_records.transition_batch(
            ports,
            correction.batch_id,
            final_state,
            only_from=frozenset(BatchState) - TERMINAL_STATES | STATES_IN_LEDGER,
            undone_no=undone_no if final_state is state else 0,
        )
    batch_records.transition_batch(
        ports,
        batch,
        state,
        only_from=frozenset(source_state for source_state in BatchState if state in STATE_TRANSITIONS[source_state]),
        audit=audit,
        undone_no=undone_no,
    )


def settle_all(ports: Ports, contracts: ContractRegistry) -> list[int]:
    """As `settle_staged`, then `start_job_if_large`."""
    numbers = settle_staged(ports, contracts)
    start_job_if_large(ports, contracts)
    return numbers


def settle_staged(ports: Ports, contracts: ContractRegistry) -> list[int]:
    """Settle all staged batches; after a conflict, try again. Returns the settlement numbers.

    Micro-batches of store sales that are staged meanwhile are left to their own event: if one arrives every few
    seconds, settlements would follow one another without end, each at the same cost.
    """
    numbers = []
    budget = settlement_budget(ports)
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


def start_job_if_large(ports: Ports, contracts: ContractRegistry) -> None:
    """Start the job `settle-large` if anything is left to it. Raises `Unavailable`."""
    requested = (
        large_job.requested_batches(ports, work)
        for work in (large_job.RequestedWork.UNDO, large_job.RequestedWork.REPETITION)
    )
    if ports.jobs and (has_large_settlements(ports, contracts) or any(requested)):
        large_job.start_large_job(ports)


def has_large_settlements(ports: Ports, contracts: ContractRegistry) -> bool:
    """Whether a staged batch is left to the job."""
    return bool(large_job.batches_left_to_job(ports, large_job.rows_to_read(ports, contracts, staged_batches(ports))))
