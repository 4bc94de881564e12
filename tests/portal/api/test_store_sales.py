"""The door for tills: a token, one whole sale, and an answer that a till can act on."""

import json
from typing import Any

import pytest
from visitor import People, Visitor, Work

from tillstream.app import App
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import store_credentials


@pytest.fixture
def sale() -> dict[str, Any]:
    """The schema's own first example, of one of its stores."""
    example: dict[str, Any] = json.loads(json.dumps(store_sale_schema()["examples"][0]))
    return example


@pytest.fixture
def token(app: App, sale: dict[str, Any]) -> str:
    return store_credentials.issue_store_token(app.ports, sale["region"], sale["store_id"], "front", "boss")[1]


def _send(visitor: Visitor, sale: Any, token: str) -> Any:
    return visitor.client.post("/api/sales", json=sale, headers={"Authorization": f"Bearer {token}"})


def test_a_till_sends_a_sale_and_it_counts_once(
    anonymous: Visitor, sale: dict[str, Any], token: str, work: Work, person: People
) -> None:
    first, again = _send(anonymous, sale, token), _send(anonymous, sale, token)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.get_json()["id"] == again.get_json()["id"]
    work()
    admin = person(Role.ADMIN)
    assert admin.get("/api/kpis").get_json()["lines"] == len(sale["lines"])
    assert "Sales from tills" in admin.get("/uploads?kind=messages").text


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dGlsbDp0aWxs"])
def test_without_a_token_nothing_is_taken(anonymous: Visitor, sale: dict[str, Any], authorization: str) -> None:
    answer = anonymous.client.post("/api/sales", json=sale, headers={"Authorization": authorization})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_signed_in_admin_is_no_till(person: People, sale: dict[str, Any]) -> None:
    answer = person(Role.ADMIN).client.post("/api/sales", json=sale)
    assert answer.status_code == 401
    assert answer.get_json()["detail"].startswith("Send the token of the store")


def test_a_revoked_token_is_refused(app: App, anonymous: Visitor, sale: dict[str, Any], token: str) -> None:
    store_credentials.revoke_store_token(app.ports, store_credentials.find_store_tokens(app.ports)[0].id, "boss")
    assert _send(anonymous, sale, token).status_code == 401


def test_an_invalid_sale_is_rejected_with_the_path(anonymous: Visitor, sale: dict[str, Any], token: str) -> None:
    answer = _send(anonymous, {**sale, "lines": []}, token)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert any(problem.startswith("lines") for problem in answer.get_json()["problems"])


def test_a_token_is_not_valid_for_another_store(anonymous: Visitor, sale: dict[str, Any], token: str) -> None:
    answer = _send(anonymous, {**sale, "store_id": "ELSEWHERE"}, token)
    assert answer.status_code == 422
    assert "this token is only valid for" in answer.get_json()["detail"]


@pytest.mark.parametrize("body", ["[]", "nonsense", "", '"text"'])
def test_what_is_no_json_object_is_refused(anonymous: Visitor, token: str, body: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert anonymous.client.post("/api/sales", data=body, headers=headers).status_code == 422


def test_a_huge_body_is_refused(anonymous: Visitor, sale: dict[str, Any], token: str) -> None:
    assert _send(anonymous, {**sale, "note": "x" * 2_000_000}, token).status_code == 413


@pytest.mark.parametrize("body", ["[" * 50_000, '{"a":' * 10_000])
def test_a_body_nested_without_end_is_refused_and_not_a_fault_of_ours(
    anonymous: Visitor, token: str, body: str
) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert anonymous.client.post("/api/sales", data=body, headers=headers).status_code == 422


def test_a_sale_larger_than_a_message_may_be_is_refused(anonymous: Visitor, sale: dict[str, Any], token: str) -> None:
    sale["lines"][0]["extra"] = {"note": "x" * 70_000}
    answer = _send(anonymous, sale, token)
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert answer.get_json()["detail"] == "A sale may have at most 64 KB. Send each sale as a separate message."


def test_what_is_wrong_with_a_sale_repeats_at_most_a_little_of_it(
    anonymous: Visitor, sale: dict[str, Any], token: str
) -> None:
    answer = _send(anonymous, sale | {"customer_name": "x" * 40_000}, token)
    assert answer.status_code == 422
    assert len(answer.text) < 2_000
