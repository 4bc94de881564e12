"""Text cells, the name of a sale and its status, and IDs in the known spelling of their pattern."""

from typing import Any

import pytest
from source_tables import MAPPED, column, contract, issue_keys, issues_of, source_table

from tillstream.model.columns import CONTENT
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.contract_patterns import common_id_patterns
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns, usual_spellings


def test_the_columns_are_those_of_a_sale_line_in_their_order() -> None:
    table, _ = normalise(source_table(No=["1"]), contract())
    names = ["source_version", "region", "sale_id", "line_key", *(one.name for one in CONTENT)]
    assert table.column_names == names
    assert str(table.schema.field("net_amount").type) == "decimal128(38, 9)"
    assert str(table.schema.field("sold_at").type) == "timestamp[us, tz=UTC]"


def test_outer_space_is_taken_off_and_inner_space_stays() -> None:
    rules = contract({"product_name": "Name"})
    names = ["  Tea pot ", "\u00a0Tea\u00a0pot\u3000", "\tTea", "   ", ""]
    assert column("product_name", source_table(Name=names), rules) == ["Tea pot", "Tea\u00a0pot", "Tea", None, None]


def test_nothing_is_missing_but_what_the_contract_calls_missing() -> None:
    words = ["NA", "null", "nan", "None", "-", "N/A", "n/a", " N/A "]
    rules = contract({"country": "Land"}, missing=["N/A"])
    assert column("country", source_table(Land=words), rules) == ["NA", "null", "nan", "None", "-", None, "n/a", None]


def test_ids_stay_as_they_are_written() -> None:
    rules = contract({"product_id": "Sku", "customer_id": "Cust", "line_key": "Line"})
    source = source_table(Sku=["007a", "B1"], Cust=["00012", "1e5"], Line=["01", "1"])
    table, _ = normalise(source, rules)
    assert table.select(["product_id", "customer_id", "line_key"]).to_pydict() == {
        "product_id": ["007a", "B1"],
        "customer_id": ["00012", "1e5"],
        "line_key": ["01", "1"],
    }


def test_a_number_that_a_spreadsheet_shortened_is_no_id() -> None:
    rules = contract({"product_id": "Sku", "product_name": "Name"})
    ids = ["1.23E+11", "4,00638E+12", "1E+10", "1e+11", "1E5", "12E4", "E+11", "+491701", "1.2E+1"]
    _, issues = normalise(source_table(Sku=ids, Name=ids), rules)
    assert issue_keys(issues) == [(row, "scientific-id", "product_id") for row in range(4)]


def test_float_like_ids_stay_unchanged_with_a_warning() -> None:
    rules = contract({"customer_id": "Cust", "product_id": "Sku"})
    source = source_table(Cust=["12557.0", "", "00013.0"], Sku=["1.0", "2.0", "A"])
    table, issues = normalise(source, rules)
    assert table.column("customer_id").to_pylist() == ["12557.0", None, "00013.0"]
    assert issue_keys(issues) == [(0, "float-as-id", "customer_id"), (2, "float-as-id", "customer_id")]


def test_float_like_ids_among_whole_numbers_have_the_warning() -> None:
    rules = contract({"customer_id": "Cust", "product_id": "Sku"})
    source = source_table(Cust=["1001", "1002.0", ""], Sku=["1", "2.0", "2.5"])
    table, issues = normalise(source, rules)
    assert table.column("customer_id").to_pylist() == ["1001", "1002.0", None]
    assert issue_keys(issues) == [(1, "float-as-id", "customer_id")]


def test_a_single_id_proves_nothing() -> None:
    rules = contract({"product_id": "Sku"})
    table, issues = normalise(source_table(Sku=["1.00", "1.00"]), rules)
    assert table.column("product_id").to_pylist() == ["1.00", "1.00"]
    assert len(issues) == 0


