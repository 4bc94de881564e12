"""Store sales as messages: versions, whole statements, redelivery, and files with the same sales."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.intake import inbox
from tillstream.intake.store_sales import NotAStoreSale, publish_unsigned_sale
from tillstream.model.batch import BatchKind
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.review import correction_submission
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = """
name: Shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
          unit_price: price}
"""
HEAD = "number,line,day,store,product,quantity,price\n"
STORE = StoreToken("till", "Shop", "S1")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Shop.yaml").write_text(CONTRACT)
    app = build(Settings(home=tmp_path, threads=1))
    yield app
    app.close()


def sale(number: str, *lines: tuple[str, str, str], version: int = 1, **more: Any) -> dict[str, Any]:
    """lines: (line, product, quantity), each at 2.50."""
    return {
        "schema": "store-sale/1",
        "region": "Shop",
        "store_id": "S1",
        "number": number,
        "version": version,
        "sold_at": "2026-01-05T23:30:00+01:00",
        "currency": "EUR",
        "lines": [
            {"line": n, "product_id": product, "quantity": units, "unit_price": "2.50"} for n, product, units in lines
        ],
    } | more


def send_sales(app: App, *sales: dict[str, Any]) -> None:
    for each in sales:
        publish_unsigned_sale(app.ports, STORE, each)
    Worker(app).run_until_idle()


def load(app: App, tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "file.csv"
    path.write_text(HEAD + text)
    with path.open("rb") as stream:
        upload = inbox.receive_file(app.ports, app.contracts.pin("Shop"), path.name, stream, "emma")
    stage.stage(app.ports, upload.batch_id)
    settle.settle_all(app.ports, app.contracts)
    return receipts.batch_receipt(app.ports, upload.batch_id)


def lines(app: App) -> dict[str, tuple[str, str]]:
    """sale#line → (product, units) of what counts."""
    rows = app.ports.warehouse.query("SELECT sale_id, line_key, product_id, quantity FROM current_lines").to_pylist()
    return {f"{r['sale_id']}#{r['line_key']}": (r["product_id"], format(r["quantity"].normalize(), "f")) for r in rows}


def rows(receipt: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in receipt["rows"].items() if count}


def newest(app: App) -> dict[str, Any]:
    return receipts.batch_receipt(
        app.ports, batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)[0].batch_id
    )


def test_a_sale_is_a_message_and_its_day_is_the_stores(app: App) -> None:
    send_sales(app, sale("1", ("1", "A", "2"), ("2", "B", "1")))
    assert lines(app) == {"S1/1#1": ("A", "2"), "S1/1#2": ("B", "1")}
    row = app.ports.warehouse.query(
        "SELECT sale_date, sold_at, net_amount FROM current_lines ORDER BY line_key"
    ).to_pylist()[0]
    assert (row["sale_date"].isoformat(), row["sold_at"].hour, str(row["net_amount"].normalize())) == (
        "2026-01-05",
        22,
        "5",
    )


def test_the_same_message_again_changes_nothing(app: App) -> None:
    send_sales(app, sale("1", ("1", "A", "2")))
    send_sales(app, sale("1", ("1", "A", "2")), sale("1", ("1", "A", "2")))
    assert lines(app) == {"S1/1#1": ("A", "2")}
    assert rows(newest(app)) == {"read": 1, "duplicate": 1}


def test_a_higher_version_removes_what_it_lacks_and_an_older_one_does_not_come_back(app: App) -> None:
    send_sales(app, sale("1", ("1", "A", "2"), ("2", "B", "1"), version=1))
    send_sales(app, sale("1", ("1", "A", "3"), version=3))
    assert lines(app) == {"S1/1#1": ("A", "3")}
    assert newest(app)["removed"] == 1
    send_sales(app, sale("1", ("1", "A", "9"), ("2", "B", "9"), version=2))
    assert lines(app) == {"S1/1#1": ("A", "3")}


def test_two_versions_in_one_pull_are_settled_one_after_the_other(app: App) -> None:
    send_sales(
        app, sale("1", ("1", "A", "1"), version=1), sale("1", ("1", "A", "2"), version=2), sale("2", ("1", "C", "1"))
    )
    assert lines(app) == {"S1/1#1": ("A", "2"), "S1/2#1": ("C", "1")}


def test_two_contents_of_one_version_refuse_the_later(app: App) -> None:
    send_sales(app, sale("1", ("1", "A", "1")))
    send_sales(app, sale("1", ("1", "A", "7")))
    assert lines(app) == {"S1/1#1": ("A", "1")}
    assert newest(app)["problems"][0]["code"] == "conflicting-contents"


