"""Identify inbox objects by their folder and name, and create their batch records."""

import re

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model.batch import Batch, Hold, HoldCode
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.file_names import (
    CONNECT_FOLDER,
    CONNECTED_NAME,
    PACK_NAME,
    PACKS_FOLDER,
    RATES_FOLDER,
    RATES_NAME,
    RESTORED_NAME,
    SYNC_FOLDER,
    SYNCED_NAME,
    TIME_DIGITS,
    contract_from_folder,
    is_ignored_file,
)
from tillstream.model.uploads import ResumableUpload
from tillstream.pipeline.reading.file_signatures import NotATable
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records, batch_registration
from tillstream.workflows.corrections import submit
from tillstream.workflows.intake import micro_batch, resumable_upload, uploads
from tillstream.workflows.onboarding import proposals

DROPPED = re.compile(r"drop/[0-9]+/(.+)", re.DOTALL)
"""Objects from the watched folder: the claim id, then the path below the folder."""
RESERVED_FOLDERS = frozenset(
    {"drop", CONNECT_FOLDER, submit.FOLDER, resumable_upload.FOLDER, RATES_FOLDER, PACKS_FOLDER, SYNC_FOLDER}
    | {UNASSIGNED.name}
)
"""Inbox folders that only Tillstream writes to."""
LOADED = re.compile(rf"{uploads.FOLDER}/[0-9]{{{TIME_DIGITS}}}/(.+)", re.DOTALL)
NOT_NEW = {
    RESTORED_NAME: "was restored from a backup",
    SYNCED_NAME: "was sent by another home",
    RATES_NAME: "contains exchange rates",
    PACK_NAME: "contains store sales that were received before",
}
"""Names of objects that Tillstream wrote for what it received before → what they are."""
CORRECTION = re.compile(rf"{submit.FOLDER}/[0-9a-f]+/[0-9]+\.csv")


def record_of(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Return the record of an inbox object; create it if there is none.

    The contract is the one that a folder names, otherwise the one that fits the content. Without a contract the file is
    held. Raises `Rejected` for objects that are not new files: folder placeholders, temporary
    names, restored objects, exchange rates, packs.
    """
    return recorded(ports, stored) or create_record(ports, contracts, stored)


def recorded(ports: Ports, stored: StoredObject) -> Batch | None:
    """Return the record of an inbox object, or None. It is one query, which does not read the object."""
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    existing = ports.documents.find(batch_records.BATCHES, where, order_by="received_seq", limit=1)
    return Batch.from_json(existing[0].data) if existing else None


def not_new(stored: StoredObject) -> str:
    """What an object is that Tillstream wrote for what it received before; empty for another object."""
    return next((what for names, what in NOT_NEW.items() if names.fullmatch(stored.name)), "")


def create_record(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Create the record of an inbox object that has none; raises as `record_of`."""
    if what := not_new(stored):
        raise Rejected(f"{stored.name} {what} and is not a new file.")
    if micro_batch.is_name(stored.name):
        return micro_batch.register(ports, contracts, stored)
    if CORRECTION.fullmatch(stored.name):
        return submit.register(ports, stored)
    upload = resumable_upload.sent_as(ports, stored.name)
    if upload and upload.is_cancelled:
        raise Rejected(f"The upload of {upload.file} was cancelled.")
    if upload and (upload.proposed or upload.contract or upload.requested_region):
        return _register_sent(ports, contracts, stored, upload)
    connected = CONNECTED_NAME.fullmatch(stored.name)
    if connected:
        return _register(
            ports, contracts, stored, connected["path"], batch_records.connector_sender(connected["connector"])
        )
    if is_ignored_file(stored.name):
        raise Rejected(f"{stored.name} is skipped: its name is that of a temporary or hidden file.")
    dropped = DROPPED.fullmatch(stored.name)
    named = dropped or LOADED.fullmatch(stored.name)
    path = named[1] if named else stored.name
    return _register(
        ports, contracts, stored, path, batch_records.WATCHED_FOLDER if dropped else batch_records.UNKNOWN_SENDER
    )


def _register(ports: Ports, contracts: ContractRegistry, stored: StoredObject, path: str, by: str) -> Batch:
    """Create the record of a file. path: folders and name, of which one may name the contract."""
    file = path.rsplit("/", 1)[-1]
    try:
        contract, why = _contract_of(ports, contracts, stored, path)
    except NotATable as error:
        return batch_registration.register_batch(ports, None, stored, by, file=file, rejected=str(error))
    held = None if contract else Hold.of(HoldCode.UNKNOWN_CONTRACT, detail=why)
    return batch_registration.register_batch(ports, contract, stored, by, file=file, held=held)


def _register_sent(ports: Ports, contracts: ContractRegistry, stored: StoredObject, upload: ResumableUpload) -> Batch:
    if stored.size != upload.size:
        raise Rejected(f"{upload.file} should have {upload.size:,} bytes, but {stored.size:,} were received.")
    if upload.proposed:
        batch = proposals.register(ports, stored, upload, upload.proposed)
    elif upload.requested_region:
        from tillstream.workflows.onboarding import held_batch  # heavy, only needed here

        requested = Hold.of(HoldCode.REGION_REQUESTED, value=upload.by, detail=upload.requested_region)
        sha256 = upload.sha256 or batch_registration.digest_of_object(ports, stored)
        # first, as a record that exists is not registered again
        held_batch.keep(ports, batch_registration.batch_id_of(stored, sha256), upload.answers, upload.by)
        batch = batch_registration.register_batch(
            ports, None, stored, upload.by, sha256=sha256, file=upload.file, held=requested
        )
    else:
        contract, why = _pinned(contracts, upload.contract)
        held = None if contract else Hold.of(HoldCode.UNKNOWN_CONTRACT, detail=why)
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
        return _pinned(contracts, folder)
    from tillstream.pipeline.matching.match_contract import read_sample  # loaded only if the folder does not decide
    from tillstream.workflows.onboarding import sources

    claiming = contracts.claiming()
    try:
        file_sample = read_sample(lambda: ports.objects.open(stored.bucket, stored.name, stored.generation))
    except NotATable:
        raise
    except Rejected as error:
        if named := sources.named_contract(path, list(claiming.values())):
            return _pinned(contracts, named)
        return None, f"; its content cannot be read: {str(error).rstrip('.')}"
    contract, why = sources.without_person(file_sample, sources.fits(file_sample, claiming.values()), path)
    if contract:
        return _pinned(contracts, contract)
    others = [one for name, one in contracts.all().items() if name not in claiming]
    fitting = [one.contract for one in sources.fits(file_sample, others) if one.fits and not one.doubts]
    if named := sources.named_contract(path, fitting):
        return _pinned(contracts, named)
    names = " or ".join(one.name for one in fitting)
    return None, f"; it can be read with {names}, of which there is no file yet" if fitting else f"; {why}"


def _pinned(contracts: ContractRegistry, name: str) -> tuple[Contract | None, str]:
    """The contract, pinned; or None and the reason. What is in the inbox is received: it is held, not refused."""
    try:
        return contracts.pin(name), ""
    except Rejected as error:
        return None, f"; {str(error).rstrip('.')}"
