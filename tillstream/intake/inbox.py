"""Files of the inbox: receive an uploaded file, recognize any object by its name, and create its batch record."""

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import BinaryIO

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.intake import micro_batch, resumable_upload
from tillstream.model.batch import Batch, Hold, HoldCode
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import contract_from_folder, is_ignored_file
from tillstream.model.object_names import (
    CONNECT_FOLDER,
    CONNECTED_NAME,
    LOADED_FOLDER,
    MICRO_BATCH_NAME,
    PACK_NAME,
    PACKS_FOLDER,
    RATES_FOLDER,
    RATES_NAME,
    RESTORED_NAME,
    SYNC_FOLDER,
    SYNCED_NAME,
    TIME_DIGITS,
)
from tillstream.model.people import BoundStores
from tillstream.model.uploads import ResumableUpload
from tillstream.pipeline.reading.file_signatures import NotATable
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records, batch_registration
from tillstream.records.batch_records import CHUNK_BYTES
from tillstream.records.batch_registration import register_batch
from tillstream.review import contract_proposals, correction_submission

LOADED_NAME_FOLDER = LOADED_FOLDER
"""The time of the arrival and the contract follow in the name."""

DROPPED_NAME = re.compile(r"drop/[0-9]+/(.+)", re.DOTALL)
"""Objects from the watched folder: the claim id, then the path below the folder."""
RESERVED_FOLDERS = frozenset(
    {
        "drop",
        CONNECT_FOLDER,
        correction_submission.CORRECTIONS_FOLDER,
        resumable_upload.SENT_FOLDER,
        RATES_FOLDER,
        PACKS_FOLDER,
        SYNC_FOLDER,
    }
    | {UNASSIGNED.name}
)
"""Inbox folders that only Tillstream writes to."""
LOADED_NAME = re.compile(rf"{LOADED_NAME_FOLDER}/[0-9]{{{TIME_DIGITS}}}/(.+)", re.DOTALL)
NOT_NEW_NAMES = {
    RESTORED_NAME: "was restored from a backup",
    SYNCED_NAME: "was sent by another home",
    RATES_NAME: "contains exchange rates",
    PACK_NAME: "contains store sales that were received before",
}
"""Names of objects that Tillstream wrote for what it received before → what they are."""
CORRECTION_NAME = re.compile(rf"{correction_submission.CORRECTIONS_FOLDER}/[0-9a-f]+/[0-9]+\.csv")


def receive_file(
    ports: Ports,
    contract: Contract,
    name: str,
    stream: BinaryIO,
    by: str,
    progress: Callable[[int], None] | None = None,
    *,
    stores: BoundStores = None,
    received: datetime | None = None,
) -> Batch:
    """Store the file in the inbox and create its record. progress: called with the bytes of each chunk.

    stores: to which the sender is bound. received: when the file arrived, if not now.
    """
    file = re.sub(r"[\x00-\x1f]", "", name.replace("\\", "/").rsplit("/", 1)[-1]) or "file"
    digest = hashlib.sha256()
    target = f"{LOADED_NAME_FOLDER}/{ports.clock.tick():0{TIME_DIGITS}d}/{contract.name}/{file}"
    batch_registration.note_bound_stores(ports, target, stores)
    with ports.objects.writer(INBOX, target) as writer, ThreadPoolExecutor(1) as executor:
        hashed = executor.submit(digest.update, b"")
        while chunk := stream.read(CHUNK_BYTES):
            hashed.result()  # hash of the previous chunk, computed while this one was read
            hashed = executor.submit(digest.update, chunk)
            writer.write(chunk)
            if progress:
                progress(len(chunk))
    if writer.stored is None:
        raise NotFound(f"{file} was not stored.")
    return register_batch(ports, contract, writer.stored, by, sha256=digest.hexdigest(), file=file, received=received)


