"""Signing in with a company's account: what the provider proves, and nothing else, opens an account of ours."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from flask import Flask
from joserfc.jwk import OctKey, RSAKey
from portal_factory import create_app
from token_issuers import CLIENT, SECRET, OpenIdProvider, serve_issuer
from visitor import PASSWORD, Visitor
from werkzeug.test import TestResponse

from portal.wsgi import ensure_first_admin
from tillstream.app import App
from tillstream.model.audit import AuditAction
from tillstream.model.permissions import Role
from tillstream.people import account_store, accounts, external_identities
from tillstream.records.audit_log import AuditFilter, find_entries
from tillstream.settings import Settings

Open = Callable[..., tuple[App, Flask]]
ANA = "ana@example.com"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    with serve_issuer(provider):
        yield provider


@pytest.fixture
def opened(tmp_path: Path, provider: OpenIdProvider) -> Iterator[Open]:
    """A portal that asks the provider, with settings laid over."""
    apps = []

    def make(**settings: Any) -> tuple[App, Flask]:
        defaults: dict[str, Any] = {
            "home": tmp_path / "home",
            "samples": False,
            "threads": 1,
            "sign_in": "oidc",
            "oidc_issuer": provider.address,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
        }
        app = build(Settings(**(defaults | settings)))
        apps.append(app)
        flask = create_app(app)
        flask.testing = True
        return app, flask

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def portal(opened: Open) -> tuple[App, Flask]:
    app, flask = opened()
    external_identities.invite_externally(app.ports, ANA, "Ana", Role.ADMIN)
    return app, flask


def through(flask: Flask, provider: OpenIdProvider, wanted: str = "") -> tuple[Visitor, TestResponse]:
    """A person's way: to the provider, yes, and back."""
    visitor = Visitor(flask.test_client())
    redirect = visitor.get("/sign-in/company", query_string={"next": wanted} if wanted else None)
    assert redirect.status_code == 302, redirect.text
    assert redirect.headers["Location"].startswith(f"{provider.address}/authorize?")
    return visitor, visitor.get(provider.authorize(redirect.headers["Location"]))


def audited(app: App, what: AuditAction) -> list[dict[str, Any]]:
    return [entry.after for entry in find_entries(app.ports, AuditFilter(what=what.value))]


