"""Value mapping, empty cells, and derived columns of a contract."""

from decimal import Decimal
from typing import Any

import pytest
from source_tables import column, contract, issue_keys, issues_of, source_table

from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns

SKU = {"product_id": "Sku"}


def test_a_word_of_the_source_becomes_ours_and_others_stay() -> None:
    rules = contract({"channel": "Via"}, values={"channel": {"W": "online", "S": "store"}})
    via = ["W", " S ", "w", "phone", "", "store"]
    assert column("channel", source_table(Via=via), rules) == ["online", "store", "w", "phone", None, "store"]


def test_a_word_that_the_contract_neither_maps_nor_allows_is_refused() -> None:
    rules = contract({"channel": "Via"}, values={"channel": {"W": "online"}}, allowed={"channel": ["online"]})
    assert issue_keys(issues_of(source_table(Via=["W", "X"]), rules)) == [(1, "word-not-allowed", "channel")]


def test_a_word_may_mean_nothing_and_a_number() -> None:
    rules = contract(SKU, values={"product_id": {"-": ""}, "quantity": {"one": "1"}})
    source = source_table(Sku=["-", "A"], Qty=["one", "3"])
    assert column("product_id", source, rules) == [None, "A"]
    assert column("net_amount", source, rules) == [5, 15]


def test_a_map_belongs_to_a_column_and_not_to_its_header() -> None:
    rules = contract({"product_id": "Sku", "category": "Sku"}, values={"category": {"A": "Mugs"}})
    table, _ = normalise(source_table(Sku=["A", "B"]), rules)
    assert table.column("product_id").to_pylist() == ["A", "B"]
    assert table.column("category").to_pylist() == ["Mugs", "B"]


def test_currencies_can_be_mapped_from_words() -> None:
    rules = contract({"currency": "Cur"}, values={"currency": {"€": "EUR"}})
    table, issues = normalise(source_table(Cur=["€", "USD", "$"]), rules)
    assert table.column("currency").to_pylist() == ["EUR", "USD", None]
    assert issue_keys(issues) == [(2, "not-a-currency", "currency")]


def test_a_word_for_missing_may_belong_to_one_column() -> None:
    rules = contract({**SKU, "country": "Land"}, missing=["?"], where_missing={"product_id": {"words": ["NA"]}})
    source = source_table(Sku=["NA", "?", "B"], Land=["NA", "?", "B"])
    assert column("product_id", source, rules) == [None, None, "B"]
    assert column("country", source, rules) == ["NA", None, "B"]


def test_a_default_is_taken_with_a_warning() -> None:
    rules = contract(SKU, where_missing={"quantity": {"do": "default", "value": "1"}})
    table, issues = normalise(source_table(Qty=["", "3", " "], Sku=["A", "B", "C"]), rules)
    assert table.column("quantity").to_pylist() == [1, 3, 1]
    assert table.column("net_amount").to_pylist() == [5, 15, 5]
    assert issue_keys(issues) == [(0, "default-taken", "quantity"), (2, "default-taken", "quantity")]
    assert not issues.rejected_mask(3).any()


def test_a_default_is_read_as_the_source_would_write_it() -> None:
    rules = contract(
        numbers={"decimal": ",", "thousands": "."},
        where_missing={
            "unit_price": {"do": "default", "value": "1.024,50"},
            "date": {"do": "default", "value": "2026-01-01"},
        },
    )
    table, issues = normalise(source_table(Price=["", "2,5"], Date=["2026-03-01", ""]), rules)
    assert table.column("unit_price").to_pylist() == [Decimal("1024.5"), Decimal("2.5")]
    assert [str(day) for day in table.column("sale_date").to_pylist()] == ["2026-03-01", "2026-01-01"]
    assert issue_keys(issues) == [(0, "default-taken", "unit_price"), (1, "default-taken", "sale_date")]


def test_a_column_may_be_needed_in_every_row() -> None:
    rules = contract(SKU, where_missing={"product_id": {"do": "refuse", "words": ["?"]}}, expected=["product_id"])
    assert issue_keys(issues_of(source_table(Sku=["A", "", "?"]), rules)) == [
        (1, "missing-required", "product_id"),
        (2, "missing-required", "product_id"),
    ]


def test_an_empty_required_date_is_one_issue() -> None:
    rules = contract(where_missing={"date": {"do": "refuse"}})
    assert issue_keys(issues_of(source_table(Date=["", "2026-03-01"]), rules)) == [(0, "missing-required", "sale_date")]


def test_constants_are_in_every_line() -> None:
    rules = contract(constants={"category": "Books", "country": "Chile", "salesperson_id": "robot"})
    table, _ = normalise(source_table(No=["1", "2"]), rules)
    constants = table.select(["category", "country", "salesperson_id"]).to_pylist()
    assert constants == [{"category": "Books", "country": "Chile", "salesperson_id": "robot"}] * 2


