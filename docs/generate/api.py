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
The API gives programs the figures of the portal. A program authenticates with a personal token, `Authorization:
Bearer tsp_…`, created under API tokens ([people](people.md)); a till uses the token of its store. The portal
documents every request, with parameters and real examples, at `/api/docs`, and as OpenAPI 3.1 at `/api/openapi.json`.
Responses contain only data within the caller's role and regions. Decimals are JSON strings, counts are numbers, and
times are UTC.
"""
ERRORS = """
Errors are problem JSON (RFC 9457): `type`, `title`, `status`, `detail`, and for internal errors an `instance` to
report to an administrator. 400 the request cannot be read, or a filter has a region, store, category, channel or
country that none of your sales has (`problems` lists the existing ones) · 401 sign in · 403 not allowed for your role
· 404 not found · 409 changed by someone else · 413 too large · 422 the request can never succeed in this form · 429
too many requests, see `Retry-After` · 503 try again.
"""
ANSWERS = """
`/api/kpis` returns one object; lists return `{"columns", "rows", "as_of", "currency", "unconverted_lines"}`: `as_of`
is the time of the last settlement, `unconverted_lines` the number of lines without an exchange rate, which are
missing from all totals. Lists accept `limit` and `offset`; if there are more rows, the header `Link` has the address
of the next page. Reads have an `ETag`: if you send it as `If-None-Match`, the response is 304 as long as nothing has
changed. Responses of 2 kB or more are compressed with gzip if the client accepts it. Requests are limited per token:
`X-RateLimit-Remaining` is the number of requests left, and a 429 response has a `Retry-After` (setting `api_rate`).
Pages of other sites can call the API only if the setting `api_origins` lists their origin, and with a token.
"""
CHANGES = """
A request with a token needs nothing else. A request from a browser session that changes something also needs the
header `X-CSRFToken`, with the content of the meta tag `csrf-token` of any page; without it, the response is 403. With
HTTPS, it also needs a `Referer` of the portal.
"""
EXAMPLE = r"""
portal=http://127.0.0.1:8080
curl -s "$portal/api/kpis" -H "Authorization: Bearer $TOKEN"
curl -s -X POST "$portal/api/data-refresh" -H "Authorization: Bearer $TOKEN"
"""
WORDS = {
    Open.EVERYBODY: "everybody",
    Open.SIGNED_IN: "every signed-in user",
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
        f"Reads accept the filters {filters}. `from` and `to` are days such as 2026-01-31, both included; the others "
        "can be repeated. `currency` converts all amounts to another currency than the reporting currency, such as "
        "`currency=EUR`, with the rates of each day ([exchange rates](exchange-rates.md)).",
        ANSWERS,
        "## Requests that change something",
        CHANGES,
        code(EXAMPLE, "sh"),
        "`POST /api/sales` requires the token of a store, which is valid for no other request.",
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
    return f"{first}; parameters: {parameters}" if parameters else first
