"""The commands of the sync, for the test that each command has an entry in the audit log."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sync.sync_acts import HOME, open_question, requested, synced

from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import Rejected
from tillstream.people import signatures
from tillstream.sync import homes


def command(shop: Any, name: str, /, **options: Any) -> Any:
    return COMMANDS[name](shop.app, quiet, **options).data


def _sync(shop: Any) -> None:
    with pytest.raises(Rejected, match="private network"):
        command(shop, "sync", to="https://127.0.0.1:1")


def _decided(shop: Any) -> None:
    open_question(shop)
    command(shop, "sync-decide", keep="here")


def _home(shop: Any, *, held: str = "") -> str:
    key = signatures.new_key_pair()[1]
    command(shop, "sync-homes-add", name=HOME, key=key)
    homes.change_home(shop.app.ports, HOME, lambda home: replace(home, held=held, held_number=1))
    return HOME


SYNC_COMMANDS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "sync": ("sync.begun", _sync),
    "sync-init": ("sync.key-created", lambda s: command(s, "sync-init")),
    "sync-stop": ("sync.stopped", lambda s: command(s, "sync-stop")),
    "sync-decide": ("sync.decided", _decided),
    "sync-ask-undo": (
        "sync.undo-requested",
        lambda s: command(s, "sync-ask-undo", batch=synced(s), reason="Wrong day."),
    ),
    "sync-decline": ("sync.declined", lambda s: command(s, "sync-decline", batch=requested(s), reason="It is right.")),
    "sync-homes-add": ("sync.home-added", _home),
    "sync-homes-release": (
        "sync.home-released",
        lambda s: command(s, "sync-homes-release", name=_home(s, held="ahead")),
    ),
    "sync-homes-remove": ("sync.home-removed", lambda s: command(s, "sync-homes-remove", name=_home(s))),
}
"""Command → the entry in the audit log, and the act."""
