"""What people do about the sync, for the tests of all pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tillstream.people import signatures
from tillstream.records import batch_records
from tillstream.sync import homes, reference_questions, undo_requests
from tillstream.sync.reference_questions import ReferenceQuestion

HOME = "berlin-1"
PAGE = "/pipeline/sync"


def added(shop: Any) -> str:
    """A home that sends what it has; of an earlier act too."""
    if shop.app.ports.documents.get(batch_records.SYNC_HOMES, HOME) is not None:
        return HOME
    key = signatures.new_key_pair()[1]
    assert shop.boss.post(f"{PAGE}/homes", {"name": HOME, "key": key}).status_code == 303
    return HOME


def _released(shop: Any) -> None:
    added(shop)
    homes.change_home(shop.app.ports, HOME, lambda home: replace(home, held="The clock was wrong.", held_number=3))
    shop.boss.post(f"{PAGE}/homes/{HOME}/release")


def _decided(shop: Any) -> None:
    open_question(shop)
    shop.boss.post(f"{PAGE}/questions", {"keep": "here"})


def open_question(shop: Any) -> ReferenceQuestion:
    """An open question about the name of a product."""
    here, there = ({"code": "P1", "name": name, "active": True} for name in ("Pen", "Pencil"))
    question = ReferenceQuestion("product:00", "P1", here, there, 1, "2026-06-01T00:00:00+00:00")
    reference_questions.replace_questions(shop.app.ports, [question])
    return question


def requested(shop: Any) -> str:
    """A batch that a head office has asked this home to undo."""
    batch: str = shop.upload()
    at = shop.app.ports.clock.now().isoformat()
    document = {"batch_id": batch, "home": "", "file": "IN.csv", "reason": "Wrong day.", "by": "chief", "at": at}
    shop.app.ports.documents.put(undo_requests.UNDO_REQUESTS.name, batch, {**document, "state": "open"})
    return batch


def synced(shop: Any) -> str:
    """A batch of another home."""
    batch: str = shop.upload()
    batch_records.repair_batch(shop.app.ports, batch, lambda record: replace(record, home=HOME))
    return batch


def _stopped(shop: Any) -> None:
    shop.boss.post(f"{PAGE}/address", {"to": "https://head-office.example.com"})
    shop.boss.post(f"{PAGE}/stop")


SYNC: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "pipeline.begin_sync": (
        "sync.begun",
        lambda s: s.boss.post(f"{PAGE}/address", {"to": "https://head-office.example.com"}),
    ),
    "pipeline.stop_sync": ("sync.stopped", _stopped),
    "pipeline.add_home": ("sync.home-added", added),
    "pipeline.remove_home": ("sync.home-removed", lambda s: s.boss.post(f"{PAGE}/homes/{added(s)}/remove")),
    "uploads.ask_home": (
        "sync.undo-requested",
        lambda s: s.boss.post(f"/uploads/{synced(s)}/ask-home", {"reason": "Wrong day."}),
    ),
    "pipeline.decline_request": (
        "sync.declined",
        lambda s: s.boss.post(f"{PAGE}/requests/{requested(s)}/decline", {"reason": "It is right."}),
    ),
    "pipeline.decide_sync": ("sync.decided", _decided),
    "pipeline.release_home": ("sync.home-released", _released),
}
"""endpoint → the entry in the audit log, and the act."""
