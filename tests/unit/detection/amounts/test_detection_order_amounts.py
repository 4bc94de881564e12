"""An amount of a whole order that is repeated on its lines counts once."""

import io
from random import Random
from typing import Any

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract

Row = tuple[Any, ...]


def orders(count: int = 30) -> list[tuple[int, int, int, float]]:
    """Order number, line, quantity and price of orders of one to three lines."""
    draw = Random(5)
    return [
        (1000 + number, line, draw.randint(1, 4), round(draw.uniform(4, 80), 2))
        for number in range(count)
        for line in range(draw.randint(1, 3))
    ]


def totals(lines: list[tuple[int, int, int, float]]) -> dict[int, float]:
    sums: dict[int, float] = {}
    for number, _, quantity, price in lines:
        sums[number] = round(sums.get(number, 0) + quantity * price, 2)
    return sums


def proposal_for(header: str, rows: list[Row], **answers: str) -> Proposal:
    text = [header, *(",".join(map(str, row)) for row in rows), ""]
    return propose(io.BytesIO("\n".join(text).encode()), name="shop", answers=ANSWERS | answers)


def with_totals(*, sort: bool = True) -> list[Row]:
    lines = orders()
    total = totals(lines)
    rows = [
        (no, f"2026-03-{1 + no % 28:02}", f"Item {no % 7}{line}", quantity, total[no])
        for no, line, quantity, _ in lines
    ]
    return rows if sort else sorted(rows, key=lambda row: row[2])


HEADER = "Order No,Date,Item,Qty,Total"


def test_a_total_that_is_repeated_on_the_lines_of_an_order_is_a_question() -> None:
    proposal = proposal_for(HEADER, with_totals())
    assert keys(proposal) == ["once.Total"]
    assert "the same on all lines of each of" in proposal.questions[0].evidence


def test_yes_counts_it_once_and_no_on_each_line() -> None:
    contract = parse_contract(proposal_for(HEADER, with_totals(), **{"once.Total": "yes"}).contract)
    assert (contract.file.once, contract.file.once_within) == (("Total",), "Order No")
    contract = parse_contract(proposal_for(HEADER, with_totals(), **{"once.Total": "no"}).contract)
    assert (contract.columns["net_amount"], contract.file.once) == ("Total", ())


def test_a_column_with_an_answer_is_a_question_too() -> None:
    proposal = proposal_for(HEADER.replace("Total", "Wert"), with_totals(), **{"column.net_amount": "Wert"})
    assert keys(proposal) == ["once.Wert"]


def test_orders_whose_lines_do_not_follow_each_other_are_to_be_sorted_first() -> None:
    (question,) = proposal_for(HEADER, with_totals(sort=False), **{"once.Total": "yes"}).questions
    assert question.choices == ("no",)
    assert "sort the file by its orders first" in question.evidence


def test_lines_that_all_have_one_amount_are_no_questions() -> None:
    assert keys(proposal_for(HEADER, [(*row[:4], "12.50") for row in with_totals()])) == []


def test_with_quantity_and_price_the_total_of_the_order_has_no_role_whatever_it_includes() -> None:
    lines = orders()
    total = totals(lines)
    rows = [(no, "2026-03-14", f"Item {line}", quantity, price, total[no] + 6.9) for no, line, quantity, price in lines]
    proposal = proposal_for("Order No,Date,Item,Qty,Price,Total", rows)
    assert keys(proposal) == []
    assert not {"net_amount", "gross_amount"} & set(proposal.contract["columns"])
    assert any(
        finding.about == "order_total" and "Qty × Price differs" in finding.evidence for finding in proposal.findings
    )


def test_a_total_that_adds_the_shipping_of_the_order_proves_the_column_of_the_lines() -> None:
    lines = orders()
    total = totals(lines)
    rows = [
        (no, "2026-03-14", f"Item {line}", round(quantity * price, 2), 4.5 + no % 9, round(total[no] + 4.5 + no % 9, 2))
        for no, line, quantity, price in lines
    ]
    proposal = proposal_for("Order No,Date,Item,Betrag X,Versand,Total", rows)
    assert keys(proposal) == []
    assert proposal.contract["columns"]["net_amount"] == "Betrag X"


def discounted(lines: list[tuple[int, int, int, float]], *, per_line: bool) -> list[Row]:
    return [
        (no, "2026-03-14", f"Item {line}", quantity, price, round(0.11 * no % 7 + line * per_line, 2) if no % 2 else 0)
        for no, line, quantity, price in lines
    ]


@pytest.mark.parametrize(("per_line", "open_keys"), [(False, ["once.Discount"]), (True, [])])
def test_a_discount_of_the_order_is_a_question_and_that_of_a_line_is_not(per_line: bool, open_keys: list[str]) -> None:
    rows = discounted(orders(), per_line=per_line)
    assert keys(proposal_for("Order No,Date,Item,Qty,Price,Discount", rows)) == open_keys


def test_a_discount_that_the_total_of_the_line_contains_is_no_question() -> None:
    rows = [(*row, round(row[3] * row[4] - row[5], 2)) for row in discounted(orders(), per_line=False)]
    assert keys(proposal_for("Order No,Date,Item,Qty,Price,Discount,Amount", rows)) == []
