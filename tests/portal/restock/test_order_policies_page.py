"""The page that compares order policies over the company's own past sales."""

import json
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from re import sub

import pytest
from portal_factory import create_app
from restock_steps import KITE, count, open_shop
from visitor import PASSWORD, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.stock import restock_queue, restock_simulation
from tillstream.stock.restock_simulation import SimulationOptions, simulate_policies


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


def visitor_of(app: App, role: Role, *stores: str) -> Visitor:
    regions = ("UK",) if stores else ()
    accounts.add_account(app.ports, "ada", "Ada", role, regions=regions, stores=stores, password=PASSWORD)
    visitor = Visitor(create_app(app, testing=True).test_client())
    assert visitor.sign_in("ada").status_code == 303
    return visitor


def read(visitor: Visitor) -> str:
    """The words of the page."""
    page = visitor.get("/restock/policies")
    assert page.status_code == 200
    return unescape(" ".join(sub(r"<[^>]*>", " ", page.text).split()))


def test_policies_are_compared_after_the_queue_was_computed_in_the_background(app: App) -> None:
    analyst = visitor_of(app, Role.ANALYST)
    assert "Not simulated yet" in read(analyst)
    assert 'href="/restock/policies"' in analyst.get("/restock").text
    count(app.ports, {("LDS1", KITE): 10})
    restock_queue.run_due_restock(app.ports)
    page = read(analyst)
    assert "for the 6 products in stores that sold most before" in page
    assert "At a fill rate of 95.0%, levels from recent sales need" in page
    html = analyst.get("/restock/policies").text
    figure = json.loads(html.partition('<script type="application/json">')[2].partition("</script>")[0])
    comparison = simulate_policies(app.ports.warehouse, app.ports.clock.now().date(), SimulationOptions()).comparison
    expected = {row.policy: row.stock_value for row in comparison.at_fill(0.95)}
    place = figure["labels"].index("95%")
    assert {one["name"]: one["values"][place] for one in figure["series"]} == pytest.approx(
        {
            "Levels from recent sales": expected["quantile of recent sales"],
            "Rolling mean": expected["rolling mean"],
            "Level set once": expected["fixed level"],
        }
    )


def test_they_are_simulated_once_a_week(app: App) -> None:
    assert restock_simulation.refresh_due_comparison(app.ports)
    assert not restock_simulation.refresh_due_comparison(app.ports)
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(timedelta(days=7).total_seconds())
    assert restock_simulation.refresh_due_comparison(app.ports)


def test_too_few_sales_are_named(app: App) -> None:
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(-timedelta(days=150).total_seconds())
    restock_simulation.refresh_due_comparison(app.ports)
    assert "too few for a lead time of" in read(visitor_of(app, Role.ANALYST))


def test_people_of_some_stores_do_not_see_the_sales_of_all(app: App) -> None:
    restock_simulation.refresh_due_comparison(app.ports)
    manager = visitor_of(app, Role.MANAGER, "LDS1")
    assert "For people who see all stores" in read(manager)
    assert "/restock/policies" not in manager.get("/restock").text


def test_salespeople_see_no_costs(app: App) -> None:
    accounts.add_account(app.ports, "bob", "Bob", Role.SALESPERSON, regions=("UK",), stores=("LDS1",), salesperson="T1",
                 password=PASSWORD)  # fmt: skip
    visitor = Visitor(create_app(app, testing=True).test_client())
    visitor.sign_in("bob")
    assert visitor.get("/restock/policies").status_code == 403