def test_one_bad_line_refuses_the_whole_sale(app: App) -> None:
    bad = sale("1", ("1", "A", "1"), ("2", "B", "1"))
    del bad["lines"][1]["line"]
    send_sales(app, bad, sale("2", ("1", "C", "1")))
    assert lines(app) == {"S1/2#1": ("C", "1")}
    receipt = newest(app)
    assert rows(receipt) == {"read": 3, "new": 1, "quarantined": 2}
    assert {problem["code"] for problem in receipt["problems"]} == {"missing-required", "sale-refused"}


def test_a_sale_from_a_till_and_then_a_file_counts_once(app: App, tmp_path: Path) -> None:
    send_sales(app, sale("1", ("1", "A", "2")))
    receipt = load(app, tmp_path, "1,1,2026-01-05,S1,A,2,2.50\n9,1,2026-01-05,S1,Z,1,1\n")
    assert rows(receipt) == {"read": 2, "new": 1, "duplicate": 1}
    assert lines(app) == {"S1/1#1": ("A", "2"), "S1/9#1": ("Z", "1")}


def test_a_sale_from_a_file_and_then_a_till_counts_once(app: App, tmp_path: Path) -> None:
    load(app, tmp_path, "1,1,2026-01-05,S1,A,2,2.50\n")
    send_sales(app, sale("1", ("1", "A", "2")))
    assert rows(newest(app)) == {"read": 1, "duplicate": 1}
    assert lines(app) == {"S1/1#1": ("A", "2")}


def test_a_file_that_differs_from_the_till_waits_and_may_be_accepted(app: App, tmp_path: Path) -> None:
    send_sales(app, sale("1", ("1", "A", "2")))
    receipt = load(app, tmp_path, "1,1,2026-01-05,S1,A,3,2.50\n")
    assert rows(receipt) == {"read": 1, "quarantined": 1}
    refused = receipts.rejected_rows(app.ports, receipt["batch_id"])
    assert refused[0]["problems"][0]["code"] == "differs-from-till"
    assert "quantity 2" in refused[0]["problems"][0]["message"]
    assert lines(app) == {"S1/1#1": ("A", "2")}
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(HEAD.strip() + ",_row,_line,_accept\n1,1,2026-01-05,S1,A,3,2.50,1,2,yes\n")
    with corrected.open("rb") as stream:
        correction_submission.submit_correction(app.ports, receipt["batch_id"], "corrected.csv", stream, "emma")
    Worker(app).run_until_idle()
    assert lines(app) == {"S1/1#1": ("A", "3")}
    assert rows(receipts.batch_receipt(app.ports, receipt["batch_id"])) == {"read": 1, "corrected": 1}


def test_a_cancelled_sale_counts_no_more(app: App) -> None:
    send_sales(app, sale("1", ("1", "A", "2")))
    send_sales(app, sale("1", ("1", "A", "2"), version=2, status="cancelled"))
    statuses = app.ports.warehouse.query("SELECT status FROM current_lines")["status"].to_pylist()
    assert statuses == ["cancelled"]


def test_an_unreadable_message_is_one_quarantined_row(app: App) -> None:
    from tillstream.ports.bus import Message

    app.ports.bus.publish("store-sales", [Message(b"\xff not json"), Message(json.dumps({"region": "Shop"}).encode())])
    Worker(app).run_until_idle()
    receipt = newest(app)
    assert rows(receipt) == {"read": 2, "quarantined": 2}
    raw = [row["raw"] for row in receipts.rejected_rows(app.ports, receipt["batch_id"])]
    assert raw == ["\\xff not json", '{"region": "Shop"}']


def test_a_token_is_valid_for_its_store_only(app: App) -> None:
    with pytest.raises(NotAStoreSale) as caught:
        publish_unsigned_sale(app.ports, StoreToken("till", "Shop", "S2"), sale("1", ("1", "A", "1")))
    assert caught.value.problems == ["store_id: this token is only valid for S2"]
    with pytest.raises(Rejected, match="lines"):
        publish_unsigned_sale(app.ports, STORE, sale("1"))


def test_a_message_that_nothing_can_decode_holds_up_no_sale_beside_it(app: App) -> None:
    hostile = [b"[" * 100_000, json.dumps(sale("9", ("1", "A", "1"), sold_at="0001-01-01T00:00:00+14:00")).encode()]
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, {"region": "Shop"}) for body in hostile])
    send_sales(app, sale("7", ("1", "A", "2")))
    assert lines(app) == {"S1/7#1": ("A", "2")}