def test_who_was_invited_and_is_proved_is_in_and_goes_where_they_wanted(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    app, flask = portal
    assert "Sign in with your company" in Visitor(flask.test_client()).get("/sign-in").text
    visitor, answer = through(flask, provider, "/uploads")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/uploads")
    assert visitor.get("/dashboard").status_code == 200
    user = accounts.get_user(app.ports, ANA)
    assert (user.state, user.proved_by) == ("active", (provider.address,))
    assert audited(app, AuditAction.SESSION_BEGUN)[0]["way"] == "oidc"
    visitor.post("/sign-out")
    assert visitor.get("/dashboard").status_code == 303


def test_a_page_of_another_site_is_not_gone_to(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    _, answer = through(portal[1], provider, "https://evil.example/")
    assert answer.headers["Location"] == "/dashboard"


def test_an_uninvited_user_is_rejected_and_the_attempt_is_audited(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    provider.person = {"sub": "7", "email": "Nobody@example.com"}
    visitor, answer = through(portal[1], provider)
    assert answer.status_code == 403
    assert "nobody@example.com, but you have no account" in answer.text
    assert "administrator" in answer.text
    assert visitor.get("/dashboard").status_code == 303
    assert audited(portal[0], AuditAction.SESSION_REFUSED) == [
        {"issuer": provider.address, "reason": "you have no account"}
    ]


def test_a_reassigned_address_opens_the_account_only_after_an_admin_resets_it(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    app, flask = portal
    through(flask, provider)
    provider.person = {"sub": "2002", "email": ANA}
    _, answer = through(flask, provider)
    assert (answer.status_code, "a previous owner of the address" in answer.text) == (403, True)
    external_identities.invite_externally(app.ports, "bo@example.com", "Bo", Role.ADMIN)
    provider.person = {"sub": "3", "email": "bo@example.com"}
    bo, _ = through(flask, provider)
    assert "signs in through" in bo.get(f"/people/{ANA}").text
    assert bo.post(f"/people/{ANA}/reset").status_code == 303
    provider.person = {"sub": "2002", "email": ANA}
    assert through(flask, provider)[1].status_code == 303


def test_a_stopped_account_stays_stopped(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    app, flask = portal
    accounts.add_account(app.ports, "other", "Other", Role.ADMIN, password=PASSWORD)
    accounts.disable_account(app.ports, ANA)
    _, answer = through(flask, provider)
    assert (answer.status_code, "disabled" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://accounts.evil.example"},
        {"aud": "another-portal"},
        {"aud": ["another-portal", "a-third"]},
        {"exp": int(time.time()) - 3_600},
        {"iat": int(time.time()) + 3_600},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"sub": None},
        {"azp": "another-portal"},
    ],
)
def test_tokens_for_others_or_unverified_addresses_are_rejected(
    portal: tuple[App, Flask], provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    visitor, answer = through(portal[1], provider)
    assert (answer.status_code, "Your identity could not be verified" in answer.text) == (403, True)
    assert visitor.get("/dashboard").status_code == 303


def test_an_id_token_that_the_provider_did_not_sign_opens_nothing(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    real = provider.keys[0]
    forged = RSAKey.generate_key(2048)
    for key, header in (
        (forged, {"kid": real.kid}),
        (OctKey.import_key(SECRET.encode() * 3), {"alg": "HS256", "kid": real.kid}),
    ):
        provider.key, provider.header = key, header
        assert through(portal[1], provider)[1].status_code == 403
    provider.key, provider.header = None, {}
    assert through(portal[1], provider)[1].status_code == 303


def test_new_keys_of_the_provider_are_learned(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    assert through(portal[1], provider)[1].status_code == 303
    provider.change_keys()
    assert through(portal[1], provider)[1].status_code == 303


def test_a_state_of_another_browser_or_none_opens_nothing(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    flask = portal[1]
    redirect = Visitor(flask.test_client()).get("/sign-in/company")
    back = provider.authorize(redirect.headers["Location"])
    other = Visitor(flask.test_client())
    assert other.get(back).status_code == 403
    other.get("/sign-in/company")
    assert other.get(back).status_code == 403
    assert other.get("/sign-in/returned").status_code == 403
    assert other.get("/sign-in/returned?error=access_denied").status_code == 403


def test_what_came_back_counts_once(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    visitor = Visitor(portal[1].test_client())
    back = provider.authorize(visitor.get("/sign-in/company").headers["Location"])
    assert visitor.get(back).status_code == 303
    assert visitor.get(back).status_code == 403


def test_an_unreachable_provider_is_reported_as_a_temporary_error(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    provider.reachable = False
    answer = Visitor(portal[1].test_client()).get("/sign-in/company")
    assert (answer.status_code, "Temporarily unavailable" in answer.text) == (503, True)


PASSWORD_PAGES = ("/password", "/join/" + "A" * 43, "/sign-in/code", "/profile/second-step")


def test_pages_of_passwords_are_not_there_and_a_password_opens_nothing(
    portal: tuple[App, Flask], provider: OpenIdProvider
) -> None:
    app, flask = portal
    accounts.add_account(app.ports, "old", "Old", Role.ADMIN, password=PASSWORD)
    account_store.require_second_factor(app.ports, [Role.ADMIN], "x")
    visitor, _ = through(flask, provider)
    for path in PASSWORD_PAGES:
        assert visitor.get(path).status_code == 404, path
    profile = visitor.get("/profile").text
    assert ("Change it" in profile, f", through {provider.address}" in profile) == (False, True)
    assert "two-factor" not in visitor.get("/sign-in-rules").text
    anonymous = Visitor(flask.test_client())
    assert 'name="password"' not in anonymous.get("/sign-in").text
    token = visitor.get("/profile").text.split('name="csrf-token" content="')[1].split('"')[0]
    form = {"csrf_token": token, "login": "old", "password": PASSWORD}
    assert visitor.client.post("/sign-in", data=form).status_code == 404


def test_an_invited_company_user_needs_only_an_address(portal: tuple[App, Flask], provider: OpenIdProvider) -> None:
    app, flask = portal
    admin, _ = through(flask, provider)
    form = {"csrf_token": _csrf(admin), "name": "Bo", "role": "analyst"}
    refused = admin.client.post("/people", data=form | {"login": "bo"})
    assert (refused.status_code, "email address" in refused.text) == (422, True)
    answer = admin.client.post("/people", data=form | {"login": "Bo@example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/people/bo@example.com")
    assert accounts.get_user(app.ports, "bo@example.com").state == "invited"
    provider.person = {"sub": "3", "email": "bo@example.com"}
    assert through(flask, provider)[1].status_code == 303


def _csrf(visitor: Visitor) -> str:
    return visitor.get("/profile").text.split('name="csrf-token" content="')[1].split('"')[0]


def test_local_accounts_can_sign_in_if_the_setting_allows_it(opened: Open, provider: OpenIdProvider) -> None:
    app, flask = opened(local_accounts=True)
    accounts.add_account(app.ports, "old", "Old", Role.ADMIN, password=PASSWORD)
    visitor = Visitor(flask.test_client())
    page = visitor.get("/sign-in").text
    assert ("Sign in with your company" in page, 'name="password"' in page) == (True, True)
    assert visitor.sign_in("old").status_code == 303
    assert visitor.get("/dashboard").status_code == 200


def test_the_settings_name_the_first_administrator(opened: Open, provider: OpenIdProvider) -> None:
    app, flask = opened(first_admin="Ana@Example.com", first_password=PASSWORD)
    ensure_first_admin(app)
    ensure_first_admin(app)
    visitor, _ = through(flask, provider)
    assert visitor.get("/people").status_code == 200
    assert [one.has_password for one in accounts.all_users(app.ports)] == [False]


def test_the_first_password_signs_in_and_must_be_changed(opened: Open) -> None:
    app, flask = opened(sign_in="passwords", first_admin="boss", first_password=PASSWORD)
    ensure_first_admin(app)
    visitor = Visitor(flask.test_client())
    assert visitor.sign_in("boss").status_code == 303
    assert visitor.get("/dashboard").headers["Location"] == "/password?next=/dashboard"


def test_a_way_in_that_lacks_its_settings_stops_the_start() -> None:
    with pytest.raises(ValueError, match="TILLSTREAM_OIDC_ISSUER, TILLSTREAM_OIDC_CLIENT_ID"):
        Settings(sign_in="oidc")
    with pytest.raises(ValueError, match="TILLSTREAM_IAP_AUDIENCE"):
        Settings(sign_in="iap")


def test_no_secret_of_the_settings_is_shown_by_them() -> None:
    settings = Settings(session_secret=" abc123\n", first_password="def456")
    assert settings.session_secret.get_secret_value() == "abc123"
    assert "abc123" not in repr(settings) + str(settings)
    assert "def456" not in repr(settings.model_dump())
