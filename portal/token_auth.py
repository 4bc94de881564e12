"""Authentication of API requests by personal tokens."""

from flask import Request, g, request

from portal.context import Person, ports
from tillstream.people import personal_tokens

UNDER = "/api/"


def shown() -> str:
    """Bearer token of the request; empty if there is none, and outside the API."""
    return bearer(request.headers.get("Authorization", "")) if request.path.startswith(UNDER) else ""


def bearer(authorization: str) -> str:
    """The token of an Authorization header; empty if it has none."""
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.casefold() == "bearer" else ""


def load(_: Request) -> Person | None:
    """User of the bearer token, for flask-login; checked once per request."""
    text = shown()
    if not text:
        return None
    if "by_token" not in g:
        token_and_user = personal_tokens.check(ports(), text)
        g.by_token = token_and_user and Person(token_and_user[1], token_and_user[0])
    person: Person | None = g.by_token
    return person
