"""Sale lines as integer columns, before they are formatted for a region."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from tillstream.samples.draw import Ints, Mask, share

COMPLETED, PENDING, CANCELLED, RETURNED = range(4)
STORE, ONLINE, PHONE = range(3)
CHANNELS = ("store", "online", "phone")


@dataclass(frozen=True)
class Lines:
    """One element per line; amounts in hundredths, -1: none. `sale` is the index of a sale in its region and month."""

    sale: Ints
    series: Ints
    """0: sales, 1: returns; each series is numbered separately"""
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
    """Discount in percent"""
    tax_rate: Ints
    """In hundredths of a percent"""
    original: Ints
    """Number of the returned sale"""
    revision: Ints
    fault: Ints
    """0, or a fault of the module `faults`"""

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

    def take(self, selection: Mask | Ints) -> Self:
        return replace(self, **{field.name: getattr(self, field.name)[selection] for field in fields(self)})

    def repeats(self) -> Mask:
        """Mask of the lines of sales with a repeated product."""
        pair = self.sale * 1000 + self.product
        _, where, count = np.unique(pair, return_inverse=True, return_counts=True)
        repeated = np.unique(self.sale[count[where] > 1])
        return np.isin(self.sale, repeated)


def concat(*parts: Lines) -> Lines:
    return Lines(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)))


def empty() -> Lines:
    return Lines(*(np.zeros(0, dtype=np.int64) for _ in fields(Lines)))
