"""Tokens that another house signed hold only as it signed them, for us, in their time."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from token_issuers import TokenIssuer, serve_issuer

from tillstream.model.errors import Unavailable
from tillstream.people import jwt_verifier
from tillstream.people.jwt_verifier import InvalidToken, JWTVerifier

ISSUER, AUDIENCE = "https://house.example", "us"


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer("ES256")
    with serve_issuer(issuer):
        yield issuer


@pytest.fixture
def signer(issuer: TokenIssuer) -> JWTVerifier:
    return JWTVerifier((ISSUER,), "ES256", f"{issuer.address}/keys")


def make_claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "iat": now, "exp": now + 60} | changes
    return {name: value for name, value in claims.items() if value is not None}


def test_a_valid_token_is_accepted_and_keys_are_fetched_once(issuer: TokenIssuer, signer: JWTVerifier) -> None:
    for _ in range(3):
        assert signer.claims(issuer.sign(make_claims()), AUDIENCE)["sub"] == "7"
    assert issuer.key_requests == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "others"},
        {"aud": None},
        {"sub": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"iat": int(time.time()) + 3_600},
        {"iat": None},
        {"nbf": int(time.time()) + 3_600},
    ],
)
def test_a_token_with_another_issuer_audience_or_time_is_invalid(
    issuer: TokenIssuer, signer: JWTVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        signer.claims(issuer.sign(make_claims(**changes)), AUDIENCE)


def test_what_another_key_signed_does_not_hold(issuer: TokenIssuer, signer: JWTVerifier) -> None:
    other = ECKey.generate_key("P-256")
    with pytest.raises(InvalidToken):
        signer.claims(issuer.sign(make_claims(), other, kid=issuer.keys[0].kid), AUDIENCE)


def test_a_token_with_a_shared_secret_or_no_signature_is_invalid(issuer: TokenIssuer, signer: JWTVerifier) -> None:
    kid = issuer.keys[0].kid
    public = issuer.keys[0].as_pem(private=False)
    with pytest.raises(InvalidToken):
        signer.claims(issuer.sign(make_claims(), OctKey.import_key(b"x" * 64), alg="HS256", kid=kid), AUDIENCE)
    unsigned = issuer.sign(make_claims()).rpartition(".")[0] + "."
    for token in ("", "a.b.c", unsigned, public.decode()):
        with pytest.raises(InvalidToken):
            signer.claims(token, AUDIENCE)


def test_new_keys_are_fetched_and_forged_tokens_do_not_cause_endless_requests(
    issuer: TokenIssuer, signer: JWTVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.claims(issuer.sign(make_claims()), AUDIENCE)
    issuer.change_keys()
    with pytest.raises(InvalidToken):
        signer.claims(issuer.sign(make_claims()), AUDIENCE)
    assert issuer.key_requests == 1
    monkeypatch.setattr(jwt_verifier, "MIN_REFETCH_SECONDS", -1.0)
    assert signer.claims(issuer.sign(make_claims()), AUDIENCE)["sub"] == "7"
    assert issuer.key_requests == 2


def test_known_keys_are_used_while_the_issuer_is_down_and_without_any_it_is_unavailable(
    issuer: TokenIssuer, signer: JWTVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.claims(issuer.sign(make_claims()), AUDIENCE)
    issuer.reachable = False
    monkeypatch.setattr(jwt_verifier, "CACHE_SECONDS", -1.0)
    monkeypatch.setattr(jwt_verifier, "MIN_REFETCH_SECONDS", -1.0)
    assert signer.claims(issuer.sign(make_claims()), AUDIENCE)["sub"] == "7"
    with pytest.raises(Unavailable):
        JWTVerifier((ISSUER,), "ES256", f"{issuer.address}/keys").claims(issuer.sign(make_claims()), AUDIENCE)
