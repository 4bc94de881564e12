"""What detection proves, by which cells, and what it asks because nothing proves it."""

import io
from typing import Any

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract

HEADER = ("Order No", "Date", "Item", "Qty", "Price")


def table(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, sign: str = ";") -> str:
    return "".join(f"{sign.join(row)}\n" for row in (header, *rows))


def proposal_for(text: str | bytes, encoding: str = "utf-8", **answers: str) -> Proposal:
    data = text.encode(encoding) if isinstance(text, str) else text
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | answers)


def why(proposal: Proposal, about: str) -> tuple[str, tuple[int, ...]]:
    return next((one.evidence, one.lines) for one in proposal.findings if one.about == about)


def dated(*days: str) -> str:
    return table(*((str(number), day, "Clock", "1", "2.50") for number, day in enumerate(days, 1)))


def priced(*prices: str) -> str:
    return table(*((str(number), "2026-03-01", "Clock", "1", price) for number, price in enumerate(prices, 1)))


def test_a_day_above_twelve_proves_the_order_and_its_line_is_evidence() -> None:
    proposal = proposal_for(dated("03/04/2026", "04/13/2026"))
    assert proposal.contract["dates"]["formats"] == ["%m/%d/%Y"]
    assert why(proposal, "date_order")[1] == (3,)


def test_days_that_ascend_one_way_only_prove_the_order() -> None:
    days = [f"{day:02}/{month:02}/2026" for month in range(1, 13) for day in (3, 9)]
    proposal = proposal_for(dated(*days))
    assert (keys(proposal), proposal.contract["dates"]["formats"]) == ([], ["%d/%m/%Y"])
    assert "ascend" in why(proposal, "date_order")[0]


@pytest.mark.parametrize("days", [["03/04/2026", "05/06/2026"], ["13/04/2026", "04/13/2026"]])
def test_the_date_order_is_a_question_without_evidence_or_with_contradictions(days: list[str]) -> None:
    assert keys(proposal_for(dated(*days))) == ["date_order"]
    assert keys(proposal_for(dated(*days), date_order="DMY")) == []


@pytest.mark.parametrize(
    ("price", "decimal", "thousands"),
    [
        ("1.234,50", ",", "."),
        ("1,234.50", ".", ","),
        ("1 234,50", ",", " "),
        ("12'345.50", ".", "'"),
        ("12,5", ",", ""),
        ("0,125", ",", ""),
        ("1.234.567", ",", "."),
        ("1,23,456.00", ".", ","),
    ],
)
def test_a_number_that_can_mean_one_thing_proves_its_signs(price: str, decimal: str, thousands: str) -> None:
    proposal = proposal_for(priced("7", price))
    numbers = proposal.contract["numbers"]
    assert (keys(proposal), numbers["decimal"], numbers.get("thousands", "")) == ([], decimal, thousands)


@pytest.mark.parametrize("prices", [["1,234"], ["1.234", "7"], ["12,50", "12.50"]])
def test_the_decimal_sign_is_a_question_without_evidence_or_with_contradictions(prices: list[str]) -> None:
    assert keys(proposal_for(priced(*prices))) == ["decimal"]
    assert proposal_for(priced(*prices), decimal=",").contract["numbers"]["decimal"] == ","


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850"])
def test_letters_that_make_words_prove_the_encoding(encoding: str) -> None:
    text = table(("1", "2026-03-01", "Öllampe für Gäste", "1", "2.50"), ("2", "2026-03-01", "Café Martín", "1", "2.50"))
    proposal = proposal_for(text, encoding)
    assert keys(proposal) == []
    assert text.encode(encoding).decode(proposal.contract["file"]["encoding"]).lstrip("\ufeff") == text


def test_the_encoding_is_a_question_if_no_decoding_gives_words() -> None:
    data = table(("1", "2026-03-01", "x?y", "1", "2.50")).encode().replace(b"?", b"\xa5")
    assert "encoding" in keys(proposal_for(data))


def test_a_unique_currency_sign_is_evidence_and_a_shared_one_is_a_question() -> None:
    answers = {name: value for name, value in ANSWERS.items() if name != "currency"}
    euro = propose(io.BytesIO(priced("2.50 €").encode()), answers=answers)
    dollar = propose(io.BytesIO(priced("$2.50").encode()), answers=answers)
    assert (keys(euro), euro.contract["currency"]) == ([], "EUR")
    assert [(one.key, one.choices[0]) for one in dollar.questions] == [("currency", "USD")]


def test_an_unknown_status_word_is_a_question_with_every_word_of_the_column() -> None:
    rows = [(str(n), "2026-03-01", "Clock", "1", "2.50", word) for n, word in enumerate(["Paid", "Open", "Zzz"], 1)]
    text = table(*rows, header=(*HEADER, "Status"))
    (question,) = proposal_for(text).questions
    assert (question.key, question.keys) == ("status", ("status.Paid", "status.Open", "status.Zzz"))
    assert [(use.word, use.rows, use.amount, use.meaning) for use in question.table] == [
        ("Paid", 1, "2.5", "completed"),
        ("Open", 1, "2.5", "pending"),
        ("Zzz", 1, "2.5", ""),
    ]
    words = proposal_for(text, **{"status.Zzz": "cancelled"}).contract["status"]["words"]
    assert words == {"Paid": "completed", "Open": "pending", "Zzz": "cancelled"}


