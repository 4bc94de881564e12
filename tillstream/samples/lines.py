"""Sale lines as columns of whole numbers, before any region writes them as text."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from tillstream.samples.draw import Ints, Mask, share

COMPLETED, PENDING, CANCELLED, RETURNED = range(4)
STORE, ONLINE, PHONE = range(3)
CHANNELS = ("store", "online", "phone")


@dataclass(frozen=True)
class Lines:
    """One entry a line; amounts in hundredths, -1 for none. `sale` numbers the sales of one region and month from 0."""

    sale: Ints
    series: Ints
    """0: sales, 1: returns; each has its own run of numbers"""
    number: Ints
    line: Ints
    day: Ints
    minute: Ints
    store: Ints
    salesperson: Ints
    customer: Ints
    channel: Ints
    status: Ints
    product: Ints
    quantity: Ints
    price: Ints
    percent: Ints
    """Discount"""
    tax_rate: Ints
    """Hundredths of a percent"""
    original: Ints
    """The number of the sale that a return takes back"""
    revision: Ints
    fault: Ints
    """0, or which of `faults` spoils the line"""

    def __len__(self) -> int:
        return int(self.sale.size)

    @property
    def discount(self) -> Ints:
        return share(self.quantity * self.price, self.percent, 100)

    @property
    def net(self) -> Ints:
        return self.quantity * self.price - self.discount

    @property
    def tax(self) -> Ints:
        return share(self.net, self.tax_rate, 10_000)

    def take(self, which: Mask | Ints) -> Self:
        return replace(self, **{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def repeats(self) -> Mask:
        """Lines of sales in which a product stands more than once."""
        pair = self.sale * 1000 + self.product
        _, where, count = np.unique(pair, return_inverse=True, return_counts=True)
        twice = np.unique(self.sale[count[where] > 1])
        return np.isin(self.sale, twice)


def stacked(*parts: Lines) -> Lines:
    return Lines(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)))


def nothing() -> Lines:
    return Lines(*(np.zeros(0, dtype=np.int64) for _ in fields(Lines)))