def test_the_contract_can_declare_ids_as_whole_numbers() -> None:
    rules = contract({"customer_id": "Cust"}, identity={"ids": "region-wide", "whole_numbers": ["customer_id"]})
    ids = ["12557.0", "12557", "00013.00", "C13.0", "1.5", "", ".0", "1.23E+11"]
    table, issues = normalise(source_table(Cust=ids), rules)
    expected = ["12557", "12557", "00013", "C13.0", "1.5", None, ".0", "1.23E+11"]
    assert table.column("customer_id").to_pylist() == expected
    assert issue_keys(issues) == [(7, "scientific-id", "customer_id")]


def test_the_zero_behind_an_id_has_the_decimal_sign_of_the_contract() -> None:
    identity = {"ids": "region-wide", "whole_numbers": ["sale_id"]}
    rules = contract(identity=identity, numbers={"decimal": ",", "thousands": "."})
    assert column("sale_id", source_table(No=["536,0", "1.000"]), rules) == ["536", "1.000"]


def test_only_ids_can_be_whole_numbers() -> None:
    with pytest.raises(Rejected, match="country is not an ID column"):
        contract(identity={"ids": "region-wide", "whole_numbers": ["country"]})


def test_the_line_key_is_null_where_the_source_does_not_number_its_lines() -> None:
    assert column("line_key", source_table(No=["1"]), contract()) == [None]


@pytest.mark.parametrize(
    ("columns", "identity", "expected"),
    [
        ({}, {"ids": "region-wide"}, ["10", "011"]),
        ({}, {"ids": "region-wide", "id_prefix": "OR-"}, ["OR-10", "OR-011"]),
        ({"store_id": "Store"}, {"ids": "per-store"}, ["S1/10", "S2/011"]),
        ({"store_id": "Store"}, {"ids": "per-store", "id_prefix": "X"}, ["S1/X10", "S2/X011"]),
        ({"store_id": "Store"}, {"ids": "region-wide"}, ["10", "011"]),
        ({}, {"ids": "per-store", "store": "MAIN"}, ["MAIN/10", "MAIN/011"]),
    ],
)
def test_a_sale_is_named_by_the_identity_rule(
    columns: dict[str, str], identity: dict[str, str], expected: list[str]
) -> None:
    source = source_table(No=["10", "011"], Store=["S1", "S2"])
    assert column("sale_id", source, contract(columns, identity=identity)) == expected


def test_a_constant_store_is_in_its_column() -> None:
    rules = contract(identity={"ids": "per-store", "store": "MAIN"})
    assert column("store_id", source_table(No=["1"]), rules) == ["MAIN"]


def test_a_return_names_the_sale_it_takes_back_by_the_same_rule() -> None:
    rules = contract({"store_id": "Store", "returns_sale_id": "Of"}, identity={"ids": "per-store"})
    source = source_table(No=["10", "11"], Store=["S1", "S1"], Of=["", "10"])
    assert column("returns_sale_id", source, rules) == [None, "S1/10"]


def test_a_missing_number_and_a_missing_store_are_separate_issues() -> None:
    rules = contract({"store_id": "Store"}, identity={"ids": "per-store"})
    table, issues = normalise(source_table(No=["", "2", ""], Store=["S1", "", ""]), rules)
    assert table.column("sale_id").to_pylist() == [None, None, None]
    assert issue_keys(issues) == [
        (0, "missing-required", "sale_id"),
        (1, "missing-required", "store_id"),
        (2, "missing-required", "sale_id"),
        (2, "missing-required", "store_id"),
    ]


def test_constants_fill_columns_that_are_not_mapped_and_never_gaps_in_those_that_are() -> None:
    source = source_table(Land=["Wales", ""], No=["1", "2"])
    assert column("country", source, contract(country="UK")) == ["UK", "UK"]
    assert column("country", source, contract({"country": "Land"}, country="UK")) == ["Wales", None]
    assert column("channel", source, contract(channel="online")) == ["online", "online"]
    assert column("region", source, contract()) == ["R", "R"]


def test_a_currency_has_three_letters_in_upper_or_lower_case() -> None:
    rules = contract({"currency": "Cur"})
    table, issues = normalise(source_table(Cur=["EUR", "eur", "EURO", "", " USD ", "E1R"]), rules)
    assert table.column("currency").to_pylist() == ["EUR", "EUR", None, None, "USD", None]
    assert issue_keys(issues) == [(row, "not-a-currency", "currency") for row in (2, 5)]


