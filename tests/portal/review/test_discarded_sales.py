"""Quarantined sales of tills are discarded with a reason, and the till reads it."""

import html
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from till_lines import Line, set_up
from visitor import People, Visitor, Work

from tillstream.app import App
from tillstream.model.batch import BatchKind
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.operations import rebuild
from tillstream.people import store_credentials
from tillstream.ports.bus import Message
from tillstream.receipts import receipt
from tillstream.records import batch_records
from tillstream_till import Till

SHARED = True


def sale(number: str, net: str) -> dict[str, Any]:
    lines = [{"line": str(line), "product_id": f"P-{line}", "net_amount": net} for line in (1, 2)]
    return {"number": number, "sold_at": "2026-06-30T12:00:00+05:30", "currency": "INR", "version": 1, "lines": lines}


def send_two_versions(app: App, portal: Flask, folder: Path, work: Work) -> Till:
    """A till sends sales 1 and 2, which count; then the returned one sends a sale 2 with other contents."""
    line = Line(portal)
    codes = [
        store_credentials.connect_till(app.ports, "http://127.0.0.1", "IN", "MUM01", name, "boss").code
        for name in ("a", "b")
    ]
    first, second = (set_up(folder / f"till{number}" / "box", code, line) for number, code in enumerate(codes))
    first.record_all([sale("1", "5.00"), sale("2", "7.00")])
    second.record(sale("2", "8.00"))
    for one in (first, second):
        assert one.send().error == ""
        work()
    first.close()
    return second


def sell(admin: Visitor, work: Work) -> None:
    with TemporaryDirectory() as folder:
        send_two_versions(admin.app, admin.client.application, Path(folder), work).close()


@pytest.fixture
def till(app: App, portal: Flask, tmp_path: Path, work: Work) -> Till:
    """The till whose sale is in quarantine; not of a copied home, because a copied till is recognised as a copy."""
    return send_two_versions(app, portal, tmp_path, work)


def quarantined(app: App) -> str:
    (batch,) = (
        one.batch_id
        for one in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES, limit=None)
        if receipt.batch_receipt(app.ports, one.batch_id)["rows"]["quarantined"]
    )
    return batch


def totals(app: App) -> list[dict[str, Any]]:
    lines = "SELECT sale_id, line_key, net_amount FROM sale_lines ORDER BY sale_id, line_key"
    return app.ports.warehouse.query(lines).to_pylist()


def test_a_discarded_sale_is_no_longer_in_quarantine_and_its_till_reads_it(
    app: App, till: Till, person: People, work: Work
) -> None:
    batch, before, boss = quarantined(app), totals(app), person(Role.ADMIN)
    assert till.status()["outcomes"] == {"quarantined": 1}
    page = boss.get(f"/uploads/{batch}").text
    assert "MUM01 / 2" in page
    assert "Discard sales" in page
    assert "Submit fixes in a file" not in page
    assert "Fix it here" not in page
    answer = boss.post(f"/uploads/{batch}/discard", {"line": "1", "reason": "counted already, with 7 rupees"})
    assert answer.status_code == 303
    work()
    rows = receipt.batch_receipt(app.ports, batch)["rows"]
    assert (rows["read"], rows["quarantined"], rows["ignored"]) == (2, 0, 2)
    status = till.status()
    assert (status["outcomes"], status["quarantined"]) == ({"discarded": 1}, [])
    assert "Discard sales" not in boss.get(f"/uploads/{batch}").text
    assert totals(app) == before
    assert boss.post(f"/uploads/{batch}/discard", {"line": "1", "reason": "again"}).status_code == 422
    for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
        assert run(app.ports, app.fresh_warehouse)["differences"] == []


def test_the_same_sale_with_a_higher_version_counts_after_a_discard(
    app: App, till: Till, person: People, work: Work
) -> None:
    person(Role.ADMIN).post(f"/uploads/{quarantined(app)}/discard", {"line": "1", "reason": "sent again"})
    till.record(sale("2", "8.00") | {"version": 2})
    till.send()
    work()
    assert [str(line["net_amount"])[:4] for line in totals(app)] == ["5.00", "5.00", "8.00", "8.00"]
    assert till.status()["outcomes"] == {"counted": 1}


@pytest.mark.parametrize("body", [b"nonsense", b'{"schema": "store-sale/1", "region": "XX", "number": "7"}'])
def test_a_message_that_cannot_be_read_or_verified_is_discarded_too(
    app: App, person: People, work: Work, body: bytes
) -> None:
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, {})])
    work()
    batch, boss = quarantined(app), person(Role.ADMIN)
    assert "Discard sales" in boss.get(f"/uploads/{batch}").text
    boss.post(f"/uploads/{batch}/discard", {"line": "1", "reason": "a test"})
    work()
    rows = receipt.batch_receipt(app.ports, batch)["rows"]
    assert (rows["quarantined"], rows["ignored"]) == (0, 1)


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        ({"line": "1", "reason": "  "}, "Enter why the sales are discarded"),
        ({"reason": "none"}, "Choose sales to fix"),
        ({"line": "9", "reason": "no such line"}, "Choose sales to fix"),
    ],
)
def test_a_discard_needs_a_reason_and_sales_in_quarantine(
    app: App, sold: Visitor, form: dict[str, str], advice: str
) -> None:
    answer = sold.post(f"/uploads/{quarantined(app)}/discard", form)
    assert (answer.status_code, advice in html.unescape(answer.text)) == (422, True)


@pytest.mark.own_home
@pytest.mark.usefixtures("sold")
def test_only_people_who_decide_about_a_region_discard_its_sales(app: App, person: People) -> None:
    batch, form = quarantined(app), {"line": "1", "reason": "not mine"}
    statuses = [
        person(role, region).post(f"/uploads/{batch}/discard", form).status_code
        for role, region in ((Role.CLERK, "IN"), (Role.MANAGER, "UK"), (Role.MANAGER, "IN"))
    ]
    assert statuses == [403, 404, 303]
