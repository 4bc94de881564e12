"""Ingest the files of a watched folder, archive them, and write status notes for those that need attention.

Each file has a claim id that survives a crash. It is part of the object name, so that no file is stored twice.
"""

from collections.abc import Iterable

from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import inbox
from tillstream.model.batch import Batch, BatchState
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.model.events import INBOX
from tillstream.model.object_names import path_for_name
from tillstream.model.problems import CATALOGUE
from tillstream.ports import Ports
from tillstream.ports.files import DropFolder, DroppedFile
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records

DROPS_COLLECTION = "drops"
"""Documents by batch id. `place`: path of the file in the archive; `said`: text of its note; `told`: whether the state
is final, so that the note does not change any more."""
UNDER_WAY_STATES = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED})
NOT_FINAL_STATES = UNDER_WAY_STATES | {BatchState.HELD, BatchState.FAILED}

_DROPS = DROPS_COLLECTION
DROP_FOLDER = "drop"
"""Inbox folder of dropped files."""


def update_status_notes(ports: Ports, drop: DropFolder) -> None:
    """Write, update or remove the notes of files whose state has changed. Idempotent."""
    if not drop.keeps_archive:
        return
    for document in ports.documents.find(DROPS_COLLECTION, {"told": False}):
        state = batch_records.get_batch(ports, document.id).state
        if state in UNDER_WAY_STATES:
            continue
        text = status_note_text(receipts.batch_receipt(ports, document.id))
        is_final = state not in NOT_FINAL_STATES
        if text != document.data["said"]:
            drop.note(document.data["place"], text)
        if is_final or text != document.data["said"]:
            ports.documents.put(DROPS_COLLECTION, document.id, document.data | {"told": is_final, "said": text})


def status_note_text(receipt: Receipt) -> str:
    """Return the text of the note; empty if no action is needed."""
    lines = []
    if receipt["error"]:
        lines.append(receipt["error"])
    for hold in receipt["holds"] if receipt["status"] == BatchState.HELD else ():
        lines += [
            f"The file is held for review: {hold['message']}",
            CATALOGUE[hold["code"]].advice(receipt["batch_id"]),
        ]
    rejected = receipt["rows"]["quarantined"]
    if rejected:
        needs = "1 row needs" if rejected == 1 else f"{rejected:,} rows need"
        lines.append(
            f"{needs} fixing. See the receipt in the portal under Uploads, or run `tillstream "
            f"quarantine {receipt['batch_id']}`."
        )
    if not lines:
        return ""
    contract = f", read with the contract {receipt['contract']}" if receipt["contract"] else ""
    return "\n".join([f"{receipt['file']}: {receipt['status']}{contract}, batch {receipt['batch_id']}", "", *lines, ""])


class _StillWritten(Exception):
    """The file was modified while it was read; nothing of it is stored."""


def ingest_dropped_files(ports: Ports, contracts: ContractRegistry, drop: DropFolder) -> tuple[list[Batch], list[str]]:
    """Ingest the complete files. Return their batches, and a message for each file that failed.

    The next call tries failed files again.
    """
    taken, failed = [], []
    with drop.lock():
        for dropped in drop.claim():
            try:
                upload = _ingest_dropped(ports, contracts, drop, dropped)
            except (Rejected, Unavailable) as error:
                failed.append(f"{dropped.name} could not be ingested: {error}")
                continue
            if upload:
                taken.append(upload)
        update_status_notes(ports, drop)
    return taken, failed


def count_waiting_files(drops: Iterable[DropFolder]) -> int:
    """Return the number of files that were not ingested because they may be incomplete."""
    return sum(drop.incomplete_count() for drop in drops)


def _ingest_dropped(ports: Ports, contracts: ContractRegistry, drop: DropFolder, dropped: DroppedFile) -> Batch | None:
    name = f"{DROP_FOLDER}/{dropped.claim}/{path_for_name(dropped.name)}"
    try:
        _store_dropped(ports, drop, dropped, name)
        kept_before = False
    except Conflict:
        kept_before = True
    except _StillWritten:
        drop.release(dropped)
        return None
    upload = inbox.ensure_record(ports, contracts, ports.objects.stat(INBOX, name))
    if kept_before and upload.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, upload)  # the process that stored it may have died before its event
    drop.archive(dropped, _target_path(ports, drop, dropped, upload))
    return upload


def _store_dropped(ports: Ports, drop: DropFolder, dropped: DroppedFile, name: str) -> None:
    with drop.open(dropped) as stream, ports.objects.writer(INBOX, name, if_generation=0) as writer:
        while chunk := stream.read(batch_records.CHUNK_BYTES):
            writer.write(chunk)
        if drop.was_modified(dropped):
            raise _StillWritten


def _target_path(ports: Ports, drop: DropFolder, dropped: DroppedFile, upload: Batch) -> str:
    """Return the archive path of the file. It is stored before the file is archived: notes are written there later."""
    if not drop.keeps_archive:
        return ""
    document = ports.documents.get(_DROPS, upload.batch_id)
    if document is None:
        data: JsonObject = {"place": drop.archive_path(dropped), "told": False, "said": ""}
        document = ports.documents.put(_DROPS, upload.batch_id, data)
    place: str = document.data["place"]
    return place
