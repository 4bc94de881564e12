"""Who may push events where no gate of the platform stands before the functions: the account that the settings name.

A function or service of Google's that asks for IAM has verified the caller's token already, and takes its signature off
before it hands the token on; there the settings stay empty.
"""

from functools import cache
from typing import TYPE_CHECKING

from flask import abort, request

from tillstream.settings import Settings

if TYPE_CHECKING:
    from tillstream.people.sign_in.jwt_verifier import Signer

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
KEYS = "https://www.googleapis.com/oauth2/v3/certs"


def check(settings: Settings) -> None:
    """Answers 401 unless the request shows a token of Google's for us, of the account that pushes."""
    if not settings.push_account:
        return
    from tillstream.people.sign_in.jwt_verifier import NotSigned

    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        abort(401)
    try:
        claims = _signer(KEYS).claims(token, settings.push_audience)
    except NotSigned:
        abort(401)
    if claims.get("email") != settings.push_account or claims.get("email_verified") is not True:
        abort(401)


@cache
def _signer(keys: str) -> "Signer":
    """One a process, which keeps the keys."""
    from tillstream.people.sign_in.jwt_verifier import Signer

    return Signer(ISSUERS, "RS256", keys)
