"""Decisions on held batches, alone or with others held for the same reasons, and notes of their reviewers."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from tillstream.contracts import registry
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.audit import AuditAction
from tillstream.model.batch import REJECTED_BY, SPELLING_HOLDS, STATES_IN_LEDGER, Batch, BatchState, HoldCode
from tillstream.model.contract import parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging import stage
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log, batch_records
from tillstream.review import contract_proposals, replay

GroupKey = tuple[object, ...]
_NAMING_HOLDS = frozenset(
    {
        HoldCode.UNKNOWN_CONTRACT,
        HoldCode.REGION_REQUESTED,
        HoldCode.OTHER_CONTRACT,
        HoldCode.FOREIGN_SALES,
        HoldCode.OTHER_REGION,
    }
)
"""Holds whose question is another one for another region, contract, country or currency, which their message names."""
_COUNT = re.compile(r"(?<!\S)[0-9][0-9,]*(?!\S)")

NOTES_COLLECTION = "review_notes"
MAX_NOTE_LENGTH = 500
"""Characters of a note."""
MAX_NOTES = 20
"""Notes of a file; later ones replace the oldest."""


def confirm_batch(ports: Ports, batch: str, by: str, *, as_new: bool = False) -> Batch:
    """Release a held batch; with `as_new`, give a repeat of known bytes its own place in time.

    Raises `Rejected` if the state of the batch does not allow it, `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is BatchState.HELD and not upload.contract:
        raise Rejected(f"{upload.file} has no contract yet. Choose one with `--region` or in the portal.")
    if upload.state is BatchState.HELD and not upload.staged:
        raise Rejected(
            f"{upload.file} cannot be read with {upload.contract}. Accept the proposed version, choose another "
            "contract, or reject the file."
        )
    if upload.state is BatchState.HELD and upload.staged:
        contract = contract_version(ports.documents, upload.contract, upload.contract_version)
        registry.remember_headers(ports, contract, upload.staged.columns)
        if HoldCode.FIRST_LOAD in upload.hold_codes:
            registry.confirm_contract(ports, upload.contract, by)
        confirmed = batch_records.transition_batch(
            ports,
            batch,
            BatchState.STAGED,
            only_from=frozenset({BatchState.HELD}),
            audit=(by, AuditAction.UPLOAD_CONFIRMED),
            confirmed=upload.confirmed_with_holds,
            holds=(),
            as_new=as_new,
        )
        batch_records.publish_staged(ports, confirmed)
        return confirmed
    if not as_new:
        raise Rejected(f"{upload.file} is {upload.state}. Only a held upload can be confirmed.")
    if upload.state not in STATES_IN_LEDGER or not upload.is_file or upload.as_new:
        raise Rejected(f"{upload.file} is {upload.state}. Only a settled upload can be confirmed as new.")
    return stage.stage(ports, replay.replay_as_new(ports, upload, by).batch_id)


def assign_contract(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    contract: str,
    by: str,
    *,
    confirmed: tuple[str, ...] | None = None,
) -> Batch:
    """Assign a contract to a held upload; staging follows and checks its holds again.

    confirmed: holds that are not checked again; None: those whose confirmation does not depend on the version. Raises
    `Rejected` if the upload is not held, `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is not BatchState.HELD or not upload.is_file:
        raise Rejected(f"{upload.file} is {upload.state}. Only the contract of a held upload can be changed.")
    pinned = contracts.pin(contract)
    moved = batch_records.transition_batch(
        ports,
        batch,
        BatchState.RECEIVED,
        only_from=frozenset({BatchState.HELD}),
        audit=(by, AuditAction.UPLOAD_REREAD),
        contract=pinned.name,
        contract_version=pinned.version,
        region=pinned.region,
        holds=(),
        confirmed=replay.still_confirmed_holds(upload, pinned.name) if confirmed is None else confirmed,
        staged=None,
        proposed=None,
    )
    batch_records.publish_received(ports, moved)
    return moved


