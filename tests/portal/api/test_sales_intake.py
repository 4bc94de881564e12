"""Accepted sales pass none of the portal's hooks; everything else is answered by the portal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import request
from visitor import Visitor

from tillstream.app import App
from tillstream.intake.store_sales import RECEIVE_SUBSCRIPTION
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.people import store_credentials
from tillstream.ports.bus import Message

SEND = "/api/v1/sales"
Send = Callable[..., Any]


@pytest.fixture
def sale() -> dict[str, Any]:
    example: dict[str, Any] = json.loads(json.dumps(store_sale_schema()["examples"][0]))
    return example


@pytest.fixture
def send(app: App, anonymous: Visitor, sale: dict[str, Any]) -> Send:
    _, token = store_credentials.issue_store_token(app.ports, sale["region"], sale["store_id"], "front", "boss")
    bearer = {"Authorization": f"Bearer {token}"}

    def post(payload: Any, path: str = SEND, **headers: str) -> Any:
        return anonymous.client.post(path, json=payload, headers=bearer | headers)

    return post


@pytest.fixture
def hooks(anonymous: Visitor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths for which the portal's hooks ran."""
    ran: list[str] = []
    before = anonymous.client.application.before_request_funcs
    monkeypatch.setitem(before, None, [lambda: ran.append(request.path), *before[None]])
    return ran


@pytest.mark.parametrize("path", ["/api/sales", "/api/v1/sales"])
def test_an_accepted_sale_passes_no_hooks(app: App, send: Send, sale: Any, hooks: list[str], path: str) -> None:
    answer = send(sale, path)

    assert (answer.status_code, answer.get_json()["status"], hooks) == (202, "accepted", [])
    assert len(app.ports.bus.pull(RECEIVE_SUBSCRIPTION, 10)) == 1


def test_a_rejected_sale_is_answered_by_the_portal_and_published_never(
    app: App, send: Send, sale: Any, hooks: list[str]
) -> None:
    answer = send(sale | {"lines": []})

    assert (answer.status_code, answer.mimetype, hooks) == (422, "application/problem+json", [SEND])
    assert answer.get_json()["problems"]
    assert app.ports.bus.pull(RECEIVE_SUBSCRIPTION, 10) == []


def test_both_ways_have_the_same_headers(send: Send, sale: Any, hooks: list[str]) -> None:
    short, long = send(sale), send(sale, Origin="https://elsewhere.example")

    assert hooks == [SEND]
    assert short.get_json() == long.get_json()
    assert {*long.headers.keys()} - {*short.headers.keys()} <= {"Vary"}


def test_a_body_above_the_limit_is_answered_by_the_portal(send: Send, sale: Any, hooks: list[str]) -> None:
    answer = send(sale | {"note": "x" * (9 << 20)})

    assert (answer.status_code, hooks) == (413, [SEND])


def test_a_queue_that_cannot_be_written_is_a_503_with_a_time_to_try_again(
    app: App, send: Send, sale: Any, hooks: list[str]
) -> None:
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(b"{}")])
    app.ports.bus.close()
    answer = send(sale)

    assert (answer.status_code, answer.headers["Retry-After"], hooks) == (503, "5", [SEND])
