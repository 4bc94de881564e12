"""What a till, or the form of a user, reads about its sales after they were stored."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from visitor import People, Visitor

from tillstream.app import App
from tillstream.intake import store_sales
from tillstream.model.batch import BatchKind
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import accounts, signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.server.worker import Worker

SALE = store_sale_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]
Outcomes = Callable[..., dict[str, Any]]


def send(app: App, *bodies: Any, store: str = STORE, **attributes: str) -> None:
    """One micro-batch for each body."""
    for body in bodies:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"region": REGION, "store_id": store} | attributes
        app.ports.bus.publish(TOPIC_STORE_SALES, [Message(raw, named)])
        Worker(app).run_until_idle()


def sale(number: str, **changes: Any) -> dict[str, Any]:
    return SALE | {"number": number} | changes


@pytest.fixture
def outcomes(app: App, anonymous: Visitor) -> Outcomes:
    token = store_credentials.issue_store_token(app.ports, REGION, STORE, "front", "boss")[1]

    def read(since: str = "", limit: int = 500) -> dict[str, Any]:
        answer = anonymous.client.get(
            "/api/sales/outcomes",
            query_string={"since": since, "limit": limit},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.get_json()
        return page

    return read


def short(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["number"], one["outcome"]) for one in page["outcomes"]]


def test_every_sale_of_the_store_has_its_outcome_in_the_order_of_settlements(app: App, outcomes: Outcomes) -> None:
    send(app, sale("1"), sale("1"), sale("1", version=3), sale("1", version=2, customer_id="C"))
    send(app, sale("9", store_id="MAN1"), store="MAN1")
    page = outcomes()
    assert short(page) == [("1", "counted"), ("1", "duplicate"), ("1", "duplicate"), ("1", "superseded")]
    assert [one["version"] for one in page["outcomes"]] == [1, 1, 3, 2]
    assert {one["store_id"] for one in page["outcomes"]} == {STORE}


def test_reading_on_from_a_cursor_misses_and_repeats_nothing(app: App, outcomes: Outcomes) -> None:
    for number in range(7):
        send(app, sale(str(number)))
    numbers, since = [], ""
    while len(numbers) < 7:
        page = outcomes(since, 2)
        assert len(page["outcomes"]) <= 2
        numbers += [one["number"] for one in page["outcomes"]]
        since = page["next"]
    assert numbers == [str(number) for number in range(7)]
    assert outcomes(since) == {"outcomes": [], "next": since}
    send(app, sale("new"))
    assert short(outcomes(since)) == [("new", "counted")]


def test_a_page_may_end_within_a_micro_batch(app: App, outcomes: Outcomes) -> None:
    messages = [Message(json.dumps(sale(str(n))).encode(), {"region": REGION, "store_id": STORE}) for n in range(5)]
    app.ports.bus.publish(TOPIC_STORE_SALES, messages)
    Worker(app).run_until_idle()
    first = outcomes("", 3)
    assert short(first) + short(outcomes(first["next"], 3)) == [(str(n), "counted") for n in range(5)]


def test_the_outcome_of_a_rejected_sale_has_its_problems_and_remedies(app: App, outcomes: Outcomes) -> None:
    wrong = sale("1", lines=[{"product_id": "P"}])
    send(app, wrong, b"{nope", sale("2", currency="XXQ"))
    page = outcomes()
    assert short(page) == [("1", "quarantined"), (None, "quarantined"), ("2", "quarantined")]
    codes = [[problem["code"] for problem in one["problems"]] for one in page["outcomes"]]
    assert codes == [["unreadable-message"], ["unreadable-message"], ["not-a-currency"]]
    assert all(problem["remedy"] for one in page["outcomes"] for problem in one["problems"])


def test_till_and_sequence_are_those_of_the_signed_message(app: App, outcomes: Outcomes) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    body = json.dumps(sale("1")).encode()
    signing = {"key": key.id, "till": "front", "epoch": "0" * 16, "sequence": "7"}
    send(app, body, **signing, signature=signatures.sign_payload(private, body))
    send(app, sale("2"))
    first, second = outcomes()["outcomes"]
    assert (first["till"], first["sequence"], first["outcome"]) == ("front", "7", "counted")
    assert [problem["code"] for problem in second["problems"]] == ["unverified-message"]


def test_an_undone_sale_appears_again_as_discarded(app: App, outcomes: Outcomes) -> None:
    send(app, sale("1"), sale("2"))
    since = outcomes()["next"]
    first = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES, limit=None)
    batch = next(one for one in first if b'\\"number\\": \\"1\\"' in _raw(app, one))
    undo.undo_batch(app.ports, batch.batch_id, by="boss")
    page = outcomes(since)
    assert short(page) == [("1", "discarded")]
    assert page["outcomes"][0]["problems"][0]["code"] == "undone"


def _raw(app: App, batch: Any) -> bytes:
    with app.ports.objects.open(batch.bucket, batch.object, batch.generation) as stream:
        return stream.read()


def test_a_user_reads_the_outcomes_of_own_stores_and_own_sales(app: App, person: People) -> None:
    for store in (STORE, "MAN1"):
        for seller in ("emma", "noah"):
            body = sale(f"{store}-{seller}", store_id=store, salesperson_id=seller, source="form")
            store_sales.publish_portal_sale(app.ports, REGION, store, json.dumps(body).encode())
    Worker(app).run_until_idle()

    def numbers(visitor: Visitor) -> set[str]:
        return {number for number, _ in short(visitor.get("/api/sales/outcomes").get_json())}

    assert len(numbers(person(Role.ADMIN))) == 4
    manager = person(Role.MANAGER, REGION, login="manager")
    accounts.assign_account(app.ports, "manager", stores=(STORE,), by="boss")
    assert numbers(manager) == {f"{STORE}-emma", f"{STORE}-noah"}
    seller = person(Role.SALESPERSON, REGION, salesperson="emma", login="emma")
    assert numbers(seller) == {f"{STORE}-emma", "MAN1-emma"}
    accounts.assign_account(app.ports, "emma", stores=(STORE,), by="boss")
    assert numbers(seller) == {f"{STORE}-emma"}
    assert person(Role.ANALYST, login="analyst").get("/api/sales/outcomes").status_code == 403


def test_without_a_token_or_session_nothing_is_read(anonymous: Visitor) -> None:
    assert anonymous.get("/api/sales/outcomes").status_code == 401


@pytest.mark.parametrize("query", ["since=nonsense", "since=WyJjaGFuZ2VzIiwgMV0", "limit=many", "page=2"])
def test_wrong_arguments_are_refused(person: People, query: str) -> None:
    assert person(Role.ADMIN).get(f"/api/sales/outcomes?{query}").status_code == 422


@pytest.mark.parametrize(
    ("sold_at", "codes"),
    [
        ("2031-01-01T10:00:00+00:00", ["clock-ahead"]),
        ("1999-01-01T10:00:00+00:00", ["sold-long-ago"]),
        ("2026-06-30T10:00:00+00:00", []),
    ],
)
def test_a_sale_with_a_time_that_does_not_fit_its_receipt_counts_with_a_warning(
    app: App, outcomes: Outcomes, sold_at: str, codes: list[str]
) -> None:
    send(app, sale("1", sold_at=sold_at))
    (one,) = outcomes()["outcomes"]
    assert one["outcome"] == "counted"
    assert [problem["code"] for problem in one["problems"]] == codes
    assert all(sold_at in problem["message"] and problem["remedy"] for problem in one["problems"])
