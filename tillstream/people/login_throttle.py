"""Login throttling: exponential backoff for each sign-in name, regardless of the client address."""

import hashlib

from tillstream.domain.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "sign_in_tries"
FREE_TRIES = 5
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


def _id(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()[:32]


def _wait(tries: int) -> int:
    # Cap the exponent too, or a long attack would compute huge powers of 2.
    return 0 if tries < FREE_TRIES else min(LONGEST_WAIT, 2 ** min(tries - FREE_TRIES + 1, 10))


def count_try(ports: Ports, login: str) -> None:
    """Count a try before it is checked, so that concurrent tries all count. Raises `TooManyTries` while waiting."""

    def counted(document: Document | None) -> Update:
        now = ports.clock.now().timestamp()
        tries, last = (int(document.data["tries"]), float(document.data["at"])) if document else (0, 0.0)
        left = last + _wait(tries) - now
        if left > 0:
            raise TooManyTries(max(1, round(left)))
        if now - last > 86_400:
            tries = 0
        return Update({"tries": tries + 1, "at": int(now)})

    try:
        count = update(ports.documents, COLLECTION, _id(login), counted, tries=MAX_WRITES)
    except Conflict as error:
        raise TooManyTries(1) from error
    if count.version == 1:
        _delete_oldest(ports)


def reset(ports: Ports, login: str) -> None:
    """Reset the count after a successful try."""
    ports.documents.delete(COLLECTION, _id(login))


def _delete_oldest(ports: Ports) -> None:
    if ports.documents.count(COLLECTION) > MAX_DOCUMENTS:
        for document in ports.documents.find(COLLECTION, order_by="at", limit=MAX_DOCUMENTS // 10):
            ports.documents.delete(COLLECTION, document.id)
