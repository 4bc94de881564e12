"""Login throttling: exponential backoff for each sign-in name, whatever the client address."""

import hashlib
from typing import Any

from tillstream.domain.errors import Conflict, Rejected
from tillstream.ports import Ports

COLLECTION = "sign_in_tries"
FREE_TRIES = 5
LONGEST_WAIT = 300
MAX_DOCUMENTS = 10_000
"""Documents kept at most: anybody can try any number of unknown names, so the oldest are deleted."""


class TooManyTries(Rejected):
    """`seconds`: the time until the next try is checked."""

    def __init__(self, seconds: int) -> None:
        span = "a second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many tries for this name. Wait {span}, then try again.")
        self.seconds = seconds


def _id(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()[:32]


def _wait(tries: int) -> int:
    # Cap the exponent too, or a long attack would compute huge powers of 2.
    return 0 if tries < FREE_TRIES else min(LONGEST_WAIT, 2 ** min(tries - FREE_TRIES + 1, 10))


def count_try(ports: Ports, login: str) -> None:
    """Count a try before it is checked, so that concurrent tries all count. Raises `TooManyTries` while waiting."""
    for _ in range(20):
        document = ports.documents.get(COLLECTION, _id(login))
        now = ports.clock.now().timestamp()
        tries, last = (int(document.data["tries"]), float(document.data["at"])) if document else (0, 0.0)
        left = last + _wait(tries) - now
        if left > 0:
            raise TooManyTries(max(1, round(left)))
        if now - last > 86_400:
            tries = 0
        data: dict[str, Any] = {"tries": tries + 1, "at": int(now)}
        try:
            ports.documents.put(COLLECTION, _id(login), data, if_version=document.version if document else 0)
        except Conflict:
            continue
        if document is None:
            _delete_oldest(ports)
        return
    raise TooManyTries(1)


def reset(ports: Ports, login: str) -> None:
    """Reset the count after a successful try."""
    ports.documents.delete(COLLECTION, _id(login))


def _delete_oldest(ports: Ports) -> None:
    if ports.documents.count(COLLECTION) > MAX_DOCUMENTS:
        for document in ports.documents.find(COLLECTION, order_by="at", limit=MAX_DOCUMENTS // 10):
            ports.documents.delete(COLLECTION, document.id)
