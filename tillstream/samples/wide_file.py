"""Benchmark files of any size, written in blocks; every row is valid under the contract `bench`."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tillstream.model.document_json import JsonObject
from tillstream.samples import master_data
from tillstream.samples.draws import RandomDraw, rounded_share
from tillstream.samples.file_cells import TextColumn, amount_texts, joined_cells, taken_words, whole_numbers
from tillstream.samples.master_data import customer_names

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

BENCH_CONTRACT: JsonObject = {
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


def write_wide_file(path: Path, rows: int, columns: int = 15, seed: int = 7, *, first_row: int = 0) -> None:
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
                writer.write_batch(pa.record_batch(_wide_cells(start, stop, seed, extra), schema=schema))


def _wide_cells(start: int, stop: int, seed: int, extra: list[str]) -> list[TextColumn]:
    row = np.arange(start, stop, dtype=np.int64)
    draw, n = RandomDraw(seed, start), row.size
    sale = row // _LINES_A_SALE
    # Values common to the lines of a sale derive from its number, as a block may begin within a sale.
    mixed = (sale * 2_654_435_761 + seed) % 4_294_967_296
    minute = 540 + mixed // 7 % 660
    product = draw.pick(master_data.product_likelihood(6), n)
    quantity = draw.below(9, n) + 1
    price = master_data.product_prices("USD", 0)[product]
    discount = rounded_share(quantity * price, draw.pick([8, 1, 1], n) * 5, 100)
    net = quantity * price - discount
    customer = mixed // 13 % _CUSTOMERS
    days = [f"{day.month}/{day.day}/{day.year}" for day in (_FIRST + timedelta(days=o) for o in range(_DAYS))]
    clock = [f"{m // 60}:{m % 60:02}" for m in range(24 * 60)]
    codes = [f"A{number:04}" for number in range(1000)]
    return [
        joined_cells("SO", whole_numbers(sale, 9)),
        whole_numbers(row % _LINES_A_SALE + 1),
        joined_cells(taken_words(days, mixed % _DAYS), taken_words(clock, minute), between=" "),
        taken_words([f"S{number:03}" for number in range(1, 51)], mixed // 17 % 50),
        whole_numbers(customer + 100_000),
        taken_words(customer_names("USA", np.arange(_CUSTOMERS, dtype=np.int64)), customer),
        taken_words(master_data.PRODUCT_CODES, product),
        taken_words([name.replace(",", "").replace('"', " in") for name in master_data.PRODUCT_NAMES], product),
        taken_words(list(master_data.PRODUCT_CATEGORIES), master_data.CATEGORY_OF_PRODUCT[product]),
        taken_words(["Shipped", "Pending", "Cancelled"], np.searchsorted([970, 980], mixed // 19 % 1000, side="right")),
        whole_numbers(quantity),
        amount_texts(price),
        amount_texts(discount),
        amount_texts(rounded_share(net, 725, 10_000)),
        amount_texts(net),
        *(taken_words(codes, draw.below(len(codes), n)) for _ in extra),
    ]
