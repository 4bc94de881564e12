"""How the API answers: pages of lists, short answers, limits, other sites, packed answers, errors in one form."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from flask import Flask
from portal_factory import create_app
from visitor import PASSWORD, People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.settings import Settings

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    rows = [indian_sale(str(number), f"{number}00.00", customer=f"C{number}") for number in range(1, 6)]
    admin.upload(indian_file(*rows))
    work()


def test_a_list_is_read_page_by_page_until_no_link_is_left(sold: Visitor) -> None:
    path, customers = "/api/top-customers?limit=2", []
    for _ in range(3):
        answer = sold.get(path)
        customers += [row["customer"] for row in answer.get_json()["rows"]]
        path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
    assert (customers, path) == (["C5", "C4", "C3", "C2", "C1"], "")


def test_a_short_list_shows_its_length(sold: Visitor) -> None:
    answer = sold.get("/api/sales-by-category?limit=0")
    assert (answer.headers["X-Total-Count"], answer.get_json()["rows"]) == ("1", [])
    assert sold.get("/api/sales-by-category?offset=1").get_json()["rows"] == []


def test_uploads_are_listed_page_by_page(sold: Visitor) -> None:
    sold.upload(indian_file(indian_sale("9")), name="second.csv")
    first = sold.get("/api/uploads?limit=1")
    assert [one["file"] for one in first.get_json()["uploads"]] == ["second.csv"]
    following = first.headers["Link"].partition(">")[0].lstrip("<")
    assert [one["file"] for one in sold.get(following).get_json()["uploads"]] == ["june.csv"]
    assert "Link" not in sold.get(following).headers


@pytest.mark.parametrize(
    "path",
    ["/api/uploads?limit=many", "/api/uploads?limit=-1", "/api/uploads?page=2", "/api/uploads?state=lost",
     "/api/top-customers?limit=1e3", "/api/sales-by-region?offset=x", "/api/kpis?limit=3"],
)  # fmt: skip
def test_what_a_parameter_cannot_be_is_refused_in_words(sold: Visitor, path: str) -> None:
    answer = sold.get(path)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


@pytest.mark.own_home
def test_what_was_answered_before_is_not_worked_out_again(sold: Visitor, work: Work) -> None:
    for path in ("/api/kpis", "/api/sales-by-region?from=2026-06-01"):
        first = sold.get(path)
        tag = {"If-None-Match": first.headers["ETag"]}
        again = sold.get(path, headers=tag)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert sold.get(f"{path}{'&' if '?' in path else '?'}status=completed", headers=tag).status_code == 200
    sold.upload(indian_file(indian_sale("7")), name="more.csv")
    work()
    assert sold.get("/api/sales-by-region?from=2026-06-01", headers=tag).status_code == 200


def test_etags_of_users_differ(sold: Visitor, person: People) -> None:
    tag = {"If-None-Match": sold.get("/api/kpis").headers["ETag"]}
    assert person(Role.MANAGER, "UK").get("/api/kpis", headers=tag).status_code == 200


@pytest.mark.own_home
def test_a_refresh_ends_what_was_tagged(sold: Visitor) -> None:
    tag = {"If-None-Match": sold.get("/api/kpis").headers["ETag"]}
    assert sold.post("/api/data-refresh", headers={"X-CSRFToken": sold.token()}).status_code == 202
    assert sold.get("/api/kpis", headers=tag).status_code == 200


@pytest.mark.own_home
def test_a_large_answer_is_packed_for_who_takes_it(sold: Visitor, work: Work) -> None:
    sold.upload(indian_file(*[indian_sale(str(n), customer=f"Customer{n}") for n in range(20, 60)]), name="many.csv")
    work()
    plain = sold.get("/api/top-customers?limit=50")
    packed = sold.get("/api/top-customers?limit=50", headers={"Accept-Encoding": "gzip"})
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("DELETE", "/api/kpis", 405), ("POST", "/api/kpis", 405),
     ("GET", "/api/uploads/none", 404), ("GET", "/api/kpis?from=soon", 422), ("GET", "/api/kpis?region=Nowhere", 400)],
)  # fmt: skip
def test_every_error_is_problem_json(sold: Visitor, method: str, path: str, status: int) -> None:
    answer = sold.client.open(path, method=method, headers={"X-CSRFToken": sold.token(), "Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = answer.get_json()
    assert problem["status"] == status
    assert problem["detail"]
    assert ("Allow" in answer.headers) == (status == 405)
    assert (problem["detail"] == "Use GET or HEAD or OPTIONS.") == (status == 405)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[tuple[App, Flask]]:
    app = build(
        Settings(home=tmp_path / "strict", samples=False, threads=1, api_rate="3 per minute",
                 api_origins="https://shop.example, https://other.example/")
    )  # fmt: skip
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN, password=PASSWORD)
    yield app, create_app(app)
    app.close()


def test_calls_are_counted_for_each_token_alone(strict: tuple[App, Flask]) -> None:
    app, portal = strict
    texts = [
        personal_tokens.issue_personal_token(app.ports, "boss", name, ["numbers"], by="boss")[1] for name in ("a", "b")
    ]
    first, second = ({"Authorization": f"Bearer {text}"} for text in texts)
    client = portal.test_client()
    answers = [client.get("/api/kpis", headers=first) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[1].headers["X-RateLimit-Remaining"] == "1"
    assert answers[3].mimetype == "application/problem+json"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert client.get("/api/kpis", headers=second).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_only_listed_sites_have_cors_access(strict: tuple[App, Flask]) -> None:
    client = strict[1].test_client()
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    answer = client.options("/api/kpis", headers=asking)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "https://shop.example")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    for origin in ("https://evil.example", "https://shop.example.evil", "null"):
        answer = client.options("/api/kpis", headers=asking | {"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Access-Control-Allow-Origin" not in client.get("/sign-in", headers=asking).headers


def test_no_site_has_cors_access_by_default(anonymous: Visitor) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    assert "Access-Control-Allow-Origin" not in anonymous.client.options("/api/kpis", headers=asking).headers