STATUS: dict[str, Any] = {"words": {"Done": "completed", "VOID": "cancelled"}, "prefixes": {"C": "returned"}}


def test_a_word_of_the_status_column_is_taken_whatever_its_case() -> None:
    rules = contract({"status": "State"}, status=STATUS)
    words = ["done", " DONE ", "Void", ""]
    assert column("status", source_table(State=words), rules) == ["completed", "completed", "cancelled", "completed"]


def test_an_unknown_word_is_rejected_with_the_known_ones() -> None:
    rules = contract({"status": "State"}, status=STATUS)
    table, issues = normalise(source_table(State=["Dnoe", "Done"], No=["C1", "2"]), rules)
    assert table.column("status").to_pylist() == [None, "completed"]
    row = issues.table().to_pylist()
    assert [(one["index"], one["code"], one["value"], one["detail"]) for one in row] == [
        (0, "word-not-allowed", "Dnoe", "Done, VOID")
    ]


def test_the_word_rules_over_the_prefix_and_the_prefix_over_the_quantity_and_that_over_the_default() -> None:
    status = STATUS | {"negative_quantity": "returned", "prefixes": {"C": "cancelled", "CN": "pending"}}
    rules = contract({"status": "State"}, status=status)
    source = source_table(
        State=["Done", "", "", "", ""], No=["C1", "C2", "CN3", "4", "5"], Qty=["-1", "-1", "-1", "-1", "1"]
    )
    assert column("status", source, rules) == ["completed", "cancelled", "pending", "returned", "completed"]


def test_a_minus_before_the_amount_may_mean_a_return() -> None:
    rules = contract({"net_amount": "Total"}, status={"negative_amount": "returned"})
    assert column("status", source_table(Total=["-5", "5", "0", "(5)", ""], Qty=["1"] * 5), rules) == [
        *("returned", "completed", "completed", "returned", "completed"),
    ]


def test_the_question_about_quantity_precedes_the_amount() -> None:
    rules = contract(status={"negative_quantity": "returned", "negative_amount": "cancelled"})
    source = source_table(Qty=["-1", "1", "1", "-1"], Price=["5", "-5", "5", "-5"])
    assert column("status", source, rules) == ["returned", "cancelled", "completed", "returned"]


def test_returns_that_are_written_without_a_minus_count_as_negative() -> None:
    columns = {"status": "State", "discount": "Off", "tax": "VAT"}
    rules = contract(columns, status={"words": {"Refund": "returned", "Sale": "completed"}, "unsigned_returns": True})
    source = source_table(State=["Sale", "Refund"], Off=["1", "1"], VAT=["2", "2"])
    table, issues = normalise(source, rules)
    for name, amount in {"quantity": 2, "discount": 1, "tax": 2, "net_amount": 9, "gross_amount": 11}.items():
        assert table.column(name).to_pylist() == [amount, -amount]
    assert table.column("unit_price").to_pylist() == [5, 5]
    assert len(issues) == 0


def test_units_without_a_minus_beside_an_amount_with_one_count_as_negative() -> None:
    rules = contract({"net_amount": "Total"}, status={"unsigned_returns": True, "negative_amount": "returned"})
    table, _ = normalise(source_table(Total=["-5", "5"], Qty=["2", "2"]), rules)
    assert table.column("quantity").to_pylist() == [-2, 2]
    assert table.column("net_amount").to_pylist() == [-5, 5]
    assert table.column("status").to_pylist() == ["returned", "completed"]


def test_without_a_default_a_missing_word_stays_open() -> None:
    rules = contract({"status": "State"}, status=STATUS | {"default": None})
    assert column("status", source_table(State=["", "Done"]), rules) == [None, "completed"]


