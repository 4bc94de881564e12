"""Everything that the simulated company and its books know. A copy of it is what a backup brings back."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from devtools.simulation.entries import Difference
from devtools.simulation.year.day_books import DayBook
from devtools.simulation.year.goods import Goods
from devtools.simulation.year.sales import Company, Rows
from devtools.simulation.year.tills import Till

KEPT = 12
"""Days for which files can arrive, be corrected or undone; of older ones only sums are kept."""
Place = tuple[int, int]
"""Region and day."""
Units = npt.NDArray[np.int64]
"""Units by store and product."""


@dataclass
class Sent:
    """A file. faulty: rows that cannot be read."""

    place: Place
    rows: Rows
    faulty: int = 0


@dataclass
class World:
    """books: of each region and day. closed: number of lines of those that nothing changes any more.

    units: day → units sold by store and product, of closed books. settlement: the last one entered.
    """

    company: Company
    goods: Goods = field(default_factory=Goods)
    tills: list[Till] = field(default_factory=list)
    books: dict[Place, DayBook] = field(default_factory=dict)
    closed: dict[Place, int] = field(default_factory=dict)
    units: dict[int, Units] = field(default_factory=dict)
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
        """The lines that count, of a book that is not closed."""
        return self.book(place).current()

    def count(self, place: Place) -> int:
        """The number of lines that count."""
        return self.closed[place] if place in self.closed else len(self.lines(place))

    def close(self, day: int) -> None:
        """Keep only sums of days that nothing changes any more: a year of lines does not fit into memory."""
        for place in [place for place in self.books if place[1] < day - KEPT]:
            rows = self.books.pop(place).current()
            self.closed[place] = len(rows)
            self.units[place[1]] = self.units.get(place[1], 0) + units_of(self.company, rows)
            for name in [name for name, sent in self.sent.items() if sent.place == place]:
                del self.sent[name]

    def sold(self, first: int, last: int | None = None) -> Units:
        """Units sold from a day on, until another one."""
        days = range(first, self.company.days if last is None else last + 1)
        closed = [units for day, units in self.units.items() if day in days]
        open_books = [units_of(self.company, self.lines(place)) for place in self.books if place[1] in days]
        return sum([*closed, *open_books], np.zeros((self.company.stores, self.company.products), np.int64))


def units_of(company: Company, rows: Rows) -> Units:
    """The units of lines by store and product."""
    codes = rows["store"].astype(np.int64) * company.products + rows["product"]
    sums = np.bincount(codes, rows["quantity"], company.stores * company.products)
    return sums.astype(np.int64).reshape(company.stores, company.products)
