"""Login throttling: exponential backoff for a sign-in name at an address, and a looser one for the name anywhere.

So tries of a stranger do not lock the owner out: at another address they do not count, and a device where the owner
has signed in before has a count of its own.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import ip_network

from tillstream.domain.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "sign_in_tries"
FREE_TRIES = 5
FREE_TRIES_ANYWHERE = 50
"""Tries at one name from all addresses together, against guesses from many addresses."""
LONGEST_WAIT = 300
MAX_DOCUMENTS = 10_000
"""Documents kept at most: anybody can try any number of unknown names, so the oldest are deleted."""
MAX_WRITES = 20
"""Attempts to write one count; concurrent tries beyond them wait."""


class TooManyTries(Rejected):
    """`seconds`: the time until the next try is checked."""

    def __init__(self, seconds: int) -> None:
        span = "a second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many sign-in attempts for this name. Wait {span} and try again.")
        self.seconds = seconds


@dataclass(frozen=True)
class Origin:
    """Where a try comes from. device: identifies a device on which the owner of the name has signed in, if known."""

    address: str = ""
    device: str = ""

    def counts(self, login: str) -> list[tuple[str, int]]:
        """The counts of a try at a name: their ids, and the tries without a wait."""
        if self.device:
            return [(_id(f"{login}\n{self.device}"), FREE_TRIES)]
        if self.address:
            return [(_id(f"{login}\n{_network(self.address)}"), FREE_TRIES), (_id(login), FREE_TRIES_ANYWHERE)]
        return [(_id(login), FREE_TRIES)]


NOWHERE = Origin()


def _network(address: str) -> str:
    """The address; of IPv6 the network, in which anybody has any number of addresses."""
    try:
        return str(ip_network(f"{address}/64" if ":" in address else address, strict=False))
    except ValueError:
        return address


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _wait(tries: int, free: int) -> int:
    # Cap the exponent too, or a long attack would compute huge powers of 2.
    return 0 if tries < free else min(LONGEST_WAIT, 2 ** min(tries - free + 1, 10))


def count_try(ports: Ports, login: str, origin: Origin = NOWHERE) -> None:
    """Count a try before it is checked, so that concurrent tries all count. Raises `TooManyTries` while waiting."""
    for key, free in origin.counts(login):
        _count(ports, key, free)


def _count(ports: Ports, key: str, free: int) -> None:

    def counted(document: Document | None) -> Update:
        now = ports.clock.now().timestamp()
        tries, last = (int(document.data["tries"]), float(document.data["at"])) if document else (0, 0.0)
        left = last + _wait(tries, free) - now
        if left > 0:
            raise TooManyTries(max(1, round(left)))
        if now - last > 86_400:
            tries = 0
        return Update({"tries": tries + 1, "at": int(now)})

    try:
        count = update(ports.documents, COLLECTION, key, counted, tries=MAX_WRITES)
    except Conflict as error:
        raise TooManyTries(1) from error
    if count.version == 1:
        _delete_oldest(ports)


def reset(ports: Ports, login: str, origin: Origin = NOWHERE) -> None:
    """Reset the counts after a successful try, or for a new password."""
    for key in {_id(login), *(key for key, _ in origin.counts(login))}:
        ports.documents.delete(COLLECTION, key)


def _delete_oldest(ports: Ports) -> None:
    if ports.documents.count(COLLECTION) > MAX_DOCUMENTS:
        for document in ports.documents.find(COLLECTION, order_by="at", limit=MAX_DOCUMENTS // 10):
            ports.documents.delete(COLLECTION, document.id)