def test_headers_that_the_contract_maps_and_the_file_lacks_are_named_in_its_order() -> None:
    rules = contract({"product_id": "Sku", "product_name": "Sku", "tax": "VAT"})
    assert missing_columns(["Qty", "Date", "Other"], rules) == ["No", "Price", "Sku", "VAT"]
    assert missing_columns([*MAPPED.values(), "Sku", "VAT"], rules) == []


def nameless(columns: dict[str, str] | None = None, **changes: Any) -> Contract:
    """As `contract`, for a source without a sale number."""
    mapped = {"date": "Date", "net_amount": "Price", "store_id": "Store"} | (columns or {})
    return parse_contract({"name": "T", "region": "R", "currency": "USD", "columns": mapped} | changes)


def test_a_sale_may_be_named_by_several_columns_and_its_day_is_always_written_alike() -> None:
    source = source_table(Store=["1", "2"], Date=["05-02-2010", "2010-02-05"], Till=["A", "B"])
    dates = {"formats": ["%d-%m-%Y", "%Y-%m-%d"]}
    rules = nameless(identity={"made_of": ["Store", "Date", "Till"]}, dates=dates)
    assert column("sale_id", source, rules) == ["1/2010-02-05/A", "2/2010-02-05/B"]
    rules = nameless(identity={"made_of": ["Store", "Date"], "ids": "region-wide", "id_prefix": "W-"}, dates=dates)
    assert column("sale_id", source, rules) == ["W-1/2010-02-05", "W-2/2010-02-05"]


def test_a_time_in_the_name_of_a_sale_stays_as_it_is_written() -> None:
    rules = nameless(identity={"made_of": ["Store", "Date"]}, dates={"formats": ["%Y-%m-%d %H:%M"]})
    assert column("sale_id", source_table(Store=["1"], Date=["2010-02-05 09:30"]), rules) == ["1/2010-02-05 09:30"]


def test_names_made_of_columns_that_hold_the_sign_between_them_stay_apart() -> None:
    rules = nameless(identity={"made_of": ["Till", "Slip"], "ids": "region-wide"})
    ids = column("sale_id", source_table(Store=["1", "1"], Till=["a/b", "a"], Slip=["c", "b/c"]), rules)
    assert ids == ["a//b/c", "a/b//c"]


def test_a_missing_part_of_a_sale_id_is_one_issue_of_its_column() -> None:
    rules = nameless({"salesperson_id": "Clerk"}, identity={"made_of": ["Date", "Clerk", "Slip"]})
    source = source_table(
        Date=["", "x", "2026-03-01", "2026-03-01", "2026-03-01"],
        Store=["1", "1", "", "1", "1"],
        Clerk=["A", "A", "A", "", "A"],
        Slip=["1", "1", "1", "1", ""],
    )
    assert issue_keys(issues_of(source, rules)) == [
        (0, "missing-required", "sale_date"),
        (1, "not-a-date", "sale_date"),
        (2, "missing-required", "store_id"),
        (3, "missing-required", "salesperson_id"),
        (4, "missing-required", "Slip"),
    ]


def test_a_sale_id_by_content_does_not_depend_on_the_position_of_the_row() -> None:
    rules = nameless({"product_name": "Name"}, identity={"by_content": True})
    rows = [("1", "Mug", "5.00"), ("1", "Mug", "5"), ("1", "Tray", "5"), ("2", "Mug", "5"), ("1", "", "5")]
    ids = [
        column("sale_id", source_table(Store=store, Name=name, Price=price), rules)
        for store, name, price in (zip(*rows, strict=True), zip(*reversed(rows), strict=True))
    ]
    assert ids[0] == ids[1][::-1]
    assert ids[0][0] == ids[0][1]
    assert len(set(ids[0])) == 4
    assert all(len(one) == len("1/") + 20 for one in ids[0])


