"""A discount of a total, with or without a minus sign, is subtracted once."""

import io
from random import Random
from typing import Any

import pytest
from proposals import keys

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "column.quantity": "-"}
LINE = {"column.quantity": "Qty", "discount": "amount"}


def proposal_for(header: str, rows: list[tuple[Any, ...]], **answers: str) -> Proposal:
    text = [header, *(",".join(str(cell) for cell in row) for row in rows), ""]
    return propose(io.BytesIO("\n".join(text).encode()), name="shop", answers=ANSWERS | answers)


def order_rows(sign: int = 1, *, is_after: bool = False) -> list[tuple[Any, ...]]:
    """Orders with subtotal, discount, shipping, tip and total."""
    draw, rows = Random(3), []
    for number in range(40):
        subtotal, shipping, tip = round(draw.uniform(20, 90), 2), 4.5 + number % 3, round(0.37 * (number % 5), 2)
        less = round(subtotal / 10, 2) if number % 3 == 0 else 0
        total = round(subtotal + shipping + tip - less * (not is_after), 2)
        rows.append((1000 + number, f"2026-03-{1 + number % 28:02}", subtotal, sign * less, shipping, tip, total))
    return rows


HEADER = "Order No,Date,Subtotal,Discount,Shipping,Tip,Total"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_discount_that_the_total_of_the_order_shows_is_subtracted_without_a_question(sign: int) -> None:
    proposal = proposal_for(HEADER, order_rows(sign))
    assert keys(proposal) == []
    assert proposal.contract["amounts"]["less_discount"] is True
    assert ("factors" in proposal.contract["amounts"]) == (sign < 0)
    assert any("Total is Subtotal − Discount + Shipping + Tip in 100%" in one.evidence for one in proposal.findings)


def test_a_subtotal_that_is_after_the_discount_is_not_reduced() -> None:
    proposal = proposal_for(HEADER, order_rows(is_after=True))
    assert (keys(proposal), "less_discount" in proposal.contract.get("amounts", {})) == ([], False)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_discount_without_a_sum_is_a_question(answer: str) -> None:
    rows = [row[:4] for row in order_rows()]
    header = HEADER.removesuffix(",Shipping,Tip,Total")
    assert keys(proposal_for(header, rows)) == ["subtract.Discount"]
    contract = proposal_for(header, rows, **{"subtract.Discount": answer}).contract
    assert contract.get("amounts", {}).get("less_discount", False) == (answer == "yes")


def line_rows(discount: float, *, with_total: bool) -> list[tuple[Any, ...]]:
    draw, rows = Random(9), []
    for number in range(40):
        quantity, price = draw.randint(1, 4), round(draw.uniform(20, 90), 2)
        less = round(discount * (number % 7), 2) if number % 2 else 0
        total = (round(quantity * price, 2),) if with_total else ()
        rows.append((1000 + number, "2026-03-14", f"Item {number % 5}", quantity, price, *total, less))
    return rows


def test_a_total_that_is_quantity_by_price_in_spite_of_a_discount_is_a_question() -> None:
    proposal = proposal_for("Order No,Date,Item,Qty,Price,Amount,Discount", line_rows(1.13, with_total=True), **LINE)
    assert keys(proposal) == ["subtract.Discount"]
    assert proposal.questions[0].evidence == "Amount is Qty × Price in the 17 rows with a Discount"


def test_a_discount_with_a_minus_sign_is_subtracted_from_quantity_by_price() -> None:
    proposal = proposal_for("Order No,Date,Item,Qty,Price,Discount", line_rows(-1.13, with_total=False), **LINE)
    assert keys(proposal) == []
    assert proposal.contract["amounts"]["factors"] == {"discount": -1}
