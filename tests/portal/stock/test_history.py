"""The history of one product in one store, and the question that negative stock is."""

from datetime import date
from json import loads
from re import search
from typing import Any

import pytest
import stock_steps
from stock_steps import counted, lines, moved, on_hand, rows, text
from visitor import People, Visitor, Work

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.stock import stored_levels
from tillstream.stock.movements import MovementKind

sell = stock_steps.sell
KETTLE = "/stock/product?region=IN&store=MUM01&product=KET"


@pytest.fixture
def boss(sold: Visitor, app: App) -> Visitor:
    """An administrator; on 3 June, 4 of the 3 kettles in Mumbai were sold."""
    counted(app, date(2026, 6, 1), "MUM01", {"KET": 3})
    moved(app, MovementKind.RECEIPT, date(2026, 6, 5), "MUM01", {"KET": 20})
    moved(app, MovementKind.WRITE_OFF, date(2026, 6, 6), "MUM01", {"KET": 2}, reason="damaged")
    return sold


def chart(page: str) -> dict[str, Any]:
    figure = search(r'<script type="application/json">(.*?)</script>', page)
    assert figure
    data: dict[str, Any] = loads(figure[1])
    return data


def test_the_stock_of_each_day_is_drawn_with_its_events(boss: Visitor) -> None:
    page = boss.get(KETTLE)
    figure = chart(page.text)
    assert figure["labels"][0] == "2026-06-01"
    assert figure["series"][0]["values"] == [3, 3, -1, -1, 19, 17]
    assert [one["text"] for one in figure["annotations"]] == ["Count", "Received", "Written off"]
    assert [row.split(" Undo")[0] for row in rows(page)] == [
        "6 Jun 2026 Written off Damaged −2 – setup",
        "5 Jun 2026 Received + 20 – setup",
        "3 Jun 2026 Sold −4 – –",
        "1 Jun 2026 Count = 3 – setup",
    ]
    assert "17 on hand" in text(page.text)


def test_the_last_day_has_the_stock_of_the_levels_also_after_several_counts(
    boss: Visitor, app: App, work: Work
) -> None:
    counted(app, date(2026, 6, 10), "MUM01", {"KET": 12})
    boss.upload(lines((("20", "10-06-2026 10:00", "MUM01", "KET", 5), ("21", "11-06-2026 10:00", "MUM01", "KET", 1))))
    work()
    stored_levels.refresh_levels(app.ports)
    values = chart(boss.get(KETTLE).text)["series"][0]["values"]
    assert values[-2:] == [12, 11]  # the count was after closing
    assert on_hand(app, "KET") == values[-1]


def test_negative_stock_is_a_question_with_its_likely_causes(boss: Visitor, app: App) -> None:
    boss.post("/stock/movement/cancel", {"id": "receipt-2026-06-05-MUM01-KET"})
    page = text(boss.get(KETTLE).text)
    assert "Which of these is it? A delivery was not entered: none is recorded." in page
    assert "The last count was wrong: 3 units on 1 Jun 2026." in page
    assert "Sales of another product have the code of this one." in page


def test_a_movement_is_undone_from_the_history(boss: Visitor, app: App) -> None:
    assert on_hand(app, "KET") == 17
    boss.post("/stock/movement/cancel", {"id": "write-off-2026-06-06-MUM01-KET"})
    assert on_hand(app, "KET") == 19
    assert "Written off" not in " ".join(rows(boss.get(KETTLE)))


def test_the_history_is_that_of_the_users_stores(boss: Visitor, person: People) -> None:
    assert person(Role.MANAGER, "IN", stores=("DEL02",)).get(KETTLE).status_code == 404
    analyst = person(Role.ANALYST).get(KETTLE)
    assert "Received + 20" in rows(analyst)[1]
    assert "setup" not in analyst.text
    assert "Undo" not in " ".join(rows(analyst))
    assert boss.get("/stock/product?region=IN&store=MUM01&product=4711").status_code == 404
