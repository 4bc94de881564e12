"""Taking dropped files in: the bytes are kept in the inbox, the record is made, then the file is put away.

The taking has a name that outlives every crash, and the object is named by it: what was kept before is not kept twice.
"""

import re
from collections.abc import Iterable
from typing import Any

from tillstream.batches import events, records
from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import Conflict, Rejected, Unavailable
from tillstream.domain.events import INBOX
from tillstream.ports import Ports
from tillstream.ports.drop import Drop, Dropped
from tillstream.workflows.intake import inbox_object, status_notes

COLLECTION = status_notes.COLLECTION
FOLDER = "drop"
"""Of the inbox, where what was dropped is kept."""
UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
LONGEST = 900
"""Bytes of a path that an object is named by; the end says what kind of file it is."""


class _StillWritten(Exception):
    """Somebody wrote to the file while it was read: nothing is kept of it."""


def take_in(ports: Ports, book: ContractBook, drop: Drop) -> tuple[list[Upload], list[str]]:
    """The uploads made of files that were whole, and why others could not be taken now; those come again."""
    taken, failed = [], []
    with drop.turn():
        for dropped in drop.claim():
            try:
                upload = _take(ports, book, drop, dropped)
            except (Rejected, Unavailable) as error:
                failed.append(f"{dropped.name} could not be taken: {error}")
                continue
            if upload:
                taken.append(upload)
        status_notes.tell(ports, drop)
    return taken, failed


def waits(drops: Iterable[Drop]) -> int:
    """Files that may still be being written."""
    return sum(drop.watched() for drop in drops)


def _take(ports: Ports, book: ContractBook, drop: Drop, dropped: Dropped) -> Upload | None:
    name = f"{FOLDER}/{dropped.claim}/{_speakable(dropped.name)}"
    try:
        _keep(ports, drop, dropped, name)
        kept_before = False
    except Conflict:
        kept_before = True
    except _StillWritten:
        drop.let_go(dropped)
        return None
    upload = inbox_object.record_of(ports, book, ports.objects.stat(INBOX, name))
    if kept_before and upload.state is State.RECEIVED:
        events.received(ports, upload)  # whoever kept it may have died before the object was heard of
    drop.put_away(dropped, _place(ports, drop, dropped, upload))
    return upload


def _keep(ports: Ports, drop: Drop, dropped: Dropped, name: str) -> None:
    with drop.open(dropped) as stream, ports.objects.writer(INBOX, name, if_generation=0) as writer:
        while chunk := stream.read(records.CHUNK):
            writer.write(chunk)
        if drop.changed(dropped):
            raise _StillWritten


def _place(ports: Ports, drop: Drop, dropped: Dropped, upload: Upload) -> str:
    """Where the file goes, written down first: a note is put there later."""
    if not drop.keeps:
        return ""
    known = ports.documents.get(COLLECTION, upload.batch_id)
    if known is None:
        data: dict[str, Any] = {"place": drop.place_for(dropped), "told": False, "said": ""}
        known = ports.documents.put(COLLECTION, upload.batch_id, data)
    place: str = known.data["place"]
    return place


def _speakable(name: str) -> str:
    """The path as an object may be named."""
    path = UNSPEAKABLE.sub("_", name)
    while len(path.encode()) > LONGEST:
        path = path[1:]
    return path.lstrip("/")