def ensure_record(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Return the record of an inbox object; create it if there is none.

    The contract is the one that a folder names, otherwise the one that fits the content. Without a contract the file is
    held. Raises `Rejected` for objects that are not new files: folder placeholders, temporary
    names, restored objects, exchange rates, packs.
    """
    return recorded_batch(ports, stored) or create_inbox_record(ports, contracts, stored)


def recorded_batch(ports: Ports, stored: StoredObject) -> Batch | None:
    """Return the record of an inbox object, or None. It is one query, which does not read the object."""
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    existing = ports.documents.find(batch_records.BATCHES, where, order_by="received_seq", limit=1)
    return Batch.from_json(existing[0].data) if existing else None


def not_new_reason(stored: StoredObject) -> str:
    """What an object is that Tillstream wrote for what it received before; empty for another object."""
    return next((what for names, what in NOT_NEW_NAMES.items() if names.fullmatch(stored.name)), "")


def create_inbox_record(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Create the record of an inbox object that has none; raises as `ensure_record`."""
    if what := not_new_reason(stored):
        raise Rejected(f"{stored.name} {what} and is not a new file.")
    if MICRO_BATCH_NAME.fullmatch(stored.name):
        return micro_batch.register_micro_batch(ports, contracts, stored)
    if CORRECTION_NAME.fullmatch(stored.name):
        return correction_submission.register_correction(ports, stored)
    upload = resumable_upload.upload_of_object(ports, stored.name)
    if upload and upload.is_cancelled:
        raise Rejected(f"The upload of {upload.file} was cancelled.")
    if upload and (upload.proposed or upload.contract or upload.requested_region):
        return _register_sent_upload(ports, contracts, stored, upload)
    connected = CONNECTED_NAME.fullmatch(stored.name)
    if connected:
        return _register_file(
            ports, contracts, stored, connected["path"], batch_records.connector_sender(connected["connector"])
        )
    if is_ignored_file(stored.name):
        raise Rejected(f"{stored.name} is skipped: its name is that of a temporary or hidden file.")
    dropped = DROPPED_NAME.fullmatch(stored.name)
    named = dropped or LOADED_NAME.fullmatch(stored.name)
    path = named[1] if named else stored.name
    return _register_file(
        ports, contracts, stored, path, batch_records.WATCHED_FOLDER if dropped else batch_records.UNKNOWN_SENDER
    )


def _register_file(ports: Ports, contracts: ContractRegistry, stored: StoredObject, path: str, by: str) -> Batch:
    """Create the record of a file. path: folders and name, of which one may name the contract."""
    file = path.rsplit("/", 1)[-1]
    try:
        contract, why = _contract_of(ports, contracts, stored, path)
    except NotATable as error:
        return batch_registration.register_batch(ports, None, stored, by, file=file, rejected=str(error))
    held = None if contract else Hold.from_code(HoldCode.UNKNOWN_CONTRACT, detail=why)
    return batch_registration.register_batch(ports, contract, stored, by, file=file, held=held)


def _register_sent_upload(
    ports: Ports, contracts: ContractRegistry, stored: StoredObject, upload: ResumableUpload
) -> Batch:
    if stored.size != upload.size:
        raise Rejected(f"{upload.file} should have {upload.size:,} bytes, but {stored.size:,} were received.")
    if upload.proposed:
        batch = contract_proposals.register_proposed(ports, stored, upload, upload.proposed)
    elif upload.requested_region:
        from tillstream.review import questionnaire  # heavy, only needed here

        requested = Hold.from_code(HoldCode.REGION_REQUESTED, value=upload.by, detail=upload.requested_region)
        sha256 = upload.sha256 or batch_registration.digest_of_object(ports, stored)
        # first, as a record that exists is not registered again
        questionnaire.store_answers(ports, batch_registration.batch_id_of(stored, sha256), upload.answers, upload.by)
        batch = batch_registration.register_batch(
            ports, None, stored, upload.by, sha256=sha256, file=upload.file, held=requested
        )
    else:
        contract, why = _pin_or_reason(contracts, upload.contract)
        held = None if contract else Hold.from_code(HoldCode.UNKNOWN_CONTRACT, detail=why)
        batch = batch_registration.register_batch(
            ports, contract, stored, upload.by, sha256=upload.sha256, file=upload.file, held=held
        )
    if upload.session:
        resumable_upload.mark_completed(ports, upload, batch.batch_id)
    return batch


def _contract_of(
    ports: Ports, contracts: ContractRegistry, stored: StoredObject, path: str
) -> tuple[Contract | None, str]:
    """Return the contract by folder, else by content; or None and the reason. Raises `NotATable`.

    The name of the file decides if its content does not: between contracts that fit it, and if none does for its own
    source that has changed, which is held then. Of contracts that do not claim files, both must be those of the file.
    """
    folder = contract_from_folder(path, contracts.names())
    if folder:
        return _pin_or_reason(contracts, folder)
    from tillstream.pipeline.matching.match_contract import read_sample  # loaded only if the folder does not decide
    from tillstream.review import contract_choice

    claiming = contracts.claiming()
    try:
        file_sample = read_sample(lambda: ports.objects.open(stored.bucket, stored.name, stored.generation))
    except NotATable:
        raise
    except Rejected as error:
        if named := contract_choice.contract_named_by_file(path, list(claiming.values())):
            return _pin_or_reason(contracts, named)
        return None, f"; its content cannot be read: {str(error).rstrip('.')}"
    contract, why = contract_choice.choose_without_person(
        file_sample, contract_choice.rank_contracts(file_sample, claiming.values()), path
    )
    if contract:
        return _pin_or_reason(contracts, contract)
    others = [one for name, one in contracts.all().items() if name not in claiming]
    fitting = [
        one.contract for one in contract_choice.rank_contracts(file_sample, others) if one.fits and not one.doubts
    ]
    if named := contract_choice.contract_named_by_file(path, fitting):
        return _pin_or_reason(contracts, named)
    names = " or ".join(one.name for one in fitting)
    return None, f"; it can be read with {names}, of which there is no file yet" if fitting else f"; {why}"


def _pin_or_reason(contracts: ContractRegistry, name: str) -> tuple[Contract | None, str]:
    """The contract, pinned; or None and the reason. What is in the inbox is received: it is held, not refused."""
    try:
        return contracts.pin(name), ""
    except Rejected as error:
        return None, f"; {str(error).rstrip('.')}"
