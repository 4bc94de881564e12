"""Other way in: a program of a person shows their token to the API, and is them within its rights."""

from flask import Request, g, request

from portal.context import Person, ports
from tillstream.people import personal_tokens

UNDER = "/api/"


def shown() -> str:
    """What stands behind `Authorization: Bearer`; empty where nothing does, and off the API."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if request.path.startswith(UNDER) and scheme.casefold() == "bearer" else ""


def load(_: Request) -> Person | None:
    """The person of the token shown, for flask-login; looked up once a request."""
    text = shown()
    if not text:
        return None
    if "by_token" not in g:
        found = personal_tokens.check(ports(), text)
        g.by_token = found and Person(found[1], found[0])
    person: Person | None = g.by_token
    return person