def test_a_name_from_content_sees_where_one_column_ends_and_the_next_begins() -> None:
    rules = nameless({"product_name": "Name", "category": "Kind"}, identity={"by_content": True})
    ids = column("sale_id", source_table(Store=["1"] * 3, Name=["ab", "a", ""], Kind=["", "b", "ab"]), rules)
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "sale_id must be mapped"),
        ({"identity": {"made_of": ["Store"], "by_content": True}}, "only one rule can identify sales"),
        ({"identity": {"by_content": True}, "status": {"prefixes": {"C": "returned"}}}, "requires sale numbers"),
    ],
)
def test_sales_are_named_in_one_way(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Rejected, match=message):
        nameless(**changes)
    with pytest.raises(Rejected, match="only one rule can identify sales"):
        nameless({"sale_id": "No"}, identity={"by_content": True})
    with pytest.raises(Rejected, match=r"cannot be combined with identity\.by_content"):
        nameless({"line_key": "Line"}, identity={"by_content": True})


def test_a_header_that_only_names_sales_must_be_there() -> None:
    rules = nameless(identity={"made_of": ["Date", "Slip"]})
    assert missing_columns(["Store", "Date", "Price"], rules) == ["Slip"]


@pytest.mark.parametrize(
    ("patterns", "text", "spelled"),
    [
        (["00000"], "73", "00073"),
        (["00000"], "0073", "00073"),
        (["00000"], "123456", "123456"),
        (["00000"], "# 73", "00073"),
        (["00000"], "73.0", "00073"),
        (["00000"], "73,00", "00073"),
        (["00000"], "1,000", "1,000"),
        (["TS-000000", "0"], "2.000", "2.000"),
        (["TS-000000", "0"], "TS-1.000", "TS-1.000"),
        (["00000"], "７３", "00073"),
        (["00000"], "0", "00000"),
        (["00000"], "C73", "C73"),
        (["00000"], "73.5", "73.5"),
        (["00000"], "7-3", "7-3"),
        (["00000"], "", ""),
        (["0"], "0073", "73"),
        (["00000", "INV-0"], "inv 73", "00073"),
        (["00000", "INV-0"], "Invoice 73", "Invoice 73"),
        (["TS-0000"], "ts73", "TS-0073"),
        (["TS-0000", "0"], "73", "TS-0073"),
        (["TS-0000"], "T.S. 73", "TS-0073"),
        (["R0/POS"], "73 pos", "73 pos"),
        (["R0/POS"], "r-73 pos", "R73/POS"),
    ],
)
def test_an_id_that_matches_a_pattern_is_written_as_the_first_one(patterns: list[str], text: str, spelled: str) -> None:
    assert usual_spellings([text], patterns) == [spelled]


@pytest.mark.parametrize(
    ("ids", "others", "patterns"),
    [
        (["00073", "01210"], ["73", "1210"], ("00000",)),
        (["73", "1210"], ["00073", "01210"], ("0",)),
        (["73", "1210"], ["73.0", "1210.0"], ("0",)),
        (["1", "2"], ["1.000", "2.000"], ()),
        (["TS-073"], ["ts073"], ("TS-000",)),
        (["073"], ["INV-073"], ("000", "INV-0")),
        (["TS-073"], ["73"], ("TS-000", "0")),
        (["A1", "B2"], ["a1", "b2"], ()),
        (["73"], ["2026-73"], ()),
        (["shop"], ["SHOP"], ()),
    ],
)
def test_patterns_of_two_spellings(ids: list[str], others: list[str], patterns: tuple[str, ...]) -> None:
    assert common_id_patterns(ids, others) == patterns


@pytest.mark.parametrize(
    ("spellings", "error"),
    [
        ({"sale_id": ["12"]}, "must contain zeros"),
        ({"sale_id": ["00-00"]}, "must contain zeros"),
        ({"sale_id": []}, "sale_id needs a pattern"),
        ({"country": ["0"]}, "country is not an ID column"),
    ],
)
def test_a_contract_names_what_is_wrong_with_its_spellings(spellings: dict[str, list[str]], error: str) -> None:
    data = {
        "name": "shop",
        "region": "North",
        "currency": "EUR",
        "columns": {"sale_id": "No", "date": "Day", "net_amount": "Amount"},
        "identity": {"store": "S1", "spellings": spellings},
    }
    with pytest.raises(Rejected, match=error):
        parse_contract(data)
