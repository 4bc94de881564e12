"""Returned products are in stock again, unless a manager marks that they cannot be sold."""

from datetime import date

import pytest
import stock_steps
from stock_steps import counted, on_hand, rows
from visitor import HEADER, People, Visitor, Work

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.stock import stored_levels

sell = stock_steps.sell
RETURN = (
    "7,1,30-06-2026 11:00,MUM01,S1,C1,Asha Rao,KET,Kettle,Kitchen,store,Returned,-1,100.00,0.00,-100.00,0.00,-100.00,"
)
MARK = {"movement": "m1", "region": "IN", "store_id": "MUM01", "sale_id": "MUM01/7", "product": "KET"}


@pytest.fixture
def boss(sold: Visitor, app: App, work: Work) -> Visitor:
    """An administrator; 9 kettles are left in Mumbai, and 1 was returned afterwards."""
    counted(app, date(2026, 6, 29), "MUM01", {"KET": 9})
    sold.upload(f"{HEADER}\n{RETURN}\n".encode(), "returns.csv")
    work()
    stored_levels.refresh_levels(app.ports)
    return sold


def test_a_return_is_in_stock_until_it_is_marked_and_again_after_the_undo(boss: Visitor, app: App) -> None:
    assert on_hand(app, "KET") == 10
    (row,) = rows(boss.get("/stock/returns"))
    assert row.startswith("Kettle KET 30 Jun 2026 Mumbai MUM01/7 1 Cannot be sold")
    for _ in range(2):
        assert boss.post("/stock/returns", MARK).status_code == 303
        assert on_hand(app, "KET") == 9
    assert "Undo" in rows(boss.get("/stock/returns"))[0]
    boss.post("/stock/movement/cancel", {"id": "m1-KET"})
    assert on_hand(app, "KET") == 10
    boss.post("/stock/returns", MARK | {"movement": "m2"})
    assert on_hand(app, "KET") == 9


def test_older_returns_are_searched(boss: Visitor, app: App) -> None:
    app.ports.clock.sleep(60 * 24 * 3600)
    boss.sign_in("admin-all")
    assert rows(boss.get("/stock/returns")) == []
    assert len(rows(boss.get("/stock/returns?q=kettle"))) == 1


def test_only_the_manager_of_the_store_marks(boss: Visitor, app: App, person: People) -> None:
    assert person(Role.MANAGER, "IN", stores=("DEL02",)).post("/stock/returns", MARK).status_code == 404
    assert on_hand(app, "KET") == 10
