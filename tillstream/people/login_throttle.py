"""Brake: tries at one sign-in name wait longer and longer, wherever they come from."""

import hashlib
from typing import Any

from tillstream.domain.errors import Conflict, Rejected
from tillstream.ports import Ports

COLLECTION = "sign_in_tries"
FREE_TRIES = 5
LONGEST_WAIT = 300
KEPT = 10_000
"""Names that nobody has can be tried without end: the oldest are forgotten."""


class TooManyTries(Rejected):
    """`seconds` until the next try is looked at."""

    def __init__(self, seconds: int) -> None:
        span = "a second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many tries for this name. Wait {span}, then try again.")
        self.seconds = seconds


def _id(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()[:32]


def _wait(tries: int) -> int:
    # The exponent is capped too: 2 to the power of a long attack is a number nobody wants to hold.
    return 0 if tries < FREE_TRIES else min(LONGEST_WAIT, 2 ** min(tries - FREE_TRIES + 1, 10))


def count_try(ports: Ports, login: str) -> None:
    """Count a try before it is looked at, so that tries at the same moment all count; `TooManyTries` while waiting."""
    for _ in range(20):
        known = ports.documents.get(COLLECTION, _id(login))
        now = ports.clock.now().timestamp()
        tries, last = (int(known.data["tries"]), float(known.data["at"])) if known else (0, 0.0)
        left = last + _wait(tries) - now
        if left > 0:
            raise TooManyTries(max(1, round(left)))
        if now - last > 86_400:
            tries = 0
        data: dict[str, Any] = {"tries": tries + 1, "at": int(now)}
        try:
            ports.documents.put(COLLECTION, _id(login), data, if_version=known.version if known else 0)
        except Conflict:
            continue
        if known is None:
            _forget_oldest(ports)
        return
    raise TooManyTries(1)


def forget(ports: Ports, login: str) -> None:
    """A try that was right ends the count."""
    ports.documents.delete(COLLECTION, _id(login))


def _forget_oldest(ports: Ports) -> None:
    if ports.documents.count(COLLECTION) > KEPT:
        for document in ports.documents.find(COLLECTION, order_by="at", limit=KEPT // 10):
            ports.documents.delete(COLLECTION, document.id)
