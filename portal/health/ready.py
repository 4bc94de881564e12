"""Readiness: checks every dependency of the portal and reports those that are down.

Everybody may ask, so the answer is that of the last check (`last_check`). A personal token gets a new one: the smoke
test of a release must not see what was true before it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import ports, signed_in, tillstream
from portal.health.last_check import LastCheck
from tillstream.analytics import changes
from tillstream.model.events import INBOX
from tillstream.ports import Ports
from tillstream.records import losses

PARTS: dict[str, Callable[[Ports], Any]] = {
    "documents": lambda ports: ports.documents.get("portal", "session"),
    "warehouse": lambda ports: changes.last_settlement(ports.warehouse),
    "queues": lambda ports: ports.bus.subscriptions(),
    "files": lambda ports: next(iter(ports.objects.list(INBOX, "is-anything-there")), None),
}

LAST = "tillstream.last_check"


def check_parts() -> dict[str, str]:
    """part → `up` or `down`. A file of the home that the last check found damaged is down, whatever answers."""
    home = tillstream().home
    broken = set(home.broken) if home else set()
    return {name: "down" if name in broken else _state(name, check) for name, check in PARTS.items()}


def count_losses(parts: Mapping[str, str]) -> int:
    """How many losses nobody has dealt with; 0 while their documents cannot be read."""
    return 0 if parts.get("documents") == "down" else len(losses.open_losses(ports()))


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
    last: LastCheck = current_app.extensions[LAST]
    checked = last(fresh=signed_in())
    status = "down" if checked.down else "attention" if checked.losses else "ok"
    content = {"status": status, "parts": dict(checked.parts), "losses": checked.losses}
    return jsonify(content), 503 if checked.down else 200
