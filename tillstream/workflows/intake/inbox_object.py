"""What an object of the inbox is, by the folder that it lies in and by its name."""

import re

from tillstream.batches import records, registration
from tillstream.contracts.registry import NOBODY, ContractBook
from tillstream.domain.batch import Hold, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.file_names import contract_named, unfinished
from tillstream.domain.object_names import RESTORED
from tillstream.domain.problems import CATALOGUE
from tillstream.domain.resumable_upload import Sending
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject
from tillstream.workflows.corrections import submit
from tillstream.workflows.intake import resumable_upload, store_sales
from tillstream.workflows.onboarding import proposals

WHICH = "which-contract"
DROPPED = re.compile(r"drop/[0-9]+/(.+)", re.DOTALL)
"""Objects that the watched folder gave: the name of the taking, then the path below the folder."""
MESSAGES = re.compile(rf"{NOBODY.name}/(.+/)?[0-9]+(-[0-9a-f]{{16}})?\.jsonl", re.DOTALL)
CORRECTION = re.compile(rf"{submit.FOLDER}/[0-9a-f]+/[0-9]+\.csv")


def record_of(ports: Ports, book: ContractBook, stored: StoredObject) -> Upload:
    """The record of an inbox object, made where there is none yet.

    A file's contract is that of its folder or its name, else the only one that fits what is in it; where nothing says
    it, the file is held and kept. Raises `Rejected` for what is no new file: a folder's placeholder, a temporary name,
    what a restore brought.
    """
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    known = ports.documents.find(records.COLLECTION, where, order_by="received_seq", limit=1)
    if known:
        return Upload.from_json(known[0].data)
    if RESTORED.fullmatch(stored.name):
        raise Rejected(f"{stored.name} came with a restore and is no new file.")
    if MESSAGES.fullmatch(stored.name):
        return store_sales.register(ports, book, stored)
    if CORRECTION.fullmatch(stored.name):
        return submit.register(ports, stored)
    sent = resumable_upload.sent_as(ports, stored.name)
    if sent and (sent.proposed or sent.contract):
        return _sent(ports, book, stored, sent)
    if unfinished(stored.name):
        raise Rejected(f"{stored.name} is no file to be read: its name is that of a temporary or hidden one.")
    dropped = DROPPED.fullmatch(stored.name)
    path = dropped[1] if dropped else stored.name
    by = "watched folder" if dropped else records.UNKNOWN_SENDER
    contract, why = _contract_of(ports, book, stored, path)
    held = None if contract else Hold(WHICH, CATALOGUE[WHICH].says(detail=why))
    return registration.register(ports, contract, stored, by, file=path.rsplit("/", 1)[-1], held=held)


def _sent(ports: Ports, book: ContractBook, stored: StoredObject, sent: Sending) -> Upload:
    if stored.size != sent.size:
        raise Rejected(f"{sent.file} was announced with {sent.size:,} bytes, and {stored.size:,} came.")
    if sent.proposed:
        upload = proposals.register(ports, stored, sent)
    else:
        told = book.used(sent.contract)
        upload = registration.register(ports, told, stored, sent.by, sha256=sent.sha256, file=sent.file)
    if sent.session:
        resumable_upload.became(ports, sent, upload.batch_id)
    return upload


def _contract_of(ports: Ports, book: ContractBook, stored: StoredObject, path: str) -> tuple[Contract | None, str]:
    """By its folder or its name, else by what is in it; or None, and why that says nothing."""
    name = contract_named(path, book.names())
    if name:
        return book.used(name), ""
    from tillstream.pipeline.matching.match_contract import looked_at, whose  # only where a file says nothing

    looked = looked_at(lambda: ports.objects.open(stored.bucket, stored.name, stored.generation))
    if looked is None:
        return None, "; nothing can be made of what is in it"
    found, why = whose(looked, book.all().values())
    return (book.used(found.name) if found else None), why
