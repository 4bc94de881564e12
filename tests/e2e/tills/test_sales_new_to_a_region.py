"""Sales of tills that are new to their region: they wait for a person, and the answer is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.catalogue import entry_saving
from tillstream.intake import quarantined_messages
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import BatchKind
from tillstream.model.product_catalogue import EntryKind, Store
from tillstream.operations import rebuild
from tillstream.people.store_credentials import StoreToken
from tillstream.receipts import message_outcomes
from tillstream.receipts import receipt as receipts
from tillstream.receipts.message_outcomes import OutcomePosition, OutcomeReader
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

COLUMNS = "columns: {sale_id: number, store_id: store, date: day, net_amount: net}\n"
CONTRACTS = {
    "Leeds": f"name: Leeds\nregion: Leeds\ncurrency: GBP\n{COLUMNS}",
    "Ports": f"name: Ports\nregion: Ports\ncurrency: GBP\nallowed: {{currency: [GBP, DKK]}}\n{COLUMNS}",
    "Inns": f"name: Inns\nregion: Inns\ncurrency: EUR\ncountry: Ireland\n{COLUMNS}",
    "Fair": f"name: Fair\nregion: Fair\n{COLUMNS.replace('net}', 'net, currency: cur}')}",
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "contracts").mkdir()
    for name, text in CONTRACTS.items():
        (tmp_path / "contracts" / f"{name}.yaml").write_text(text)
    app = build(Settings(home=tmp_path, threads=1))
    yield app
    app.close()


def sell(app: App, region: str, *sales: tuple[str, str], country: str = "") -> None:
    """Send sales, each (number, currency), at once."""
    for number, currency in sales:
        sale: dict[str, Any] = {
            "schema": "store-sale/1",
            "region": region,
            "store_id": "Quay",
            "number": number,
            "sold_at": "2026-03-02T10:00:00+00:00",
            "currency": currency,
            "country": country,
            "lines": [{"product_id": "Rope", "quantity": "1", "net_amount": "12.50"}],
        }
        publish_unsigned_sale(app.ports, StoreToken("till", region, "Quay"), sale)
    Worker(app).run_until_idle()


def counted(app: App) -> list[tuple[str, str]]:
    rows = app.ports.warehouse.query("SELECT sale_id, currency FROM current_lines ORDER BY sale_id").to_pylist()
    return [(row["sale_id"].rpartition("/")[2], row["currency"]) for row in rows]


def waiting(app: App) -> list[str]:
    """Micro-batches with sales that wait for a person."""
    of_tills = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES, limit=None)
    return [one.batch_id for one in of_tills if receipts.batch_receipt(app.ports, one.batch_id)["rows"]["quarantined"]]


def messages(app: App) -> list[str]:
    """What tills read about their sales."""
    page = message_outcomes.read_outcomes(app.ports, OutcomeReader(lambda _: True), OutcomePosition(), 100)
    return [problem["message"] for one in page.outcomes for problem in one["problems"]]


def test_a_new_currency_waits_and_its_first_accepted_sale_is_the_answer(app: App) -> None:
    sell(app, "Leeds", ("1", "GBP"), ("2", "EUR"))
    assert counted(app) == [("1", "GBP")], "the other sale of the same call counts"
    (batch,) = waiting(app)
    assert messages(app) == ["The sale does not count: it is in EUR, and Leeds has sales in GBP."]
    (line,) = quarantined_messages.acceptable_messages(app.ports, batch_records.get_batch(app.ports, batch))
    quarantined_messages.accept_messages(app.ports, batch, [line], "the ferry terminal", "boss")
    Worker(app).run_until_idle()
    assert (counted(app), waiting(app)) == ([("1", "GBP"), ("2", "EUR")], [])
    sell(app, "Leeds", ("3", "EUR"), ("4", "USD"))
    assert counted(app)[2:] == [("3", "EUR")]
    assert messages(app)[-1] == "The sale does not count: it is in USD, and Leeds has sales in EUR, GBP."
    for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
        assert run(app.ports, app.fresh_warehouse)["differences"] == []


def test_a_discarded_sale_is_no_answer(app: App) -> None:
    sell(app, "Leeds", ("1", "GBP"), ("2", "EUR"))
    (batch,) = waiting(app)
    (line,) = quarantined_messages.acceptable_messages(app.ports, batch_records.get_batch(app.ports, batch))
    quarantined_messages.discard_messages(app.ports, batch, [line], "a test of the till", "boss")
    Worker(app).run_until_idle()
    assert waiting(app) == []
    sell(app, "Leeds", ("3", "EUR"))
    assert (counted(app), len(waiting(app))) == ([("1", "GBP")], 1)


@pytest.mark.parametrize(
    ("region", "sales"),
    [("Ports", [("1", "GBP"), ("2", "DKK")]), ("Fair", [("1", "SEK"), ("2", "NOK")])],
    ids=["the source lists it", "nothing to compare with"],
)
def test_what_is_no_question(app: App, region: str, sales: list[tuple[str, str]]) -> None:
    sell(app, region, *sales)
    assert (counted(app), waiting(app)) == (sales, [])


def test_a_region_without_a_currency_of_its_own_is_compared_with_what_it_sold(app: App) -> None:
    sell(app, "Fair", ("1", "SEK"))
    sell(app, "Fair", ("2", "SEK"), ("3", "PLN"))
    assert (counted(app), len(waiting(app))) == ([("1", "SEK"), ("2", "SEK")], 1)


def test_a_new_country_waits_and_its_first_accepted_sale_is_the_answer(app: App) -> None:
    sell(app, "Inns", ("1", "EUR"))
    sell(app, "Inns", ("2", "EUR"), country="IE")
    sell(app, "Inns", ("3", "EUR"), country="Malta")
    assert (counted(app), len(waiting(app))) == ([("1", "EUR"), ("2", "EUR")], 1)
    assert messages(app) == ["The sale does not count: it is of Malta, and Inns has sales of Ireland."]
    (batch,) = waiting(app)
    (line,) = quarantined_messages.acceptable_messages(app.ports, batch_records.get_batch(app.ports, batch))
    quarantined_messages.accept_messages(app.ports, batch, [line], "a guest of the web shop", "boss")
    Worker(app).run_until_idle()
    sell(app, "Inns", ("4", "EUR"), country="MT")
    assert (counted(app)[2:], waiting(app)) == ([("3", "EUR"), ("4", "EUR")], [])


def test_a_text_that_names_no_country_is_no_question(app: App) -> None:
    sell(app, "Inns", ("1", "EUR"), country="Pier 4")
    assert (counted(app), waiting(app)) == ([("1", "EUR")], [])


def test_one_more_country_is_no_question_in_a_region_that_sells_in_many(app: App) -> None:
    for number, country in enumerate(("Spain", "Italy", "Malta", "Cyprus", "Greece", "France", "Latvia")):
        sell(app, "Fair", (str(number), "EUR"), country=country)
        for batch in waiting(app):
            lines = quarantined_messages.acceptable_messages(app.ports, batch_records.get_batch(app.ports, batch))
            quarantined_messages.accept_messages(app.ports, batch, lines, "on tour", "boss")
            Worker(app).run_until_idle()
    sell(app, "Fair", ("7", "EUR"), country="Norway")
    assert (len(counted(app)), waiting(app)) == (8, [])


def test_the_currency_and_country_of_a_store_in_the_catalogue_are_no_question(app: App) -> None:
    store = Store("Inns", "Quay", country="MT", currency="USD")
    entry_saving.save_entry(app.ports, EntryKind.STORE, store, if_version=0, by="boss", regions=("Inns",))
    sell(app, "Inns", ("1", "USD"), country="Malta")
    assert (counted(app), waiting(app)) == ([("1", "USD")], [])
