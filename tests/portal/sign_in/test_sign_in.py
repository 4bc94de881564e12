"""The door of the portal: signing in and out, sessions, CSRF, throttling."""

from typing import Any

import pytest
from flask import Flask
from visitor import PASSWORD, People, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import account_store, accounts, personal_tokens, store_credentials


def test_a_person_signs_in_and_out(person: People) -> None:
    visitor = person(Role.ADMIN, login="asha")
    assert "No sales yet" in visitor.get("/dashboard").text
    assert visitor.post("/sign-out").headers["Location"] == "/sign-in"
    assert visitor.get("/dashboard").status_code == 303


def test_a_wrong_password_is_explained_beside_the_field(app: App, anonymous: Visitor) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    answer = anonymous.sign_in("asha", "wrong")
    assert answer.status_code == 401
    assert "The sign-in name or the password is incorrect." in answer.text
    assert PASSWORD not in answer.text


def test_after_signing_in_the_person_is_where_they_wanted_to_be(app: App, anonymous: Visitor) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    wanted = anonymous.get("/uploads?q=june&state=needs").headers["Location"]
    data = {"login": "asha", "password": PASSWORD}
    assert anonymous.post(wanted, data).headers["Location"] == "/uploads?q=june&state=needs"


def test_a_generated_password_is_changed_before_anything_else(app: App, anonymous: Visitor) -> None:
    first = accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN)
    _, token = personal_tokens.issue_personal_token(app.ports, "asha", "report", ["numbers"], by="boss")
    anonymous.sign_in("asha", first)
    changing = anonymous.get("/uploads?q=june").headers["Location"]
    assert changing == "/password?next=/uploads?q%3Djune"
    assert "Choose your own password" in anonymous.get(changing).text
    refused = anonymous.get("/api/kpis")
    assert (refused.status_code, refused.json["type"]) == (403, "/help/problems/own-password-required")
    assert anonymous.post("/people", {"login": "mallory", "role": "admin"}).status_code == 403
    assert anonymous.get("/api/kpis", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    form = {"old": first, "new": first, "again": first}
    assert "differs from the current one" in anonymous.post(changing, form).text
    answer = anonymous.post(changing, form | {"new": PASSWORD, "again": PASSWORD})
    assert answer.headers["Location"] == "/uploads?q=june"
    assert anonymous.get("/api/kpis").status_code == 200
    reset = accounts.reset_password(app.ports, "asha", by="boss")
    anonymous.sign_in("asha", reset)
    assert anonymous.get("/dashboard").headers["Location"] == "/password?next=/dashboard"
    assert anonymous.post("/sign-out").status_code == 303


def test_an_own_password_comes_before_the_second_step(app: App, anonymous: Visitor) -> None:
    account_store.require_second_factor(app.ports, [Role.ADMIN], "boss")
    first = accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN)
    anonymous.sign_in("asha", first)
    changing = anonymous.get("/profile/second-step").headers["Location"]
    anonymous.post(changing, {"old": first, "new": PASSWORD, "again": PASSWORD})
    assert anonymous.get("/dashboard").headers["Location"] == "/profile/second-step"


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "DELETE"])
def test_an_unknown_method_is_refused_as_such_to_everybody(anonymous: Visitor, person: People, method: str) -> None:
    for visitor in (anonymous, person(Role.ANALYST)):
        answer = visitor.client.open("/api/kpis", method=method)
        assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "/%0a/example.org", "x"]
)
def test_the_sign_in_leads_to_no_other_site(app: App, anonymous: Visitor, elsewhere: str) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    data = {"login": "asha", "password": PASSWORD}
    assert anonymous.post(f"/sign-in?next={elsewhere}", data).headers["Location"] == "/dashboard"


def test_a_form_without_the_token_is_refused_and_changes_nothing(app: App, person: People) -> None:
    visitor = person(Role.ADMIN)
    answer = visitor.client.post("/people", data={"login": "mallory", "role": "admin"})
    assert answer.status_code == 400
    assert "open for too long" in answer.text
    assert [one.login for one in accounts.all_users(app.ports)] == ["admin-all"]


