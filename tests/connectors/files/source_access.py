"""Access of sources in tests: credentials of a table, and addresses of this machine that are allowed or refused."""

import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors.source import Item, Kind, Source
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.ports.clock import Clock

PRIVATE = "is an address of a private network"


@dataclass
class TableAccess:
    """names: addresses of names of hosts, for servers of a test that have names."""

    credentials: dict[str, str] = field(default_factory=dict)
    is_private_allowed: bool = True
    names: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: ManualClock(datetime.now(UTC).replace(year=2040)))

    def credential(self, reference: str) -> str:
        if reference and reference not in self.credentials:
            raise Rejected(f"There is no credential {reference}.")
        return self.credentials.get(reference, "")

    def check_host(self, host: str, port: int) -> str:
        if host.endswith(".test") and host not in self.names:
            raise Unavailable(f"The host {host} has no address.")
        address = self.names.get(host) or str(socket.getaddrinfo(host, port, socket.AF_INET)[0][4][0])
        if not self.is_private_allowed:
            raise Rejected(f"{host} {PRIVATE}.")
        return address

    def check_file(self, path: str) -> None:
        """Every path."""


def open_source(kind: Kind, access: TableAccess, **values: str) -> Source:
    """A source of which the settings that are not among the values have their defaults."""
    return kind.open({setting.name: setting.default for setting in kind.settings} | values, access)


def contents(items: list[Item]) -> dict[str, bytes]:
    """The bytes of each file by its name."""
    result = {}
    for item in items:
        with item.open() as stream:
            result[item.file] = stream.read()
    return result