def test_letters_before_numbers_of_negative_quantities_show_returns() -> None:
    rows = [("1", "2026-03-01", "Clock", "2", "2.50"), ("2", "2026-03-01", "Clock", "1", "2.50")]
    proposal = proposal_for(table(*rows, ("R3", "2026-03-02", "Clock", "-1", "2.50")))
    assert proposal.contract["status"]["prefixes"] == {"R": "returned"}


AMOUNTS: list[tuple[tuple[str, ...], list[tuple[str, ...]], dict[str, Any], str]] = [
    (("Total", "Tax"), [("2380.00", "380.00"), ("1190.00", "190.00")], {}, "gross_amount"),
    (("Total", "Tax"), [("2000.00", "319.33"), ("1000.00", "159.66")], {"include": "tax"}, "gross_amount"),
    (("Total", "Discount"), [("1800.00", "10"), ("950.00", "5")], {"discount": "percent"}, "net_amount"),
    (("Total", "Discount"), [("1800.00", "200.00"), ("950.00", "50.00")], {}, "net_amount"),
]


@pytest.mark.parametrize(("names", "cells", "amounts", "role"), AMOUNTS)
def test_sums_prove_what_a_total_and_a_discount_are(
    names: tuple[str, ...], cells: list[tuple[str, ...]], amounts: dict[str, Any], role: str
) -> None:
    rows = [
        (str(n), "2026-03-01", "Clock", quantity, "1000.00", *cells[n % 2]) for n, quantity in enumerate(["2", "1"] * 5)
    ]
    proposal = proposal_for(table(*rows, header=(*HEADER, *names)))
    assert (keys(proposal), proposal.contract.get("amounts", {})) == ([], amounts)
    assert proposal.contract["columns"][role] == "Total"
    assert parse_contract(proposal.contract)


def test_a_round_discount_is_a_question_if_no_total_explains_it() -> None:
    rows = [(str(n), "2026-03-01", "Clock", "2", "10.00", "5") for n in range(9)]
    assert keys(proposal_for(table(*rows, header=(*HEADER, "Discount")))) == ["discount"]


def test_titles_before_the_header_and_totals_at_the_end_are_no_rows() -> None:
    body = table(("1", "2026-03-01", "Clock", "2", "10.00"), ("2", "2026-03-02", "Clock", "2", "10.00"))
    proposal = proposal_for(f"Sales report\n\n{body}Total;;;;40.00\n")
    assert (proposal.rows, keys(proposal)) == (2, [])
    assert proposal.contract["file"]["ignore"] == ["Total"]
    assert why(proposal, "header")[1] == (3,)


def test_a_file_without_a_header_gets_a_question_and_column_names() -> None:
    body = "1;2026-03-01;2;10.00\n2;2026-03-02;1;5.00\n"
    assert "header" in keys(proposal_for(body))
    columns = {"column.quantity": "column 3", "column.unit_price": "column 4", "column.net_amount": "-"}
    proposal = proposal_for(body, header="0", identity="column 1", **columns)
    assert keys(proposal) == []
    assert proposal.contract["file"]["header"] == ["column 1", "column 2", "column 3", "column 4"]


def test_columns_that_are_unique_together_are_offered_with_those_that_nearly_are() -> None:
    rows = [(store, f"2026-03-{day:02}", "5.00") for day in range(1, 29) for store in ("North", "South")]
    text = table(*rows, header=("Store", "Date", "Sales"))
    (question,) = proposal_for(text).questions
    assert (question.key, question.choices) == ("identity", ("Store,Date", "content"))
    assert proposal_for(text, identity="Store,Date").contract["identity"]["made_of"] == ["Store", "Date"]
    assert proposal_for(text, identity="content").contract["identity"]["by_content"] is True


def test_repeated_sale_lines_are_a_question_with_the_conflicting_lines() -> None:
    rows = [("7", "1"), ("7", "2"), ("7", "2"), ("8", "1")]
    text = table(
        *((a, b, "2026-03-01", "1", "2.50") for a, b in rows), header=("Order No", "Line", "Date", "Qty", "Price")
    )
    (question,) = proposal_for(text).questions
    assert (question.key, question.lines) == ("identity", (3, 4))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"\x1f\x8b\x08\x00abc", bytes(range(256)) * 9, b'"a,b\n1,2\n', b"\n\n"]
)
def test_a_file_that_is_not_a_table_has_questions(data: bytes) -> None:
    assert keys(proposal_for(data))


def test_columns_of_the_same_name_are_called_by_their_place() -> None:
    text = "Order,Date,Product,Qty,Price,Total,Total\n" + "".join(
        f"A{n},2026-02-{n:02},Mug,{1 + n % 3},2.50,{2.5 * (1 + n % 3):.2f},99.00\n" for n in range(10, 28)
    )
    proposal = propose(io.BytesIO(text.encode()), name="x")
    assert proposal.contract["file"]["repeated_names"] == "number"
    assert proposal.contract["columns"]["net_amount"] == "Total"
    assert proposal.contract["extra_columns"] == ["Total (7)"]
    evidence = {finding.about: finding.evidence for finding in proposal.findings}
    assert evidence["repeated_names"] == (
        "a name occurs twice in the header, so the later columns are called Total (7)"
    )
