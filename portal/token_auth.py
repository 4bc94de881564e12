"""Authentication by personal tokens: of API requests, of programs that read live files, and of a smoke test."""

from flask import Request, g, request

from portal.context import Person, ports
from tillstream.people import personal_tokens
from tillstream.people.personal_tokens import PersonalToken

API, FILES, READY = "/api/", "/files/", "/healthz/ready"
PROGRAMS = (API, FILES, READY)
"""Beginnings of the paths that accept tokens."""
IN_ADDRESS = "token"
"""The argument of an address that contains a token."""
ONLY_FILES = (
    "This token is valid only for live files. For other requests, create a token for programs under API tokens."
)
NOT_IN_ADDRESS = (
    "This token must not be part of an address, because it is valid for more than live files. Create one for files "
    "under API tokens, or send it as the password."
)


def shown() -> str:
    """Token of the request; empty if there is none, and on pages. Live files also accept it as the password of Basic
    authentication, and in the address."""
    path, text = request.path, bearer(request.headers.get("Authorization", ""))
    if path.startswith(FILES) and not text:
        return _password() or request.args.get(IN_ADDRESS, "").strip()
    return text if path.startswith(PROGRAMS) else ""


def bearer(authorization: str) -> str:
    """The token of an Authorization header; empty if it has none."""
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.casefold() == "bearer" else ""


def load(_: Request) -> Person | None:
    """User of the token, for flask-login; checked once per request."""
    text = shown()
    if not text:
        return None
    if "by_token" not in g:
        token_and_user = personal_tokens.check_personal_token(ports(), text)
        g.misplaced = token_and_user is not None and misplaced(token_and_user[0])
        g.by_token = token_and_user and not g.misplaced and Person(token_and_user[1], token_and_user[0])
    person: Person | None = g.by_token or None
    return person


def misplaced(token: PersonalToken) -> str:
    """Why a valid token is not accepted in this request; empty if it is."""
    if token.files_only:
        return "" if request.path.startswith(FILES) else ONLY_FILES
    authorization = request.headers.get("Authorization", "")
    return NOT_IN_ADDRESS if not (bearer(authorization) or _password()) else ""


def _password() -> str:
    """The password of Basic authentication; the name is ignored."""
    sent = request.authorization
    return (sent.password or "").strip() if sent is not None and sent.type == "basic" else ""
