"""`make cloud-local`: a till's signed sale is posted, verified, settled and announced, a webhook gets it, and the cost
of the catalogue is in its margin."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from emulator_fixtures import require
from waiting import wait_for
from webhook_receiver import Receiver, receiving

from devtools.cloud_local import CloudLocal, missing, running
from tillstream.app import App, build
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.delivery import webhooks
from tillstream.model.batch import BatchKind
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product
from tillstream.people import store_credentials
from tillstream.records import batch_records
from tillstream.settings import Settings
from tillstream_till import Till
from tillstream_till.setup_code import Setup, encode

PATIENCE = 300.0
NUMBERS = range(1, 4)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudLocal]:
    require(missing())
    private = {"TILLSTREAM_WEBHOOK_PRIVATE": "true"}
    folder = tmp_path_factory.mktemp("cloud")
    with running(folder, settings_of_all=private) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        yield cloud


@pytest.fixture(scope="module")
def app(cloud: CloudLocal) -> Iterator[App]:
    app = build(Settings())
    yield app
    app.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def setup_code(app: App, portal: str) -> Setup:
    token = store_credentials.issue_store_token(app.ports, "UK", "LON1", "front", "boss")[1]
    key, private = store_credentials.issue_store_key(app.ports, "UK", "LON1", "front", "boss")
    return Setup(portal, "UK", "LON1", token, "front", key.id, private)


def sale(number: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [{"line": "1", "product_id": "P-1", "quantity": "2", "unit_price": "5", "net_amount": "10"}]
    return {"number": str(number), "sold_at": now, "currency": "GBP", "lines": lines}


def headline(app: App) -> dict[str, Any]:
    (row,) = COMMANDS["query"](app, quiet, name="headline", params={"region": "UK"}).data["rows"]
    return dict(row)


@pytest.mark.long
def test_a_tills_sale_is_verified_counted_and_sent_to_a_webhook_and_has_the_cost_of_the_catalogue(
    cloud: CloudLocal, app: App, receiver: Receiver, tmp_path: Path
) -> None:
    webhooks.add_webhook(app.ports, receiver.url, "store=LON1", "boss", private=True)
    setup = setup_code(app, cloud.portal)
    with Till.init(tmp_path / "till", encode(setup), markers=tmp_path / "markers") as till:
        till.record_all(sale(number) for number in NUMBERS)
        till.close_day(datetime.now(UTC).date().isoformat())
        report = till.send()
        assert (report.unsent, report.error) == (0, "")
    forged = replace(setup, key="", private_key="", till="forged")
    with Till.init(tmp_path / "forged", encode(forged), markers=tmp_path / "markers") as till:
        till.record(sale(99))
        till.send()

    received = receiver.received
    wait_for(
        lambda: len(received) >= len(NUMBERS),
        "events of the webhook",
        state=lambda: received,
        patience=PATIENCE,
        pause=0.5,
    )
    events = [json.loads(body) for _, body in receiver.received]
    assert {event["line"]["sale_id"].rpartition("/")[2] for event in events} == {str(number) for number in NUMBERS}
    staged = [
        batch.staged for batch in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES) if batch.staged
    ]
    assert sum(report.rows_read - report.rows_refused for report in staged) == len(NUMBERS)
    assert {problem.code for report in staged for problem in report.problems} <= {"unverified-message"}
    assert len(app.ports.documents.find("day_closes")) == 1

    assert Decimal(headline(app)["catalogue_revenue"] or 0) == 0
    product = Product("P-1", "Oak shelf", costs=(DatedAmount("UK", "GBP", Decimal("2.50")),))
    entry_saving.save_entry(
        app.ports, EntryKind.PRODUCT, product, if_version=0, by="boss", regions=app.contracts.regions()
    )
    warehouse_mirror.sync_mirror(app.ports)
    app.queries.clear()
    figures = headline(app)
    assert Decimal(figures["catalogue_revenue"]) == Decimal(figures["revenue"]) > 0
    assert Decimal(figures["margin"]) == Decimal(figures["revenue"]) / 2
