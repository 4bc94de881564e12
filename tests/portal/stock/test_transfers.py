"""Transfers between stores: sent, in transit, arrived in parts, lost, and undone."""

from datetime import date
from re import search

import pytest
import stock_steps
from stock_steps import counted, on_hand, rows, text
from visitor import People, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.model.permissions import Role

sell = stock_steps.sell


@pytest.fixture
def boss(sold: Visitor, app: App) -> Visitor:
    counted(app, date(2026, 6, 30), "MUM01", {"KET": 10, "POT": 5})
    counted(app, date(2026, 6, 30), "DEL02", {"KET": 1})
    return sold


@pytest.fixture
def transfer(boss: Visitor) -> str:
    """The page of a transfer of 6 kettles and 2 pots from Mumbai to Delhi."""
    form = {"store": "IN/MUM01", "other_store": "IN/DEL02", "movement": "t1"}
    answer = boss.post("/stock/new/transfer", form | {"product": ["KET", "POT"], "quantity": ["6", "2"]})
    assert answer.status_code == 303, answer.text
    return "/stock/transfer?id=t1"


def confirm(visitor: Visitor, page: str, kettles: str, pots: str, rest: str = "transit") -> TestResponse:
    step = search(r'name="step" value="(\d+)"', visitor.get(page).text)
    assert step
    cells = {"id": "t1", "step": step[1], "rest": rest, "product": ["KET", "POT"], "quantity": [kettles, pots]}
    return visitor.post("/stock/transfer", cells)


def test_what_is_sent_leaves_the_store_and_is_in_transit_to_the_other(boss: Visitor, app: App, transfer: str) -> None:
    assert on_hand(app, "KET") == 4
    assert on_hand(app, "KET", "DEL02") == 1
    (row,) = rows(boss.get("/stock?store=DEL02&q=KET"))
    assert row.startswith("Kettle KET Delhi DEL02 In stock 1 6")
    assert rows(boss.get("/stock/transfers")) == ["1 Jul 2026 Mumbai Delhi 2 8 0 0 8"]


def test_arrivals_are_confirmed_in_parts(boss: Visitor, app: App, transfer: str) -> None:
    confirm(boss, transfer, "4", "")
    assert on_hand(app, "KET", "DEL02") == 5
    assert rows(boss.get("/stock/transfers"))[0].endswith("2 8 4 0 4")
    confirm(boss, transfer, "1", "2", rest="lost")
    assert on_hand(app, "KET", "DEL02") == 6
    assert on_hand(app, "POT", "DEL02") is None  # it was never counted there
    assert rows(boss.get("/stock/transfers")) == []
    assert rows(boss.get("/stock/transfers?state=all"))[0].endswith("2 8 7 1 0")
    assert "Nothing is in transit any more" in text(boss.get(transfer).text)


def test_two_people_confirm_an_arrival_once(boss: Visitor, app: App, transfer: str) -> None:
    form = {"id": "t1", "step": "1", "product": ["KET", "POT"], "quantity": ["6", "2"]}
    boss.post("/stock/transfer", form)
    answer = boss.post("/stock/transfer", form, follow_redirects=True)
    assert "was recorded since you opened the page" in text(answer.text)
    assert on_hand(app, "KET", "DEL02") == 7


@pytest.mark.parametrize(
    ("kettles", "problem"),
    [("7", "KET: 6 are in transit"), ("many", "is not a number"), ("", "how many units arrived")],
)
def test_an_arrival_that_cannot_be_recorded_is_described(
    boss: Visitor, app: App, transfer: str, kettles: str, problem: str
) -> None:
    answer = confirm(boss, transfer, kettles, "")
    assert answer.status_code == 422
    assert problem in text(answer.text)
    assert on_hand(app, "KET", "DEL02") == 1


def test_a_transfer_is_undone_after_its_arrivals(boss: Visitor, app: App, transfer: str) -> None:
    confirm(boss, transfer, "6", "2")
    refused = boss.post("/stock/movement/cancel", {"id": "t1"})
    assert refused.status_code == 422
    assert "Undo that first" in text(refused.text)
    boss.post("/stock/movement/cancel", {"id": "t1-1-in"})
    assert on_hand(app, "KET", "DEL02") == 1
    boss.post("/stock/movement/cancel", {"id": "t1"})
    assert on_hand(app, "KET") == 10
    assert rows(boss.get("/stock/transfers?state=all")) == []


def test_the_receiving_store_confirms(boss: Visitor, app: App, transfer: str, person: People) -> None:
    manager = person(Role.MANAGER, "IN", stores=("DEL02",))
    assert len(rows(manager.get("/stock/transfers"))) == 1
    assert confirm(manager, transfer, "6", "2").status_code == 303
    assert on_hand(app, "KET", "DEL02") == 7
    other_region = person(Role.MANAGER, "UK")
    assert other_region.get(transfer).status_code == 404
    assert rows(other_region.get("/stock/transfers")) == []


def test_goods_are_not_sent_to_another_region_or_to_the_same_store(boss: Visitor) -> None:
    form = {"store": "IN/MUM01", "movement": "t2", "product": ["KET"], "quantity": ["1"]}
    assert "Choose the store that gets the goods" in boss.post("/stock/new/transfer", form).text
    assert boss.post("/stock/new/transfer", form | {"other_store": "IN/MUM01"}).status_code == 404
