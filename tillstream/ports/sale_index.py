"""SaleIndex: the business days that may contain a sale, by its hash. Only the warehouse of a cloud uses one.

There, a settlement reads only these days of the ledger. A local warehouse needs none: DuckDB reads the whole ledger.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Protocol

INCOMPLETE = (
    "The sale index does not have the days of all sales, and a settlement would count sales twice. Run `tillstream "
    "deploy index`, which reads them from the ledger."
)
"""Message of `check`."""


class SaleIndex(Protocol):
    """The days of each hash: a superset, as they are noted before the rows that they are for are committed.

    A hash is an integer of 63 bits, not negative. The port does not distinguish what was hashed: a sale, a batch id,
    the bytes of a file. Raises `Unavailable`; any call can be repeated. Durable on return. Safe in threads and
    processes.
    """

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        """The days noted for these hashes. A hash without days is absent from the result."""

    def check(self, settlement_no: int) -> None:
        """Raise `Unavailable` if the days of any of the settlements up to this one may be missing.

        A new index is complete up to 0; so is one that lost its content.
        """

    def note(self, pairs: Collection[tuple[int, date]], settlement_no: int) -> None:
        """Add days to hashes before this settlement is committed; noted days are never removed. Idempotent.

        After `Unavailable`, any part of the pairs can have been noted.
        """

    def invalidate(self) -> None:
        """From now on `check` raises, whatever is noted, until a rebuild has completed. Idempotent."""

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        """Replace the content: afterwards each of the pairs is noted, and no hash that is in none of them.

        The pairs are those of all settlements up to this one. The index is invalid until the end. Hashes are removed
        only after all pairs were noted, so a rebuild that was interrupted leaves a superset, which the next one
        completes. Run one rebuild at a time, and only while nothing is committed. A hash of the pairs may keep days
        noted earlier.
        """

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""
