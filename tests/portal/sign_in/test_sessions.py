"""Sessions on the server: listed, ended, too old, seen, and nobody's but the person's."""

import pytest
from flask import Flask
from portal_factory import create_app
from visitor import PASSWORD, People, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, sessions
from tillstream.people.sessions import device_name

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(("passes", "open_"), [(11 * HOUR, True), (12 * HOUR, False)])
def test_a_session_ends_after_hours_without_a_click(
    person: People, clock: ManualClock, passes: int, *, open_: bool
) -> None:
    visitor = person(Role.ADMIN)
    clock.advance(passes)
    assert (visitor.get("/dashboard").status_code == 200) == open_


def test_every_session_ends_after_its_days_however_busy(person: People, clock: ManualClock) -> None:
    visitor = person(Role.ADMIN)
    for _ in range(65):
        clock.advance(11 * HOUR)
        visitor.get("/profile")
    assert visitor.get("/dashboard").status_code == 200
    clock.advance(11 * HOUR)
    assert visitor.get("/dashboard").status_code == 303


def test_a_remembered_session_outlives_the_night_and_not_its_days(app: App, portal: Flask, clock: ManualClock) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    visitor = Visitor(portal.test_client())
    answer = visitor.post("/sign-in", {"login": "asha", "password": PASSWORD, "remember": "y"})
    assert any(one.startswith("tillstream=") and "Expires=" in one for one in answer.headers.getlist("Set-Cookie"))
    clock.advance(29 * DAY)
    assert visitor.get("/dashboard").status_code == 200
    clock.advance(DAY)
    assert visitor.get("/dashboard").status_code == 303


def test_without_remember_me_the_cookie_ends_with_the_browser(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    cookies = Visitor(portal.test_client()).sign_in("asha").headers.getlist("Set-Cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith("tillstream=")]
    assert "Expires=" not in session


def test_requests_that_an_open_page_makes_by_itself_do_not_undo_a_sign_in(app: App, portal: Flask) -> None:
    """Its responses may come late, so they set no cookie."""
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    by_itself = {"Sec-Fetch-Mode": "cors"}
    for path in ("/session", "/alerts/bell"):
        answer = portal.test_client().get(path, headers=by_itself, follow_redirects=True)
        assert "Set-Cookie" not in answer.headers
    for remembered in ("", "y"):
        visitor = Visitor(portal.test_client())
        visitor.post("/sign-in", {"login": "asha", "password": PASSWORD, "remember": remembered})
        answer = visitor.get("/session", headers=by_itself)
        assert answer.get_json()["login"] == "asha"
        assert "Set-Cookie" not in answer.headers


def test_a_session_planted_before_signing_in_does_not_become_the_persons(app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    mallory, victim = portal.test_client(), Visitor(portal.test_client())
    mallory.get("/sign-in")
    planted = mallory.get_cookie("tillstream")
    assert planted
    victim.client.set_cookie("tillstream", planted.value)
    assert victim.sign_in("asha").status_code == 303
    assert mallory.get("/dashboard").status_code == 303


def test_the_session_of_a_cookie_kept_aside_is_over_after_signing_out(person: People, portal: Flask) -> None:
    visitor = person(Role.ADMIN)
    kept = visitor.client.get_cookie("tillstream")
    assert kept
    visitor.post("/sign-out")
    thief = portal.test_client()
    thief.set_cookie("tillstream", kept.value)
    assert thief.get("/dashboard").status_code == 303


def test_another_server_process_knows_the_session_and_its_end(app: App, person: People) -> None:
    here = person(Role.ADMIN, login="asha")
    cookie = here.client.get_cookie("tillstream")
    assert cookie
    other = create_app(app).test_client()
    other.set_cookie("tillstream", cookie.value)
    assert other.get("/dashboard").status_code == 200
    here.post("/sign-out")
    assert other.get("/dashboard").status_code == 303


def test_last_seen_is_written_once_a_minute(app: App, person: People, clock: ManualClock) -> None:
    visitor = person(Role.ADMIN, login="asha")

    def written() -> int:
        document = app.ports.documents.get("users", "asha")
        assert document
        return document.version

    before = written()
    for _ in range(5):
        visitor.get("/password")
    assert written() == before
    clock.advance(60)
    for _ in range(5):
        visitor.get("/password")
    assert written() == before + 1
    assert accounts.get_user(app.ports, "asha").last_seen == "2026-07-01T09:01:00+00:00"


def test_the_profile_lists_the_own_sessions_and_ends_the_others(app: App, portal: Flask, person: People) -> None:
    here, there = person(Role.ADMIN, login="asha"), Visitor(portal.test_client())
    there.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) AppleWebKit Version/17 Safari/604.1"
    there.sign_in("asha")
    page = here.get("/profile").text
    assert "This device" in page
    assert "Safari on iPhone" in page
    assert here.post("/profile/sessions/end-others").status_code == 303
    assert there.get("/dashboard").status_code == 303
    assert here.get("/dashboard").status_code == 200


def test_an_account_let_in_again_does_not_bring_its_sessions_back(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    accounts.disable_account(app.ports, "asha")
    accounts.enable_account(app.ports, "asha")
    assert visitor.get("/dashboard").status_code == 303


def test_no_session_token_is_in_the_documents(app: App, person: People) -> None:
    person(Role.ADMIN, login="asha")
    user = accounts.get_user(app.ports, "asha")
    text = sessions.begin_session(app.ports, user)
    assert text not in str(app.ports.documents.find("sessions"))
    assert sessions.current_session(app.ports, text, sessions.SessionLifetime())
    assert sessions.current_session(app.ports, "x" * 43, sessions.SessionLifetime()) is None


def test_sessions_long_over_are_forgotten(app: App, person: People, clock: ManualClock) -> None:
    person(Role.ADMIN, login="asha")
    clock.advance(100 * DAY)
    user = accounts.get_user(app.ports, "asha")
    for _ in range(400):
        sessions.begin_session(app.ports, user)
    assert "2026-07-01T09:00:00+00:00" not in {one.created_at for one in sessions.find_sessions(app.ports, "asha")}


def test_the_own_profile_is_changed_and_its_dates_follow(app: App, person: People) -> None:
    visitor = person(Role.CLERK, "IN", login="asha")
    form = {"name": "Asha Rao", "locale": "de-DE", "time_zone": "Asia/Kolkata"}
    assert visitor.post("/profile", form).status_code == 303
    page = visitor.get("/profile").text
    assert 'data-locale="de-DE"' in page
    assert 'data-zone="Asia/Kolkata"' in page
    assert accounts.get_user(app.ports, "asha").name == "Asha Rao"


@pytest.mark.parametrize(("form", "text"), [({"time_zone": "Mars/Base"}, "no time zone"), ({"name": ""}, "your name")])
def test_an_invalid_profile_is_explained_under_its_field(person: People, form: dict[str, str], text: str) -> None:
    answer = person(Role.ADMIN).post("/profile", {"name": "A", "locale": "", "time_zone": ""} | form)
    assert (answer.status_code, text in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17.5 Safari/605", "Safari on Mac"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 Chrome/126.0 Mobile Safari", "Chrome on Android"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_named_in_words(agent: str, words: str) -> None:
    assert device_name(agent) == words
