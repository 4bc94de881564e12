"""What the calls of a head office take and return, as JSON."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from tillstream.model.errors import Rejected
from tillstream.stock.stored_movements import RECORDED, StoredMovement, movement_from_data, movement_to_data
from tillstream.sync.entry import Entry, Parcel, Position, SentBatch
from tillstream.sync.office import Hello
from tillstream.sync.reference.entries import Change, Page, Reference, Saved
from tillstream.sync.reference.office import ReferenceState
from tillstream.sync.requests import Request

Json = Any


@contextmanager
def reading() -> Iterator[None]:
    """Raise `Rejected` for content that lacks a field or has one of another type."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Rejected(f"The content has another form than this call takes: {error}.") from error


def position_to_json(position: Position) -> Json:
    return asdict(position)


def position_from_json(data: Json) -> Position:
    return Position(int(data["epoch"]), int(data["number"]), str(data["hash"]))


def hello_to_json(hello: Hello) -> Json:
    return asdict(hello)


def hello_from_json(data: Json) -> Hello:
    base = position_from_json(data["base"])
    return Hello(int(data["epoch"]), int(data["head"]), base, bool(data["escaped"]))


def batches_to_json(batches: Iterable[SentBatch]) -> Json:
    """The form of a batch is that of an entry."""
    return Entry(0, tuple(batches)).to_json()["batches"]


def batches_from_json(data: Json) -> tuple[SentBatch, ...]:
    return Entry.from_json({"number": 0, "batches": data, "undone": []}).batches


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


def page_to_json(page: Page) -> Json:
    entries = [
        {"group": one.group, "key": one.key, "content": one.content, "version": one.version} for one in page.entries
    ]
    return {"entries": entries, "after": page.after, "versions": dict(page.versions)}


def page_from_json(data: Json) -> Page:
    versions = {str(name): int(version) for name, version in data["versions"].items()}
    return Page(tuple(map(_reference, data["entries"])), str(data["after"]), versions)


def changes_to_json(changes: Iterable[Change]) -> Json:
    return [
        {"group": one.entry.group, "key": one.entry.key, "content": one.entry.content, "expected": one.expected}
        for one in changes
    ]


def changes_from_json(data: Json) -> list[Change]:
    return [Change(_reference(one), str(one["expected"])) for one in data]


def saved_to_json(saved: Iterable[Saved]) -> Json:
    return [asdict(one) for one in saved]


def saved_from_json(data: Json) -> list[Saved]:
    return [Saved(int(one["version"]), str(one["why"])) for one in data]


def requests_to_json(requests: Iterable[Request]) -> Json:
    return [asdict(one) | {"state": one.state.value} for one in requests]


def requests_from_json(data: Json) -> list[Request]:
    requests = [Request.from_json(one) for one in data]
    if not all(isinstance(value, str | bool) for one in requests for value in asdict(one).values()):
        raise TypeError("a text of a request is none")
    return requests


def _reference(data: Json) -> Reference:
    content = None if data["content"] is None else dict(data["content"])
    return Reference(str(data["group"]), str(data["key"]), content, int(data.get("version", 0)))


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
    entries = tuple(Entry.from_json(entry) for entry in head["entries"])
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
