"""Readiness: checks every dependency of the portal and reports those that are down."""

from collections.abc import Callable
from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import ports, tillstream
from tillstream import losses
from tillstream.analytics import changes
from tillstream.domain.events import INBOX
from tillstream.ports import Ports

PARTS: dict[str, Callable[[Ports], Any]] = {
    "documents": lambda ports: ports.documents.get("portal", "session"),
    "warehouse": lambda ports: changes.last_settlement(ports.warehouse),
    "queues": lambda ports: ports.bus.subscriptions(),
    "files": lambda ports: next(iter(ports.objects.list(INBOX, "is-anything-there")), None),
}


def check_parts() -> dict[str, str]:
    """part → `up` or `down`. A file of the home that the last check found damaged is down, whatever answers."""
    home = tillstream().home
    broken = set(home.broken) if home else set()
    return {name: "down" if name in broken else _state(name, check) for name, check in PARTS.items()}


def _state(name: str, check: Callable[[Ports], Any]) -> str:
    try:
        check(ports())
    except Exception:
        current_app.logger.exception("%s is down", name)
        return "down"
    return "up"


@allow(Open.EVERYBODY)
def ready() -> ResponseReturnValue:
    """200 while everything works, else 503; `parts` lists what is down.

    `losses` counts the losses that nobody has dealt with. They make the status `attention`, with 200: the portal works.
    """
    parts = check_parts()
    down = any(state == "down" for state in parts.values())
    lost = 0 if parts["documents"] == "down" else len(losses.open_losses(ports()))
    status = "down" if down else "attention" if lost else "ok"
    return jsonify({"status": status, "parts": parts, "losses": lost}), 503 if down else 200
