"""Readiness: checks every dependency of the portal and reports those that are down.

Everybody may ask, so the answer is that of the last check (`last_check`). A personal token gets a new one: the smoke
test of a release must not see what was true before it.
"""

from collections.abc import Callable
from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import ports, signed_in
from portal.health.last_check import LastCheck
from tillstream.analytics import changes
from tillstream.domain.events import INBOX
from tillstream.ports import Ports

PARTS: dict[str, Callable[[Ports], Any]] = {
    "documents": lambda ports: ports.documents.get("portal", "session"),
    "warehouse": lambda ports: changes.last_settlement(ports.warehouse),
    "queues": lambda ports: ports.bus.subscriptions(),
    "files": lambda ports: next(iter(ports.objects.list(INBOX, "is-anything-there")), None),
}

LAST = "tillstream.last_check"


def check_parts() -> dict[str, str]:
    """part → `up` or `down`."""
    return {name: _state(name, check) for name, check in PARTS.items()}


def _state(name: str, check: Callable[[Ports], Any]) -> str:
    try:
        check(ports())
    except Exception:
        current_app.logger.exception("%s is down", name)
        return "down"
    return "up"


@allow(Open.EVERYBODY)
def ready() -> ResponseReturnValue:
    """200 while everything works, else 503; `parts` lists what is down."""
    last: LastCheck = current_app.extensions[LAST]
    checked = last(fresh=signed_in())
    status = "down" if checked.down else "ok"
    return jsonify({"status": status, "parts": dict(checked.parts)}), 503 if checked.down else 200
