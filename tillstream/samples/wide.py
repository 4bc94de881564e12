"""Benchmark files of any size, written in blocks; every row is valid under the contract `bench`."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tillstream.samples import catalogue
from tillstream.samples.cells import Text, amounts, joined, take, whole
from tillstream.samples.draw import Draw, share
from tillstream.samples.people import names

_BLOCK = 1 << 18
_LINES_A_SALE = 3
_CUSTOMERS = 20_000
_FIRST, _DAYS = date(2023, 1, 1), 730

_COLUMNS = {
    "order_id": "sale_id",
    "line": "line_key",
    "ordered_at": "date",
    "store": "store_id",
    "customer_id": "customer_id",
    "customer": "customer_name",
    "sku": "product_id",
    "product": "product_name",
    "category": "category",
    "status": "status",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "discount": "discount",
    "tax": "tax",
    "net_amount": "net_amount",
}

CONTRACT: dict[str, Any] = {
    "name": "bench",
    "region": "Bench",
    "description": "Files of `wide_file`: plain comma-separated text in one time zone without faults.",
    "currency": "USD",
    "dates": {"formats": ["%m/%d/%Y %H:%M"], "time_zone": "America/New_York"},
    "columns": {column: header for header, column in _COLUMNS.items()},
    "identity": {"ids": "region-wide"},
    "status": {"words": {"Shipped": "completed", "Pending": "pending", "Cancelled": "cancelled"}, "default": None},
}
"""The contract `bench` as plain data, for `tillstream.model.contract.parse_contract`."""


def wide_file(path: Path, rows: int, columns: int = 15, seed: int = 7, *, first_row: int = 0) -> None:
    """Write `rows` lines of `columns` (at least 15) cells, about 130 bytes each. Deterministic.

    Columns after the fifteenth hold short codes, which the contract keeps in `extra`. With another `first_row` a file
    contains different sales. One block of rows is in memory at a time.
    """
    if columns < len(_COLUMNS):
        raise ValueError(f"a wide file has at least {len(_COLUMNS)} columns")
    extra = [f"attribute_{number}" for number in range(1, columns - len(_COLUMNS) + 1)]
    schema = pa.schema([(name, pa.string()) for name in (*_COLUMNS, *extra)])
    plain = csv.WriteOptions(include_header=False, quoting_style="none", batch_size=_BLOCK)
    with path.open("wb") as out:
        out.write((",".join(schema.names) + "\n").encode())
        with csv.CSVWriter(out, schema, write_options=plain) as writer:
            for start in range(first_row, first_row + rows, _BLOCK):
                stop = min(start + _BLOCK, first_row + rows)
                writer.write_batch(pa.record_batch(_cells(start, stop, seed, extra), schema=schema))


def _cells(start: int, stop: int, seed: int, extra: list[str]) -> list[Text]:
    row = np.arange(start, stop, dtype=np.int64)
    draw, n = Draw(seed, start), row.size
    sale = row // _LINES_A_SALE
    # Values common to the lines of a sale derive from its number, as a block may begin within a sale.
    mixed = (sale * 2_654_435_761 + seed) % 4_294_967_296
    minute = 540 + mixed // 7 % 660
    product = draw.pick(catalogue.likelihood(6), n)
    quantity = draw.below(9, n) + 1
    price = catalogue.prices("USD", 0)[product]
    discount = share(quantity * price, draw.pick([8, 1, 1], n) * 5, 100)
    net = quantity * price - discount
    customer = mixed // 13 % _CUSTOMERS
    days = [f"{day.month}/{day.day}/{day.year}" for day in (_FIRST + timedelta(days=o) for o in range(_DAYS))]
    clock = [f"{m // 60}:{m % 60:02}" for m in range(24 * 60)]
    codes = [f"A{number:04}" for number in range(1000)]
    return [
        joined("SO", whole(sale, 9)),
        whole(row % _LINES_A_SALE + 1),
        joined(take(days, mixed % _DAYS), take(clock, minute), between=" "),
        take([f"S{number:03}" for number in range(1, 51)], mixed // 17 % 50),
        whole(customer + 100_000),
        take(names("USA", np.arange(_CUSTOMERS, dtype=np.int64)), customer),
        take(catalogue.CODES, product),
        take([name.replace(",", "").replace('"', " in") for name in catalogue.NAMES], product),
        take(list(catalogue.CATEGORIES), catalogue.CATEGORY[product]),
        take(["Shipped", "Pending", "Cancelled"], np.searchsorted([970, 980], mixed // 19 % 1000, side="right")),
        whole(quantity),
        amounts(price),
        amounts(discount),
        amounts(share(net, 725, 10_000)),
        amounts(net),
        *(take(codes, draw.below(len(codes), n)) for _ in extra),
    ]
