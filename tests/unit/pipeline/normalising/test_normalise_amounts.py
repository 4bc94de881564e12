"""Amounts that are computed, refunds of totals with tax, and the source's other columns."""

import json
from decimal import Decimal

import pytest
from source_tables import column, contract, issue_keys, source_table

from tillstream.model.contract import parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.normalise import normalise


def test_net_is_quantity_times_price_less_discount() -> None:
    rules = contract({"discount": "Off"})
    source = source_table(Qty=["3", "-1", "0.5"], Price=["1.10", "4.95", "9.99"], Off=["0.30", "", "0.01"])
    assert column("net_amount", source, rules) == [Decimal("3.00"), Decimal("-4.95"), Decimal("4.985")]


def test_the_source_s_own_net_counts_and_gaps_in_it_are_computed() -> None:
    rules = contract({"net_amount": "Net"})
    assert column("net_amount", source_table(Qty=["2", "2"], Net=["7", ""]), rules) == [7, 10]


@pytest.mark.parametrize(
    ("quantity", "price", "off", "net"),
    [
        ("0.5", "1.123456789", "0", "0.561728395"),
        ("-0.5", "1.123456789", "0", "-0.561728395"),
        ("0.000000001", "0.5", "1", "-1"),
        ("0.00001", "0.00005", "1", "-1"),
        ("3", "0.333333333", "0", "0.999999999"),
        ("1.5", "66666666666.123456789", "0.5", "99999999998.685185184"),
        ("123456789012", "123456789012.123456789", "0.000000001", "15241578753168725514895.672002467"),
        ("999999999", "9999999999999999999.999999999", "0", "9999999989999999999999999999.000000001"),
        ("1", "1", "99999999999999999999999999998", "-99999999999999999999999999997"),
    ],
)
def test_net_is_exact_and_rounded_once_half_away_from_zero(quantity: str, price: str, off: str, net: str) -> None:
    rules = contract({"discount": "Off"})
    source = source_table(Qty=["2", quantity], Price=["1.5", price], Off=["", off])
    assert column("net_amount", source, rules) == [3, Decimal(net)]
    assert column("net_amount", source.slice(1), rules) == [Decimal(net)]


def test_a_discount_is_subtracted_from_a_total_that_is_before_it() -> None:
    rules = contract({"discount": "Off", "net_amount": "Sum"}, amounts={"less_discount": True})
    source = source_table(Sum=["20.00", "5", ""], Off=["3.00", "", "1"], Qty=["2", "1", "2"], Price=["", "", "4"])
    assert column("net_amount", source, rules) == [17, 5, 7]


def test_a_total_before_an_unreadable_discount_is_not_taken() -> None:
    rules = contract({"discount": "Off", "net_amount": "Sum"}, amounts={"less_discount": True})
    table, issues = normalise(source_table(Sum=["20.00", "5"], Off=["x", "1"]), rules)
    assert table.column("net_amount").to_pylist() == [None, 4]
    assert (0, "not-a-number", "discount") in issue_keys(issues)


def test_a_discount_is_subtracted_before_the_tax_is_taken_out() -> None:
    rules = contract(
        {"discount": "Off", "gross_amount": "Sum"},
        amounts={"less_discount": True, "include": "tax", "tax_rate": "0.25"},
    )
    source = source_table(Sum=["15.00"], Off=["2.50"])
    assert column("net_amount", source, rules) == [10]


def test_a_net_too_large_to_keep_is_refused() -> None:
    source = source_table(Qty=["99999999999999", "2"], Price=["9999999999999999999999", "3"])
    table, issues = normalise(source, contract())
    assert table.column("net_amount").to_pylist() == [None, 6]
    assert issue_keys(issues) == [(0, "number-too-large", "net_amount")]


@pytest.mark.parametrize("name", ["Qty", "Price", "Off", "Net"])
def test_nothing_is_computed_from_a_number_that_could_not_be_read(name: str) -> None:
    rules = contract({"discount": "Off", "net_amount": "Net", "tax": "Tax"})
    good = {"Qty": ["2", "2"], "Price": ["5", "5"], "Off": ["1", "1"], "Net": ["", ""], "Tax": ["1", "1"]}
    table, _ = normalise(source_table(**good | {name: ["one", good[name][1]]}), rules)
    assert table.column("net_amount").to_pylist() == [None, 9]
    assert table.column("gross_amount").to_pylist() == [None, 10]


def test_gross_is_the_source_s_own_else_net_plus_tax_else_unknown() -> None:
    source = source_table(Tax=["1.50", "1", ""], Gross=["20", "", ""])
    assert column("gross_amount", source, contract({"tax": "Tax"})) == [Decimal("11.50"), 11, None]
    assert column("gross_amount", source, contract({"tax": "Tax", "gross_amount": "Gross"})) == [20, 11, None]
    assert column("gross_amount", source, contract()) == [None, None, None]


def extras(**columns: list[str]) -> list[dict[str, str] | None]:
    read = column("extra", source_table(**columns), contract())
    return [None if text is None else json.loads(text) for text in read]


def test_extra_holds_the_other_columns_in_their_order_without_gaps() -> None:
    source = source_table(City=["NYC", "", "Rom"], Note=["", "", "x"], Size=["S", "M", "L"])
    assert column("extra", source, contract()) == [
        '{"City":"NYC","Size":"S"}',
        '{"Size":"M"}',
        '{"City":"Rom","Note":"x","Size":"L"}',
    ]


