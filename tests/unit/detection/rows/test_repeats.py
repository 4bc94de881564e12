"""Rows that occur again are asked about: appended exports, and lines repeated for each payment or salesperson."""

import io

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose

LINES = [
    f"{100 + number // 2},2026-03-{14 + number // 2},{product},{1 + number % 3},{price}"
    for number, (product, price) in enumerate(
        [("Mug", "12.50"), ("Bowl", "9.75"), ("Tea", "4.20"), ("Lamp", "59.00"), ("Pot", "31.00"), ("Vase", "18.00")]
        * 2
    )
]
HEADER = "Receipt No,Date,Item,Qty,Price"


def proposal_for(lines: list[str], *columns: str, header: str = HEADER, **answers: str) -> Proposal:
    text = "\n".join([",".join([header, *columns]), *lines, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


@pytest.mark.parametrize("lines", [LINES * 2, [line for line in LINES for _ in "ab"]])
def test_an_export_that_contains_each_row_twice_is_a_question(lines: list[str]) -> None:
    (question,) = proposal_for(lines).questions
    assert (question.key, question.choices) == ("repeats", ("sales",))
    assert question.evidence == "12 of 24 rows are equal to an earlier line of their sale"
    assert question.lines == (2, lines.index(LINES[0], 1) + 2)
    assert keys(proposal_for(lines, repeats="sales")) == []


def test_lines_joined_with_another_table_are_a_question() -> None:
    joined = [f"{line},{place}" for number, line in enumerate(LINES) for place in (f"P{number}", f"P{number + 1}")]
    (question,) = proposal_for(joined, "Shelf").questions
    assert question.evidence.endswith("and differ only in Shelf")


def test_rows_without_sale_numbers_are_a_question_only_if_all_of_them_are_repeated() -> None:
    days = [line.partition(",")[2] for line in LINES]
    header = HEADER.partition(",")[2]
    assert "repeats" in keys(proposal_for(days * 2, header=header, identity="content"))
    assert keys(proposal_for([*days, *days[:-1]], header=header, identity="content")) == []


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [("Tender", "Cash", "Card"), ("Zahlungsart", "Bar", "Karte"), ("Salesperson", "Ann", "Bob")],
)
def test_lines_repeated_for_each_payment_or_salesperson_are_a_question(column: str, first: str, second: str) -> None:
    lines = [
        f"{line},{word}"
        for line in LINES
        for word in ([first, second] if line.startswith("103") else [first if line < "102" else second])
    ]
    (question,) = proposal_for(lines, column).questions
    assert question.key == f"repeats.{column}"
    assert question.evidence == f"2 of 14 rows are equal to another line of their sale and differ in {column}"
    assert keys(proposal_for(lines, column, **{question.key: "sales"})) == []


def test_two_equal_lines_and_a_payment_for_each_sale_are_no_question() -> None:
    lines = [f"{line},{'Cash' if line < '103' else 'Card'}" for line in [*LINES[:3], *LINES[2:]]]
    assert keys(proposal_for(lines, "Payment method")) == []


def test_equal_numbers_of_two_tills_are_no_repeats() -> None:
    lines = [f"{line},{till}" for till in ("K1", "K2") for line in LINES]
    assert "repeats" not in keys(proposal_for(lines, "Till"))


def test_one_line_that_is_repeated_for_two_payments_is_a_question() -> None:
    lines = [f"{line},{'Visa' if number else 'Cash'}" for number, line in enumerate(LINES)]
    assert keys(proposal_for([*lines, lines[3].replace("Visa", "Gift card")], "Tender type")) == ["repeats.Tender type"]
