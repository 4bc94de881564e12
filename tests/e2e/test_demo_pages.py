"""After `demo`, no page of the navigation is empty for any role, and the calendar has days of every kind."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import demo_home
import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from portal import create_app, menu
from tillstream.analytics import queries
from tillstream.app import App, build
from tillstream.commands.demo_shop import people as demo_people
from tillstream.commands.demo_shop import sales
from tillstream.commands.demo_shop.sales import last_day
from tillstream.delivery import subscriptions
from tillstream.model.batch import BatchState
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.receipts import receipt
from tillstream.records import batch_records
from tillstream.records.batch_records import SAMPLES
from tillstream.review import day_closes
from tillstream.settings import Settings

NO_EXAMPLE = {"/webhooks", "/alert-channels", "/pipeline/sync"}
"""All need an address of the user; a paused webhook would store every event of the demo."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, dict[str, Any]]]:
    """An app after the demo, and what the command returned."""
    home = tmp_path_factory.mktemp("demo")
    data = demo_home.copy_into(home)
    app = build(Settings(home=home, samples=False, threads=1))
    yield app, data
    app.close()


@pytest.fixture(scope="module")
def app(demo: tuple[App, dict[str, Any]]) -> App:
    return demo[0]


@pytest.fixture(scope="module")
def accounts_by_role(demo: tuple[App, dict[str, Any]]) -> dict[Role, dict[str, str]]:
    """The accounts that the demo prints."""
    _, data = demo
    assert len(data["files"]) == 29
    return {Role(one["role"]): one for one in data["accounts"]}


@pytest.fixture(scope="module")
def portal(app: App) -> Flask:
    flask = create_app(app)
    flask.testing = True
    return flask


def signed_in(portal: Flask, account: dict[str, str]) -> FlaskClient:
    client = portal.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/sign-in").text)
    assert token
    data = {"csrf_token": token[1], "login": account["login"], "password": account["password"]}
    answer = client.post("/sign-in", data=data)
    assert (answer.status_code, answer.location) == (303, "/dashboard")
    return client


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST])
def test_a_subscription_is_listed_and_its_paused_schedule_delivers_nothing(
    app: App, portal: Flask, accounts_by_role: dict[Role, dict[str, str]], role: Role
) -> None:
    page = signed_in(portal, accounts_by_role[role]).get("/subscriptions").text
    assert "Stores last week" in page
    assert f"By {accounts_by_role[role]['login']}." in page
    assert not subscriptions.has_due_subscriptions(app.ports)


@pytest.mark.parametrize("role", list(Role))
def test_no_page_of_the_navigation_is_empty(
    portal: Flask, accounts_by_role: dict[Role, dict[str, str]], role: Role
) -> None:
    client = signed_in(portal, accounts_by_role[role])
    with portal.test_request_context():
        pages = [url_for(one.endpoint) for one in menu.AREAS if menu.is_registered(one.endpoint)]
    answers = {page: client.get(page) for page in pages}
    allowed = {page: answer.text for page, answer in answers.items() if answer.status_code != 403}
    assert len(allowed) > 4
    assert {page for page, text in allowed.items() if 'class="empty' in text} <= NO_EXAMPLE


def test_the_calendar_has_days_that_arrived_came_late_are_missing_and_wait(
    app: App, portal: Flask, accounts_by_role: dict[Role, dict[str, str]]
) -> None:
    admin = signed_in(portal, accounts_by_role[Role.ADMIN])
    yesterday = last_day(app.ports.clock.now())

    def labels(days_before: int) -> dict[str, str]:
        """Region → the state of the day."""
        day = yesterday - timedelta(days=days_before)
        page = admin.get(f"/completeness?day={day}").text
        return dict(re.findall(rf">(IN|UK|USA), {day.day} {day:%B}: ([a-z ]+)", page))

    assert labels(3)["UK"] == "arrived late"
    assert labels(4)["USA"] == "missing"
    assert labels(5)["IN"] == "arrived"
    assert labels(0)["UK"] == "needs review"
    assert "Missing sales of USA" in admin.get(f"/completeness?day={yesterday - timedelta(days=4)}").text


def test_what_the_corrections_change_is_a_change_of_its_own(app: App) -> None:
    changes = queries.run_query(app.ports.warehouse, "settlements", UNRESTRICTED).to_pylist()
    assert [(row["settlement_no"], row["added"]) for row in changes if row["corrected"]] == [(2, 0)]


def test_tills_have_sent_sales_that_count(portal: Flask, accounts_by_role: dict[Role, dict[str, str]]) -> None:
    admin, manager = (signed_in(portal, accounts_by_role[role]) for role in (Role.ADMIN, Role.MANAGER))
    page = admin.get("/uploads?kind=messages").text
    assert f"{sales.SENT_SALES} store sales" in page
    assert "24&#34; Monitor" in manager.get("/sale-lines?q=TILL-").text


def test_one_day_close_of_the_till_agrees_and_one_lacks_a_sale(app: App) -> None:
    until = last_day(app.ports.clock.now())
    before = until - timedelta(days=1)
    closes = {close.date: (close.state, close.missing) for close in day_closes.find_day_closes(app.ports)}
    assert closes == {f"{until}": ("agreed", ()), f"{before}": ("open", (f"TILL-{before:%Y%m%d}-2",))}
    codes = app.ports.warehouse.query("SELECT DISTINCT code FROM refusals").column("code").to_pylist()
    assert "unverified-message" not in codes


def test_margins_cover_the_regions_whose_files_have_no_costs(app: App) -> None:
    lines = """SELECT region, COUNTIF(line_cost IS NOT NULL) AS covered, COUNT(*) AS all_lines FROM line_costs
        WHERE region IN ('IN', 'USA') GROUP BY region"""
    rows = app.ports.warehouse.query(lines).to_pylist()
    assert {row["region"] for row in rows} == {"IN", "USA"}
    assert [row["region"] for row in rows if row["covered"] < 0.95 * row["all_lines"]] == []


def test_the_form_lists_its_sale_and_the_catalogue_its_products(
    portal: Flask, accounts_by_role: dict[Role, dict[str, str]]
) -> None:
    admin = signed_in(portal, accounts_by_role[Role.ADMIN])
    assert "W-DEMO-" in admin.get("/sale-lines?q=W-DEMO").text
    for tab, name in (("products", "Wireless Mouse"), ("stores", "Mumbai"), ("salespeople", "E101")):
        assert name in admin.get(f"/catalogue/{tab}?q={name}").text


def test_every_role_has_an_account_and_a_second_run_adds_none(
    app: App, accounts_by_role: dict[Role, dict[str, str]]
) -> None:
    assert set(accounts_by_role) == set(Role)
    assert demo_people.add_accounts(app, SAMPLES) == []


def test_the_files_of_the_samples_have_every_fate(app: App) -> None:
    states = {
        one.file: one.state for one in batch_records.find_batches(app.ports, limit=None) if one.received_by == SAMPLES
    }
    assert {BatchState.SETTLED, BatchState.HELD, BatchState.UNDONE} <= set(states.values())
    assert sum(state is BatchState.HELD for state in states.values()) == 2, "a damaged file, and one of a new source"
    corrections = (
        one.batch_id for one in batch_records.find_batches(app.ports, limit=None) if "corrections" in one.file
    )
    assert sum(receipt.batch_receipt(app.ports, batch)["rows"]["corrected"] or 0 for batch in corrections) > 10
