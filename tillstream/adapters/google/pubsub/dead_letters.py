"""Dead letters of Pub/Sub: listed from their subscription, and resent from it."""

import heapq
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from tillstream.adapters.google.pubsub.leases import Leases
from tillstream.adapters.google.pubsub.messages import dead_letter, resent
from tillstream.domain.errors import NotFound
from tillstream.domain.events import DEAD_LETTERS
from tillstream.ports.event_bus import DeadLetter, Message

PULL_SECONDS = 1.0
"""Seconds without a message after which listing stops."""
MOST = 5_000
"""Maximum number of dead letters listed at once."""


class DeadLetters:
    """Listing leases each message and releases it: a concurrent listing may return fewer."""

    def __init__(self, leases: Leases, publish: Callable[[str, list[Message]], object]) -> None:
        self._leases = leases
        self._publish = publish
        self._lock = Lock()

    def newest(self, subscription: str | None, limit: int) -> list[DeadLetter]:
        topics = self._leases.topics()
        if subscription is not None and subscription not in topics:
            raise NotFound(f"There is no subscription {subscription}.")
        with self._lock:
            received = self._pull(lambda _: False)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in received], 0)
        letters = (dead_letter(one, topics) for one in received)
        selected = (one for one in letters if subscription in (None, one.subscription))
        return heapq.nlargest(limit, selected, key=lambda letter: (letter.died_at, letter.id))

    def resend(self, ids: Iterable[str]) -> int:
        """Publishes each message before it is acknowledged as a dead letter, so that none is ever lost."""
        wanted = {one for one in ids if "/" in one}
        if not wanted:
            return 0
        topics = self._leases.topics()

        def select(received: list[Any]) -> dict[str, DeadLetter]:
            letters = ((one.ack_id, dead_letter(one, topics)) for one in received)
            return {lease: letter for lease, letter in letters if letter.id in wanted and letter.topic}

        with self._lock:
            received = self._pull(lambda received: len(select(received)) == len(wanted))
            selected = select(received)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in received if one.ack_id not in selected], 0)
            for lease, letter in selected.items():
                self._publish(letter.topic, [resent(letter)])
                self._leases.acknowledge(DEAD_LETTERS, [lease])
        return len(selected)

    def _pull(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        received: list[Any] = []
        while len(received) < MOST and not enough(received):
            more = self._leases.pull(DEAD_LETTERS, MOST - len(received), PULL_SECONDS)
            if not more:
                break
            received += more
        return received
