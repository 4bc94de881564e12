"""A file whose sales have a minus sign is asked about: its revenue would be below zero."""

import io

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "amount": "net"}


def proposal_for(quantities: list[int], **answers: str) -> Proposal:
    rows = [f"{100 + n},2026-03-{14 + n},P{n},{one},5.25,{one * 5.25:.2f}" for n, one in enumerate(quantities)]
    text = "\n".join(["Receipt No,Date,Item,Qty,Price,Net Amount", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def test_sales_below_zero_are_a_question_and_the_answer_turns_the_signs() -> None:
    (question,) = proposal_for([-1, -2, 1, -3, -1]).questions
    assert (question.key, question.lines) == ("negative", (2,))
    assert question.evidence == "Net Amount has a minus sign in 4 of 5 rows, together -31.50"
    turned = proposal_for([-1, -2, 1, -3, -1], negative="yes").contract["amounts"]["factors"]
    assert turned == {"quantity": "-1", "net_amount": "-1"}
    assert "factors" not in proposal_for([-1, -2, 1, -3, -1], negative="no").contract.get("amounts", {})


@pytest.mark.parametrize("quantities", [[1, 2, -1, 3, 1], [-1, -2, 1, 3, 1, -1], [-1, -1]])
def test_returns_among_sales_and_few_rows_are_no_question(quantities: list[int]) -> None:
    assert "negative" not in [question.key for question in proposal_for(quantities).questions]
