"""Ingest dropped files: store the bytes in the inbox, create the record, then archive the file.

Each file has a claim id that survives a crash. It is part of the object name, so that no file is stored twice.
"""

from collections.abc import Iterable
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.model.events import INBOX
from tillstream.model.file_names import path_for_name
from tillstream.ports import Ports
from tillstream.ports.files import DropFolder, DroppedFile
from tillstream.records import batch_records
from tillstream.workflows.intake import inbox_object, status_notes

COLLECTION = status_notes.COLLECTION
FOLDER = "drop"
"""Inbox folder of dropped files."""


class _StillWritten(Exception):
    """The file was modified while it was read; nothing of it is stored."""


def take_in(ports: Ports, contracts: ContractRegistry, drop: DropFolder) -> tuple[list[Batch], list[str]]:
    """Ingest the complete files. Return their batches, and a message for each file that failed.

    The next call tries failed files again.
    """
    taken, failed = [], []
    with drop.lock():
        for dropped in drop.claim():
            try:
                upload = _take(ports, contracts, drop, dropped)
            except (Rejected, Unavailable) as error:
                failed.append(f"{dropped.name} could not be ingested: {error}")
                continue
            if upload:
                taken.append(upload)
        status_notes.update_notes(ports, drop)
    return taken, failed


def waits(drops: Iterable[DropFolder]) -> int:
    """Return the number of files that were not ingested because they may be incomplete."""
    return sum(drop.incomplete_count() for drop in drops)


def _take(ports: Ports, contracts: ContractRegistry, drop: DropFolder, dropped: DroppedFile) -> Batch | None:
    name = f"{FOLDER}/{dropped.claim}/{path_for_name(dropped.name)}"
    try:
        _keep(ports, drop, dropped, name)
        kept_before = False
    except Conflict:
        kept_before = True
    except _StillWritten:
        drop.release(dropped)
        return None
    upload = inbox_object.record_of(ports, contracts, ports.objects.stat(INBOX, name))
    if kept_before and upload.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, upload)  # the process that stored it may have died before its event
    drop.archive(dropped, _target_path(ports, drop, dropped, upload))
    return upload


def _keep(ports: Ports, drop: DropFolder, dropped: DroppedFile, name: str) -> None:
    with drop.open(dropped) as stream, ports.objects.writer(INBOX, name, if_generation=0) as writer:
        while chunk := stream.read(batch_records.CHUNK_BYTES):
            writer.write(chunk)
        if drop.was_modified(dropped):
            raise _StillWritten


def _target_path(ports: Ports, drop: DropFolder, dropped: DroppedFile, upload: Batch) -> str:
    """Return the archive path of the file. It is stored before the file is archived: notes are written there later."""
    if not drop.keeps_archive:
        return ""
    document = ports.documents.get(COLLECTION, upload.batch_id)
    if document is None:
        data: dict[str, Any] = {"place": drop.archive_path(dropped), "told": False, "said": ""}
        document = ports.documents.put(COLLECTION, upload.batch_id, data)
    place: str = document.data["place"]
    return place
