"""What is asked of the ports while something works, and what that needs in a Google project."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from infra import permissions
from infra.functions import Grant
from tillstream.app import App
from tillstream.ports.event_bus import Delivery

PORTS = ("objects", "documents", "bus", "warehouse")
Calls = set[tuple[str, str]]
"""`port.method`, and the bucket, collection, topic or subscription that it was about."""


class Watched:
    """A port, and a note of each call of it."""

    def __init__(self, port: Any, name: str, calls: Calls) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, method: str) -> Any:
        called = getattr(self._port, method)
        if not callable(called):
            return called

        def noted(*args: Any, **kwargs: Any) -> Any:
            if not args or args[0] != []:  # of no messages nobody is asked
                self._calls.add((f"{self._name}.{method}", _about(args[0] if args else "")))
            if method == "copy":
                self._calls.add(("objects.writer", args[2]))
            return called(*args, **kwargs)

        return noted


def watched(app: App, calls: Calls) -> App:
    ports = {name: Watched(getattr(app.ports, name), name, calls) for name in PORTS}
    return replace(app, ports=replace(app.ports, **ports))


def needed(calls: Calls) -> set[permissions.Permission]:
    return {found for call, where in calls for found in permissions.required_permissions(call, where)}


def unneeded(grants: Iterable[Grant], calls: Calls) -> list[Grant]:
    """Those without which all the calls may still be made."""
    grants = tuple(grants)
    wanted = needed(calls) & set(permissions.granted_permissions(grants))
    return [
        one for one in grants if wanted <= set(permissions.granted_permissions(each for each in grants if each != one))
    ]


def _about(given: Any) -> str:
    """Of messages that were pulled their subscription."""
    if isinstance(given, list | tuple) and given and isinstance(given[0], Delivery):
        return given[0].subscription
    return given if isinstance(given, str) else ""
