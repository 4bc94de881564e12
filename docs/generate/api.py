"""docs/api.md, from the routes of the portal's API area."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from docs.generate.markdown import code, table
from docs.generate.markdown import page as markdown
from portal import create_app
from portal.access import Open, access_of
from tillstream.analytics import catalogue
from tillstream.analytics.catalogue import Query
from tillstream.analytics.filters import COLUMNS
from tillstream.app import open_app
from tillstream.settings import Settings

INTRO = """
The numbers of the portal for programs. A program shows a personal token as `Authorization: Bearer tsp_…`, made
under Tokens for programs ([people](people.md)); a till shows its store's token. The portal tells every call with
parameters and real examples at `/api/docs`, and as OpenAPI 3.1 at `/api/openapi.json`. Every answer is within the
caller's role and regions: what is outside is not there. Decimals are JSON text, counts are numbers, instants are
UTC.
"""
ERRORS = """
Errors are problem JSON (RFC 9457): `type`, `title`, `status`, `detail`, and for faults of ours an `instance` to tell
an administrator. 400 cannot be read, or a filter names a region, store, category, channel or country that no sale of
yours has (`problems` says which there are) · 401 sign in · 403 not part of your role · 404 not there · 409 somebody was
faster · 413 too large · 422 the request can never succeed as it is · 429 too many tries, see `Retry-After` · 503 try
again.
"""
ANSWERS = """
`/api/kpis` answers one object; the lists answer `{"columns", "rows", "as_of", "currency", "unconverted_lines"}`:
`as_of` is the last settlement's instant, `unconverted_lines` counts the lines that no rate converts and that every
total therefore misses. Every list takes `limit` and `offset`; while there is more, the header `Link` has the
address of the next page. Reads carry an `ETag`: sent back as `If-None-Match` it answers 304 as long as nothing can
have changed. Answers from 2 kB on come packed to whoever takes gzip. Calls are counted for each token:
`X-RateLimit-Remaining` says how many are left, and 429 has a `Retry-After` (setting `api_rate`). Pages of other
sites may ask only where the setting `api_origins` lists their site, and with a token.
"""
CHANGES = """
A call with a token needs nothing more. A call of a session that changes something also sends the session's token
as the header `X-CSRFToken`: the content of the meta tag `csrf-token` of any page. Without it the answer is 403.
Behind https it needs a `Referer` of the portal.
"""
EXAMPLE = r"""
portal=http://127.0.0.1:8080
curl -s "$portal/api/kpis" -H "Authorization: Bearer $TOKEN"
curl -s -X POST "$portal/api/data-refresh" -H "Authorization: Bearer $TOKEN"
"""
WORDS = {
    Open.EVERYBODY: "everybody",
    Open.SIGNED_IN: "everybody signed in",
    Open.STORE_TOKEN: "a store's token",
}


def page() -> str:
    filters = ", ".join(f"`{name}`" for name in ("from", "to", *COLUMNS))
    with empty_portal() as flask:
        rows = [_row(flask, rule) for rule in routes(flask)]
    return markdown(
        "The HTTP API",
        INTRO,
        table(("request", "who", "what"), rows),
        "## Reads",
        f"Reads take the filters {filters}: days such as 2026-01-31, both included; the others may be repeated.",
        ANSWERS,
        "## Calls that change something",
        CHANGES,
        code(EXAMPLE, "sh"),
        "`POST /api/sales` is opened by a store's token, which opens nothing else.",
        "## Errors",
        ERRORS,
    )


@contextmanager
def empty_portal() -> Iterator[Flask]:
    """The portal over an empty home, as long as its routes are read."""
    with tempfile.TemporaryDirectory() as home, open_app(Settings(home=Path(home))) as app:
        yield create_app(app)


def routes(flask: Flask) -> Iterator[Rule]:
    """Those for programs, by address."""
    for rule in sorted(flask.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        if rule.rule.startswith("/api/") or rule.rule == "/healthz":
            yield rule


def request_of(rule: Rule) -> str:
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return f"{' '.join(methods)} {rule.rule}"


def _row(flask: Flask, rule: Rule) -> tuple[str, str, str]:
    access = access_of(flask, rule.endpoint)
    who = WORDS[access] if isinstance(access, Open) else access.value
    name = rule.rule.removeprefix("/api/")
    if name in catalogue.names():
        return f"`{request_of(rule)}`", who, _says(catalogue.describe(name))
    words = (flask.view_functions[rule.endpoint].__doc__ or "").strip()
    return f"`{request_of(rule)}`", who, words


def _says(query: Query) -> str:
    """The first sentence of the query's description, and its parameters."""
    parameters = "; ".join(f"`{one.name}` ({', '.join(one.words) or one.description})" for one in query.parameters)
    first = query.description.partition(". ")[0].rstrip(".")
    return f"{first}; takes {parameters}" if parameters else first
