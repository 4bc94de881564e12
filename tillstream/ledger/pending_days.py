"""Which days a settlement leaves pending in the sale index, because it has too many new sales to note them first."""

from collections import Counter
from collections.abc import Collection
from datetime import date

MOST_DAYS = 31
"""Pending days at a time. Each settlement reads the hashes of all sales of these days."""


def choose_pending(pairs: Collection[tuple[int, date]], most_pairs: int, pending: Collection[date]) -> set[date]:
    """The days to leave pending, so that at most `most_pairs` pairs are noted; more if the days do not suffice.

    pairs: new sales with their days. pending: the days that are pending already, of which any can be chosen.
    """
    chosen: set[date] = set()
    remaining = len(pairs)
    for day, count in sorted(Counter(day for _, day in pairs).items(), key=lambda each: (-each[1], each[0])):
        if remaining <= most_pairs:
            break
        if len(chosen | {*pending, day}) <= MOST_DAYS:
            chosen.add(day)
            remaining -= count
    return chosen
