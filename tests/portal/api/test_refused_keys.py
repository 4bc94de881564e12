"""Messages that are refused because of their key are kept in quarantine, and are a security event."""

import json
from typing import Any

import pytest
from test_messages_of_tills import EPOCH, REGION, SALE, STORE, Work, message, send
from visitor import Visitor

from tillstream.app import App
from tillstream.people import signatures, store_credentials
from tillstream.records import audit_log


@pytest.fixture
def token(app: App) -> str:
    return store_credentials.issue_store_token(app.ports, REGION, STORE, "front", "boss")[1]


def signed(key: str, private: str, number: str = "1") -> dict[str, str]:
    payload: str = message(number=number)["payload"]
    numbered = {"till": "front", "epoch": EPOCH, "sequence": "1"}
    return {"payload": payload, "key": key, **numbered, "signature": signatures.sign_payload(private, payload.encode())}


def quarantined(app: App) -> list[str]:
    rows = app.ports.warehouse.query("SELECT raw FROM refusals WHERE code = 'unverified-message'").to_pylist()
    return sorted(json.loads(row["raw"])["number"] for row in rows)


def event(app: App) -> dict[str, Any]:
    (entry,) = audit_log.find_entries(app.ports, audit_log.AuditFilter(what="sale.unverified-message"))
    return dict(entry.after)


@pytest.mark.parametrize("which", ["revoked", "of another store", "unknown"])
def test_a_message_with_a_key_that_is_not_valid_is_refused_and_kept(
    app: App, anonymous: Visitor, token: str, work: Work, which: str
) -> None:
    good, good_private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    bad, private = store_credentials.issue_store_key(
        app.ports, REGION, "MAN1" if which == "of another store" else STORE, "x", "boss"
    )
    store_credentials.revoke_store_key(app.ports, bad.id, "boss")
    key = "nobody" if which == "unknown" else bad.id
    results = send(anonymous, token, signed(key, private), signed(good.id, good_private, "2")).get_json()["results"]
    reason = {"of another store": "its key belongs to another store"}.get(which, f"its key is {which}")
    assert [(one["code"], one["detail"]) for one in results] == [("unverified-message", reason), ("", "")]
    work()
    assert quarantined(app) == ["1"]
    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").column("n")[0].as_py() == 2
    after = event(app)
    assert (after["stores"], after["keys"], after["reasons"]) == ([STORE], [key], [reason])
    assert after["addresses"] == ["127.0.0.1"]


def test_unsigned_messages_of_a_store_with_a_key_are_kept_and_are_one_security_event(
    app: App, anonymous: Visitor, token: str, work: Work
) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    results = send(anonymous, token, message(number="1"), message(number="2")).get_json()["results"]
    assert [one["code"] for one in results] == ["unsigned", "unsigned"]
    work()
    assert quarantined(app) == ["1", "2"]
    after = event(app)
    assert (after["rows"], after["stores"], after["claimed_stores"]) == (2, [STORE], [f"{REGION}/{STORE}"])


def test_one_unsigned_sale_is_kept_once(app: App, anonymous: Visitor, token: str, work: Work) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    answer = anonymous.client.post("/api/sales", json=SALE, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 422
    work()
    assert quarantined(app) == [SALE["number"]]