def accept_proposal(ports: Ports, contracts: ContractRegistry, batch: str, by: str) -> Batch:
    """Save the contract version proposed for a held upload and read the upload with it; staging follows.

    Raises `Rejected` if none is proposed, or if it conflicts with other contracts.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is not BatchState.HELD or not upload.proposed:
        decide = " Confirm or reject it." if upload.state is BatchState.HELD else ""
        raise Rejected(f"No new contract version is proposed for {upload.file}.{decide}")
    if not upload.contract:
        saved = contract_proposals.save_proposed_contract(contracts, upload, upload.proposed, by)
        registry.confirm_contract(ports, saved.name, by)  # the proposal has the figures
        return assign_contract(ports, contracts, batch, saved.name, by)
    # a version saved for another file meanwhile is tried first; if it does not match, the file is held again
    confirmed = None
    if contracts.current(upload.contract).version == upload.contract_version:
        contracts.save(parse_contract(upload.proposed.contract, f"the proposal for {upload.contract}"), by)
        if upload.hold_codes <= frozenset(SPELLING_HOLDS):  # only IDs or products are read differently
            confirmed = upload.confirmed
    return assign_contract(ports, contracts, batch, upload.contract, by, confirmed=confirmed)


def reject_batch(ports: Ports, batch: str, by: str, reason: str = "") -> Batch:
    """Reject a batch permanently; its bytes stay stored and it never counts."""
    batch_records.check_batch_of_home(ports, batch_records.get_batch(ports, batch))
    words = f"{REJECTED_BY}{by}" + (f": {reason}" if reason else ".")
    return batch_records.transition_batch(
        ports, batch, BatchState.REJECTED, only_from=None, audit=(by, AuditAction.UPLOAD_REJECTED), error=words
    )


def group_held_alike(held: Iterable[Batch]) -> list[list[Batch]]:
    """The held batches in groups that one decision answers, each in order of receipt; the largest group first."""
    groups: dict[GroupKey, list[Batch]] = {}
    for batch in sorted(held, key=lambda one: one.received_seq):
        groups.setdefault(_group_key(batch), []).append(batch)
    return sorted(groups.values(), key=len, reverse=True)


def find_held_alike(ports: Ports, upload: Batch) -> list[Batch]:
    """The other batches of the group of a held one, in order of receipt; none if it is not held."""
    if upload.state is not BatchState.HELD:
        return []
    where = {
        "received_by": upload.received_by,
        "state": BatchState.HELD.value,
        "kind": upload.kind.value,
        "contract": upload.contract,
    }
    held = (Batch.from_json(document.data) for document in ports.documents.find(batch_records.BATCHES, where))
    alike = (one for one in held if _group_key(one) == _group_key(upload) and one.batch_id != upload.batch_id)
    return sorted(alike, key=lambda one: one.received_seq)


def decide_alike(upload: Batch, others: Iterable[Batch], decide: Callable[[str], Batch]) -> list[Batch]:
    """Decide about a batch and others by their ids; return them as they are then.

    Raises what `decide` raises for the batch itself. Another one that it rejects, such as one that somebody else
    decided about meanwhile, is left out.
    """
    return [decide(upload.batch_id), *decide_each(others, decide).values()]


def decide_each(batches: Iterable[Batch], decide: Callable[[str], Batch]) -> dict[str, Batch]:
    """Decide about batches; return those by id that were not rejected, as they are then."""
    decided = {}
    for batch in batches:
        with suppress(Rejected):
            decided[batch.batch_id] = decide(batch.batch_id)
    return decided


def _group_key(batch: Batch) -> GroupKey:
    proposed = json.dumps(batch.proposed.contract, sort_keys=True) if batch.proposed else ""
    named = tuple(_COUNT.sub("", hold.message) for hold in batch.holds if hold.code in _NAMING_HOLDS)
    return batch.received_by, batch.kind, batch.home, batch.contract, batch.hold_codes, named, proposed


@dataclass(frozen=True)
class ReviewNote:
    """`at`: ISO 8601 UTC text."""

    text: str
    by: str
    at: str


def notes_of_batch(ports: Ports, batch: str) -> list[ReviewNote]:
    """The notes on a file, the oldest first."""
    return _notes(ports.documents.get(NOTES_COLLECTION, batch))


def add_note(ports: Ports, batch: str, text: str, by: str) -> ReviewNote:
    """Leave a note on a held file. Raises `Rejected` for an empty or long note, or another state; `NotFound`."""
    upload, text = batch_records.get_batch(ports, batch), " ".join(text.split())
    batch_records.check_batch_of_home(ports, upload)
    if not text:
        raise Rejected("Enter a note.")
    if len(text) > MAX_NOTE_LENGTH:
        raise Rejected(f"A note has at most {MAX_NOTE_LENGTH} characters.")
    if upload.state is not BatchState.HELD:
        raise Rejected(f"{upload.file} does not need review any more.")
    note = ReviewNote(text, by, ports.clock.now().isoformat())
    entry = audit_log.entry(ports, by, AuditAction.UPLOAD_NOTED, batch, None, {"file": upload.file, "note": text})

    def with_note(stored: Document | None) -> Update:
        notes: Sequence[ReviewNote] = [*_notes(stored), note][-MAX_NOTES:]
        return Update({"notes": [asdict(one) for one in notes]}, [entry])

    update_document(ports.documents, NOTES_COLLECTION, batch, with_note)
    return note


def _notes(document: Document | None) -> list[ReviewNote]:
    return [ReviewNote(**one) for one in document.data["notes"]] if document else []
