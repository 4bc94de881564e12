"""Recorded calls of the ports, and the permissions that they require in a Google project."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from infra.access import permissions
from infra.access.entry_points import name_of
from infra.access.grants import Grant
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.connectors.access import SourceAccess
from tillstream.ports.bus import Delivery

PORTS = ("objects", "documents", "bus", "warehouse", "jobs", "functions", "secrets")
ON_GOOGLE = {("objects", "keeps_checksums"): True}
"""(port, attribute) → its value in the adapter of Google, where it decides what is called."""
Calls = set[tuple[str, str]]
"""`port.method`, and its bucket, collection, topic, subscription, table, job or function."""


class RecordedPort:
    """A port that records each call of it, made as of the port of a Google project."""

    def __init__(self, port: Any, name: str, calls: Calls) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, method: str) -> Any:
        called = ON_GOOGLE.get((self._name, method), getattr(self._port, method))
        if not callable(called):
            return called

        def recorded(*args: Any, **kwargs: Any) -> Any:
            if not args or args[0] != []:  # a call with no messages sends no request
                about = args[1] if method == "attach" else args[0] if args else ""
                self._calls.add((f"{self._name}.{method}", _about(about)))
            if method == "copy":
                self._calls.add(("objects.writer", args[2]))
            return called(*args, **kwargs)

        return recorded


def record_calls(app: App, calls: Calls) -> App:
    ports = {name: RecordedPort(port, name, calls) for name in PORTS if (port := getattr(app.ports, name, None))}
    return replace(app, ports=replace(app.ports, **ports))


def recorded_access(app: App, calls: Calls) -> SourceAccess:
    """What connectors may use, with recorded secrets."""
    access = source_access(app)
    return replace(access, secrets={kind: RecordedPort(one, "secrets", calls) for kind, one in access.secrets.items()})


def required_permissions(calls: Calls) -> set[permissions.Permission]:
    return {permission for call, where in calls for permission in permissions.required_permissions(call, where)}


def unneeded_grants(grants: Iterable[Grant], calls: Calls) -> list[Grant]:
    """The grants without which all the calls are still permitted."""
    grants = tuple(grants)
    wanted = required_permissions(calls) & set(permissions.granted_permissions(grants))
    return [
        one for one in grants if wanted <= set(permissions.granted_permissions(each for each in grants if each != one))
    ]


def names_of(calls: Calls) -> set[str]:
    """The calls as the table of entry points names them."""
    return {name_of(call, where) for call, where in calls}


def _about(argument: Any) -> str:
    """The name that a call is about; for pulled messages, their subscription."""
    if isinstance(argument, list | tuple) and argument and isinstance(argument[0], Delivery):
        return argument[0].subscription
    return argument if isinstance(argument, str) else ""
