"""Numbers in several formats: read where the row is certain, otherwise rejected with both readings."""

from decimal import Decimal

import pyarrow as pa
import pytest

from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.normalise import normalise

NUMBERS = {"decimal": ",", "thousands": ".", "alternatives": ["1,234.50"]}


def contract(**numbers: object) -> Contract:
    columns = {"sale_id": "No", "date": "Day", "quantity": "Qty", "unit_price": "Price", "net_amount": "Net"}
    return parse_contract(
        {"name": "T", "region": "R", "currency": "EUR", "identity": {"store": "S"}, "columns": columns,
         "numbers": NUMBERS | numbers}
    )  # fmt: skip


def read(*rows: tuple[str, str, str], **numbers: object) -> tuple[list[tuple[object, ...]], list[tuple[int, str, str]]]:
    """Quantity, price and total of each row, and (row, code, detail) of the issues."""
    cells = {"No": [str(number) for number in range(len(rows))], "Day": ["2026-03-01"] * len(rows)}
    cells |= dict(zip(("Qty", "Price", "Net"), map(list, zip(*rows, strict=True)), strict=True))
    table, issues = normalise(pa.table(cells), contract(**numbers))
    names = ("quantity", "unit_price", "net_amount")
    values = list(zip(*(table.column(name).to_pylist() for name in names), strict=True))
    details = [(one["index"], one["code"], one["detail"]) for one in issues.table().to_pylist()]
    return values, details


def decimals(*numbers: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))


def test_each_row_is_read_in_the_format_that_it_proves() -> None:
    values, problems = read(
        ("2", "1.024,50", "2.049,00"),
        ("2", "1,024.50", "2,049.00"),
        ("1.000", "0,50", "500"),
        ("1,000", "0.50", "500"),
        ("3", "4", "12"),
    )
    assert (values, problems) == (
        [
            decimals("2", "1024.5", "2049"),
            decimals("2", "1024.5", "2049"),
            decimals("1000", "0.5", "500"),
            decimals("1000", "0.5", "500"),
            decimals("3", "4", "12"),
        ],
        [],
    )


@pytest.mark.parametrize("row", [("2", "1.024", "2"), ("1.024", "2,50", "2.50")])
def test_a_number_that_the_row_does_not_prove_is_rejected_with_both_readings(row: tuple[str, str, str]) -> None:
    values, problems = read(row)
    assert [(code, detail) for _, code, detail in problems] == [("ambiguous-number", "1024 or 1.024")]
    assert None in values[0]


def test_an_empty_cell_and_a_word_are_as_in_one_format() -> None:
    values, problems = read(("", "2,50", "5.00"), ("two", "2,50", "5,00"))
    assert values[0][0] is None
    assert [(row, code) for row, code, _ in problems] == [(1, "not-a-number")]
    assert "1.234,50 or 1,234.50" in problems[0][2]


@pytest.mark.parametrize("wrong", ["1234", "1.234.50", "two", "1,234,50"])
def test_an_alternative_that_is_no_format_is_refused(wrong: str) -> None:
    with pytest.raises(Rejected, match=r"is not the number 1234\.5 in another format"):
        contract(alternatives=[wrong])
