"""Costs and prices that start on a day: which one counts on a sale's day, and their ranges for the warehouse.

The most specific region counts, then the latest `valid_from` that is not after the day, then the latest `recorded_at`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

EVERYWHERE = "*"
"""Region of a row that counts where a region has none of its own."""


@dataclass(frozen=True)
class DatedAmount:
    """An amount of a region from a day on. `valid_from` None: from the beginning. `recorded_at`: ISO 8601 UTC text."""

    region: str
    currency: str
    amount: Decimal
    valid_from: date | None = None
    recorded_at: str = ""


@dataclass(frozen=True)
class AmountRange:
    """An amount that counts on the days from `valid_from` to before `valid_to`; None: no bound."""

    region: str
    currency: str
    amount: Decimal
    valid_from: date | None
    valid_to: date | None


class HasAmounts(Protocol):
    @property
    def costs(self) -> tuple[DatedAmount, ...]: ...

    @property
    def prices(self) -> tuple[DatedAmount, ...]: ...


def cost_on(product: HasAmounts, region: str, day: date) -> DatedAmount | None:
    """The unit cost that counts in the region on the day, in the currency of its row."""
    return amount_on(product.costs, region, day)


def price_on(product: HasAmounts, region: str, currency: str, day: date) -> Decimal | None:
    """The list price in a currency that counts in the region on the day."""
    row = amount_on((one for one in product.prices if one.currency == currency), region, day)
    return row.amount if row else None


def amount_on(rows: Iterable[DatedAmount], region: str, day: date) -> DatedAmount | None:
    """The row that counts in the region on the day. Of rows recorded at the same time, the later in order counts."""
    best: tuple[tuple[bool, date, str, int], DatedAmount] | None = None
    for index, row in enumerate(rows):
        start = row.valid_from or date.min
        if row.region not in {region, EVERYWHERE} or start > day:
            continue
        rank = (row.region != EVERYWHERE, start, row.recorded_at, index)
        if best is None or rank > best[0]:
            best = (rank, row)
    return best[1] if best else None


def cost_ranges(rows: Iterable[DatedAmount]) -> list[AmountRange]:
    """Disjoint ranges for each region: on each day, one cost counts, whatever its currency."""
    return list(_ranges(rows, by_currency=False))


def price_ranges(rows: Iterable[DatedAmount]) -> list[AmountRange]:
    """Disjoint ranges for each region and currency: a region may have price lists in several currencies."""
    return list(_ranges(rows, by_currency=True))


def _ranges(rows: Iterable[DatedAmount], *, by_currency: bool) -> Iterator[AmountRange]:
    listed = list(rows)
    groups = _starts(listed, by_currency=by_currency)
    for key in sorted(groups):
        starts = groups[key]
        ends = [*sorted(starts)[1:], None]
        for start, end in zip(sorted(starts), ends, strict=True):
            row = listed[starts[start]]
            yield AmountRange(row.region, row.currency, row.amount, row.valid_from, end)


def replaced(rows: Sequence[DatedAmount], *, by_currency: bool) -> set[int]:
    """Positions of the rows that count on no day, because a later one counts from their first day on."""
    groups = _starts(rows, by_currency=by_currency).values()
    return set(range(len(rows))) - {position for starts in groups for position in starts.values()}


def _starts(rows: Sequence[DatedAmount], *, by_currency: bool) -> dict[tuple[str, str], dict[date, int]]:
    """Region and currency → first day → position of the row that was recorded last."""
    groups: dict[tuple[str, str], dict[date, int]] = {}
    for position, row in enumerate(rows):
        starts = groups.setdefault((row.region, row.currency if by_currency else ""), {})
        start = row.valid_from or date.min
        if start not in starts or row.recorded_at >= rows[starts[start]].recorded_at:
            starts[start] = position
    return groups


def changes_nothing(rows: Iterable[DatedAmount], row: DatedAmount, *, by_currency: bool) -> bool:
    """Whether the amount that already counts from this day on in exactly this region is the same."""
    latest = of_same_day(rows, row, by_currency=by_currency)
    return latest is not None and (latest.amount, latest.currency) == (row.amount, row.currency)


def of_same_day(rows: Iterable[DatedAmount], row: DatedAmount, *, by_currency: bool) -> DatedAmount | None:
    """The one that counts of the rows with the region and first day of another row, and for prices its currency."""
    starts = [
        one
        for one in rows
        if one.region == row.region
        and (not by_currency or one.currency == row.currency)
        and one.valid_from == row.valid_from
    ]
    return max(enumerate(starts), key=lambda pair: (pair[1].recorded_at, pair[0]))[1] if starts else None
