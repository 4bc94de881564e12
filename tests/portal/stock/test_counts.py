"""Counts of a store: blind, by scanner and by several people, resumed, reviewed, confirmed or discarded."""

from datetime import date
from re import search
from typing import Any

import pytest
import shop_of_two_stores
import stock_steps
from stock_steps import counted, lines, on_hand, rows, text
from visitor import People, Visitor, Work
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.stock import stored_levels, stored_movements

sell = stock_steps.sell
JSON = {"Accept": "application/json"}


@pytest.fixture
def boss(sold: Visitor, app: App) -> Visitor:
    """An administrator; 10 kettles and 5 pots are left in Mumbai, and the pan was never counted."""
    counted(app, date(2026, 6, 30), "MUM01", {"KET": 10, "POT": 5})
    return sold


def start(visitor: Visitor, **fields: str) -> str:
    """The address of a new count."""
    page = visitor.get("/stock/counts/new?store=IN/MUM01").text
    count = search(r'name="count" value="(\w+)"', page)
    assert count
    form = {"store": "IN/MUM01", "count": count[1], "part": "whole store"} | fields
    answer = visitor.post("/stock/counts/new", form)
    assert answer.status_code == 303, text(answer.text)
    return str(answer.location)


def scan(visitor: Visitor, page: str, product: str, quantity: str = "1", scan_id: str = "", **fields: str) -> Any:
    form = {"product": product, "quantity": quantity, "scan": scan_id} | fields
    return visitor.post(f"{page}/scan", form, headers=JSON).get_json()


def confirm(visitor: Visitor, page: str, *zeros: str) -> TestResponse:
    return visitor.post(f"{page}/review", {"zero": list(zeros)})


def test_scans_add_up_and_the_expected_stock_is_not_shown(boss: Visitor) -> None:
    page = start(boss)
    scan(boss, page, "4006381333931")
    scan(boss, page, "KET", "3")
    assert scan(boss, page, "kettle") == {"code": "KET", "name": "Kettle", "quantity": "5"}
    (line,) = rows(boss.get(page))
    assert line.startswith("Kettle KET")
    assert "10" not in line


def test_a_repeated_scan_counts_once_and_a_typed_quantity_replaces(boss: Visitor) -> None:
    page = start(boss)
    scan(boss, page, "KET", scan_id="s1")
    assert scan(boss, page, "KET", scan_id="s1")["quantity"] == "1"
    assert scan(boss, page, "KET", "7", adds="no")["quantity"] == "7"
    boss.post(f"{page}/remove", {"product": "KET"})
    assert rows(boss.get(page)) == []


def test_a_scan_that_cannot_be_counted_is_described(boss: Visitor) -> None:
    page = start(boss)
    assert "There is no product “4711”" in scan(boss, page, "4711")["problem"]
    assert "not a number" in scan(boss, page, "KET", "many")["problem"]
    assert "not be negative" in scan(boss, page, "KET", "-1")["problem"]


def test_differences_are_those_at_the_time_of_each_scan(boss: Visitor, app: App, work: Work) -> None:
    page = start(boss)
    scan(boss, page, "KET", "9")
    app.ports.clock.sleep(3600)
    boss.upload(lines((("9", "01-07-2026 15:00", "MUM01", "KET", 2),)), "later.csv")  # 30 minutes after the scan
    work()
    stored_levels.refresh_levels(app.ports)
    assert on_hand(app, "KET") == 8
    review = boss.get(f"{page}/review")
    assert rows(review)[0].startswith("Kettle KET 10 9 −1 −60.00 INR")
    confirm(boss, page)
    assert on_hand(app, "KET") == 7
    assert on_hand(app, "POT") == 5


def test_products_that_were_not_counted_are_decided_on(boss: Visitor, app: App) -> None:
    page = start(boss)
    scan(boss, page, "KET", "10")
    review = boss.get(f"{page}/review?zero=all")
    assert [row.split()[0] for row in rows(review)[1:]] == ["Pan", "Pot"]
    assert review.text.count(" checked") == 2
    answer = boss.post(f"{page}/review", {"zero": ["POT"]}, follow_redirects=True)
    assert "Stock starts from it" in text(answer.text)
    assert on_hand(app, "POT") == 0
    assert on_hand(app, "PAN") is None


def test_a_partial_count_leaves_the_others_as_they_are(boss: Visitor, app: App) -> None:
    page = start(boss, part="list")
    scan(boss, page, "POT", "6")
    assert rows(boss.get(f"{page}/review"))[1:] == []
    confirm(boss, page)
    assert (on_hand(app, "KET"), on_hand(app, "POT")) == (10, 6)
    category = start(boss, part="category", category="Kitchen")
    assert len(rows(boss.get(f"{category}/review"))) == 3


def test_a_confirmed_count_is_recorded_once_and_closed(boss: Visitor, app: App) -> None:
    page = start(boss)
    scan(boss, page, "KET", "4")
    before = len(stored_movements.find_movements(app.ports, "IN", "MUM01"))
    confirm(boss, page)
    confirm(boss, page)
    assert len(stored_movements.find_movements(app.ports, "IN", "MUM01")) == before + 1
    assert "closed" in scan(boss, page, "KET")["problem"]
    assert boss.get(page).status_code == 303
    assert "Confirmed" in text(boss.get(f"{page}/review").text)
    assert boss.post(f"{page}/discard").status_code == 422


def test_a_discarded_count_changes_nothing(boss: Visitor, app: App) -> None:
    page = start(boss)
    scan(boss, page, "KET", "4")
    boss.post(f"{page}/discard")
    assert on_hand(app, "KET") == 10
    assert confirm(boss, page).status_code == 422
    assert "Discarded" in rows(boss.get("/stock/counts"))[0]


def test_nothing_counted_is_no_count(boss: Visitor) -> None:
    answer = confirm(boss, start(boss))
    assert answer.status_code == 422
    assert "Nothing has been counted yet" in text(answer.text)


def test_several_people_count_one_store(boss: Visitor, app: App, person: People) -> None:
    page, manager = start(boss), person(Role.MANAGER, "IN", stores=("MUM01",))
    scan(boss, page, "KET", "3")
    scan(manager, page, "KET", "2")
    scan(manager, page, "POT", "1")
    confirm(boss, page)
    assert (on_hand(app, "KET"), on_hand(app, "POT")) == (5, 1)
    other = person(Role.MANAGER, "IN", stores=("DEL02",))
    assert other.get(page).status_code == 404
    assert rows(other.get("/stock/counts")) == []


def test_where_sales_have_no_times_the_form_requires_the_part_of_the_day(boss: Visitor, work: Work) -> None:
    assert "When do you count?" not in boss.get("/stock/counts/new?store=IN/MUM01").text
    boss.upload(shop_of_two_stores.content(date(2026, 6, 29), date(2026, 6, 30)), "days.csv", "UK")
    work()
    assert "When do you count?" in boss.get("/stock/counts/new?store=UK/LDS1").text
    form = {"store": "UK/LDS1", "count": "c1", "part": "list"}
    assert boss.post("/stock/counts/new", form).status_code == 422
    assert boss.post("/stock/counts/new", form | {"day_part": "before opening"}).status_code == 303
