"""Messages about sales of which another message was received recently.

A settlement of new sales is short. One that compares sales with those of the ledger takes several times as long,
however few they are, and as long again for each further message about one of its sales. So further messages about a
sale are held for a moment and form a micro-batch together, which has each sale once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tillstream.ports.bus import Delivery

HOLD = timedelta(seconds=5)
"""Time after which the next call takes the held messages, the first one of each sale."""
LONGEST_HOLD = timedelta(seconds=15)
"""Time after which the next call takes a message in any case: a part of its lease."""
MOST_HELD = 2_000
MOST_BYTES = 32 << 20
FEW = 20
"""Messages of a pull below which nothing stays held: further settlements delay nothing then."""
RECENT = 20_000
"""The last sales, of which a further message is recognized: some seconds of a thousand busy stores."""
Sale = tuple[str, str]
"""Region and sale; the sale is empty for an unreadable message."""


class RepeatedSales:
    """Holds repeated messages, which are not acknowledged meanwhile. For one thread.

    recent: at least the last so many sales are known.
    """

    def __init__(self, recent: int = RECENT) -> None:
        self._most = recent
        self._current: set[Sale] = set()
        self._before: set[Sale] = set()
        self._held: list[tuple[datetime, Sale, Delivery]] = []
        self._taken_at = datetime.min.replace(tzinfo=UTC)
        """When messages were taken, or held after there were none."""

    def patience(self, now: datetime, wait: float) -> float:
        """Seconds to wait for further messages, at most `wait`: until held ones are due."""
        if not self._held:
            return wait
        return min(wait, max((self._taken_at + HOLD - now).total_seconds(), 0))

    def hold_repeated(
        self, deliveries: Sequence[Delivery], now: datetime, sale_of: Callable[[Delivery], Sale]
    ) -> list[Delivery]:
        """Hold the messages about recent sales; return the others."""
        others = []
        for delivery in sorted(deliveries, key=lambda each: (each.sequence, each.id)):
            sale = sale_of(delivery)
            if sale[1] and (sale in self._current or sale in self._before):
                self._taken_at = self._taken_at if self._held else now
                self._held.append((now, sale, delivery))
            else:
                self._current.add(sale)
                others.append(delivery)
        if len(self._current) >= self._most:
            self._before, self._current = self._current, set()
        return others

    def take_due(self, now: datetime, pulled: int) -> list[Delivery]:
        """Take the held messages that are due: one for each sale after `HOLD`; all if they are many or old, or if only
        few messages were pulled."""
        if not self._held:
            return []
        if pulled < FEW or self._is_full() or now - self._held[0][0] >= LONGEST_HOLD:
            return self.take_all()
        if now - self._taken_at < HOLD:
            return []
        first = {sale: delivery for _, sale, delivery in reversed(self._held)}
        taken = [delivery for _, sale, delivery in self._held if first[sale] is delivery]
        self._held = [held for held in self._held if first[held[1]] is not held[2]]
        self._taken_at = now
        return taken

    def take_all(self) -> list[Delivery]:
        """Take every held message."""
        held, self._held = self._held, []
        return [delivery for _, _, delivery in held]

    def _is_full(self) -> bool:
        return len(self._held) >= MOST_HELD or sum(len(each.message.body) for *_, each in self._held) >= MOST_BYTES
