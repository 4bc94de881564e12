"""Returns in the sale form: nothing is returned twice, whichever device or source returned it first."""

import json
from collections import Counter
from typing import Any

import pytest
from test_entering_sales import revenue, sale, send
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake.sale_form import RETURN_SETTLING_TIME
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.ports.bus import Message


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1"), indian_sale("2")))
    work()


def back(number: str, returned: str = "MUM01/2", quantity: str = "1", **changes: Any) -> dict[str, Any]:
    """A return of a kettle, which cost 100."""
    amount = f"-{int(quantity) * 100}"
    line = {"line": "1", "product_id": "P1", "quantity": f"-{quantity}", "unit_price": "100", "net_amount": amount}
    return sale(number, status="returned", returns_sale_id=returned, lines=[line]) | changes


def states(visitor: Visitor) -> dict[str, str]:
    outcomes = visitor.get("/api/sales/outcomes").get_json()["outcomes"]
    return {one["number"]: one["outcome"] for one in outcomes}


@pytest.fixture
def seller(person: People) -> Visitor:
    return person(Role.SALESPERSON, "IN")


def left(visitor: Visitor, number: str) -> dict[str, str]:
    """What was returned of a sale, by product."""
    earlier = visitor.get(f"/sell/earlier.json?region=IN&store=MUM01&number={number}").get_json()
    total: Counter[str] = Counter()
    for products in earlier["returns"].values():
        total.update({product: int(quantity) for product, quantity in products.items()})
    return {product: str(quantity) for product, quantity in total.items()}


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_second_return_of_the_same_goods_needs_review(
    sold: Visitor, seller: Visitor, work: Work, *, is_settled: bool
) -> None:
    assert send(seller, back("W-ABCDEF-1"))[0]["status"] == "accepted"
    if is_settled:
        work()
    assert left(seller, "2") == {"P1": "1"}
    assert send(seller, back("W-ABCDEF-2"))[0]["status"] == "accepted"
    work()
    assert revenue(sold) == "100"
    assert states(seller) == {"W-ABCDEF-1": "counted", "W-ABCDEF-2": "quarantined"}
    (problem,) = seller.get("/api/sales/outcomes").get_json()["outcomes"][-1]["problems"]
    assert problem["code"] == "returned-already"
    assert "1 of P1 were sold in MUM01/2, 1 were returned before, and this return has 1" in problem["message"]
    assert left(seller, "2") == {"P1": "1"}


def test_a_return_that_needs_review_counts_when_it_is_sent_again_after_the_wrong_one_is_cancelled(
    sold: Visitor, seller: Visitor, work: Work
) -> None:
    send(seller, back("W-ABCDEF-1"), back("W-ABCDEF-2"))
    work()
    assert send(seller, back("W-ABCDEF-2", version=2))[0]["status"] == "accepted"
    work()
    assert states(seller)["W-ABCDEF-2"] == "quarantined"
    send(seller, back("W-ABCDEF-1", version=2, status="cancelled"), back("W-ABCDEF-2", version=3))
    work()
    assert states(seller)["W-ABCDEF-2"] == "counted"
    assert revenue(sold) == "100"


def test_the_same_return_again_is_no_second_return(sold: Visitor, seller: Visitor, work: Work) -> None:
    for _ in range(2):
        send(seller, back("W-ABCDEF-1"))
        work()
    assert states(seller) == {"W-ABCDEF-1": "duplicate"}
    assert revenue(sold) == "100"


def test_a_cancelled_return_leaves_the_goods_to_be_returned(sold: Visitor, seller: Visitor, work: Work) -> None:
    send(seller, back("W-ABCDEF-1"))
    send(seller, back("W-ABCDEF-1", version=2, status="cancelled"))
    assert left(seller, "2") == {}
    send(seller, back("W-ABCDEF-2"))
    work()
    assert revenue(sold) == "100"
    assert states(seller)["W-ABCDEF-2"] == "counted"


def test_a_sale_and_its_returns_that_arrive_together_are_compared(sold: Visitor, seller: Visitor, work: Work) -> None:
    """Offline, a sale of two and its returns wait on the device."""
    two = back("W-ABCDEF-2", "MUM01/W-ABCDEF-1", "2")
    line = {"line": "1", "product_id": "P1", "quantity": "2", "unit_price": "100", "net_amount": "200"}
    send(seller, sale("W-ABCDEF-1", lines=[line]), two, back("W-ABCDEF-3", "MUM01/W-ABCDEF-1"))
    work()
    assert states(seller) == {"W-ABCDEF-1": "counted", "W-ABCDEF-2": "counted", "W-ABCDEF-3": "quarantined"}


def test_a_return_of_a_till_counts_as_one(
    app: App, sold: Visitor, seller: Visitor, work: Work, clock: ManualClock
) -> None:
    till = back("R-1") | {"source": "till", "version": 1}
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(json.dumps(till).encode())])
    work()
    clock.advance(RETURN_SETTLING_TIME.total_seconds() + 1)
    assert left(seller, "2") == {"P1": "1"}
    send(seller, back("W-ABCDEF-2"))
    work()
    assert states(seller)["W-ABCDEF-2"] == "quarantined"
    assert revenue(sold) == "100"


def test_a_return_of_a_sale_that_the_ledger_does_not_have_is_accepted(
    sold: Visitor, seller: Visitor, work: Work
) -> None:
    send(seller, back("W-ABCDEF-1", "MUM01/2019-77"))
    work()
    assert states(seller) == {"W-ABCDEF-1": "counted"}
    assert revenue(sold) == "100"
