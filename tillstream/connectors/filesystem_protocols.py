"""The protocols of the connector for file systems, and the options that each has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tillstream.connectors.access import check_reference
from tillstream.model.errors import Rejected


@dataclass(frozen=True)
class Protocol:
    """What a scheme of the URL needs. options: those that may be set. credentials: options that are references only.

    port: the usual one of a server that the URL names; 0: the URL names a bucket or folder of a vendor.
    """

    library: str
    options: frozenset[str]
    credentials: frozenset[str]
    port: int = 0


GOOGLE = Protocol("gcsfs", frozenset({"project", "endpoint_url", "requester_pays"}), frozenset({"token"}))
AZURE = Protocol(
    "adlfs",
    frozenset({"account_name", "account_host", "client_id", "tenant_id", "anon"}),
    frozenset({"account_key", "sas_token", "connection_string", "client_secret"}),
)
HDFS_OPTIONS = frozenset({"user", "use_https", "kerberos", "proxy_to"})
PROTOCOLS = {
    "webhdfs": Protocol("requests", HDFS_OPTIONS, frozenset({"password", "token"}), port=9870),
    "ftp": Protocol("fsspec", frozenset({"username", "acct", "tls", "encoding"}), frozenset({"password"}), port=21),
    "gs": GOOGLE,
    "gcs": GOOGLE,
    "abfs": AZURE,
    "abfss": AZURE,
    "az": AZURE,
    "gdrive": Protocol("gdrive_fsspec", frozenset({"root_file_id", "drive"}), frozenset({"creds"})),
}
FORMS = {
    "account_name": re.compile(r"[a-z0-9-]{1,63}"),
    "account_host": re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[\w-]*)?"),
    "endpoint_url": re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?"),
}
"""Options of which the libraries make addresses, so that no other text can lead to another host than is checked."""
_ADDRESS = re.compile(r"https?://[^;,\s'\"{}]+", re.IGNORECASE)


def options_of(text: str, protocol: Protocol) -> dict[str, str]:
    """The options of lines, or separated by semicolons.

    Raises `Rejected` for an option that is not allowed, and for a credential that is no reference.
    """
    options = {}
    for line in filter(None, map(str.strip, re.split(r"[\n;]", text))):
        name, _, value = (part.strip() for part in line.partition("="))
        allowed = protocol.options | protocol.credentials
        if name not in allowed:
            raise Rejected(f"There is no option “{name[:50]}”. The options are: {', '.join(sorted(allowed))}.")
        if name in protocol.credentials:
            check_reference(value, name)
        if name in FORMS and not FORMS[name].fullmatch(value):
            raise Rejected(f"The option {name} cannot be “{value[:50]}”, because an address is made of it.")
        options[name] = value
    return options


def addresses_in(options: Mapping[str, Any]) -> Iterator[str]:
    """The URLs that options contain, also those within credentials."""
    for name, value in options.items():
        yield from _ADDRESS.findall(f"https://{value}" if name == "account_host" else str(value))
