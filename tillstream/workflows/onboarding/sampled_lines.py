"""The sale lines of some rows of a sampled file, as a contract reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

import pyarrow as pa

from tillstream.detection.sheet import Sheet
from tillstream.model.contract import Contract
from tillstream.pipeline.normalising.normalise import normalise

ROWS, SALES, DAYS = 2_000, 500, 10
"""Size of the sample."""
COLUMNS = ("sale_id", "store_id", "line_key", "product_id", "product_name", "category", "sale_date", "net_amount")
T = TypeVar("T")


@dataclass(frozen=True)
class SampledLine:
    row: int
    """Its position among the rows of the sample."""
    sale_id: str
    number: str
    """The sale ID without store and prefix."""
    store_id: str | None
    line: str
    """The line number or, without one, what the ledger numbers the line by."""
    product: str | None
    sale_date: date
    net_amount: Decimal


def sampled_lines(sheet: Sheet, contract: Contract) -> list[SampledLine]:
    """Read up to `ROWS` rows, and keep up to `SALES` sales of up to `DAYS` days, spread over the file."""
    lines = read_lines(sheet, contract)
    days = set(spread(sorted({line.sale_date for line in lines}), DAYS))
    lines = [line for line in lines if line.sale_date in days]
    sales = set(spread(list(dict.fromkeys(line.sale_id for line in lines)), SALES))
    return [line for line in lines if line.sale_id in sales]


def read_lines(sheet: Sheet, contract: Contract) -> list[SampledLine]:
    """Read up to `ROWS` rows, spread over the file; without those that are rejected."""
    rows = spread(range(sheet.rows), ROWS)
    cells = {name: pa.array([column.cells[row] for row in rows], pa.string()) for name, column in sheet.columns.items()}
    table, issues = normalise(pa.table(cells), contract)
    rejected = issues.rejected_mask(len(rows))
    values = zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True)
    lines = []
    for row, (sale_id, store_id, line_key, *product, sale_date, net_amount) in enumerate(values):
        if rejected[row] or sale_id is None or sale_date is None or net_amount is None:
            continue
        line = line_key or next((name for name in product if name), "-")
        number = bare_number(sale_id, store_id, (contract.identity.id_prefix,))
        lines.append(SampledLine(row, sale_id, number, store_id, line, product[0] or product[1], sale_date, net_amount))
    return lines


def bare_number(sale_id: str, store_id: str | None, prefixes: Sequence[str]) -> str:
    """The sale ID without its store and without one of the prefixes."""
    number = sale_id.removeprefix(f"{store_id}/") if store_id else sale_id
    return next((number.removeprefix(prefix) for prefix in prefixes if prefix and number.startswith(prefix)), number)


def spread(values: Sequence[T], most: int) -> list[T]:
    """At most so many of the values, evenly spread, with the first and the last."""
    if len(values) <= most:
        return list(values)
    return [values[round(number * (len(values) - 1) / (most - 1))] for number in range(most)]
