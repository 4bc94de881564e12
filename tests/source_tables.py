"""Small source tables and contracts for the tests of normalise and validate."""

from datetime import date
from typing import Any

import pyarrow as pa

from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.validating.validate import validate

MAPPED = {"sale_id": "No", "date": "Date", "quantity": "Qty", "unit_price": "Price"}
ROW = {"No": "1", "Date": "2026-03-01", "Qty": "2", "Price": "5.00"}


def contract(columns: dict[str, str] | None = None, **changes: Any) -> Contract:
    """Region-wide numbers, dollars, ISO dates; `columns` are mapped besides the four of every row."""
    document = {"name": "T", "region": "R", "currency": "USD", "identity": {"ids": "region-wide"}} | changes
    return parse_contract(document | {"columns": MAPPED | (columns or {})})


def source_table(**columns: list[str]) -> pa.Table:
    """A table of these columns; the other columns have the same valid cell in every row."""
    length = len(next(iter(columns.values())))
    return pa.table({name: pa.array(values, pa.string()) for name, values in _filled(columns, length).items()})


def _filled(columns: dict[str, list[str]], length: int) -> dict[str, list[str]]:
    return {name: [value] * length for name, value in ROW.items()} | columns


def column(name: str, source: pa.Table, rules: Contract, **options: Any) -> list[Any]:
    return normalise(source, rules, **options)[0].column(name).to_pylist()


def issue_keys(issues: Issues) -> list[tuple[int, str, str | None]]:
    """(row, code, column) of each issue."""
    return [(row["index"], row["code"], row["column"]) for row in issues.table().to_pylist()]


def issues_of(source: pa.Table, rules: Contract, received: date = date(2026, 6, 1)) -> Issues:
    table, issues = normalise(source, rules)
    validate(table, rules, issues, received_date=received)
    return issues
