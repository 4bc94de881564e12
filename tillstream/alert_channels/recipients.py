"""Recipients of an e-mail channel: addresses, and users, who get only the notices within their scope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tillstream.alert_channels.notices import Notice
from tillstream.mail.addresses import is_address
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.people import accounts
from tillstream.ports import Ports

MOST = 50


@dataclass(frozen=True)
class Recipient:
    """login: of the user who reads the address; empty: the address gets all notices."""

    address: str
    login: str = ""

    def __str__(self) -> str:
        return self.address if self.login in {"", self.address} else f"{self.login} {self.address}"


def parse(ports: Ports, text: str) -> tuple[Recipient, ...]:
    """Read one recipient per line: an address, or a sign-in name and an address. Raises `Rejected`.

    An address that is the sign-in name of a user belongs to that user.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST:
        raise Rejected(f"Enter the e-mail addresses of 1 to {MOST} recipients, one per line.")
    return tuple(dict.fromkeys(_recipient(ports, words) for words in lines))


def within_scope(
    ports: Ports, recipients: Sequence[Recipient], notices: Sequence[Notice]
) -> Iterator[tuple[str, list[Notice]]]:
    """Each address with the notices that its reader may see; addresses without any are left out."""
    for recipient in recipients:
        scope = _scope(ports, recipient.login) if recipient.login else UNRESTRICTED
        visible = [notice for notice in notices if scope and covers(scope, notice)]
        if visible:
            yield recipient.address, visible


def covers(scope: Scope, notice: Notice) -> bool:
    """Whether all that a notice is about is visible. A notice without a region is about several, or the pipeline."""
    if not notice.region:
        return scope.regions is None and scope.stores is None
    return scope.covers_region(notice.region) and scope.covers_stores(notice.stores or None)


def _recipient(ports: Ports, words: list[str]) -> Recipient:
    *logins, address = words
    if len(logins) > 1 or not is_address(address):
        raise Rejected(f"“{' '.join(words)}” is not an e-mail address, or a sign-in name and an e-mail address.")
    if logins and not _scope(ports, logins[0]):
        raise Rejected(f"There is no active user “{logins[0]}”.")
    login = logins[0] if logins else address
    return Recipient(address, login if _scope(ports, login) else "")


def _scope(ports: Ports, login: str) -> Scope | None:
    """The scope of a user; None for one that is stopped or missing."""
    try:
        user = accounts.get_user(ports, login)
    except NotFound:
        return None
    return None if user.disabled else user.scope
