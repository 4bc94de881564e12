"""Units, rates and tax: what the numbers of a source count, exactly."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from source_tables import column, contract, issue_keys, issues_of, source_table

from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.amount_arithmetic import multiply_amounts
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.rows.text_columns import NUMERIC

GROSS = {"sale_id": "No", "date": "Date", "gross_amount": "Total"}


def gross(columns: dict[str, str] | None = None, **amounts: Any) -> Contract:
    """A source whose totals include tax."""
    document = {"name": "T", "region": "R", "currency": "EUR", "identity": {"ids": "region-wide"}}
    return parse_contract(document | {"columns": GROSS | (columns or {}), "amounts": {"include": "tax"} | amounts})


def test_prices_in_cents_are_read_as_money() -> None:
    rules = contract(amounts={"factors": {"unit_price": "0.01"}})
    table, issues = normalise(source_table(Price=["1299", "-5", "", "0.5"], Qty=["2", "1", "1", "1"]), rules)
    assert table.column("unit_price").to_pylist() == [Decimal("12.99"), Decimal("-0.05"), None, Decimal("0.005")]
    assert table.column("net_amount").to_pylist() == [Decimal("25.98"), Decimal("-0.05"), None, Decimal("0.005")]
    assert len(issues) == 0


def test_a_factor_that_makes_a_number_too_long_or_too_large_is_an_issue() -> None:
    rules = contract(amounts={"factors": {"unit_price": "0.001", "quantity": "1000"}})
    table, issues = normalise(source_table(Price=["1.2345675", "1"], Qty=["1", "9" * 28]), rules)
    assert table.column("unit_price").to_pylist() == [Decimal("0.001234568"), Decimal("0.001")]
    assert issue_keys(issues) == [(0, "rounded", "unit_price"), (1, "number-too-large", "quantity")]
    assert table.column("net_amount").to_pylist() == [Decimal("1.234568"), None]


@pytest.mark.parametrize("factor", ["0.01", "100", "-1", "1E+3", "12345678.123456789", "0.0000000001"])
def test_a_product_is_exact_and_rounded_half_away_from_zero(factor: str) -> None:
    values = [Decimal("0.000000005"), Decimal("-12.345678915"), Decimal("9" * 20), None]
    read = multiply_amounts(pa.array(values, NUMERIC), Decimal(factor))
    for value, product in zip(values, read.values.to_pylist(), strict=True):
        if value is None:
            assert product is None
            continue
        numerator, denominator = abs(Fraction(value) * Fraction(factor) * 10**9).as_integer_ratio()
        units = (2 * numerator + denominator) // (2 * denominator)
        assert abs(Fraction(product)) == Fraction(units, 10**9)
        assert not product or (product < 0) == ((value < 0) != (Decimal(factor) < 0))


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("rate", ["0.1", "10%", "10 %", "10％", ".1", "%10"]),
        ("percent", ["10", "10%", "10.00", "٪10", "+10", "10 ％"]),
    ],
)
def test_a_discount_in_per_cent_is_an_amount_of_the_line(kind: str, texts: list[str]) -> None:
    rules = contract({"discount": "Off"}, amounts={"discount": kind})
    table, issues = normalise(source_table(Off=[*texts, ""], Price=["9.99"] * 7), rules)
    assert table.column("discount").to_pylist() == [Decimal("1.998")] * 6 + [None]
    assert table.column("net_amount").to_pylist() == [Decimal("17.982")] * 6 + [Decimal("19.98")]
    assert len(issues) == 0


def test_a_discount_of_more_than_everything_is_refused_and_nothing_is_computed() -> None:
    rules = contract({"discount": "Off"}, amounts={"discount": "rate"})
    table, issues = normalise(source_table(Off=["10", "1", "-0.5", "1.01", "x", "9" * 28]), rules)
    assert issue_keys(issues) == [(row, "not-a-number", "discount") for row in (0, 3, 4, 5)]
    assert table.column("net_amount").to_pylist() == [None, 0, 15, None, None, None]


def test_a_percentage_without_its_base_is_an_issue() -> None:
    rules = contract({"discount": "Off", "net_amount": "Total"}, amounts={"discount": "percent"})
    table, issues = normalise(source_table(Off=["10", "", "10"], Qty=["", "", "2"], Total=["9", "9", "9"]), rules)
    assert table.column("discount").to_pylist() == [None, None, 1]
    assert issue_keys(issues) == [(0, "missing-expected", "quantity")]


def test_a_percentage_stays_no_amount_where_discounts_are_amounts() -> None:
    _, issues = normalise(source_table(Off=["5%"]), contract({"discount": "Off"}))
    assert issue_keys(issues) == [(0, "not-a-number", "discount")]


def test_the_net_amount_is_the_total_less_its_tax() -> None:
    rules = gross({"tax": "VAT"})
    table, issues = normalise(source_table(Total=["119.00", "-11.90", ""], VAT=["19.00", "-1.90", "1"]), rules)
    assert table.column("net_amount").to_pylist() == [100, -10, None]
    assert table.column("gross_amount").to_pylist() == [119, Decimal("-11.9"), None]
    assert len(issues) == 0


def test_the_tax_inside_a_total_is_worked_out_by_the_rate_and_both_parts_are_the_total() -> None:
    totals = ["119.00", "1.00", "-1.00", "0.01", "9" * 29]
    table, issues = normalise(source_table(Total=totals), gross(tax_rate="0.19"))
    net, tax = table.column("net_amount").to_pylist(), table.column("tax").to_pylist()
    assert (net[0], tax[0]) == (100, 19)
    assert (net[1], tax[1]) == (Decimal("0.840336134"), Decimal("0.159663866"))
    assert (net[2], tax[2]) == (-net[1], -tax[1])
    assert [int(a * 10**9) + int(b * 10**9) for a, b in zip(net[:4], tax[:4], strict=True)] == [
        int(Decimal(total) * 10**9) for total in totals[:4]
    ]
    assert len(issues) == 0


def test_prices_that_include_tax_make_the_total() -> None:
    columns = {"quantity": "Qty", "unit_price": "Price", "discount": "Off"}
    table, _ = normalise(
        source_table(Off=["2", ""], Total=["", "23.80"], Price=["11.90", "11.90"]), gross(columns, tax_rate="0.19")
    )
    assert table.column("gross_amount").to_pylist() == [Decimal("21.8"), Decimal("23.8")]
    assert table.column("net_amount").to_pylist() == [Decimal("18.319327731"), 20]


def test_a_total_with_tax_is_compared_with_prices_with_tax() -> None:
    columns = {"quantity": "Qty", "unit_price": "Price"}
    source = source_table(Total=["10.00", "11.90"])
    assert issue_keys(issues_of(source, gross(columns, tax_rate="0.19"))) == [
        (1, "line-total-mismatch", "gross_amount")
    ]


@pytest.mark.parametrize(
    ("kind", "rates"), [("percent", ["19", "7%", "0", "19"]), ("rate", ["0.19", "7%", "0", "0.19"])]
)
def test_the_tax_inside_a_total_is_computed_at_the_rate_of_its_row(kind: str, rates: list[str]) -> None:
    totals = ["119.00", "10.70", "5.00", "-11.90"]
    table, issues = normalise(source_table(Total=totals, VAT=rates), gross({"tax": "VAT"}, tax=kind))
    assert table.column("net_amount").to_pylist() == [100, 10, 5, -10]
    assert table.column("tax").to_pylist() == [19, Decimal("0.7"), 0, Decimal("-1.9")]
    assert len(issues) == 0


def test_a_rate_beside_a_net_total_adds_the_tax() -> None:
    rules = contract({"net_amount": "Total", "tax": "VAT"}, amounts={"tax": "percent"})
    table, _ = normalise(source_table(Total=["100", "10", "5"], VAT=["19", "7.5", ""]), rules)
    assert table.column("gross_amount").to_pylist() == [119, Decimal("10.75"), None]


def test_a_rate_that_is_none_computes_no_net_amount() -> None:
    source = source_table(Total=["9", "9", "9", "9"], VAT=["-100", "101", "x", ""])
    table, _ = normalise(source, gross({"tax": "VAT"}, tax="percent"))
    assert table.column("net_amount").to_pylist() == [None] * 4
    assert issue_keys(issues_of(source, gross({"tax": "VAT"}, tax="percent"))) == [
        *((row, "not-a-number", "tax") for row in (0, 1, 2)),
        (3, "missing-required", "tax"),
    ]


@pytest.mark.parametrize(
    ("total", "tax", "expected"),
    [
        ("", "1", [(0, "missing-required", "gross_amount")]),
        ("5", "", [(0, "missing-required", "tax")]),
        ("", "", [(0, "missing-required", "gross_amount"), (0, "missing-required", "tax")]),
        ("x", "1", [(0, "not-a-number", "gross_amount")]),
        ("5", "x", [(0, "not-a-number", "tax")]),
    ],
)
def test_a_missing_part_of_a_net_amount_is_an_issue(total: str, tax: str, expected: list[tuple[int, str, str]]) -> None:
    assert issue_keys(issues_of(source_table(Total=[total], VAT=[tax]), gross({"tax": "VAT"}))) == expected


@pytest.mark.parametrize(
    ("columns", "amounts", "message"),
    [
        ({}, {"factors": {"category": "2"}}, "can have a factor"),
        ({}, {"factors": {"tax": "2"}}, "tax is not mapped"),
        ({}, {"factors": {"quantity": "0"}}, "other than 0"),
        ({}, {"factors": {"quantity": "1E+30"}}, "at most 20 digits"),
        ({}, {"discount": "rate"}, "a rate requires columns.discount"),
        ({"discount": "Off"}, {"discount": "rate", "factors": {"discount": "2"}}, "factors are only for amounts"),
        ({}, {"tax": "percent"}, "a percent requires columns.tax"),
        ({"tax": "VAT"}, {"tax": "rate", "factors": {"tax": "2"}}, "use tax: percent or tax: rate"),
        ({}, {"tax_rate": "0.19"}, "only allowed if amounts include tax"),
        ({}, {"include": "tax"}, "exactly one of columns.tax and amounts.tax_rate"),
        ({"tax": "VAT"}, {"include": "tax", "tax_rate": "0.19"}, "exactly one of columns.tax"),
        ({"tax": "VAT", "net_amount": "Net"}, {"include": "tax"}, "the file's total as columns.gross_amount"),
        ({}, {"include": "tax", "tax_rate": "19"}, "less than or equal to 1"),
    ],
)
def test_rules_of_amounts_that_contradict_the_columns_are_refused(
    columns: dict[str, str], amounts: dict[str, Any], message: str
) -> None:
    with pytest.raises(Rejected, match=message):
        contract(columns, amounts=amounts)


def test_a_total_with_tax_needs_a_total() -> None:
    with pytest.raises(Rejected, match=r"gross_amount, or both columns\.quantity and columns\.unit_price"):
        parse_contract(
            {
                "name": "T",
                "region": "R",
                "currency": "EUR",
                "identity": {"ids": "region-wide"},
                "columns": {"sale_id": "No", "date": "Date"},
                "amounts": {"include": "tax", "tax_rate": "0.1"},
            }
        )


def test_numbers_without_a_rule_are_as_they_were() -> None:
    assert column("net_amount", source_table(Price=["5.00"]), contract()) == [10]
