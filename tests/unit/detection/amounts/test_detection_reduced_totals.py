"""If one column is quantity × price and another one is less, it is asked which is the total."""

import io
from random import Random
from typing import Any

import pytest
from proposals import ANSWERS

from tillstream.detection import propose


def questions(header: str, more: Any) -> list[tuple[str, ...]]:
    """Key and choices of the questions about a file with `more(number, total)` behind the total."""
    draw, rows = Random(2), [f"Order No,Date,Item,Qty,Price,Amount,{header}"]
    for number in range(40):
        quantity, price = draw.randint(1, 4), round(draw.uniform(20, 90), 2)
        total = round(quantity * price, 2)
        cells = (1000 + number, "2026-03-14", f"Item {number % 5}", quantity, price, total, *more(number, total))
        rows.append(",".join(str(cell) for cell in cells))
    proposal = propose(io.BytesIO("\n".join([*rows, ""]).encode()), name="shop", answers=ANSWERS)
    return [(question.key, *question.choices) for question in proposal.questions]


@pytest.mark.parametrize(
    ("header", "more"),
    [
        ("Final", lambda number, total: (round(total * (0.9 if number % 2 else 1), 2),)),
        ("Final,Platform discount", lambda number, total: (round(total - 2.25 - number / 8, 2), 2.25 + number / 8)),
    ],
)
def test_a_column_that_is_less_than_the_total_is_a_question(header: str, more: Any) -> None:
    assert questions(header, more) == [("column.net_amount", "Final", "Amount")]


@pytest.mark.parametrize(
    ("header", "more"),
    [
        ("Wholesale", lambda number, total: (round(total * (0.4 + number / 90), 2),)),
        ("Final", lambda _, total: (total,)),
    ],
)
def test_a_cost_or_the_same_total_is_no_question(header: str, more: Any) -> None:
    assert questions(header, more) == []


PAYOUT = "ID,Date,Customer,Description,Gross,{fee},Net\n"


def payouts(fee: str, sign: int = 1, **answers: str) -> Any:
    """A proposal for payments of which a provider keeps 2.9% and 0.30. sign: of its fee."""
    rows = []
    for number in range(12):
        gross = 20.0 + number * 3.7
        kept = round(gross * 0.029 + 0.3, 2)
        rows.append(f"tx_{number},2026-03-{10 + number},Ann,Order,{gross:.2f},{sign * kept:.2f},{gross - kept:.2f}\n")
    data = (PAYOUT.format(fee=fee) + "".join(rows)).encode()
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | {"identity": "ID"} | answers)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_net_after_the_fees_of_a_provider_is_a_question(sign: int) -> None:
    (question,) = payouts("Fee", sign).questions
    assert (question.key, question.choices, question.default) == ("column.net_amount", ("Gross", "Net"), "Gross")
    assert question.evidence == "Net is Gross less Fee"
    proposal = payouts("Fee", sign, **{"column.net_amount": "Gross"})
    assert proposal.questions == ()
    assert proposal.contract["columns"]["net_amount"] == "Gross"


def test_a_fee_that_the_buyer_pays_is_another_thing() -> None:
    assert all(question.key != "column.net_amount" for question in payouts("Delivery fee").questions)


def marketplace(**answers: str) -> Any:
    """A proposal for lines of a marketplace, whose price is that of the line."""
    rows = ["Order ID,Order Date,Title,Qty,Item Price,Commission,Commission VAT,Payout"]
    for number in range(20):
        price = (1 + number % 3) * (12.5 + number)
        kept = round(price * 0.15, 2)
        amounts = f"{price:.2f},{kept:.2f},{kept / 5:.2f},{price - kept - round(kept / 5, 2):.2f}"
        rows.append(f"M{number:03},2026-03-{1 + number:02},Item {number % 4},{1 + number % 3},{amounts}")
    data = "\n".join([*rows, ""]).encode()
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | {"identity": "Order ID"} | answers)


def test_a_price_less_fees_that_is_the_payout_of_several_units_is_that_of_the_line() -> None:
    (question,) = marketplace().questions
    assert (question.key, question.choices) == ("column.net_amount", ("Item Price", "-"))
    assert (
        question.evidence == "Payout is Item Price less Commission and Commission VAT, also in 13 rows of several units"
    )
    columns = marketplace(**{"column.net_amount": "Item Price"}).contract["columns"]
    assert columns["net_amount"] == "Item Price"
    assert not {"unit_price", "tax"} & set(columns)
