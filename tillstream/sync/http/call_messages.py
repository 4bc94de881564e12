"""Content of the calls of a head office: what they take and return as JSON, with bytes after it, compressed."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from tillstream.model import json_text
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import Rejected, TooLarge
from tillstream.stock.stored_movements import RECORDED, StoredMovement, movement_from_data, movement_to_data
from tillstream.sync.head_office import SyncHello
from tillstream.sync.journal import JournalEntry, JournalPosition, Parcel, SentBatch
from tillstream.sync.reference_entries import ReferenceChange, ReferenceEntry, ReferencePage, SavedChange
from tillstream.sync.reference_exchange import ReferenceState
from tillstream.sync.undo_requests import UndoRequest

MAX_COMPRESSED = 32 << 20
"""Maximum bytes of a request as it is sent."""
MAX_CONTENT = 64 << 20
"""Maximum bytes of its content."""
CONTENT_ENCODING = "gzip"
_LEVEL = 6

Json = Any


def pack_content(head: Any, data: bytes = b"") -> bytes:
    """Compress a JSON value and the bytes that follow it."""
    return gzip.compress(json.dumps(head, separators=(",", ":")).encode() + b"\n" + data, _LEVEL, mtime=0)


def unpack_content(packed: bytes) -> tuple[Any, bytes]:
    """The JSON value and the bytes of a request. Raises `Rejected`, and `TooLarge` without unpacking all of it."""
    line, _, data = decompress_content(packed).partition(b"\n")
    try:
        return json_text.decode_json(line), data
    except ValueError as error:
        raise Rejected("The content does not begin with a line of JSON.") from error


def decompress_content(packed: bytes) -> bytes:
    """Raises as `unpack`."""
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # the format of gzip
    try:
        content = unpacking.decompress(packed, MAX_CONTENT + 1)
    except zlib.error as error:
        raise Rejected("The content is not gzip data.") from error
    if len(content) > MAX_CONTENT:
        raise TooLarge(f"The content has more than {MAX_CONTENT >> 20} MB.")
    if not unpacking.eof:
        raise Rejected("The content is not complete gzip data. Send it again.")
    return content


@contextmanager
def reading_content() -> Iterator[None]:
    """Raise `Rejected` for content that lacks a field or has one of another type."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Rejected(f"The content has another form than this call takes: {error}.") from error


def position_to_json(position: JournalPosition) -> Json:
    return asdict(position)


def position_from_json(data: Json) -> JournalPosition:
    return JournalPosition(int(data["epoch"]), int(data["number"]), str(data["hash"]))


def hello_to_json(hello: SyncHello) -> Json:
    return asdict(hello)


def hello_from_json(data: Json) -> SyncHello:
    base = position_from_json(data["base"])
    return SyncHello(int(data["epoch"]), int(data["head"]), base, bool(data["escaped"]))


def batches_to_json(batches: Iterable[SentBatch]) -> Json:
    """The form of a batch is that of an entry."""
    return JournalEntry(0, tuple(batches)).to_json()["batches"]


def batches_from_json(data: Json) -> tuple[SentBatch, ...]:
    return JournalEntry.from_json({"number": 0, "batches": data, "undone": []}).batches


def stock_to_json(movements: Iterable[StoredMovement]) -> Json:
    """The form of a movement is that of its document, without how far the sender has mirrored it."""
    return [{name: value for name, value in movement_to_data(one).items() if name != "state"} for one in movements]


def stock_from_json(data: Json) -> list[StoredMovement]:
    """Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError`."""
    movements = [movement_from_data({**one, "state": RECORDED}) for one in data]
    texts = [text for one in movements for text in _texts_of(one)]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text of a movement is none")
    if any(one.recorded_at.tzinfo is None for one in movements):
        raise ValueError("a time without a zone")
    return movements


def _texts_of(stored: StoredMovement) -> list[Any]:
    movement = stored.movement
    names = ("movement_id", "region", "store_id", "reason", "reference", "other_store", "note")
    return [stored.by, *(getattr(movement, name) for name in names), *(line.product_id for line in movement.lines)]


def state_to_json(state: ReferenceState) -> Json:
    return {"token": state.token, "regions": list(state.regions)}


def state_from_json(data: Json) -> ReferenceState:
    return ReferenceState(str(data["token"]), tuple(map(str, data["regions"])))


def page_to_json(page: ReferencePage) -> Json:
    entries = [
        {"group": one.group, "key": one.key, "content": one.content, "version": one.version} for one in page.entries
    ]
    return {"entries": entries, "after": page.after, "versions": dict(page.versions)}


def page_from_json(data: Json) -> ReferencePage:
    versions = {str(name): int(version) for name, version in data["versions"].items()}
    return ReferencePage(tuple(map(_entry_from_json, data["entries"])), str(data["after"]), versions)


def changes_to_json(changes: Iterable[ReferenceChange]) -> Json:
    return [
        {"group": one.entry.group, "key": one.entry.key, "content": one.entry.content, "expected": one.expected}
        for one in changes
    ]


def changes_from_json(data: Json) -> list[ReferenceChange]:
    return [ReferenceChange(_entry_from_json(one), str(one["expected"])) for one in data]


def saved_to_json(saved: Iterable[SavedChange]) -> Json:
    return [asdict(one) for one in saved]


def saved_from_json(data: Json) -> list[SavedChange]:
    return [SavedChange(int(one["version"]), str(one["why"])) for one in data]


def requests_to_json(requests: Iterable[UndoRequest]) -> Json:
    return [to_json(one) for one in requests]


def requests_from_json(data: Json) -> list[UndoRequest]:
    requests = [from_json(UndoRequest, dict(one)) for one in data]
    if not all(isinstance(value, str | bool) for one in requests for value in asdict(one).values()):
        raise TypeError("a text of a request is none")
    return requests


def _entry_from_json(data: Json) -> ReferenceEntry:
    content = None if data["content"] is None else dict(data["content"])
    return ReferenceEntry(str(data["group"]), str(data["key"]), content, int(data.get("version", 0)))


def parcel_to_json(parcel: Parcel) -> tuple[Json, bytes]:
    """Its JSON, and its originals one after another in the order of `originals`."""
    head = {
        "after": position_to_json(parcel.after),
        "entries": [entry.to_json() for entry in parcel.entries],
        "contracts": dict(parcel.contracts),
        "originals": [{"sha256": sha256, "size": len(content)} for sha256, content in parcel.originals.items()],
    }
    return head, b"".join(parcel.originals.values())


def parcel_from_json(head: Json, data: bytes) -> Parcel:
    """Raises `ValueError` if the bytes of an original do not have its hash."""
    entries = tuple(JournalEntry.from_json(entry) for entry in head["entries"])
    contracts: Mapping[str, Mapping[str, Any]] = {str(name): dict(one) for name, one in head["contracts"].items()}
    originals: dict[str, bytes] = {}
    start = 0
    for original in head["originals"]:
        end = start + int(original["size"])
        content = data[start:end]
        if hashlib.sha256(content).hexdigest() != original["sha256"]:
            raise ValueError("the bytes of an original are not those of its SHA-256")
        originals[original["sha256"]], start = content, end
    return Parcel(position_from_json(head["after"]), entries, contracts, originals)