def test_extra_is_null_where_there_is_nothing_else() -> None:
    assert column("extra", source_table(No=["1"]), contract()) == [None]
    assert extras(City=["", "x"], Note=["", ""]) == [None, {"City": "x"}]


def test_letters_stay_readable_in_extra_and_signs_are_escaped() -> None:
    texts = ["Berguvsvägen", 'say "hi"', "back\\slash", "two\nlines\tand\x01\x1f.", "\\n", "日本", "a\u2028b"]
    assert extras(Note=texts) == [{"Note": text} for text in texts]
    assert column("extra", source_table(Note=["Martín"]), contract()) == ['{"Note":"Martín"}']


def test_a_header_may_hold_any_sign() -> None:
    assert extras(**{'a"b\\c\n': ["1"], "ü,{}:": ["2"]}) == [{'a"b\\c\n': "1", "ü,{}:": "2"}]


@pytest.mark.parametrize("field", ["add", "subtract"])
def test_other_columns_are_added_to_a_column_or_subtracted(field: str) -> None:
    rules = contract({"net_amount": "Sum"}, amounts={field: {"net_amount": ["Post", "Tip"], "quantity": ["Back"]}})
    source = source_table(
        Qty=["3", "1"], Price=["5", "5"], Sum=["20.50", "9"], Post=["4.90", ""], Tip=["1", "2"], Back=["1", ""]
    )
    signed = -1 if field == "subtract" else 1
    terms = [Decimal("5.90"), Decimal(2)]
    assert column("net_amount", source, rules) == [Decimal("20.50") + signed * terms[0], 9 + signed * terms[1]]
    assert column("quantity", source, rules) == [3 + signed, 1]


def test_a_column_less_an_unreadable_number_is_not_taken() -> None:
    rules = contract({"net_amount": "Sum"}, amounts={"subtract": {"net_amount": ["Post"]}})
    table, issues = normalise(source_table(Sum=["20.00", "5"], Post=["x", "1"]), rules)
    assert table.column("net_amount").to_pylist() == [None, 4]
    assert (0, "not-a-number", "net_amount") in issue_keys(issues)


def test_a_subtracted_column_is_in_the_unit_of_the_column_that_it_is_subtracted_from() -> None:
    amounts = {"subtract": {"net_amount": ["Post"]}, "minor_units": ["net_amount"]}
    source = source_table(Sum=["2050"], Post=["490"])
    assert column("net_amount", source, contract({"net_amount": "Sum"}, amounts=amounts)) == [Decimal("15.60")]


@pytest.mark.parametrize("name", ["tax", "sale_id"])
def test_numbers_are_subtracted_only_from_mapped_columns_of_numbers(name: str) -> None:
    with pytest.raises(Rejected, match=f"amounts.subtract.{name}"):
        parse_contract({**contract().model_dump(), "amounts": {"subtract": {name: ["Post"]}}})


def test_a_subtracted_column_must_be_in_the_file() -> None:
    rules = contract({"net_amount": "Sum"}, amounts={"subtract": {"net_amount": ["Post"]}})
    assert "Post" in rules.source_headers


def test_an_empty_tax_is_zero_beside_another_one() -> None:
    rules = contract({"tax": "CGST"}, amounts={"add": {"tax": ["IGST"]}})
    source = source_table(Qty=["1", "1", "1"], CGST=["9", "", ""], IGST=["", "18", ""])
    assert column("tax", source, rules) == [9, 18, None]


NET = {"net_amount": "Net", "tax": "Tax"}


def test_the_net_amount_and_the_tax_fall_in_the_proportion_of_the_refund() -> None:
    rules = contract(NET, amounts={"refunded": {"Refund": "Paid"}})
    source = source_table(
        Net=["90", "90", "90", "-90"], Tax=["9", "9", "9", "-9"], Paid=["110", "110", "110", "-110"],
        Refund=["", "110", "-27.50", "27.50"],
    )  # fmt: skip
    assert column("net_amount", source, rules) == [90, 0, Decimal("67.5"), Decimal("-67.5")]
    assert column("tax", source, rules) == [9, 0, Decimal("6.75"), Decimal("-6.75")]
    assert column("gross_amount", source, rules) == [99, 0, Decimal("74.25"), Decimal("-74.25")]


def test_prices_with_tax_fall_with_their_tax() -> None:
    rules = contract({"gross_amount": "Paid", "tax": "Tax"}, amounts={"include": "tax", "refunded": {"Refund": "Paid"}})
    source = source_table(Tax=["20", "20"], Paid=["120", "120"], Refund=["120", "60"])
    assert column("net_amount", source, rules) == [0, 50]


def test_a_total_after_refunds_is_used_where_it_is_filled() -> None:
    rules = contract(NET, amounts={"remaining": {"Adjusted": "Paid"}})
    source = source_table(Net=["90", "90", "90"], Tax=["9", "9", "9"], Paid=["110", "110", ""], Adjusted=["", "0", ""])
    assert column("net_amount", source, rules) == [90, 0, 90]


def test_a_refund_without_its_total_is_a_problem() -> None:
    rules = contract(NET, amounts={"refunded": {"Refund": "Paid"}})
    source = source_table(Net=["90", "90"], Tax=["9", "9"], Paid=["", ""], Refund=["5", "0"])
    assert column("net_amount", source, rules) == [None, 90]
    assert (0, "missing-expected", "net_amount") in issue_keys(normalise(source, rules)[1])
