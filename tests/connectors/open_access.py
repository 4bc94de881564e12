"""An access of sources in tests to this machine, and what sources bring."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors.source import ConnectorKind, ConnectorSource, SourceItem
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import Clock
from tillstream.ports.objects import ObjectStore

PRIVATE = "is an address of a private network"
NOW = datetime(2040, 11, 26, 12, tzinfo=UTC)
LOCALHOST = "127.0.0.1"


@dataclass
class OpenAccess:
    """credentials: value by reference. refused: hosts that no connection may be made to. names: addresses of hosts;
    others are this machine, but a name that ends in .test has no other address. hosts: what was checked."""

    credentials: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    is_private_allowed: bool = True
    names: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: ManualClock(NOW))
    hosts: list[tuple[str, int]] = field(default_factory=list)

    @property
    def slept(self) -> float:
        """Seconds by which the source has moved the clock."""
        return (self.clock.now() - NOW).total_seconds()

    def credential(self, reference: str) -> str:
        if reference and reference not in self.credentials:
            raise Rejected(f"There is no credential {reference}.")
        return self.credentials.get(reference, "")

    def check_host(self, host: str, port: int) -> str:
        self.hosts.append((host, port))
        if host in self.refused or not self.is_private_allowed:
            raise Rejected(f"{host} {PRIVATE}.")
        if host.endswith(".test") and host not in self.names:
            raise Unavailable(f"The host {host} has no address.")
        return self.names.get(host, LOCALHOST)

    def cloud_storage(self) -> ObjectStore:
        raise Rejected("There is no Cloud Storage.")

    def check_file(self, path: str) -> None:
        if "/forbidden/" in path:
            raise Rejected(f"{path} is in no folder that connectors may read.")


def open_source(kind: ConnectorKind, access: OpenAccess, **values: str) -> ConnectorSource:
    """A source of which the settings that are not among the values have their defaults."""
    return kind.open({setting.name: setting.default for setting in kind.settings} | values, access)


def contents(items: list[SourceItem]) -> dict[str, bytes]:
    """The bytes of each file by its name."""
    result = {}
    for item in items:
        with item.open() as stream:
            result[item.file] = stream.read()
    return result
