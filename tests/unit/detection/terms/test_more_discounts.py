"""A discount beside another one is asked about, unless a sum shows that it is contained."""

import io
from typing import Any

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "discount": "amount"}
PRICES = ("12.50", "9.75", "14.20", "59.00", "31.00", "18.00", "22.40", "16.10")


def proposal_for(names: str, cells: Any, **answers: str) -> Proposal:
    """cells: (row number, price) → the cells of the further columns."""
    rows = [f"{100 + n},2026-03-{14 + n},P{n},1,{price},{cells(n, float(price))}" for n, price in enumerate(PRICES)]
    text = "\n".join([f"Receipt No,Date,Item,Qty,Price,{names}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def two(number: int, price: float) -> str:
    return f"{0.55 * number:.2f},{0.35 * (number % 2):.2f}"


@pytest.mark.parametrize("name", ["Promo Discount", "Coupon", "Member Discount", "Mitglieder-Rabatt"])
def test_a_second_discount_is_a_question_and_is_added_to_the_first(name: str) -> None:
    (question,) = proposal_for(f"Discount,{name}", two).questions
    assert (question.key, question.choices) == (f"subtract.{name}", ("yes", "no"))
    assert proposal_for(f"Discount,{name}", two, **{question.key: "yes"}).contract["amounts"]["add"] == {
        "discount": [name]
    }
    assert "add" not in proposal_for(f"Discount,{name}", two, **{question.key: "no"}).contract.get("amounts", {})


def test_a_second_discount_is_subtracted_from_a_total_that_is_only_less_the_first() -> None:
    def cells(number: int, price: float) -> str:
        return f"{two(number, price)},{price - 0.55 * number:.2f}"

    proposal = proposal_for("Discount,Coupon,Total", cells, **{"subtract.Coupon": "yes"})
    assert proposal.questions == ()
    assert proposal.contract["amounts"]["subtract"] == {"net_amount": ["Coupon"]}
    assert proposal.contract["amounts"]["add"] == {"discount": ["Coupon"]}


def test_a_total_that_is_less_both_is_no_question() -> None:
    def cells(number: int, price: float) -> str:
        return f"{two(number, price)},{price - 0.55 * number - 0.35 * (number % 2):.2f}"

    assert "subtract.Coupon" not in [one.key for one in proposal_for("Discount,Coupon,Total", cells).questions]


@pytest.mark.parametrize("name", ["Discount %", "Price after Discount", "Discount Code No"])
def test_another_form_of_the_discount_is_no_question(name: str) -> None:
    def cells(number: int, price: float) -> str:
        of_price = {"Discount %": "10", "Price after Discount": f"{price * 0.9:.2f}", "Discount Code No": "7"}
        return f"{price * 0.1:.2f},{of_price[name]}"

    assert [one.key for one in proposal_for(f"Discount,{name}", cells).questions] == []


@pytest.mark.parametrize("signs", ["+-", "-+", "±+"])
def test_a_discount_with_another_sign_cannot_be_added_to_the_first(signs: str) -> None:
    def cells(number: int, _: float) -> str:
        first = "-" if signs[0] == "-" or (signs[0] == "±" and number > 4) else ""
        second = "-" if signs[1] == "-" else ""
        return f"{first}{0.55 * (number + 1):.2f},{second}{0.35 * (number % 2):.2f}"

    (question,) = (one for one in proposal_for("Discount,Coupon", cells).questions if one.key == "subtract.Coupon")
    assert question.choices == ("no",)
    assert "without minus signs" in question.evidence
