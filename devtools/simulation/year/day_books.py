"""The books of one region and day, by columns: what counts of the files and till sales that were received for it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from devtools.simulation.company import Region
from devtools.simulation.year.sales import NUMBERS, ROW, Rows, keys

BIG = 1 << 20
"""More than the files of a day."""
FACTS = ("product", "quantity", "cents")


@dataclass
class Upload:
    """One upload of a file."""

    name: str
    is_undone: bool = False


@dataclass
class DayBook:
    """files: name → rows. places: name → position of its first upload among those of the day."""

    region: Region
    files: dict[str, Rows] = field(default_factory=dict)
    faulty: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    tills: Rows = field(default_factory=lambda: np.zeros(0, ROW))

    def settle(self, batch: str, name: str, received: int) -> Counter[str]:
        """An upload of a file is settled; returns its outcomes. received: microseconds.

        `either`: the rows that tills sent too, which are new or duplicates, whichever was settled first.
        """
        rows = self.files[name]
        self.received[name] = min(self.received.get(name, received), received)
        for place, each in enumerate(sorted(self.received, key=lambda one: self.received[one])):
            self.places[each] = place
        current, orders = self._current()
        self.uploads[batch] = Upload(name)
        where = np.searchsorted(current_keys := keys(current), own := keys(rows))
        where = np.minimum(where, max(len(current) - 1, 0))
        is_there = current_keys[where] == own if len(current) else np.zeros(len(rows), bool)
        is_new = ~is_there
        is_equal, is_later = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        if len(current):
            before = current[where]
            is_equal = np.logical_and.reduce([before[fact] == rows[fact] for fact in FACTS])
            is_later = self._orders(name) > orders[where]
        corrected = int((is_there & ~is_equal & is_later).sum())
        new = int(is_new.sum())
        counts = {"new": new, "corrected": corrected, "duplicate": len(rows) - new - corrected}
        either = int(np.isin(own, keys(self.tills)).sum())
        return Counter(counts | {"quarantined": self.faulty.get(name, 0), "either": either})

    def undo(self, batch: str) -> None:
        """An upload is undone."""
        self.uploads[batch].is_undone = True

    def sell(self, rows: Rows) -> None:
        """Sales of tills; a later version of a sale replaces all its lines."""
        rows = np.concatenate([self.tills, rows])
        _, sales = np.unique(_sales(rows), return_inverse=True)
        latest = np.zeros(sales.max(initial=-1) + 1, np.int64)
        np.maximum.at(latest, sales, rows["version"])
        rows = rows[rows["version"] == latest[sales]]
        self.tills = rows[np.unique(keys(rows), return_index=True)[1]]

    def _present(self) -> list[str]:
        return sorted({each.name for each in self.uploads.values() if not each.is_undone})

    def _orders(self, name: str) -> npt.NDArray[np.int64]:
        """The order of each row of a file: by position, or by version and then the first."""
        rows, place = self.files[name], self.places[name]
        if self.region.versioned:
            return rows["version"].astype(np.int64) * BIG - place
        return np.full(len(rows), place, np.int64)

    def _scopes(self, rows: Rows) -> npt.NDArray[np.int64]:
        """What a file states as a whole: a line, a sale, or a store's day."""
        if self.region.whole == "sale":
            return _sales(rows)
        return rows["store"].astype(np.int64) if self.region.whole else keys(rows)

    def _current(self) -> tuple[Rows, npt.NDArray[np.int64]]:
        names = self._present()
        rows = np.concatenate([np.zeros(0, ROW), *(self.files[name] for name in names)])
        orders = np.concatenate([np.zeros(0, np.int64), *(self._orders(name) for name in names)])
        _, scopes = np.unique(self._scopes(rows), return_inverse=True)
        greatest = np.full(scopes.max(initial=-1) + 1, -1, np.int64)
        np.maximum.at(greatest, scopes, orders)
        is_current = orders == greatest[scopes]
        rows, orders = rows[is_current], orders[is_current]
        is_extra = ~np.isin(keys(self.tills), keys(rows))
        rows = np.concatenate([rows, self.tills[is_extra]])
        orders = np.concatenate([orders, np.full(int(is_extra.sum()), -1, np.int64)])
        order = np.argsort(keys(rows), kind="stable")
        return rows[order], orders[order]

    def current(self) -> Rows:
        """The lines that count, by key."""
        return self._current()[0]


def _sales(rows: Rows) -> npt.NDArray[np.int64]:
    result: npt.NDArray[np.int64] = rows["store"].astype(np.int64) * NUMBERS + rows["sale"]
    return result
