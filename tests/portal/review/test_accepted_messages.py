"""An administrator accepts messages that were signed with a revoked or an unknown key, and never a forgery."""

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from test_discarded_sales import quarantined, sale, totals
from till_lines import Line, set_up
from visitor import People, Work

from tillstream.app import App
from tillstream.intake import quarantined_messages
from tillstream.model.batch import BatchKind
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.operations import rebuild
from tillstream.people import signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.receipts import receipt
from tillstream.records import audit_log, batch_records
from tillstream.review import day_closes, undo
from tillstream_till import Till

STORE = {"region": "IN", "store_id": "MUM01"}
BODY = json.dumps({"schema": "store-sale/1", **STORE, **sale("9", "4.00")}).encode()
FORM = {"line": "1", "reason": "signed before its key was replaced"}


@pytest.fixture
def till(app: App, portal: Flask, tmp_path: Path) -> Iterator[Till]:
    """Its only key was revoked before it sent what it had signed."""
    setup = store_credentials.connect_till(app.ports, "http://127.0.0.1", "IN", "MUM01", "front", "boss")
    store_credentials.revoke_store_key(app.ports, setup.key.id, "boss")
    with set_up(tmp_path / "till", setup.code, Line(portal)) as till:
        yield till


def send(app: App, work: Work, body: bytes, **attributes: str) -> str:
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, STORE | attributes)])
    work()
    return quarantined(app)


def test_an_accepted_sale_counts_as_one_of_its_till(app: App, till: Till, person: People, work: Work) -> None:
    till.record(sale("1", "5.00"))
    assert till.send().refused == 1
    work()
    batch, boss = quarantined(app), person(Role.ADMIN)
    (refused,) = till.status()["refused"]
    assert (refused["code"], refused["detail"]) == ("unverified-message", "its key is revoked")
    assert till.status()["outcomes"] == {"quarantined": 1}
    page = html.unescape(boss.get(f"/uploads/{batch}").text)
    assert "The text of a message is never edited here." in page
    assert "· unverified</span>" in page
    assert boss.post(f"/uploads/{batch}/accept-sales", FORM | {"reason": " "}).status_code == 422
    assert boss.post(f"/uploads/{batch}/accept-sales", FORM).status_code == 303
    work()
    assert [str(line["net_amount"])[:4] for line in totals(app)] == ["5.00", "5.00"]
    status = till.status()
    assert (status["outcomes"], status["quarantined"], status["refused"]) == ({"counted": 1}, [], [])
    assert receipt.batch_receipt(app.ports, batch)["rows"]["ignored"] == 1
    (entry,) = [
        one for one in audit_log.find_entries(app.ports, audit_log.AuditFilter()) if one.what.endswith("d-accepted")
    ]
    assert (entry.who, entry.subject, entry.after["reason"]) == ("admin-all", batch, FORM["reason"])
    assert boss.post(f"/uploads/{batch}/accept-sales", FORM).status_code == 422, "it is not in quarantine any more"
    for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
        assert run(app.ports, app.fresh_warehouse)["differences"] == []


def test_an_accepted_sale_is_undone_by_its_own_batch_and_rebuilt_as_undone(
    app: App, till: Till, person: People, work: Work
) -> None:
    till.record(sale("1", "5.00"))
    till.send()
    work()
    batch = quarantined(app)
    person(Role.ADMIN).post(f"/uploads/{batch}/accept-sales", FORM)
    work()
    (own,) = (one for one in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES) if one.batch_id != batch)
    undo.undo_batch(app.ports, own.batch_id, "boss")
    assert totals(app) == []
    assert rebuild.rebuild_from_originals(app.ports, app.fresh_warehouse)["differences"] == []


def test_a_discarded_sale_of_a_till_with_a_revoked_key_is_no_longer_in_its_list(
    app: App, till: Till, person: People, work: Work
) -> None:
    till.record(sale("1", "5.00"))
    till.send()
    work()
    assert [each["number"] for each in till.status()["quarantined"]] == ["1"]
    person(Role.ADMIN).post(f"/uploads/{quarantined(app)}/discard", FORM)
    work()
    status = till.status()
    assert (status["outcomes"], status["quarantined"]) == ({"discarded": 1}, [])


def test_a_call_that_stopped_after_it_published_is_repeated(
    app: App, till: Till, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.record(sale("1", "5.00"))
    till.send()
    work()
    batch = quarantined(app)
    with monkeypatch.context() as stopping:
        stopping.setattr("tillstream.review.correction_submission.store_correction", lambda *_: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            quarantined_messages.accept_messages(app.ports, batch, [1], "signed before", "boss")
    work()
    quarantined_messages.accept_messages(app.ports, batch, [1], "signed before", "boss")
    work()
    assert [str(line["net_amount"])[:4] for line in totals(app)] == ["5.00", "5.00"]
    assert till.status()["outcomes"] == {"duplicate": 1}


def test_a_day_close_is_accepted_too(app: App, till: Till, person: People, work: Work) -> None:
    till.close_day("2026-06-29")
    till.send()
    work()
    person(Role.ADMIN).post(f"/uploads/{quarantined(app)}/accept-sales", FORM)
    work()
    assert [one.date for one in day_closes.find_day_closes(app.ports)] == ["2026-06-29"]


def test_a_message_with_an_unknown_key_is_accepted(app: App, person: People, work: Work) -> None:
    batch = send(app, work, BODY, key="lost", signature="x")
    assert person(Role.MANAGER, "IN").post(f"/uploads/{batch}/accept-sales", FORM).status_code == 403
    assert person(Role.ADMIN).post(f"/uploads/{batch}/accept-sales", FORM).status_code == 303
    work()
    assert len(totals(app)) == 2


def test_what_contradicts_its_sender_or_is_no_sale_is_never_accepted(app: App, person: People, work: Work) -> None:
    key, private = store_credentials.issue_store_key(app.ports, "IN", "MUM01", "front", "boss")
    signature = signatures.sign_payload(private, BODY)
    other, other_private = store_credentials.issue_store_key(app.ports, "IN", "DEL01", "front", "boss")
    messages: list[tuple[bytes, dict[str, Any]]] = [
        (BODY, {}),
        (BODY + b" ", {"key": key.id, "signature": signature}),
        (BODY, {"store_id": "DEL01", "key": other.id, "signature": signatures.sign_payload(other_private, BODY)}),
        (b"nonsense", {"key": "lost", "signature": "x"}),
        (BODY, {"store_id": "DEL01", "key": "lost", "signature": "x"}),
    ]
    boss = person(Role.ADMIN)
    for body, attributes in messages:
        batch = send(app, work, body, **attributes)
        assert "/accept-sales" not in boss.get(f"/uploads/{batch}").text
        refusal = boss.post(f"/uploads/{batch}/accept-sales", FORM)
        assert (refusal.status_code, "Nothing was accepted." in refusal.text) == (422, True), attributes
        boss.post(f"/uploads/{batch}/discard", {"line": "1", "reason": "a forgery"})
        work()
    store_credentials.revoke_store_key(app.ports, key.id, "boss")
    batch = send(app, work, BODY + b" ", key=key.id, signature=signature)
    refusal = boss.post(f"/uploads/{batch}/accept-sales", FORM)
    assert (refusal.status_code, "its signature is wrong" in refusal.text) == (422, True)
    assert totals(app) == []