def test_a_call_of_the_api_that_changes_something_needs_the_token_too(person: People) -> None:
    visitor = person(Role.ADMIN)
    refused = visitor.client.post("/api/data-refresh")
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert "X-CSRFToken" in refused.get_json()["detail"]
    allowed = visitor.client.post("/api/data-refresh", headers={"X-CSRFToken": visitor.token()})
    assert allowed.status_code == 202


def test_a_program_refreshes_data_as_the_api_page_describes(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "robot", "Robot", Role.MANAGER, regions=["IN"], password=PASSWORD)
    program = portal.test_client()

    def token(page: str) -> str:
        return program.get(page).text.partition('name="csrf-token" content="')[2].partition('"')[0]

    entered = {"login": "robot", "password": PASSWORD, "csrf_token": token("/sign-in")}
    assert program.post("/sign-in", data=entered).status_code == 303
    answer = program.post("/api/data-refresh", headers={"X-CSRFToken": token("/password")})
    assert (answer.status_code, answer.get_json()["status"]) == (202, "accepted")


def test_a_store_token_is_valid_only_for_submitting_sales(app: App, anonymous: Visitor) -> None:
    headers = {
        "Authorization": f"Bearer {store_credentials.issue_store_token(app.ports, 'IN', 'MUM01', 'front', 'boss')[1]}"
    }
    for refused in (
        anonymous.client.post("/api/data-refresh", headers=headers),
        anonymous.client.get("/api/kpis", headers=headers),
    ):
        assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
        assert "valid only for /api/sales" in refused.get_json()["detail"]


def test_a_reset_password_ends_every_session(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    accounts.reset_password(app.ports, "asha")
    assert visitor.get("/dashboard").status_code == 303


def test_a_disabled_account_ends_every_session(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    accounts.disable_account(app.ports, "asha")
    assert visitor.get("/dashboard").status_code == 303


def test_the_own_password_is_changed_here_and_signs_out_elsewhere(portal: Flask, person: People) -> None:
    here = person(Role.ADMIN, login="asha")
    there = Visitor(portal.test_client())
    there.sign_in("asha")
    new = "another long sentence"
    assert here.post("/password", {"old": PASSWORD, "new": new, "again": new}).status_code == 303
    assert here.get("/dashboard").status_code == 200
    assert there.get("/dashboard").status_code == 303


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"old": "wrong"}, "not your current password"),
        ({"again": "something else"}, "do not match"),
        ({"new": "short", "again": "short"}, "at least 15"),
        ({"new": "a" * 20, "again": "a" * 20}, "too easy to guess"),
    ],
)
def test_a_rejected_password_change_states_the_reason(person: People, change: dict[str, str], text: str) -> None:
    new = "another long sentence"
    answer = person(Role.ADMIN).post("/password", {"old": PASSWORD, "new": new, "again": new} | change)
    assert answer.status_code == 422
    assert text in answer.text


def test_many_tries_at_one_name_have_to_wait(app: App, anonymous: Visitor, clock: ManualClock) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    for _ in range(5):
        assert anonymous.sign_in("asha", "wrong").status_code == 401
    assert anonymous.sign_in("asha").status_code == 429
    clock.advance(2)
    assert anonymous.sign_in("asha").status_code == 303


def test_many_tries_from_one_address_have_to_wait(anonymous: Visitor) -> None:
    codes = [anonymous.sign_in(f"name{number}", "wrong").status_code for number in range(31)]
    assert codes == [401] * 30 + [429]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(person: People, anonymous: Visitor) -> None:
    cookie = str(anonymous.get("/sign-in").headers["Set-Cookie"])
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_https_the_cookie_is_secure(app: App) -> None:
    from dataclasses import replace

    from portal import create_app

    secure: Any = replace(app, settings=app.settings.model_copy(update={"secure_cookies": True}))
    cookie = str(create_app(secure).test_client().get("/sign-in").headers["Set-Cookie"])
    assert "Secure" in cookie


def test_sessions_outlive_a_restart(app: App, person: People) -> None:
    from portal import create_app

    visitor = person(Role.ADMIN)
    cookie = visitor.client.get_cookie("tillstream")
    assert cookie is not None
    again = create_app(app).test_client()
    again.set_cookie("tillstream", cookie.value)
    assert again.get("/dashboard").status_code == 200
