"""The list of stock levels: statuses, filters, search, value at cost, and who sees what."""

import re
from datetime import date
from urllib.parse import unquote

import pytest
import stock_steps
from stock_steps import counted, rows, text
from visitor import People, Visitor

from tillstream.app import App
from tillstream.model.permissions import Role

SHARED = True
sell = stock_steps.sell


@pytest.fixture
def boss(sold: Visitor, app: App) -> Visitor:
    """An administrator; in Mumbai, the kettle is negative, the pot out, and the pan not counted."""
    counted(app, date(2026, 6, 1), "MUM01", {"KET": 3, "POT": 2})
    counted(app, date(2026, 6, 1), "DEL02", {"KET": 51})
    return sold


def listed(visitor: Visitor, query: str = "") -> list[str]:
    return rows(visitor.get(f"/stock?{query}"))


def test_levels_are_listed_by_urgency_with_their_status_in_words(boss: Visitor) -> None:
    answer = boss.get("/stock")
    negative, out, in_stock, not_counted = rows(answer)
    assert negative.startswith("Kettle KET Mumbai MUM01 Negative −1 – – 4")
    assert out.startswith("Pot POT Mumbai MUM01 Out 0")
    assert in_stock.startswith("Kettle KET Delhi DEL02 In stock 50 – – 1 2,800 3,000.00 ")
    assert not_counted.startswith("Pan PAN Mumbai MUM01 Not counted – – – 1 –")
    assert not_counted.endswith("never")
    assert "3,000.00 INR at cost" in text(answer.text)
    assert "/subscriptions/new?address=/tables/stock-levels" in unquote(answer.text)


def test_chips_have_the_number_of_products_of_each_status(boss: Visitor) -> None:
    page = text(boss.get("/stock?status=attention").text)
    assert "All 4 Needs attention 2 In stock 1 Low 0 Out 1 Negative 1 Not counted 1" in page
    assert len(listed(boss, "status=attention")) == 2


@pytest.mark.parametrize(
    ("query", "products"),
    [
        ("q=pot", ["Pot"]),
        ("q=4006381333931&store=MUM01", ["Kettle"]),
        ("store=DEL02", ["Kettle"]),
        ("sort=-on-hand", ["Kettle", "Pot", "Kettle", "Pan"]),
        ("sort=product", ["Kettle", "Kettle", "Pan", "Pot"]),
        ("status=negative", ["Kettle"]),
        ("category=Garden", []),
        ("size=25&page=2", []),
    ],
)
def test_levels_are_searched_filtered_and_sorted(boss: Visitor, query: str, products: list[str]) -> None:
    assert [row.split()[0] for row in listed(boss, query)] == products


def test_who_may_not_see_costs_sees_no_value(boss: Visitor, person: People) -> None:
    page = person(Role.SALESPERSON, "IN").get("/stock")
    assert "Kettle" in page.text
    assert "cost" not in page.text
    assert "60" not in " ".join(rows(page))


def test_a_salesperson_filters_by_each_store_whose_stock_is_listed(boss: Visitor, person: People) -> None:
    page = person(Role.SALESPERSON, "IN", salesperson="S9", login="sally").get("/stock")
    assert len(rows(page)) == 4
    assert set(re.findall(r'name="store" value="(\w+)"', page.text)) == {"MUM01", "DEL02"}
    assert '<span class="only-value">IN</span>' in page.text


def test_a_manager_of_a_store_sees_that_store(boss: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN", stores=("DEL02",))
    assert [row.split()[0] for row in listed(manager)] == ["Kettle"]


def test_the_start_page_of_a_manager_names_what_needs_attention(boss: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN")
    assert "Negative 1 product in a store Out 1 product in a store Not counted 1 product" in text(
        manager.get("/dashboard/tiles/stock").text
    )


def test_stock_on_the_start_page_is_that_of_the_selection(boss: Visitor) -> None:
    tile = boss.get("/dashboard/tiles/stock?region=IN&store=DEL02").text
    assert "The only product of a store is in stock." in text(tile)
    assert "region=IN&amp;store=MUM01" in boss.get("/dashboard/tiles/stock?region=IN&store=MUM01").text
