"""The calls of a head office by name: what a request contains → what the office answers."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tillstream.sync.head_office import HeadOffice
from tillstream.sync.http import call_messages
from tillstream.sync.reference_entries import RATES_AT_ONCE

CallAnswer = Mapping[str, Any] | bytes
"""JSON, or bytes of an original."""


def hello(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        read = call_messages.hello_from_json(head)
    return {"position": call_messages.position_to_json(office.hello(read))}


def missing(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        batches = call_messages.batches_from_json(head["batches"])
    return {"missing": dict(office.missing(batches))}


def part(office: HeadOffice, head: Any, data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        sha256, offset = str(head["sha256"]), int(head["offset"])
    return {"received": office.add_part(sha256, offset, data)}


def entries(office: HeadOffice, head: Any, data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        parcel = call_messages.parcel_from_json(head, data)
    return {"position": call_messages.position_to_json(office.apply(parcel))}


def compare(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        digests = {str(day): str(digest) for day, digest in head["digests"].items()}
    return {"differing": list(office.compare(digests))}


def journal(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        after = int(head["after"])
    answer, _ = call_messages.parcel_to_json(office.entries(after))
    return dict(answer)


def original(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        batch, offset = str(head["batch_id"]), int(head["offset"])
    return office.read(batch, offset)


def compare_stock(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        digests = {str(day): str(digest) for day, digest in head["digests"].items()}
    return {"differing": list(office.compare_stock(digests))}


def stock(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        day, offset = date.fromisoformat(head["day"]).isoformat(), max(int(head["offset"]), 0)
    return {"movements": call_messages.stock_to_json(office.stock(day, offset))}


def add_stock(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        movements = call_messages.stock_from_json(head["movements"])
    return {"added": office.add_stock(movements)}


def reference_state(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        questions = int(head["questions"])
    return dict(call_messages.state_to_json(office.reference_state(questions)))


def compare_reference(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        digests = {str(group): str(digest) for group, digest in head["digests"].items()}
    return {"differing": list(office.compare_reference(digests))}


def reference(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        kind, groups, after = str(head["kind"]), [str(name) for name in head["groups"]], str(head["after"])
    return dict(call_messages.page_to_json(office.reference(kind, groups, after)))


def save_reference(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        saved = office.save_reference(call_messages.changes_from_json(head["changes"])[:RATES_AT_ONCE])
    return {"saved": call_messages.saved_to_json(saved)}


def requests(office: HeadOffice, head: Any, _data: bytes) -> CallAnswer:
    with call_messages.reading_content():
        answers = call_messages.requests_from_json(head["answers"])
    return {"requests": call_messages.requests_to_json(office.requests(answers))}


OFFICE_CALLS: dict[str, Callable[[HeadOffice, Any, bytes], CallAnswer]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        *(hello, missing, part, entries, compare, journal, original, compare_stock, stock, add_stock),
        *(reference_state, compare_reference, reference, save_reference, requests),
    )
}
