"""Discounts of a whole order beside totals of its lines are subtracted once."""

import io

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}
PRICES = (10.0, 25.5, 12.5, 40.0, 99.9, 6.0, 30.0, 15.5)


def proposal_for(discount: str = "5.00", header: str = "Order Discount", **answers: str) -> Proposal:
    """A proposal for orders of two lines, of which each second has a discount."""
    rows = [f"No,Date,Item,Qty,Price,Total,{header}"]
    for number, price in enumerate(PRICES):
        off = discount if number % 2 else "0"
        order = f"{100 + number},2026-03-{14 + number}"
        rows += [f"{order},Mug,3,{price},{3 * price:.2f},{off}", f"{order},Tea,1,20.25,20.25,{off}"]
    return propose(io.BytesIO("\n".join([*rows, ""]).encode()), name="shop", answers=ANSWERS | answers)


def test_a_discount_that_is_repeated_on_all_lines_is_a_question() -> None:
    (question,) = proposal_for().questions
    assert (question.key, question.choices) == ("subtract.Order Discount", ("yes", "no"))
    assert question.evidence == "Order Discount is the same on all lines of each of 4 orders with several lines"


def test_it_is_subtracted_from_the_first_line_of_its_order() -> None:
    proposal = proposal_for(**{"subtract.Order Discount": "yes"})
    assert proposal.questions == ()
    assert proposal.contract["amounts"] == {"subtract": {"net_amount": ["Order Discount"]}}
    assert proposal.contract["file"]["once"] == ["Order Discount"]
    assert parse_contract(proposal.contract).file.once_within == "No"


def test_a_percentage_cannot_be_subtracted() -> None:
    (question,) = proposal_for("5", "Order Discount %").questions
    assert question.choices == ("no",)
    assert question.evidence.endswith("a percentage, which cannot be subtracted: the revenue is before it")


def test_without_a_total_it_is_the_discount() -> None:
    rows = ["No,Date,Item,Qty,Price,Order Discount"]
    for number, price in enumerate(PRICES):
        order, off = f"{100 + number},2026-03-{14 + number}", "4.50" if number % 2 else "0"
        rows += [f"{order},Mug,3,{price},{off}", f"{order},Tea,1,20.25,{off}"]
    answers = ANSWERS | {"subtract.Order Discount": "yes", "column.discount": "-"}
    proposal = propose(io.BytesIO("\n".join([*rows, ""]).encode()), name="shop", answers=answers)
    assert proposal.contract["columns"]["discount"] == "Order Discount"
    assert proposal.contract["file"]["once"] == ["Order Discount"]
