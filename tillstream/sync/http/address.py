"""The address of a head office."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from tillstream.delivery.outbound_addresses import RequestTarget, is_private, parse_address
from tillstream.model.errors import Rejected, Unavailable

MAX_LETTERS = 1_000
CheckHost = Callable[[str, int], str]
"""Host and port → the IP address to connect to. Raises `Rejected` for one that is not allowed, and `Unavailable`."""


def checked(url: str) -> str:
    """The address without a slash at its end. Raises `Rejected` if it is none of a portal."""
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not text.isascii() or not text.isprintable() or " " in text or len(text) > MAX_LETTERS:
        raise Rejected("Enter the address of the head office with https://, for example https://sales.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Rejected("The address of the head office has no user name, password, or part after ? or #.")
    return text


def allowed(url: str, check_host: CheckHost) -> str:
    """`checked`, if sales may leave this machine for the address: without encryption only for a private network.

    A name that cannot be looked up now is allowed: each sync checks it again. Raises `Rejected`.
    """
    to = checked(url)
    if is_unencrypted(to):
        with suppress(Unavailable):
            target(to, "", check_host)
    return to


def is_unencrypted(url: str) -> bool:
    return urlsplit(url).scheme == "http"


def target(url: str, path: str, check_host: CheckHost) -> RequestTarget:
    """Where to send a request. Raises `Rejected` for an address that is not allowed, `Unavailable` without one.

    Sales leave this machine without encryption only to an address of a private network.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = check_host(host, port)
    if is_unencrypted(url) and not is_private(parse_address(address)):
        raise Rejected(
            "Sales are only sent over https, because others could read them without encryption. "
            f"Enter the address of {host} with https://."
        )
    return RequestTarget(parts.scheme, host, port, parts.path + path, address)
