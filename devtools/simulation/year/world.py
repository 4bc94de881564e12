"""Everything that the simulated company and its books know. A copy of it is what a backup brings back."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from devtools.simulation.difference import Difference
from devtools.simulation.year.day_books import DayBook
from devtools.simulation.year.goods import Goods
from devtools.simulation.year.sales import Company, Rows
from devtools.simulation.year.tills import Till

KEPT = 12
"""Days for which files can arrive, be corrected or undone; of older ones only the lines are kept."""
Place = tuple[int, int]
"""Region and day."""


@dataclass
class Sent:
    """A file. faulty: rows that cannot be read."""

    place: Place
    rows: Rows
    faulty: int = 0


@dataclass
class World:
    """books: of each region and day. closed: lines of days that nothing changes. settlement: the last one entered."""

    company: Company
    goods: Goods = field(default_factory=Goods)
    tills: list[Till] = field(default_factory=list)
    books: dict[Place, DayBook] = field(default_factory=dict)
    closed: dict[Place, Rows] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    late: list[tuple[int, str]] = field(default_factory=list)
    """Day of arrival and name of files that are late."""
    batches: dict[str, str] = field(default_factory=dict)
    """Settled upload → name of its file."""
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    """Settled upload → its receipt."""
    undone: set[str] = field(default_factory=set)
    settlement: int = 0
    touched: set[Place] = field(default_factory=set)
    """Changed since the last check."""

    def book(self, place: Place) -> DayBook:
        """The book of a region and day."""
        if place not in self.books:
            self.books[place] = DayBook(self.company.region(place[0]))
        return self.books[place]

    def send(self, name: str, place: Place, rows: Rows, faulty: int = 0) -> None:
        """A file exists, and can be uploaded."""
        self.sent[name] = Sent(place, rows, faulty)
        book = self.book(place)
        book.files[name], book.faulty[name] = rows, faulty

    def follow(self, moved: pa.Table) -> None:
        """Enter rows of the query settlement-batches. Raises `Difference` for a file that nobody sent."""
        rows = [row for row in moved.to_pylist() if row["settlement_no"] > self.settlement]
        rows.sort(key=lambda row: (row["settlement_no"], not row["is_undone"], row["received_seq"]))
        for row in rows:
            if row["kind"] == "upload":
                self._enter(
                    row["batch_id"], row["file"].removesuffix(".csv"), row["received_seq"], is_undone=row["is_undone"]
                )
            self.settlement = row["settlement_no"]

    def _enter(self, batch: str, name: str, received: int, *, is_undone: bool) -> None:
        if name not in self.sent:
            raise Difference("files", f"upload {batch} has the file {name}, which was not sent")
        place = self.sent[name].place
        self.touched.add(place)
        if is_undone:
            self.book(place).undo(batch)
            self.undone.add(batch)
        elif batch in self.batches:
            raise Difference("batches", f"upload {batch} is settled twice")
        else:
            self.batches[batch] = name
            self.outcomes[batch] = self.book(place).settle(batch, name, received)

    def sell(self, place: Place, rows: Rows) -> None:
        """Sales that tills sent."""
        self.book(place).sell(rows)
        self.touched.add(place)

    def lines(self, place: Place) -> Rows:
        """The lines that count."""
        return self.closed[place] if place in self.closed else self.book(place).current()

    def close(self, day: int) -> None:
        """Keep only the lines of days that nothing changes any more."""
        for place in [place for place in self.books if place[1] < day - KEPT]:
            self.closed[place] = self.books.pop(place).current()
            for name in [name for name, sent in self.sent.items() if sent.place == place]:
                del self.sent[name]

    def sold_since(self, day: int) -> dict[tuple[int, int], int]:
        """(store, product) → units sold on that day and later."""
        units: dict[tuple[int, int], int] = defaultdict(int)
        for place in [*self.closed, *self.books]:
            if place[1] >= day:
                add_units(units, self.lines(place))
        return units


def add_units(units: dict[tuple[int, int], int], rows: Rows) -> None:
    """Add the units of lines by store and product."""
    codes = rows["store"].astype(np.int64) * 1000 + rows["product"]
    distinct, index = np.unique(codes, return_inverse=True)
    sums = np.bincount(index, rows["quantity"], len(distinct)).astype(np.int64)
    for code, each in zip(distinct.tolist(), sums.tolist(), strict=True):
        units[divmod(code, 1000)] += each
