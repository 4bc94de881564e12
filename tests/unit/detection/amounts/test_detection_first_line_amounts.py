"""A discount or a refund of an order that its first line has is subtracted once."""

import io
from random import Random

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract


def proposal_for(name: str, *, after: bool, total: bool = True, **answers: str) -> Proposal:
    """Orders of two lines. after: the total of the order is less the amount in the column `name`."""
    draw = Random(4)
    rows = [f"Order No,Date,Customer,Qty,Price,{name}" + ",Sum" * total]
    for number in range(30):
        lines = [(draw.randint(1, 3), round(draw.uniform(30, 90), 2)) for _ in range(2)]
        amount = round(3.17 + number / 7, 2) if number % 4 == 0 else 0
        whole = round(sum(quantity * price for quantity, price in lines) - amount * after, 2)
        for place, (quantity, price) in enumerate(lines):
            cells = (f"Anna {number % 9}", quantity, price, amount) if not place else ("", quantity, price, "")
            order = (whole if not place else "",) if total else ()
            rows.append(",".join(map(str, (1000 + number, f"2026-03-{1 + number % 28:02}", *cells, *order))))
    return propose(io.BytesIO("\n".join([*rows, ""]).encode()), name="shop", answers=ANSWERS | answers)


def test_a_total_of_the_order_after_its_discount_proves_it() -> None:
    proposal = proposal_for("Discount", after=True)
    assert keys(proposal) == []
    assert parse_contract(proposal.contract).columns["discount"] == "Discount"


def test_a_total_of_the_order_that_is_the_sum_of_its_lines_proves_that_they_are_after_it() -> None:
    proposal = proposal_for("Discount", after=False)
    assert (keys(proposal), "discount" in proposal.contract["columns"]) == ([], False)


@pytest.mark.parametrize(("name", "total"), [("Discount", False), ("Refunded amount", True)])
def test_a_discount_without_a_total_and_a_refund_are_questions(name: str, total: bool) -> None:
    assert keys(proposal_for(name, after=False, total=total)) == [f"subtract.{name}"]
    contract = parse_contract(proposal_for(name, after=False, total=total, **{f"subtract.{name}": "yes"}).contract)
    assert contract.columns["discount"] == name
