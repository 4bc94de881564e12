"""Which addresses a webhook may have: none that lead into the network of the server, unless a setting allows it."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from tillstream.model.errors import Rejected, Unavailable, reason_of
from tillstream.webhooks.networks import Address, is_never_allowed, is_private, parse_address

MAX_LETTERS = 1_000
PRIVATE = "is an address of a private network. To allow such addresses, set TILLSTREAM_WEBHOOK_PRIVATE=true."


@dataclass(frozen=True)
class Target:
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
    if len(url) > MAX_LETTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise Rejected(f"The address of a webhook has at most {MAX_LETTERS} letters, without spaces.")
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise Rejected("Enter the address of the webhook with https://, for example https://example.com/sales.")
    if parts.username or parts.password or parts.fragment:
        raise Rejected("The address of a webhook has no user name, password or part after #.")
    if parts.scheme == "http" and not private:
        raise Rejected("The address of a webhook begins with https://, because events contain customers and costs.")
    literal = _literal(parts.hostname)
    if literal:
        _check_address(parts.hostname, literal, private=private)


def _literal(host: str) -> Address | None:
    """The IP address that a host is, also in a form such as 127.1; None for a name."""
    with suppress(ValueError):
        return parse_address(host)
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def resolve(url: str, *, private: bool) -> Target:
    """Return where to send a request. Raises `Rejected` for an address that is not allowed, `Unavailable` without one.

    The name is resolved once and the connection made to the result, so that a second answer cannot lead elsewhere.
    """
    check_url(url, private=private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    answers = answers_for(host, port)
    for answer in answers:
        _check_address(host, parse_address(answer), private=private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, answers[0])


def answers_for(host: str, port: int) -> list[str]:
    """The IP addresses of a host, at least one. Raises `Unavailable`."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"The host {host} has no address: {reason_of(error)}.") from error
    return [str(answer[4][0]) for answer in answers]


def _check_address(host: str, address: Address, *, private: bool) -> None:
    if is_never_allowed(address):
        raise Rejected(f"{host} is an address that no webhook may have.")
    if is_private(address) and not private:
        raise Rejected(f"{host} {PRIVATE}")