def test_texts_are_joined_without_what_is_empty() -> None:
    derived = {"Name": {"join": ["First", "Middle", "Last"]}}
    rules = contract({"customer_name": "Name"}, made=derived, missing=["-"])
    source = source_table(First=["Ann", "", " Cy ", ""], Middle=["B.", "-", "", ""], Last=["Lee", "Ray", "Dow", ""])
    assert column("customer_name", source, rules) == ["Ann B. Lee", "Ray", "Cy Dow", None]
    assert column("extra", source, rules)[0] == '{"First":"Ann","Middle":"B.","Last":"Lee"}'


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (1, ["A", "B", "plain", None, None]),
        (2, ["12", "", None, None, "x"]),
        (3, ["red", None, None, None, None]),
        (-1, ["red", "", "plain", None, "x"]),
        (-3, ["A", None, None, None, None]),
    ],
)
def test_a_part_of_a_text_is_taken_or_nothing(part: int, expected: list[str | None]) -> None:
    rules = contract(SKU | {"product_id": "Size"}, made={"Size": {"split": "Code", "by": "-", "part": part}})
    expected = [value or None for value in expected]
    assert column("product_id", source_table(Code=["A-12-red", "B-", "plain", "", "-x"]), rules) == expected


def test_a_filled_cell_becomes_a_word_whatever_it_contains() -> None:
    rules = contract(SKU | {"product_id": "Void?"}, made={"Void?": {"filled": "Voided on", "word": "void"}})
    table = source_table(**{"Voided on": ["2026-03-01", "", "x"], "Code": ["A", "B", "C"]})
    assert column("product_id", table, rules) == ["void", None, "void"]


def test_a_text_becomes_the_word_that_it_begins_or_ends_with() -> None:
    kind = {"word_of": "Code", "words": ["CN", "Storno", "返品"]}
    rules = contract(SKU | {"product_id": "Kind"}, made={"Kind": kind})
    texts = [
        "CN-1001",
        "cn1002",
        "1003 (CN)",
        "CNC-1",
        "Mug",
        "",
        "STORNO: Mug",
        "返品ラテ",
        "(返品) ラテ",
        "Mug CN tea",
    ]
    expected = ["CN", "CN", "CN", None, None, None, "Storno", "返品", "返品", None]
    assert column("product_id", source_table(Code=texts), rules) == expected


def test_the_sign_of_an_amount_is_the_currency_of_its_row() -> None:
    rules = contract(
        {"currency": "Sign"},
        currency="",
        made={"Sign": {"sign_of": "Price"}},
        values={"currency": {"€": "EUR", "kr": "SEK"}},
        numbers={"currency_signs": ["€", "kr.", "CHF"]},
    )
    table, issues = normalise(source_table(Price=["€1", "-2.50 €", "1 kr.", "CHF 4", "5", "$6"]), rules)
    assert table.column("currency").to_pylist() == ["EUR", "EUR", "SEK", "CHF", None, None]
    assert {row["code"] for row in issues.table().to_pylist()} == {"not-a-number", "not-a-currency"}


def test_a_date_and_a_time_in_two_columns_are_one_instant() -> None:
    rules = contract(
        {"date": "When"},
        made={"When": {"join": ["Day", "Clock"]}},
        dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "Europe/Vienna"},
    )
    sold = column("sold_at", source_table(Day=["2026-03-01"], Clock=["09:30"]), rules)
    assert sold[0].isoformat() == "2026-03-01T08:30:00+00:00"


def test_a_column_may_be_made_of_a_made_one() -> None:
    derived = {"Code": {"split": "Text", "by": ":", "part": 2}, "Both": {"join": ["Code", "Size"], "between": "/"}}
    rules = contract({"product_id": "Both"}, made=derived)
    assert column("product_id", source_table(Text=["x:A1"], Size=["L"]), rules) == ["A1/L"]
    assert missing_columns(["No", "Date", "Qty", "Price", "Size"], rules) == ["Text"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where_missing": {"category": {}}}, "category is not mapped"),
        ({"where_missing": {"quantity": {"do": "default"}}}, "required with do: default"),
        ({"where_missing": {"quantity": {"value": "1"}}}, "required with do: default"),
        ({"where_missing": {"sale_id": {"do": "default", "value": "1"}}}, "a sale number cannot have a default"),
        ({"values": {"qantity": {"a": "b"}}}, "Did you mean quantity?"),
        ({"values": {"status": {"a": "b"}}}, "in status.words instead"),
        ({"constants": {"sale_id": "1"}}, "sale_id cannot be a constant"),
        ({"constants": {"product_id": "1"}}, "product_id is also mapped in columns"),
        ({"made": {"New": {"join": ["A"]}}}, "is not used"),
        ({"made": {"New": {"join": ["A"], "split": "B"}}}, "one of join, split, filled, sign_of and word_of"),
        ({"made": {"New": {}}}, "one of join, split, filled, sign_of and word_of"),
        ({"made": {"New": {"split": "A", "by": "-"}}}, "split requires by"),
        ({"made": {"New": {"filled": "A"}}}, "filled requires word"),
        ({"made": {"New": {"word_of": "A"}}}, "word_of requires words"),
        ({"made": {"New": {"word_of": "A", "words": [" "]}}}, "word_of requires words"),
        ({"made": {"Sku": {"join": ["Late"]}, "Late": {"join": ["A"]}}}, "Late must be defined before it"),
        ({"made": {"Sku": {"join": ["Sku"]}}}, "Sku must be defined before it"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Rejected, match=message.replace("?", r"\?")):
        contract(SKU | {"status": "State"} if "status" in changes.get("values", {}) else SKU, **changes)
