"""Many messages of a till in one request: each has its own result, and what is accepted is durable."""

import gzip
import json
from typing import Any

import pytest
from visitor import People, Visitor, Work

from tillstream.app import App
from tillstream.model.messages import day_close_schema, store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import signatures, store_credentials
from tillstream.records import audit_log

SALE = store_sale_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]
EPOCH = "0123456789abcdef"


@pytest.fixture
def token(app: App) -> str:
    return store_credentials.issue_store_token(app.ports, REGION, STORE, "front", "boss")[1]


def message(**changes: Any) -> dict[str, str]:
    return {"payload": json.dumps(SALE | changes)}


def send(visitor: Visitor, token: str, *messages: Any, **headers: str) -> Any:
    body = json.dumps({"messages": messages}).encode()
    if headers:
        body = gzip.compress(body)
    authorization = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return visitor.client.post("/api/sales", data=body, headers=authorization | named)


def test_each_message_has_a_result_and_a_refused_one_does_not_stop_the_others(
    anonymous: Visitor, token: str, work: Work, person: People
) -> None:
    answer = send(anonymous, token, message(number="1"), {"payload": "{nope"}, message(number="2"), {"no": "payload"})
    assert answer.status_code == 202
    results = answer.get_json()["results"]
    assert [one["status"] for one in results] == ["accepted", "refused", "accepted", "refused"]
    assert [one["code"] for one in results] == ["", "unreadable-message", "", "unreadable-message"]
    assert results[0]["id"] == f"{REGION}/{STORE}/1"
    assert answer.get_json()["server_time"].endswith("+00:00")
    work()
    assert person(Role.ADMIN).get("/api/kpis").get_json()["orders"] == 2


def test_a_repeated_request_changes_nothing(anonymous: Visitor, token: str, work: Work, person: People) -> None:
    first, second = (send(anonymous, token, message(number="1"), message(number="2")) for _ in range(2))
    assert first.get_json()["results"] == second.get_json()["results"]
    work()
    assert person(Role.ADMIN).get("/api/kpis").get_json()["orders"] == 2


def test_compressed_messages_are_accepted(anonymous: Visitor, token: str) -> None:
    answer = send(anonymous, token, *(message(number=str(n)) for n in range(300)), Content_Encoding="gzip")
    assert {one["status"] for one in answer.get_json()["results"]} == {"accepted"}


def test_truncated_gzip_data_and_another_encoding_are_refused(anonymous: Visitor, token: str) -> None:
    whole = gzip.compress(json.dumps({"messages": [message()]}).encode())
    for body, encoding in ((whole[:-9], "gzip"), (b"nonsense", "gzip"), (whole, "br")):
        headers = {"Authorization": f"Bearer {token}", "Content-Encoding": encoding}
        assert anonymous.client.post("/api/sales", data=body, headers=headers).status_code == 422


def test_more_bytes_than_a_request_may_have_are_refused_also_if_they_are_compressed(
    anonymous: Visitor, token: str
) -> None:
    huge = message(number="x" * 5_000_000)
    assert send(anonymous, token, huge).status_code == 413
    answer = send(anonymous, token, huge, Content_Encoding="gzip")
    assert (answer.status_code, "4 MB" in answer.get_json()["detail"]) == (413, True)


def test_states_of_acknowledged_messages_are_answered_alone_or_with_results(
    app: App, anonymous: Visitor, token: str
) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    headers = {"Authorization": f"Bearer {token}"}
    queried = {"till": "front", "messages": [{"epoch": EPOCH, "sequence": "1", "digest": "0" * 16}]}
    alone = anonymous.client.post("/api/sales", json={"messages": [], "acknowledged": queried}, headers=headers)
    assert (alone.status_code, alone.get_json()["acknowledged"], alone.get_json()["results"]) == (202, ["missing"], [])
    both = anonymous.client.post("/api/sales", json={"messages": [message()], "acknowledged": queried}, headers=headers)
    assert (both.get_json()["acknowledged"], len(both.get_json()["results"])) == (["missing"], 1)
    wrong = anonymous.client.post("/api/sales", json={"messages": [message()], "acknowledged": {}}, headers=headers)
    assert wrong.status_code == 422
    assert "acknowledged" not in send(anonymous, token, message()).get_json(), "older tills get what they know"


