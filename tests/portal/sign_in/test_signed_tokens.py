"""Tokens that another house signed hold only as it signed them, for us, in their time."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from token_issuers import TokenIssuer, serve_issuer

from tillstream.domain.errors import Unavailable
from tillstream.people.sign_in import jwt_verifier
from tillstream.people.sign_in.jwt_verifier import InvalidToken, JWTVerifier

ISSUER, AUDIENCE = "https://house.example", "us"


@pytest.fixture
def house() -> Iterator[TokenIssuer]:
    house = TokenIssuer("ES256")
    with serve_issuer(house):
        yield house


@pytest.fixture
def signer(house: TokenIssuer) -> JWTVerifier:
    return JWTVerifier((ISSUER,), "ES256", f"{house.address}/keys")


def said(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "iat": now, "exp": now + 60} | changes
    return {name: value for name, value in claims.items() if value is not None}


def test_what_the_house_says_to_us_holds_and_its_keys_are_asked_for_once(
    house: TokenIssuer, signer: JWTVerifier
) -> None:
    for _ in range(3):
        assert signer.claims(house.sign(said()), AUDIENCE)["sub"] == "7"
    assert house.key_requests == 1


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
def test_what_is_said_by_or_to_others_or_at_another_time_does_not_hold(
    house: TokenIssuer, signer: JWTVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        signer.claims(house.sign(said(**changes)), AUDIENCE)


def test_what_another_key_signed_does_not_hold(house: TokenIssuer, signer: JWTVerifier) -> None:
    other = ECKey.generate_key("P-256")
    with pytest.raises(InvalidToken):
        signer.claims(house.sign(said(), other, kid=house.keys[0].kid), AUDIENCE)


def test_what_a_secret_signed_or_nobody_does_not_hold(house: TokenIssuer, signer: JWTVerifier) -> None:
    kid = house.keys[0].kid
    public = house.keys[0].as_pem(private=False)
    with pytest.raises(InvalidToken):
        signer.claims(house.sign(said(), OctKey.import_key(b"x" * 64), alg="HS256", kid=kid), AUDIENCE)
    unsigned = house.sign(said()).rpartition(".")[0] + "."
    for token in ("", "a.b.c", unsigned, public.decode()):
        with pytest.raises(InvalidToken):
            signer.claims(token, AUDIENCE)


def test_new_keys_of_the_house_are_learned_and_forgeries_do_not_make_us_ask_without_end(
    house: TokenIssuer, signer: JWTVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.claims(house.sign(said()), AUDIENCE)
    house.change_keys()
    with pytest.raises(InvalidToken):
        signer.claims(house.sign(said()), AUDIENCE)
    assert house.key_requests == 1
    monkeypatch.setattr(jwt_verifier, "MIN_REFETCH_SECONDS", -1.0)
    assert signer.claims(house.sign(said()), AUDIENCE)["sub"] == "7"
    assert house.key_requests == 2


def test_known_keys_serve_on_while_the_house_is_away_and_without_any_nothing_is_decided(
    house: TokenIssuer, signer: JWTVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.claims(house.sign(said()), AUDIENCE)
    house.reachable = False
    monkeypatch.setattr(jwt_verifier, "CACHE_SECONDS", -1.0)
    monkeypatch.setattr(jwt_verifier, "MIN_REFETCH_SECONDS", -1.0)
    assert signer.claims(house.sign(said()), AUDIENCE)["sub"] == "7"
    with pytest.raises(Unavailable):
        JWTVerifier((ISSUER,), "ES256", f"{house.address}/keys").claims(house.sign(said()), AUDIENCE)
