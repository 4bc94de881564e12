"""Identify inbox objects by their folder and name, and create their batch records."""

import re

from tillstream.batches import records, registration
from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.record import Batch
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.file_names import contract_from_path, is_ignored
from tillstream.domain.object_names import RESTORED_NAME
from tillstream.domain.resumable_upload import ResumableUpload
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject
from tillstream.workflows.corrections import submit
from tillstream.workflows.intake import resumable_upload, store_sales
from tillstream.workflows.onboarding import proposals

DROPPED = re.compile(r"drop/[0-9]+/(.+)", re.DOTALL)
"""Objects from the watched folder: the claim id, then the path below the folder."""
MESSAGES = re.compile(rf"{UNASSIGNED.name}/(.+/)?[0-9]+(-[0-9a-f]{{16}})?\.jsonl", re.DOTALL)
CORRECTION = re.compile(rf"{submit.FOLDER}/[0-9a-f]+/[0-9]+\.csv")


def record_of(ports: Ports, book: ContractRegistry, stored: StoredObject) -> Batch:
    """Return the record of an inbox object; create it if there is none.

    The contract is named by the folder or the file name; otherwise it is the only one that fits the content. Without a
    contract the file is held. Raises `Rejected` for objects that are not new files: folder placeholders, temporary
    names, restored objects.
    """
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    existing = ports.documents.find(records.COLLECTION, where, order_by="received_seq", limit=1)
    if existing:
        return Batch.from_json(existing[0].data)
    if RESTORED_NAME.fullmatch(stored.name):
        raise Rejected(f"{stored.name} was restored from a backup and is not a new file.")
    if MESSAGES.fullmatch(stored.name):
        return store_sales.register(ports, book, stored)
    if CORRECTION.fullmatch(stored.name):
        return submit.register(ports, stored)
    sending = resumable_upload.sent_as(ports, stored.name)
    if sending and (sending.proposed or sending.contract):
        return _register_sent(ports, book, stored, sending)
    if is_ignored(stored.name):
        raise Rejected(f"{stored.name} is skipped: its name is that of a temporary or hidden file.")
    dropped = DROPPED.fullmatch(stored.name)
    path = dropped[1] if dropped else stored.name
    by = "watched folder" if dropped else records.UNKNOWN_SENDER
    contract, why = _contract_of(ports, book, stored, path)
    held = None if contract else Hold.of(HoldCode.UNKNOWN_CONTRACT, detail=why)
    return registration.register(ports, contract, stored, by, file=path.rsplit("/", 1)[-1], held=held)


def _register_sent(ports: Ports, book: ContractRegistry, stored: StoredObject, sending: ResumableUpload) -> Batch:
    if stored.size != sending.size:
        raise Rejected(f"{sending.file} should have {sending.size:,} bytes, but {stored.size:,} were received.")
    if sending.proposed:
        upload = proposals.register(ports, stored, sending, sending.proposed)
    else:
        contract = book.pin(sending.contract)
        upload = registration.register(ports, contract, stored, sending.by, sha256=sending.sha256, file=sending.file)
    if sending.session:
        resumable_upload.mark_completed(ports, sending, upload.batch_id)
    return upload


def _contract_of(ports: Ports, book: ContractRegistry, stored: StoredObject, path: str) -> tuple[Contract | None, str]:
    """Return the contract by folder or name, else by content; or None and the reason."""
    name = contract_from_path(path, book.names())
    if name:
        return book.pin(name), ""
    from tillstream.pipeline.matching.match_contract import (  # loaded only if the name does not decide
        only_match,
        sample_original,
    )

    file_sample = sample_original(lambda: ports.objects.open(stored.bucket, stored.name, stored.generation))
    if file_sample is None:
        return None, "; its content cannot be read"
    match, why = only_match(file_sample, book.all().values())
    return (book.pin(match.name) if match else None), why
