"""The pipeline page and the start page of administrators: how far copies of the marts are, and which fail."""

from dataclasses import replace
from datetime import timedelta

from shop_steps import FILE, Shop
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.marts import destinations
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.marts.state import MartState
from tillstream.model.permissions import Role

TILE = "/dashboard/tiles/attention"
TO = "postgresql://writer@db.example.com/sales"
TITLE = "Copies of the marts"


def added(shop: Shop) -> None:
    destinations.add_destination(shop.app.ports, MartDestinationDraft("sales-db", TO), "boss")


def failed(shop: Shop) -> None:
    destinations.note_failure(shop.app.ports, "sales-db", shop.app.ports.clock.now(), "The host has no address.")


def test_without_a_destination_the_page_has_no_list(shop: Shop) -> None:
    assert TITLE not in shop.boss.get("/pipeline").text


def test_each_copy_is_shown_with_its_lag_and_its_last_failure(shop: Shop) -> None:
    added(shop)
    page = shop.boss.get("/pipeline").text
    assert all(words in page for words in (TITLE, "sales-db", TO, "Not written yet", "every day"))
    shop.upload(FILE)
    destinations.note_done(shop.app.ports, "sales-db", shop.app.ports.clock.now(), 1, MartState(0))
    assert "1 settlement behind" in shop.boss.get("/pipeline").text
    destinations.note_done(shop.app.ports, "sales-db", shop.app.ports.clock.now(), 1, MartState(1))
    page = shop.boss.get("/pipeline").text
    assert "Up to date" in page
    assert "fails" not in page
    failed(shop)
    page = shop.boss.get("/pipeline").text
    assert "The host has no address." in page
    assert "1 copy of the marts fails" in page


def long_ago(shop: Shop, clock: ManualClock) -> None:
    since = (clock.now() - timedelta(days=1)).isoformat()
    destinations.DESTINATIONS.note(shop.app.ports, "sales-db", lambda old: replace(old, failing_since=since))


def test_the_start_page_names_a_copy_that_has_failed_for_a_day(shop: Shop, clock: ManualClock) -> None:
    added(shop)
    failed(shop)
    assert "of the marts" not in shop.boss.get(TILE).text
    long_ago(shop, clock)
    assert "copy of the marts has failed for a day" in shop.boss.get(TILE).text


def test_others_than_administrators_see_nothing_of_it(shop: Shop, clock: ManualClock, person: People) -> None:
    added(shop)
    failed(shop)
    long_ago(shop, clock)
    manager = person(Role.MANAGER, "IN")
    assert TITLE not in manager.get("/pipeline").text
    assert "of the marts" not in manager.get(TILE).text
