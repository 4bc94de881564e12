"""The calls of a head office by name: what a request contains → what the office answers."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tillstream.sync.http import messages
from tillstream.sync.office import HeadOffice
from tillstream.sync.reference.entries import RATES_PAGE

Answer = Mapping[str, Any] | bytes
"""JSON, or bytes of an original."""


def hello(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        read = messages.hello_from_json(head)
    return {"position": messages.position_to_json(office.hello(read))}


def missing(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        batches = messages.batches_from_json(head["batches"])
    return {"missing": dict(office.missing(batches))}


def part(office: HeadOffice, head: Any, data: bytes) -> Answer:
    with messages.reading():
        sha256, offset = str(head["sha256"]), int(head["offset"])
    return {"received": office.add_part(sha256, offset, data)}


def entries(office: HeadOffice, head: Any, data: bytes) -> Answer:
    with messages.reading():
        parcel = messages.parcel_from_json(head, data)
    return {"position": messages.position_to_json(office.apply(parcel))}


def compare(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        digests = {str(day): str(digest) for day, digest in head["digests"].items()}
    return {"differing": list(office.compare(digests))}


def journal(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        after = int(head["after"])
    answer, _ = messages.parcel_to_json(office.entries(after))
    return dict(answer)


def original(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        batch, offset = str(head["batch_id"]), int(head["offset"])
    return office.read(batch, offset)


def compare_stock(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        digests = {str(day): str(digest) for day, digest in head["digests"].items()}
    return {"differing": list(office.compare_stock(digests))}


def stock(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        day, offset = date.fromisoformat(head["day"]).isoformat(), max(int(head["offset"]), 0)
    return {"movements": messages.stock_to_json(office.stock(day, offset))}


def add_stock(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        movements = messages.stock_from_json(head["movements"])
    return {"added": office.add_stock(movements)}


def reference_state(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        questions = int(head["questions"])
    return dict(messages.state_to_json(office.reference_state(questions)))


def compare_reference(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        digests = {str(group): str(digest) for group, digest in head["digests"].items()}
    return {"differing": list(office.compare_reference(digests))}


def reference(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        kind, groups, after = str(head["kind"]), [str(name) for name in head["groups"]], str(head["after"])
    return dict(messages.page_to_json(office.reference(kind, groups, after)))


def save_reference(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        saved = office.save_reference(messages.changes_from_json(head["changes"])[:RATES_PAGE])
    return {"saved": messages.saved_to_json(saved)}


def requests(office: HeadOffice, head: Any, _data: bytes) -> Answer:
    with messages.reading():
        answers = messages.requests_from_json(head["answers"])
    return {"requests": messages.requests_to_json(office.requests(answers))}


CALLS: dict[str, Callable[[HeadOffice, Any, bytes], Answer]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        *(hello, missing, part, entries, compare, journal, original, compare_stock, stock, add_stock),
        *(reference_state, compare_reference, reference, save_reference, requests),
    )
}
