"""What Pub/Sub gave up, shown from the subscription of dead letters and sent again from it."""

import heapq
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from tillstream.adapters.google.pubsub.leases import Leases
from tillstream.adapters.google.pubsub.messages import dead_letter, sent_again
from tillstream.domain.errors import NotFound
from tillstream.domain.events import DEAD_LETTERS
from tillstream.ports.event_bus import DeadLetter, Message

PATIENCE = 1.0
"""Seconds without a message after which no more are looked for."""
MOST = 5_000
"""Looked at in one go."""


class DeadLetters:
    """Looking borrows each message and gives it back: whoever looks at the same moment may see fewer."""

    def __init__(self, leases: Leases, publish: Callable[[str, list[Message]], object]) -> None:
        self._leases = leases
        self._publish = publish
        self._looking = Lock()

    def newest(self, subscription: str | None, limit: int) -> list[DeadLetter]:
        topics = self._leases.topics()
        if subscription is not None and subscription not in topics:
            raise NotFound(f"There is no subscription {subscription}.")
        with self._looking:
            lent = self._lend(lambda _: False)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in lent], 0)
        letters = (dead_letter(one, topics) for one in lent)
        wanted = (one for one in letters if subscription in (None, one.subscription))
        return heapq.nlargest(limit, wanted, key=lambda letter: (letter.died_at, letter.id))

    def resend(self, ids: Iterable[str]) -> int:
        """Each is published before it is taken from the dead letters: between the two it is in both, never in none."""
        wanted = {one for one in ids if "/" in one}
        if not wanted:
            return 0
        topics = self._leases.topics()

        def chosen(lent: list[Any]) -> dict[str, DeadLetter]:
            letters = ((one.ack_id, dead_letter(one, topics)) for one in lent)
            return {lease: letter for lease, letter in letters if letter.id in wanted and letter.topic}

        with self._looking:
            lent = self._lend(lambda lent: len(chosen(lent)) == len(wanted))
            found = chosen(lent)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in lent if one.ack_id not in found], 0)
            for lease, letter in found.items():
                self._publish(letter.topic, [sent_again(letter)])
                self._leases.done(DEAD_LETTERS, [lease])
        return len(found)

    def _lend(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        lent: list[Any] = []
        while len(lent) < MOST and not enough(lent):
            more = self._leases.lend(DEAD_LETTERS, MOST - len(lent), PATIENCE)
            if not more:
                break
            lent += more
        return lent