@pytest.mark.parametrize("messages", [[], "text", {"a": 1}, [{}] * 1001])
def test_what_is_no_list_of_messages_is_refused(anonymous: Visitor, token: str, messages: Any) -> None:
    answer = anonymous.client.post(
        "/api/sales", json={"messages": messages}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("item", [7, None, [], {"payload": 5}, message() | {"key": 5}, message() | {"till": "x" * 300}])
def test_an_item_that_is_no_message_is_refused_by_itself(anonymous: Visitor, token: str, item: Any) -> None:
    results = send(anonymous, token, item, message()).get_json()["results"]
    assert [one["status"] for one in results] == ["refused", "accepted"]


def test_a_message_of_another_store_is_refused_and_is_a_security_event(
    app: App, anonymous: Visitor, token: str
) -> None:
    (result,) = send(anonymous, token, message(store_id="MAN1")).get_json()["results"]
    assert (result["status"], result["code"]) == ("refused", "not-your-store")
    (event,) = audit_log.find_entries(app.ports, audit_log.AuditFilter(what="sale.not-your-store"))
    assert event.after["example"] == f"{REGION}/MAN1/{SALE['number']}"


def test_a_store_with_a_key_accepts_signed_messages_only(
    app: App, anonymous: Visitor, token: str, work: Work, person: People
) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    payload = message()["payload"]
    signed = {
        "payload": payload,
        "key": key.id,
        "till": "front",
        "epoch": EPOCH,
        "sequence": "1",
        "signature": signatures.sign_payload(private, payload.encode()),
    }
    answer = send(anonymous, token, message(), signed).get_json()
    assert [(one["sequence"], one["status"], one["code"]) for one in answer["results"]] == [
        ("", "refused", "unsigned"),
        ("1", "accepted", ""),
    ]
    single = anonymous.client.post("/api/sales", json=SALE, headers={"Authorization": f"Bearer {token}"})
    assert (single.status_code, single.get_json()["type"].endswith("/unsigned")) == (422, True)
    assert answer["last_sequence"] == 0
    work()
    assert person(Role.ADMIN).get("/api/kpis").get_json()["orders"] == 1
    assert send(anonymous, token, signed).get_json()["last_sequence"] == 1


def test_a_day_close_is_accepted_beside_sales(anonymous: Visitor, token: str) -> None:
    close = {"payload": json.dumps(day_close_schema()["examples"][0])}
    wrong = {"payload": json.dumps(day_close_schema()["examples"][0] | {"date": "2026-02-30"})}
    results = send(anonymous, token, close, wrong).get_json()["results"]
    assert [one["status"] for one in results] == ["accepted", "refused"]
    assert results[0]["id"] == "UK/LON1/front/2026-11-20"
    assert results[1]["detail"].startswith("date:")


@pytest.mark.parametrize("wrong", [{"epoch": "zz"}, {"epoch": EPOCH.upper()}, {"sequence": "-5"}, {"sequence": "0"}])
def test_an_epoch_or_a_sequence_in_another_form_is_refused(
    anonymous: Visitor, token: str, wrong: dict[str, str]
) -> None:
    numbered = message() | {"till": "front", "epoch": EPOCH, "sequence": "5"}
    results = send(anonymous, token, numbered | wrong, numbered).get_json()["results"]
    assert [one["code"] for one in results] == ["unreadable-message", ""]
    ((name, value),) = wrong.items()
    assert results[0]["detail"].startswith(f"{name} is '{value}'; it must be")
