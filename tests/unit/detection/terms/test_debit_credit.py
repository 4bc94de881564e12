"""Amounts in a column of debits and one of credits: one is the sales, and the other is subtracted."""

import io

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "decimal": "."}


def proposal_for(debit: str, credit: str, empty: str = "", **answers: str) -> Proposal:
    rows = [
        f"D{100 + n},2026-03-{14 + n},P{n},{f'{n}.25' if n == 4 else empty},{empty if n == 4 else f'1{n}.50'}"
        for n in range(8)
    ]
    text = "\n".join([f"Doc No,Date,Item,{debit},{credit}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


@pytest.mark.parametrize("empty", ["", "0.00"])
@pytest.mark.parametrize(("debit", "credit"), [("Debit", "Credit"), ("Soll", "Haben"), ("Dr Amount", "Cr Amount")])
def test_the_column_of_sales_and_the_subtraction_of_the_other_are_questions(
    debit: str, credit: str, empty: str
) -> None:
    (first,) = proposal_for(debit, credit, empty).questions
    assert (first.key, first.choices) == ("column.net_amount", (credit, debit))
    chosen = {"column.net_amount": credit}
    (second,) = proposal_for(debit, credit, empty, **chosen).questions
    assert (second.key, second.choices, second.lines) == (f"subtract.{debit}", ("yes", "no"), (6,))
    contract = proposal_for(debit, credit, empty, **chosen, **{second.key: "yes"}).contract
    assert contract["amounts"]["subtract"] == {"net_amount": [debit]}
    assert contract["where_missing"]["net_amount"] == {"do": "default", "value": "0"}
    assert "subtract" not in proposal_for(debit, credit, **chosen, **{second.key: "no"}).contract.get("amounts", {})


@pytest.mark.parametrize(("debit", "credit"), [("-Debit", "Credit"), ("Debit", "-Credit")])
def test_what_is_taken_back_is_added_if_it_has_the_other_sign(debit: str, credit: str) -> None:
    rows = [
        f"D{100 + n},2026-03-{14 + n},P{n},{'-' * debit.count('-')}4.25,"
        if n == 4
        else f"D{100 + n},2026-03-{14 + n},P{n},,{'-' * credit.count('-')}1{n}.50"
        for n in range(8)
    ]
    text = "\n".join(["Doc No,Date,Item,Debit,Credit", *rows, ""])
    answers = ANSWERS | {"column.net_amount": "Credit", "subtract.Debit": "yes", "negative": "yes"}
    proposal = propose(io.BytesIO(text.encode()), name="shop", answers=answers)
    assert proposal.questions == ()
    assert proposal.contract["amounts"]["add"] == {"net_amount": ["Debit"]}
    assert "subtract" not in proposal.contract["amounts"]


def test_two_amounts_in_each_row_are_no_such_pair() -> None:
    (question,) = proposal_for("Debit", "Credit", "3.00").questions
    assert "each row has one of them" not in question.evidence
