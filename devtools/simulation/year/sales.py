"""The sales of a day of a region as columns, and its files."""

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from devtools.simulation.company import HEADERS, Region

FIRST_DAY = date(2026, 1, 1)
LINES_OF_A_SALE = 8
"""Maximum, and the factor of a sale's number in a key."""
NUMBERS = 100_000
"""Numbers of sales of a store and day."""
ROW = np.dtype(
    {
        "names": ["store", "sale", "line", "product", "quantity", "cents", "version"],
        "formats": ["i4", "i4", "i1", "i2", "i2", "i4", "i2"],
    }
)
Rows = npt.NDArray[Any]
"""An array of ROW."""
KINDS: tuple[dict[str, Any], ...] = ({}, {"whole": "sale"}, {"whole": "store-day"}, {"versioned": True})
"""Contracts of the regions, in turn."""


@dataclass(frozen=True)
class Company:
    """stores: their number. lines: of a year of `days` days, about. tills: stores that send their sales themselves."""

    seed: int = 1
    regions: int = 12
    stores: int = 48
    lines: int = 200_000
    days: int = 365
    products: int = 40
    tills: int = 6

    def region(self, number: int) -> Region:
        """A region and its contract."""
        return Region(f"R{number + 1:02d}", numbered=True, **KINDS[number % len(KINDS)])

    def stores_of(self, region: int) -> npt.NDArray[np.int32]:
        """The stores of a region, without those of tills."""
        every = np.arange(region, self.stores, self.regions, dtype=np.int32)
        return every[~np.isin(every, list(self.till_stores()))]

    def till_stores(self) -> dict[int, int]:
        """Stores of tills → region. Only regions whose files have no versions have them."""
        region_of = {store: store % self.regions for store in range(self.stores)}
        own = [store for store, region in region_of.items() if region % len(KINDS) != len(KINDS) - 1]
        return {store: region_of[store] for store in own[-self.tills :]} if self.tills else {}


def day_of(number: int) -> date:
    """The date of a day of the year; 0 is the first."""
    return FIRST_DAY + timedelta(days=number)


def draw(company: Company, stores: npt.NDArray[np.int32], region: int, day: int) -> Rows:
    """The sales of a day in some stores. The same arguments have the same result."""
    random = np.random.default_rng([company.seed, region, day, len(stores)])
    lines = random.poisson(company.lines / company.days / company.stores, len(stores))
    lines[:1] = np.maximum(lines[:1], 1)  # no file is empty
    rows = np.zeros(int(lines.sum()), ROW)
    rows["store"] = np.repeat(stores, lines)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines)
    rows["sale"], rows["line"] = place // 3 + 1, place % 3 + 1
    rows["product"] = random.integers(0, company.products, len(rows))
    rows["quantity"] = random.integers(1, 5, len(rows))
    rows["cents"] = 100 + 10 * rows["product"] + day // 30
    rows["version"] = 1
    return rows


def changed(rows: Rows, random: np.random.Generator, version: int) -> Rows:
    """A corrected file: some lines have another quantity, and some are missing."""
    rows = rows[random.random(len(rows)) >= 0.01].copy()
    is_changed = random.random(len(rows)) < 0.03
    rows["quantity"][is_changed] = random.integers(5, 9, int(is_changed.sum()))
    rows["version"][is_changed] = version
    return rows


def keys(rows: Rows) -> npt.NDArray[np.int64]:
    """The key of each line within its region and day."""
    sales = rows["store"].astype(np.int64) * NUMBERS + rows["sale"]
    result: npt.NDArray[np.int64] = sales * LINES_OF_A_SALE + rows["line"]
    return result


def texts(prefix: str, numbers: npt.NDArray[Any]) -> pa.Array:
    """Codes, such as S12."""
    encoded = pa.array(numbers).dictionary_encode()
    names = pa.array([f"{prefix}{number}" for number in encoded.dictionary.to_pylist()], pa.string())
    return names.take(encoded.indices)


def sale_numbers(rows: Rows, day: int) -> pa.Array:
    """The number of the sale of each line: that of the day, then that in its store."""
    return pa.array(day * NUMBERS + rows["sale"].astype(np.int64)).cast(pa.string())


def prices(cents: npt.NDArray[Any]) -> pa.Array:
    """Decimals of hundredths."""
    return pa.array(cents.astype(np.int64)).cast(pa.decimal128(20, 0)).cast(pa.decimal128(22, 2))


def csv_of(region: Region, rows: Rows, day: int, faulty: int) -> bytes:
    """A file of a region. faulty: rows at the end whose quantity cannot be read."""
    columns: dict[str, pa.Array] = {
        "number": sale_numbers(rows, day),
        "line": pa.array(rows["line"]),
        "version": pa.array(rows["version"]),
        "day": pa.array([day_of(day).isoformat()] * len(rows)),
        "store": texts("S", rows["store"]),
        "product": texts("P", rows["product"]),
        "quantity": pa.array(rows["quantity"]).cast(pa.string()),
        "price": pa.array(_price_texts(rows["cents"])),
    }
    table = pa.table({HEADERS[name]: columns[name] for name in region.columns})
    out = io.BytesIO()
    pa_csv.write_csv(table, out, pa_csv.WriteOptions(quoting_style="none"))
    broken = [f"{day * NUMBERS + NUMBERS - 1 - n}" for n in range(faulty)]
    values = {"line": "1", "version": "1", "day": day_of(day).isoformat(), "store": "S0", "product": "P0", "price": "1"}
    for number in broken:
        cells = values | {"number": number, "quantity": "many"}
        out.write((",".join(cells[name] for name in region.columns) + "\n").encode())
    return out.getvalue()


def _price_texts(cents: npt.NDArray[Any]) -> list[str]:
    distinct, index = np.unique(cents, return_inverse=True)
    names = np.array([f"{value // 100}.{value % 100:02d}" for value in distinct.tolist()], object)
    return list(names[index])
