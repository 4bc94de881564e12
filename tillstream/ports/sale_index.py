"""SaleIndex: the business days that may contain a sale, by its hash. Only the warehouse of a cloud uses one.

There, a settlement reads only these days of the ledger. A local warehouse needs none: DuckDB reads the whole ledger.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple, Protocol

INCOMPLETE = (
    "The sale index does not have the days of all sales, and a settlement would count sales twice. Run `tillstream "
    "deploy index`, which reads them from the ledger."
)
"""Message of `check`."""


class PendingDay(NamedTuple):
    """A business day with sales of one settlement that are not noted yet.

    Any sale of the ledger may also be on this day, so a settlement also searches the ledger's rows of the day.
    """

    day: date
    settlement_no: int
    """The settlement, if it is committed. An attempt that fails may leave a number that another settlement gets."""
    epoch: int
    """The epoch of the ledger on which the settlement is based. It can be committed only in this epoch."""


class SaleIndex(Protocol):
    """The days of each hash: a superset, as they are noted before the rows that they are for are committed.

    Only the sales of a large settlement are noted after it; their days are pending until then.

    A hash is an integer of 63 bits, not negative. The port does not distinguish what was hashed: a sale, a batch id,
    the bytes of a file. Raises `Unavailable`; any call can be repeated. Durable on return. Safe in threads and
    processes.
    """

    most_pairs: int
    """Pairs that a settlement notes. If it has more, it leaves days pending."""

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        """The days noted for these hashes. A hash without days is absent from the result."""

    def pending(self) -> Collection[PendingDay]:
        """The pending days. Call it before `days`: sales that are noted in between are then in both, not in neither."""

    def check(self, settlement_no: int) -> None:
        """Raise `Unavailable` if the days of any of the settlements up to this one may be missing.

        A new index is complete up to 0; so is one that lost its content.
        """

    def note(
        self, pairs: Collection[tuple[int, date]], settlement_no: int, pending: Collection[PendingDay] = ()
    ) -> None:
        """Add days to hashes before this settlement is committed; noted days are never removed. Idempotent.

        pending: the days of its other sales. After `Unavailable`, any part of the pairs can have been noted, and the
        days can be pending or not.
        """

    def note_pending(
        self, pending: Iterable[PendingDay], pairs: Callable[[PendingDay], Iterable[tuple[int, date]]]
    ) -> int:
        """Note the pairs of each of these days that are missing, and end its being pending; return their number.

        pairs: the sales of the settlement on the day. If it raises an exception, the pairs before are noted, and a
        repetition continues after them.
        """

    def invalidate(self) -> None:
        """From now on `check` raises, whatever is noted, until a rebuild has completed. Idempotent."""

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        """Replace the content: afterwards each of the pairs is noted, and no hash that is in none of them.

        The pairs are those of all settlements up to this one, so no day is pending any more. The index is invalid
        until the end. Hashes are removed
        only after all pairs were noted, so a rebuild that was interrupted leaves a superset, which the next one
        completes. Run one rebuild at a time, and only while nothing is committed. A hash of the pairs may keep days
        noted earlier.
        """

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""
