"""Authentication of pushed events where the platform does not authenticate callers: only the configured account.

A Google function or service with IAM authentication has already verified the token, and strips its signature before
passing it on; leave the settings empty there.
"""

from functools import cache
from typing import TYPE_CHECKING

from flask import abort, request

from tillstream.settings import Settings

if TYPE_CHECKING:
    from tillstream.people.jwt_verifier import JWTVerifier

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
KEYS = "https://www.googleapis.com/oauth2/v3/certs"


def check(settings: Settings) -> None:
    """Abort with 401 unless the request has a Google-signed token for our audience and of the push account."""
    if not settings.push_account:
        return
    from tillstream.people.jwt_verifier import InvalidToken

    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        abort(401)
    try:
        claims = _signer(KEYS).claims(token, settings.push_audience)
    except InvalidToken:
        abort(401)
    if claims.get("email") != settings.push_account or claims.get("email_verified") is not True:
        abort(401)


@cache
def _signer(keys: str) -> "JWTVerifier":
    """The verifier, one for each process, so that keys are cached."""
    from tillstream.people.jwt_verifier import JWTVerifier

    return JWTVerifier(ISSUERS, "RS256", keys)
