"""Behind an Identity-Aware Proxy, only its signed header says who asks; and only our proxies say from where."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from flask import Flask
from portal_factory import create_app
from token_issuers import TokenIssuer, serve_issuer
from visitor import PASSWORD, Visitor

from portal.people import sign_in_methods
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, external_identities, sessions
from tillstream.settings import Settings

AUDIENCE = "/projects/1/locations/europe-west1/services/portal"
ANA, BO = "ana@example.com", "bo@example.com"
Behind = Callable[..., tuple[App, Flask]]


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenIssuer]:
    issuer = TokenIssuer("ES256")
    with serve_issuer(issuer):
        monkeypatch.setattr(sign_in_methods, "KEYS", f"{issuer.address}/keys")
        yield issuer


@pytest.fixture
def behind(tmp_path: Path, issuer: TokenIssuer) -> Iterator[Behind]:
    apps = []

    def make(**settings: Any) -> tuple[App, Flask]:
        defaults: dict[str, Any] = {"sign_in": "iap", "iap_audience": AUDIENCE, "proxies": 1}
        app = build(Settings(home=tmp_path / "home", samples=False, threads=1, **(defaults | settings)))
        apps.append(app)
        for login in (ANA, BO):
            external_identities.invite_externally(app.ports, login, login, Role.ADMIN)
        flask = create_app(app)
        flask.testing = True
        return app, flask

    yield make
    for app in apps:
        app.close()


def shown(issuer: TokenIssuer, email: str = ANA, **changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": sign_in_methods.ISSUER, "aud": AUDIENCE, "sub": f"accounts.google.com:{email}", "email": email}
    return {sign_in_methods.ASSERTION: issuer.sign(claims | {"iat": now, "exp": now + 600} | changes)}


def test_a_user_of_the_proxy_is_signed_in_without_a_further_step(behind: Behind, issuer: TokenIssuer) -> None:
    app, flask = behind()
    visitor = Visitor(flask.test_client())
    answer = visitor.get("/uploads", headers=shown(issuer))
    assert answer.headers["Location"] == "/sign-in?next=/uploads"
    answer = visitor.get("/sign-in?next=/uploads", headers=shown(issuer))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/uploads")
    assert visitor.get("/uploads", headers=shown(issuer)).status_code == 200
    assert [one.way for one in sessions.find_sessions(app.ports, ANA)] == ["iap"]


def test_the_plain_headers_of_the_proxy_prove_nothing(behind: Behind) -> None:
    visitor = Visitor(behind()[1].test_client())
    plain = {"X-Goog-Authenticated-User-Email": f"accounts.google.com:{ANA}", "X-Goog-Authenticated-User-Id": "1"}
    answer = visitor.get("/sign-in", headers=plain)
    assert (answer.status_code, "bypasses" in answer.text) == (403, True)
    assert visitor.get("/dashboard", headers=plain).status_code == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "/projects/2"},
        {"iss": "https://accounts.google.com"},
        {"exp": 1},
        {"email": ""},
        {"email": "x@y.example"},
    ],
)
def test_proxy_tokens_for_others_or_without_a_user_are_rejected(
    behind: Behind, issuer: TokenIssuer, changes: dict[str, Any]
) -> None:
    visitor = Visitor(behind()[1].test_client())
    assert visitor.get("/sign-in", headers=shown(issuer, **changes)).status_code == 403
    assert visitor.get("/dashboard", headers=shown(issuer, **changes)).status_code == 303


def test_a_session_is_valid_only_while_the_proxy_names_the_same_user(behind: Behind, issuer: TokenIssuer) -> None:
    visitor = Visitor(behind()[1].test_client())
    visitor.get("/sign-in", headers=shown(issuer))
    assert visitor.get("/dashboard").status_code == 303
    assert visitor.get("/dashboard", headers=shown(issuer, BO)).status_code == 303
    assert visitor.get("/dashboard", headers=shown(issuer)).status_code == 200
    visitor.get("/sign-in", headers=shown(issuer, BO))
    assert BO in visitor.get("/profile", headers=shown(issuer, BO)).text


def test_signing_out_does_not_sign_in_again_at_once(behind: Behind, issuer: TokenIssuer) -> None:
    visitor = Visitor(behind()[1].test_client())
    visitor.client.environ_base["HTTP_X_GOOG_IAP_JWT_ASSERTION"] = shown(issuer)[sign_in_methods.ASSERTION]
    visitor.get("/sign-in")
    token = visitor.get("/profile").text.split('name="csrf-token" content="')[1].split('"')[0]
    answer = visitor.client.post("/sign-out", data={"csrf_token": token})
    assert answer.headers["Location"] == "/signed-out"
    page = visitor.get("/signed-out")
    assert (page.status_code, "CLEAR_LOGIN_COOKIE" in page.text) == (200, True)
    assert visitor.get("/dashboard").status_code == 303


def test_passwords_are_accepted_too_if_the_setting_allows_it(behind: Behind, issuer: TokenIssuer) -> None:
    app, flask = behind(local_accounts=True)
    accounts.add_account(app.ports, "old", "Old", Role.ADMIN, password=PASSWORD)
    visitor = Visitor(flask.test_client())
    assert visitor.sign_in("old").status_code == 303
    assert visitor.get("/dashboard").status_code == 200


def test_a_session_of_another_way_in_ends_with_that_way(behind: Behind) -> None:
    app, flask = behind()
    accounts.add_account(app.ports, "old", "Old", Role.ADMIN, password=PASSWORD)
    with flask.test_request_context("/"):
        user = accounts.get_user(app.ports, "old")
        for way in ("", "oidc"):
            session = sessions.current_session(
                app.ports, sessions.begin_session(app.ports, user, way=way), sessions.SessionLifetime()
            )
            assert session
            assert not sign_in_methods.is_valid_session(app.settings, *session)


@pytest.mark.parametrize(
    ("proxies", "sent", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "1.2.3.4, 9.9.9.9", "9.9.9.9"),
        (2, "1.2.3.4, 9.9.9.9, 35.0.0.1", "9.9.9.9"),
    ],
)
def test_an_address_counts_only_where_a_proxy_of_ours_wrote_it(
    tmp_path: Path, proxies: int, sent: str, address: str
) -> None:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1, proxies=proxies))
    try:
        accounts.add_account(app.ports, "ana", "Ana", Role.ADMIN, password=PASSWORD)
        visitor = Visitor(create_app(app).test_client())
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = sent
        assert visitor.sign_in("ana").status_code == 303
        assert [one.address for one in sessions.find_sessions(app.ports, "ana")] == [address]
    finally:
        app.close()


def test_what_the_proxy_took_over_https_is_https_here(behind: Behind, issuer: TokenIssuer) -> None:
    visitor = Visitor(behind(secure_cookies=True)[1].test_client())
    answer = visitor.get("/sign-in", headers={"X-Forwarded-Proto": "https"} | shown(issuer))
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in visitor.get("/sign-in", headers=shown(issuer)).headers
