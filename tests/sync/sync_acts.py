"""What an administrator does on the page of the sync, for the tests of all pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tillstream.people import signatures
from tillstream.sync import homes

HOME = "berlin-1"
PAGE = "/pipeline/sync"


def added(shop: Any) -> str:
    key = signatures.new_key_pair()[1]
    assert shop.boss.post(f"{PAGE}/homes", {"name": HOME, "key": key}).status_code == 303
    return HOME


def _released(shop: Any) -> None:
    added(shop)
    homes.change(shop.app.ports, HOME, lambda home: replace(home, held="The clock was wrong.", held_number=3))
    shop.boss.post(f"{PAGE}/homes/{HOME}/release")


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
    "pipeline.release_home": ("sync.home-released", _released),
}
"""endpoint → the entry in the audit log, and the act."""
