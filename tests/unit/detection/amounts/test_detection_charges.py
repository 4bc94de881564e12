"""Shipping, tips and tax that a total of an order may contain."""

import io
from collections.abc import Callable

import pytest
from proposals import keys

from tillstream.detection import Proposal, propose
from tillstream.detection.amounts.charges import is_charge_header

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}
NETS = (10.0, 25.0, 12.5, 40.0, 99.9, 6.0, 30.0, 15.5)


def proposal_for(header: str, row: Callable[[float, float], tuple[float, ...]], **answers: str) -> Proposal:
    """A proposal for orders. row: the goods and the shipping of an order → its amounts."""
    rows = []
    for number, net in enumerate(NETS):
        amounts = ",".join(f"{amount:.2f}" for amount in row(net, (0.0, 4.9, 7.5)[number % 3]))
        rows.append(f"{100 + number},2026-03-{14 + number},Ann,{amounts}")
    text = "\n".join([f"No,Date,Customer,{header}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def test_shipping_beside_a_total_is_a_question_if_no_sum_shows_it() -> None:
    (question,) = proposal_for("Shipping,Total", lambda net, post: (post, net + post)).questions
    assert question.key == "subtract.Shipping"
    assert question.evidence == "no sum shows whether Total contains Shipping"


def test_a_sum_that_adds_the_shipping_shows_that_a_total_is_without_it() -> None:
    assert keys(proposal_for("Amount,Shipping,Grand sum", lambda net, post: (net, post, net + post))) == []


def test_a_net_total_by_its_name_contains_no_shipping() -> None:
    assert keys(proposal_for("Net sales,Shipping", lambda net, post: (net, post))) == []


def test_the_rate_of_a_tax_shows_that_a_total_contains_it_and_the_shipping() -> None:
    proposal = proposal_for(
        "Order Total,Order Tax,Order Shipping",
        lambda net, post: (net * 1.2 + post, net * 0.2, post),
        **{"column.net_amount": "Order Total", "column.quantity": "-"},
    )
    (question,) = proposal.questions
    assert question.key == "subtract.Order Shipping"
    assert question.evidence.startswith("Order Tax has an even rate of Order Total less Order Tax and Order Shipping")
    assert proposal.contract["columns"]["gross_amount"] == "Order Total"
    assert proposal.contract["amounts"] == {"include": "tax"}


def test_a_tip_that_the_tax_contradicts_is_no_question() -> None:
    proposal = proposal_for("Total,Tax,Tip", lambda net, post: (net * 1.2, net * 0.2, post))
    assert keys(proposal) == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [("Shipping cost", True), ("Versandkosten", True), ("Tip Amount", True), ("Shipping Tax", False), ("Tipo", False)],
)
def test_names_of_charges(header: str, *, expected: bool) -> None:
    assert is_charge_header(header) == expected
