"""Several portals over one set of documents and one warehouse: what one does, the others know."""

from typing import Any

import pytest
from flask import Flask
from visitor import PASSWORD, Visitor, Work, indian_file, indian_sale

from portal.live.streams import AGAIN_SOON
from portal.wsgi import create_worker_portal
from tillstream.analytics import reference
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import data_version


@pytest.fixture
def instances(app: App, monkeypatch: pytest.MonkeyPatch) -> list[Flask]:
    """Two portals as in the cloud: each with its own memory, and asking the documents what is newest."""
    monkeypatch.setattr(data_version, "POLL_SECONDS", 0)
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    return [create_worker_portal(app) for _ in range(2)]


@pytest.fixture
def both(instances: list[Flask]) -> list[Visitor]:
    """One person with one cookie at each of the two."""
    here, there = (Visitor(flask.test_client()) for flask in instances)
    assert here.sign_in("asha").status_code == 303
    cookie = here.client.get_cookie("tillstream")
    assert cookie
    there.client.set_cookie("tillstream", cookie.value)
    return [here, there]


@pytest.fixture
def queries(app: App, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that the warehouse is asked."""
    questions: list[str] = []
    query = app.ports.warehouse.query

    def counted(sql: str, *rest: Any) -> Any:
        questions.append(sql)
        return query(sql, *rest)

    monkeypatch.setattr(app.ports.warehouse, "query", counted)
    return questions


def revenue(visitor: Visitor) -> str:
    return str(visitor.get("/api/kpis").get_json()["revenue"])


def test_a_session_of_one_counts_at_the_other_until_either_ends_it(both: list[Visitor]) -> None:
    here, there = both
    assert there.get("/dashboard").status_code == 200
    here.post("/sign-out")
    assert there.get("/dashboard").status_code == 303


def test_signing_out_everywhere_ends_sessions_at_every_instance(instances: list[Flask], both: list[Visitor]) -> None:
    other = Visitor(instances[1].test_client())
    other.sign_in("asha")
    both[0].post("/profile/sessions/end-others")
    assert other.get("/dashboard").status_code == 303
    assert both[1].get("/dashboard").status_code == 200


def test_both_instances_show_a_settlement_and_cache_queries_until_the_next(
    both: list[Visitor], work: Work, queries: list[str]
) -> None:
    both[0].upload(indian_file(indian_sale("1", "100.00")))
    work()
    assert [revenue(one) for one in both] == ["100"] * 2
    queries.clear()
    assert [revenue(one) for one in both] == ["100"] * 2
    assert both[0].get("/events?known=0").text.endswith("data: 1\n\n")
    assert queries == []
    both[1].upload(indian_file(indian_sale("2", "50.00")), name="july.csv")
    work()
    assert [revenue(one) for one in both] == ["150"] * 2


def test_pages_open_at_either_instance_are_notified_of_a_settlement(both: list[Visitor], work: Work) -> None:
    both[0].upload(indian_file(indian_sale("1")))
    work()
    streams = [
        iter(one.client.get("/events?known=1", environ_overrides={"wsgi.multithread": True}).iter_encoded())
        for one in both
    ]
    for one in streams:
        assert next(one) == f"retry: {AGAIN_SOON}\n\n".encode()
        assert next(one) == b": \n\n"
    both[0].upload(indian_file(indian_sale("2")), name="july.csv")
    work()
    assert [next(one) for one in streams] == [b"id: 2\nevent: settled\ndata: 2\n\n"] * 2


def test_an_answer_of_one_is_not_sent_again_by_the_other_until_it_is_another(both: list[Visitor], work: Work) -> None:
    both[0].upload(indian_file(indian_sale("1")))
    work()
    tag = {"If-None-Match": both[0].get("/api/kpis").headers["ETag"]}
    assert both[1].get("/api/kpis", headers=tag).status_code == 304
    both[1].post("/api/data-refresh", headers={"X-CSRFToken": both[1].token()})
    assert both[0].get("/api/kpis", headers=tag).status_code == 200


def test_rates_that_another_process_loads_are_reckoned_with_at_once(app: App, both: list[Visitor], work: Work) -> None:
    both[0].upload(indian_file(indian_sale("1")))
    work()
    before = both[1].get("/api/kpis").headers["ETag"]
    reference.load_rates(app.ports, "date,currency,rate\n2026-06-01,INR,99.5\n", "rates.csv", "INR", "asha")
    assert both[1].get("/api/kpis").headers["ETag"] != before
