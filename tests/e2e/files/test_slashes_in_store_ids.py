"""The store S1/x with the sale 1 and the store S1 with the sale x/1 are two sales; keys of an older home stay."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tillstream.app import App, open_app
from tillstream.intake import inbox, store_sales
from tillstream.model.contract import parse_contract
from tillstream.people.store_credentials import StoreToken
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

COLUMNS = {"sale_id": "number", "date": "day", "store_id": "store", "product_id": "product", "net_amount": "amount"}
CONTRACT = parse_contract({"name": "Shop", "region": "Shop", "currency": "EUR", "columns": COLUMNS}, "Shop")
FILE = b"number,day,store,product,amount\n1,2026-01-05,S1/x,P,1\nx/1,2026-01-05,S1,P,2\n1,2026-01-05,5%,P,3\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings(home=tmp_path / "home", samples=False, threads=1)) as app:
        app.contracts.save(CONTRACT, "boss")
        yield app


def upload(app: App, data: bytes) -> None:
    inbox.receive_file(app.ports, app.contracts.pin("Shop"), "file.csv", io.BytesIO(data), "clerk")
    Worker(app).run_until_idle()


def sale_ids(app: App) -> list[str]:
    rows = app.ports.warehouse.query("SELECT DISTINCT sale_id FROM current_lines ORDER BY sale_id").to_pylist()
    return [row["sale_id"] for row in rows]


def test_a_slash_in_a_store_id_is_escaped_in_files_and_store_sales(app: App) -> None:
    upload(app, FILE)
    line = {"product_id": "P", "net_amount": "1"}
    sale = {
        "schema": "store-sale/1",
        "region": "Shop",
        "store_id": "S1/x",
        "number": "2",
        "sold_at": "2026-01-05T10:00:00+00:00",
        "currency": "EUR",
        "lines": [line],
    }
    store_sales.publish_unsigned_sale(app.ports, StoreToken("till", "Shop", "S1/x"), sale)
    store_sales.receive_store_sales(app.ports, app.contracts, 10, 0)
    Worker(app).run_until_idle()
    assert sale_ids(app) == ["5%25/1", "S1%2Fx/1", "S1%2Fx/2", "S1/x/1"]


def test_a_home_with_earlier_sales_keeps_its_keys(app: App) -> None:
    upload(app, FILE)
    app.ports.documents.delete(batch_records.HOME, batch_records.SALE_IDS)  # as in a home of an earlier version
    upload(app, FILE.replace(b"S1/x", b"S2/x").replace(b"01-05", b"01-06"))
    assert sale_ids(app) == ["5%/1", "5%25/1", "S1%2Fx/1", "S1/x/1", "S2/x/1"]
