"""The rules of a sale line: each finds its rows, names itself by its code, and leaves the others alone."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandera.errors
import pyarrow as pa
import pyarrow.csv
import pytest
from source_tables import contract, issue_keys, issues_of, source_table

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.columns import STATUSES
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.sale_time import all_times_midnight
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.validating.validate import validate


def issue_rows(issues: Issues) -> list[dict[str, Any]]:
    return issues.table().to_pylist()


def test_good_rows_have_no_finds() -> None:
    assert issue_keys(issues_of(source_table(No=["1", "2", "3"]), contract())) == []


def test_a_missing_required_value_is_an_issue_of_the_column_to_fill() -> None:
    source = source_table(
        No=["", "2", "3", "4", "5"],
        Date=["2026-01-01", "", "2026-01-01", "2026-01-01", "2026-01-01"],
        Qty=["1", "1", "", "1", ""],
        Price=["1", "1", "1", "", ""],
    )
    assert issue_keys(issues_of(source, contract())) == [
        (0, "missing-required", "sale_id"),
        (1, "missing-required", "sale_date"),
        (2, "missing-required", "quantity"),
        (3, "missing-required", "unit_price"),
        (4, "missing-required", "quantity"),
        (4, "missing-required", "unit_price"),
    ]


def test_a_required_net_amount_is_an_issue_of_its_own_column() -> None:
    rules = contract({"net_amount": "Net"})
    source = source_table(Net=["1", "", ""], Qty=["1", "", "1"], Price=["1", "1", "1"])
    assert issue_keys(issues_of(source, rules)) == [(1, "missing-required", "net_amount")]


def test_a_currency_and_a_status_and_a_line_number_are_required_where_they_are_mapped() -> None:
    words = {"words": {"Done": "completed"}, "default": None}
    rules = contract({"currency": "Cur", "status": "State", "line_key": "Line"}, status=words)
    source = source_table(Cur=["USD", "", "USD", "USD"], State=["Done", "Done", "", "Done"], Line=["1", "1", "1", ""])
    assert issue_keys(issues_of(source, rules)) == [
        (1, "missing-required", "currency"),
        (2, "missing-required", "status"),
        (3, "missing-required", "line_key"),
    ]


def test_a_cell_that_was_refused_is_not_called_missing_as_well() -> None:
    rules = contract({"currency": "Cur", "status": "State"}, status={"words": {"Done": "completed"}, "default": None})
    source = source_table(Date=["junk"], Qty=["x"], Cur=["dollars"], State=["Odd"])
    assert {(code, name) for _, code, name in issue_keys(issues_of(source, rules))} == {
        ("not-a-date", "sale_date"),
        ("not-a-number", "quantity"),
        ("not-a-currency", "currency"),
        ("word-not-allowed", "status"),
    }


def test_all_problems_of_a_row_are_reported_together() -> None:
    source = source_table(No=[""], Date=["junk"], Qty=["x"], Price=["0"])
    assert {code for _, code, _ in issue_keys(issues_of(source, contract()))} == {
        "missing-required",
        "not-a-date",
        "not-a-number",
        "zero-price",
    }


@pytest.mark.parametrize(
    ("bounds", "refused", "words"),
    [
        ({"minimum": 1, "maximum": 5}, ["0", "5.01", "-1"], "it must be at least 1 and at most 5"),
        ({"minimum": 1}, ["0", "-1"], "it must be at least 1"),
        ({"maximum": "5.00"}, ["5.01"], "it must be at most 5.00"),
    ],
)
def test_a_value_outside_its_range_is_refused_bounds_included(
    bounds: dict[str, Any], refused: list[str], words: str
) -> None:
    source = source_table(Price=["0", "1", "5", "5.01", "-1", "3", ""])
    issues = [
        row
        for row in issue_rows(issues_of(source, contract(ranges={"unit_price": bounds})))
        if row["code"] == "out-of-range"
    ]
    assert [row["value"] for row in issues] == refused
    assert {(row["column"], row["detail"]) for row in issues} == {("unit_price", words)}


def test_a_word_that_is_not_allowed_is_refused_and_an_empty_cell_is_not() -> None:
    rules = contract({"channel": "Way"}, allowed={"channel": ["store", "online"]})
    issues = issue_rows(issues_of(source_table(Way=["store", "fax", "", "Online"]), rules))
    assert [(row["index"], row["code"], row["value"]) for row in issues] == [
        (1, "word-not-allowed", "fax"),
        (3, "word-not-allowed", "Online"),
    ]
    assert issues[0]["detail"] == "store, online"


def test_allowed_words_may_be_numbers_and_statuses() -> None:
    rules = contract(allowed={"quantity": ["1", "2"], "status": STATUSES[:1], "batch_id": ["x"]})
    assert issue_keys(issues_of(source_table(Qty=["1", "2.0", "3"]), rules)) == [(2, "word-not-allowed", "quantity")]


def test_a_missing_expected_value_is_a_warning() -> None:
    rules = contract({"customer_id": "Cust"}, expected=["customer_id"])
    issues = issues_of(source_table(Cust=["a", ""]), rules)
    assert issue_keys(issues) == [(1, "missing-expected", "customer_id")]
    assert not issues.rejected_mask(2).any()


def test_a_line_total_that_differs_is_a_warning_with_both_values() -> None:
    rules = contract({"net_amount": "Net", "discount": "Off"})
    source = source_table(Net=["9", "9.01", "9.02", "8.99", "8.98", ""], Off=["1"] * 6)
    issues = issue_rows(issues_of(source, rules))
    assert [(row["index"], row["code"], row["value"], row["detail"]) for row in issues] == [
        (2, "line-total-mismatch", "9.02", "9"),
        (4, "line-total-mismatch", "8.98", "9"),
    ]


def test_a_tolerance_of_zero_still_forgives_the_rounding_at_nine_decimals() -> None:
    rules = contract({"net_amount": "Net"}, line_total_tolerance="0")
    source = source_table(
        Net=["0.333333334", "0.333333333", "0.3333333335"], Qty=["0.5"] * 3, Price=["0.666666667"] * 3
    )
    assert [index for index, code, _ in issue_keys(issues_of(source, rules)) if code == "line-total-mismatch"] == [1]


def test_the_largest_totals_can_be_compared() -> None:
    rules = contract({"net_amount": "Net"})
    source = source_table(Net=["-" + "9" * 29], Qty=["1"], Price=["9" * 29])
    assert issue_keys(issues_of(source, rules)) == [(0, "line-total-mismatch", "net_amount")]


def test_a_date_after_the_day_of_receipt_is_a_warning() -> None:
    issues = issue_rows(
        issues_of(source_table(Date=["2026-03-01", "2026-03-02"]), contract(), received=date(2026, 3, 1))
    )
    assert [(row["index"], row["code"], row["column"], row["value"]) for row in issues] == [
        (1, "future-date", "sale_date", "2026-03-02")
    ]


def test_a_date_of_long_before_the_day_of_receipt_is_a_warning() -> None:
    source = source_table(Date=["1926-03-01", "1995-12-31", "1996-01-01", "2026-03-01"])
    issues = issue_rows(issues_of(source, contract(), received=date(2026, 3, 1)))
    assert [(row["index"], row["code"], row["value"]) for row in issues] == [
        (0, "old-date", "1926-03-01"),
        (1, "old-date", "1995-12-31"),
    ]


def test_a_year_of_two_digits_that_may_be_one_of_the_reiwa_era_is_a_warning() -> None:
    days = ["07/03/01", "08/03/01", "08/03/02", "06/02/27", "16/03/01", "25/03/01"]
    issues = issues_of(source_table(Date=days), contract(dates={"formats": ["%y/%m/%d"]}), received=date(2026, 3, 1))
    assert [(row["index"], row["value"]) for row in issue_rows(issues)] == [(0, "2007-03-01"), (1, "2008-03-01")]
    full = ["2008-03-01", "1995-03-01"]
    assert len(issue_rows(issues_of(source_table(Date=full), contract(), received=date(2026, 3, 1)))) == 1


def test_stores_and_products_are_checked_only_where_the_contract_lists_them() -> None:
    columns = {"store_id": "Store", "product_id": "Sku"}
    source = source_table(Store=["A", "B", ""], Sku=["x", "y", ""])
    assert issue_keys(issues_of(source, contract(columns))) == []
    listed = contract(columns, stores=["A"], products=["y"])
    assert issue_keys(issues_of(source, listed)) == [
        (0, "unknown-product", "product_id"),
        (1, "unknown-store", "store_id"),
    ]


def test_odd_prices_and_quantities_are_warnings() -> None:
    rules = contract(
        {"status": "State"}, status={"words": {"ok": "completed", "back": "returned", "void": "cancelled"}}
    )
    source = source_table(
        Price=["0", "-1", "1", "1", "1", "1", "1"],
        Qty=["1", "1", "-1", "-1", "1", "0", "-1"],
        State=["ok", "ok", "ok", "back", "back", "back", "void"],
    )
    issues = issues_of(source, rules)
    assert issue_keys(issues) == [
        (0, "zero-price", "unit_price"),
        (1, "negative-price", "unit_price"),
        (2, "negative-quantity", "quantity"),
        (4, "positive-return", "quantity"),
        (6, "negative-quantity", "quantity"),
    ]
    assert not issues.rejected_mask(7).any()


def test_half_a_million_failing_rows_are_found_as_surely_as_one() -> None:
    length = 500_000
    issues = issues_of(source_table(Price=["0", "1"] * (length // 2)), contract())
    summary = issues.summary()
    assert [(one.code, one.count, one.first) for one in summary] == [("zero-price", length // 2, 0)]


def test_a_table_of_other_types_is_our_fault_and_raises() -> None:
    table, issues = normalise(source_table(No=["1"]), contract())
    wrong = table.set_column(table.column_names.index("quantity"), "quantity", pa.array([1.5]))
    with pytest.raises(pandera.errors.SchemaErrors):
        validate(wrong, contract(), issues, received_date=date(2026, 6, 1))


@pytest.mark.shared
def test_the_real_sample_has_1304_totals_that_are_not_quantity_times_price(shared_data: Path) -> None:
    rules = shipped_contracts()["classic-models"]
    source = real(shared_data / "classic-models" / "sales_data_sample.csv", rules.file.encoding)
    table, issues = normalise(source, rules, date_only=all_times_midnight(source, rules) is not False)
    validate(table, rules, issues, received_date=date(2026, 6, 1))
    assert [(one.code, one.count) for one in issues.summary()] == [("line-total-mismatch", 1304)]
    assert sum(table.column("net_amount").to_pylist()) == Decimal("10032628.85")
    assert table.column("sold_at").null_count == table.num_rows == 2823
    assert "Berguvsvägen" in "".join(table.column("extra").to_pylist())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "name", "rows", "net", "returned"),
    [
        ("IN.csv", "online-retail-in", 1259, "137077.27", 74),
        ("USA.csv", "online-retail-usa", 291, "1730.92", 112),
    ],
)
def test_the_real_invoices_all_load_with_their_net(
    shared_data: Path, file: str, name: str, rows: int, net: str, returned: int
) -> None:
    rules = shipped_contracts()[name]
    table, issues = normalise(real(shared_data / "online-retail" / file, "utf-8"), rules)
    validate(table, rules, issues, received_date=date(2026, 6, 1))
    assert table.num_rows == rows
    assert not issues.rejected_mask(rows).any()
    assert sum(table.column("net_amount").to_pylist()) == Decimal(net)
    assert table.column("status").to_pylist().count("returned") == returned


def real(path: Path, encoding: str) -> pa.Table:
    text = path.read_text(encoding).removeprefix("\ufeff")
    header = text.splitlines()[0].split(",")
    options = pa.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False)
    return pa.csv.read_csv(pa.BufferReader(text.encode()), convert_options=options)
