"""If the settings name the pushing account, an entry point rejects all others."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from token_issuers import TokenIssuer, serve_issuer
from werkzeug.exceptions import Unauthorized

from functions import pushed
from tillstream.settings import Settings

ACCOUNT, AUDIENCE = "tillstream-events@demo.iam.gserviceaccount.com", "https://stage.example"
SETTINGS = Settings(push_account=ACCOUNT, push_audience=AUDIENCE)
Ask = Callable[..., None]


@pytest.fixture(scope="module")
def google() -> Iterator[TokenIssuer]:
    """A token issuer in place of Google's."""
    google = TokenIssuer()
    with serve_issuer(google):
        yield google


@pytest.fixture
def check_push(google: TokenIssuer, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Check a push whose token has changed claims."""
    monkeypatch.setattr(pushed, "KEYS", f"{google.address}/keys")

    def ask(key: RSAKey | None = None, **changes: Any) -> None:
        token = google.sign(valid_claims() | changes, key, kid=google.keys[0].kid)
        with Flask("asked").test_request_context(headers={"Authorization": f"Bearer {token}"}):
            pushed.check(SETTINGS)

    return ask


def valid_claims() -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": pushed.ISSUERS[0], "aud": AUDIENCE, "sub": "1", "email": ACCOUNT, "email_verified": True}
    return claims | {"iat": now, "exp": now + 60}


def test_the_account_that_pushes_is_let_through(check_push: Ask) -> None:
    check_push()


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "somebody@demo.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"aud": "https://another.example"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
)
def test_others_and_tokens_for_others_are_not(check_push: Ask, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        check_push(**changes)


def test_a_token_that_google_did_not_sign_or_none_is_not(check_push: Ask) -> None:
    with pytest.raises(Unauthorized):
        check_push(RSAKey.generate_key(2048))
    with Flask("asked").test_request_context(), pytest.raises(Unauthorized):
        pushed.check(SETTINGS)


def test_behind_platform_authentication_no_token_is_required() -> None:
    with Flask("asked").test_request_context():
        pushed.check(Settings())


def test_an_account_without_an_audience_stops_the_start() -> None:
    with pytest.raises(ValueError, match="must be set together"):
        Settings(push_account=ACCOUNT)
