"""The totals of orders show whether the prices of their lines include the tax."""

import io
from collections.abc import Callable

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "GBP", "time_zone": "UTC", "identity": "Name"}
HEADER = "Name,Financial Status,Created at,Lineitem name,Lineitem quantity,Lineitem price,Subtotal,Shipping,Taxes,Total"
PRICES = [10.0, 25.0, 12.5, 40.0, 99.9, 6.0, 30.0, 15.5]


def proposal_for(order: Callable[[float], tuple[float, float]], **answers: str) -> Proposal:
    """A proposal for orders of two lines. order: the goods of an order → its taxes and its total."""
    rows = []
    for number, price in enumerate(PRICES):
        goods = 3 * price + 20
        taxes, total = order(goods)
        rows.append(
            f"{100 + number},paid,2026-03-{14 + number},Mug,3,{price:.2f},{goods:.2f},5.00,{taxes:.2f},{total:.2f}"
        )
        rows.append(f"{100 + number},,2026-03-{14 + number},Tea,1,20.00,,,,")
    text = "\n".join([HEADER, *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def evidence(proposal: Proposal, about: str) -> str:
    return next(finding.evidence for finding in proposal.findings if finding.about == about)


def test_a_total_without_the_tax_beside_it_shows_that_the_prices_include_it() -> None:
    proposal = proposal_for(lambda goods: (goods / 6, goods + 5))
    assert proposal.questions == ()
    assert proposal.contract["amounts"] == {"include": "tax", "tax_rate": "0.2"}
    assert evidence(proposal, "prices") == (
        "Total is Lineitem quantity × Lineitem price + Shipping in 100% of the 8 orders with a tax, "
        "so the prices include it"
    )
    assert evidence(proposal, "tax_rate") == "Taxes is 20% of an order before tax in 100% of the orders with a tax"


def test_a_total_with_the_tax_beside_it_shows_that_the_prices_do_not_include_it() -> None:
    proposal = proposal_for(lambda goods: (goods / 5, goods + 5 + goods / 5))
    assert proposal.questions == ()
    assert "include" not in proposal.contract.get("amounts", {})
    assert evidence(proposal, "prices").endswith(
        "+ Taxes in 100% of the 8 orders with a tax, so the prices do not include it"
    )


def test_several_rates_are_a_question() -> None:
    proposal = proposal_for(lambda goods: (goods / 6 if goods > 60 else goods / 21, goods + 5))
    assert [question.key for question in proposal.questions] == ["tax_rate"]


@pytest.mark.parametrize(("answer", "include"), [("net", None), ("gross", "tax")])
def test_a_tax_that_no_sum_explains_is_a_question(answer: str, include: str | None) -> None:
    def order(goods: float) -> tuple[float, float]:
        return goods / 6, goods * 1.37

    (question,) = proposal_for(order).questions
    assert (question.key, question.evidence) == ("prices", "Taxes contains a tax, and no sum shows it")
    contract = proposal_for(order, prices=answer, tax_rate="0.2").contract
    assert contract.get("amounts", {}).get("include") == include
