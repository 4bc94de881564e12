"""Which addresses the server may send requests to: none that lead into its own network, unless a setting allows it."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from tillstream.model.errors import Rejected, Unavailable, reason_of

NetworkAddress = IPv4Address | IPv6Address

_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("2002::/16"))
"""IPv6 networks whose addresses contain an IPv4 address, which can be private."""
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "168.63.129.16", "100.100.100.200")))
"""Addresses of cloud credentials that are not link-local, which 169.254.169.254 is."""

MAX_URL_LETTERS = 1_000
PRIVATE = "is an address of a private network. To allow such addresses, set TILLSTREAM_WEBHOOK_PRIVATE=true."


def parse_ip_address(text: str) -> NetworkAddress:
    """An IP address without its zone; an IPv4 address that is mapped to IPv6 as such. Raises `ValueError`."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_never_allowed(address: NetworkAddress) -> bool:
    """Whether no setting allows it: link-local, also of cloud credentials, multicast or unspecified."""
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def is_private(address: NetworkAddress) -> bool:
    """Whether it can lead into the network of the server."""
    return not address.is_global or any(address in network for network in _TRANSLATED)


@dataclass(frozen=True)
class RequestTarget:
    """Where a request goes. address: the IP address that was checked, to which the connection is made."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def check_url(url: str, *, private: bool) -> None:
    """Raise `Rejected` for a URL that no webhook may have. A name of a host is resolved with each request, not here."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Rejected(f"“{url[:200]}” has no valid port.") from error
    if len(url) > MAX_URL_LETTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise Rejected(f"The address of a webhook has at most {MAX_URL_LETTERS} letters, without spaces.")
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise Rejected("Enter the address of the webhook with https://, for example https://example.com/sales.")
    if parts.username or parts.password or parts.fragment:
        raise Rejected("The address of a webhook has no user name, password or part after #.")
    if parts.scheme == "http" and not private:
        raise Rejected("The address of a webhook begins with https://, because events contain customers and costs.")
    literal = _literal(parts.hostname)
    if literal:
        _check_address(parts.hostname, literal, private=private)


def _literal(host: str) -> NetworkAddress | None:
    """The IP address that a host is, also in a form such as 127.1; None for a name."""
    with suppress(ValueError):
        return parse_ip_address(host)
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def resolve_target(url: str, *, private: bool) -> RequestTarget:
    """Return where to send a request. Raises `Rejected` for an address that is not allowed, `Unavailable` without one.

    The name is resolved once and the connection made to the result, so that a second answer cannot lead elsewhere.
    """
    check_url(url, private=private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    answers = addresses_of_host(host, port)
    for answer in answers:
        _check_address(host, parse_ip_address(answer), private=private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return RequestTarget(parts.scheme, host, port, path, answers[0])


def addresses_of_host(host: str, port: int) -> list[str]:
    """The IP addresses of a host, at least one. Raises `Unavailable`."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"The host {host} has no address: {reason_of(error)}.") from error
    return [str(answer[4][0]) for answer in answers]


def _check_address(host: str, address: NetworkAddress, *, private: bool) -> None:
    if is_never_allowed(address):
        raise Rejected(f"{host} is an address that no webhook may have.")
    if is_private(address) and not private:
        raise Rejected(f"{host} {PRIVATE}")
