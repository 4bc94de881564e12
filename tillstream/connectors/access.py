"""What connectors may use besides their settings: credentials by reference, allowed addresses and allowed folders."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from tillstream.delivery.outbound_addresses import (
    NetworkAddress,
    addresses_of_host,
    is_never_allowed,
    is_private,
    parse_ip_address,
)
from tillstream.model.errors import Rejected
from tillstream.ports.machine import Clock, Secrets
from tillstream.ports.objects import ObjectStore

REFERENCE = re.compile(r"(?P<store>env|file|secret):(?P<name>[A-Za-z0-9._-]{1,200})")
"""A reference to a credential: env:VARIABLE, file:NAME or secret:NAME."""
HOW_TO_REFER = (
    "A credential is entered by reference: env:TILLSTREAM_SOURCE_… for a variable of the environment, file:… for a "
    "file in the folder of secrets, or secret:tillstream-source-… for Secret Manager. It is never entered itself."
)
HIDDEN = "•••"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SHORT = 4
"""Letters of a credential up to which it is not hidden in messages, because it would be part of other words."""


@dataclass(frozen=True)
class PrivateHosts:
    """The private hosts and networks that connectors may reach."""

    names: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "PrivateHosts":
        """Parse names of hosts, addresses and networks, separated by commas."""
        names, networks = [], []
        for entry in filter(None, (part.strip().casefold() for part in text.split(","))):
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                names.append(entry)
        return cls(frozenset(names), tuple(networks))

    def allow(self, host: str, address: NetworkAddress) -> bool:
        return host.casefold().rstrip(".") in self.names or any(address in network for network in self.networks)


def no_cloud_storage() -> ObjectStore:
    """Raises `Rejected`: the installation has no way to read buckets."""
    raise Rejected("Buckets of Cloud Storage cannot be read here.")


@dataclass(frozen=True)
class SourceAccess:
    """The `ConnectionAccess` of connectors. secrets: store of a reference → its secrets. folders: that connectors may
    read."""

    clock: Clock
    secrets: Mapping[str, Secrets]
    private: PrivateHosts = PrivateHosts()
    folders: tuple[Path, ...] = ()
    cloud_storage: Callable[[], ObjectStore] = no_cloud_storage
    _values: set[str] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def credential(self, reference: str) -> str:
        if not reference:
            return ""
        match = REFERENCE.fullmatch(reference)
        if not match:
            raise Rejected(HOW_TO_REFER)
        secrets = self.secrets.get(match["store"])
        if secrets is None:
            raise Rejected(f"Credentials in {match['store']}: are not available in this installation.")
        value = secrets.get(match["name"])
        if len(value) > _SHORT:
            with self._lock:
                self._values.add(value)
        return value

    def check_host(self, host: str, port: int) -> str:
        answers = addresses_of_host(host, port)
        for answer in answers:
            address = parse_ip_address(answer)
            if is_never_allowed(address):
                raise Rejected(f"{host} is an address that no connector may have.")
            if is_private(address) and not self.private.allow(host, address):
                raise Rejected(
                    f"{host} is an address of a private network. To allow it, add it to TILLSTREAM_CONNECT_PRIVATE."
                )
        return answers[0]

    def check_file(self, path: str) -> None:
        resolved = Path(path).resolve()
        if not any(resolved.is_relative_to(folder.resolve()) for folder in self.folders):
            raise Rejected(
                f"{path} is in no folder that connectors may read. To allow its folder, add it to "
                "TILLSTREAM_CONNECT_FOLDERS."
            )

    def redact(self, text: str) -> str:
        """A message without credentials that were read, which a library may have put into it, and without the control
        characters of a source, which a terminal would follow."""
        with self._lock:
            values = sorted(self._values, key=len, reverse=True)
        for value in values:
            text = text.replace(value, HIDDEN)
        return CONTROLS.sub("\ufffd", text)


def check_reference(value: str, label: str) -> None:
    """Raise `Rejected` unless a value refers to a credential. The value is in no message: it may be the credential."""
    if value and not REFERENCE.fullmatch(value):
        raise Rejected(f"{label}: {HOW_TO_REFER}")
