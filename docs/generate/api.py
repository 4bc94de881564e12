"""docs/api.md, from the routes of the portal's API area."""

import inspect
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
from portal.urls import API_ALIAS, API_ROOT
from tillstream.analytics import query_catalogue
from tillstream.analytics.filters import COLUMNS
from tillstream.analytics.query_catalogue import CatalogueQuery
from tillstream.app import open_app
from tillstream.settings import Settings

INTRO = """
The API gives programs the figures of the portal. A program authenticates with a personal token, `Authorization:
Bearer tsp_…`, created under API tokens ([people](people.md)); a till uses the token of its store. The portal
documents every request, with parameters and real examples, as OpenAPI 3.1 at `/api/v1/openapi.json`. At `/api/docs`
you can try calls with your own session or a token; `/api/docs/reference` has the same content without scripts.
Responses contain only data within the caller's role and regions.
"""
PATHS = """
Paths begin with `/api/v1/`. Most requests also have a path without `v1`, such as `/api/kpis`. It is a permanent alias,
which responds alike, with links to other aliases. These have no alias:
{}.
"""
ERRORS = """
Errors are problem JSON (RFC 9457): `type`, `title`, `status`, `detail`, `instance`. `type` is the address of a page
that explains the problem, such as `/help/problems/unknown-value`; compare it rather than the texts. `instance` is the
path of the request, or for internal errors a reference for an administrator. `problems` lists each part that is wrong.
"""
ANSWERS = """
`kpis` returns one object; lists return `{"columns", "rows", "as_of", "currency", "unconverted_lines", "next_cursor"}`:
`as_of` is the time of the last settlement, `unconverted_lines` the number of lines without an exchange rate, which are
missing from all totals. Counts are JSON numbers and times are UTC.

Reads have an `ETag`: if you send it as `If-None-Match`, the response is 304 as long as nothing has changed. Responses
of 2 kB or more are compressed with gzip if the client accepts it. Requests are limited per token:
`X-RateLimit-Remaining` is the number of requests left, and a 429 response has a `Retry-After` (setting `api_rate`).
Pages of other sites can call the API only if the setting `api_origins` lists their origin, and with a token.
"""
FORMATS = """
Lists of figures, sale lines, changes, and `kpis` are available in three media types, by the header `Accept`:
"""
MEDIA = (
    (
        "`application/json`, the default",
        "text, which is exact; with `?numbers=number` JSON numbers, which hold 15 significant digits",
        "properties of the object",
    ),
    (
        "`text/csv`",
        "text without trailing zeros",
        "headers `Tillstream-As-Of`, `Tillstream-Currency`, `Tillstream-Unconverted-Lines`",
    ),
    ("`application/vnd.apache.arrow.stream`", "decimal128", "the same headers, and metadata of the schema"),
)
PROGRAM = """
The CSV contains values as they are. For spreadsheets use the exports of the portal, which disarm formulas.

This program reads all sale lines of June into a pandas data frame:
"""
PAGES = """
A page has at most `limit` rows. If there are more, the header `Link` has the address of the next page, and
`next_cursor` has its position, which you send as `cursor`. A cursor is opaque. Lists of sale lines, changes, and
uploads stay right while data arrives: no row is repeated or missing. In a ranking, new data can change the order; then
the response to a cursor is 409 with the type `/help/problems/list-changed`, and you read the list again. Rankings and
uploads also accept `offset` instead of a cursor.
"""
PANDAS = r"""
import os
import urllib.request

import pandas as pd
import pyarrow as pa

portal = os.environ.get("PORTAL", "http://127.0.0.1:8080")
media = "application/vnd.apache.arrow.stream"
headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept": media}
address, pages = "/api/v1/sale-lines?from=2026-06-01&to=2026-06-30&limit=10000", []
while address:
    with urllib.request.urlopen(urllib.request.Request(portal + address, headers=headers)) as response:
        pages.append(pa.ipc.open_stream(response.read()).read_all())
        address = response.headers.get("Link", "").partition(">")[0].lstrip("<")
lines = pa.concat_tables(pages, promote_options="permissive").to_pandas()
print(lines.groupby("region")["net_amount"].sum())
"""
CHANGES = """
A request with a token needs nothing else. A request from a browser session that changes something also needs the
header `X-CSRFToken`, with the content of the meta tag `csrf-token` of any page; without it, the response is 403. With
HTTPS, it also needs a `Referer` of the portal.
"""
EXAMPLE = r"""
portal=http://127.0.0.1:8080
curl -s "$portal/api/v1/kpis" -H "Authorization: Bearer $TOKEN"
curl -s -X POST "$portal/api/v1/data-refresh" -H "Authorization: Bearer $TOKEN"
"""
WORDS = {
    Open.EVERYBODY: "everybody",
    Open.SIGNED_IN: "every signed-in user",
    Open.STORE_TOKEN: "a store's token",
    Open.HOME_KEY: "a home that syncs, by its signature",
}


def page() -> str:
    filters = ", ".join(f"`{name}`" for name in ("from", "to", *COLUMNS))
    with empty_portal() as flask:
        rows = [_row(flask, rule) for rule in routes(flask)]
        alone = ", ".join(f"`{name}`" for name in _without_alias(flask))
    return markdown(
        "The HTTP API",
        INTRO,
        PATHS.format(alone),
        table(("request", "who", "what"), rows),
        "## Reads",
        f"Reads accept the filters {filters}. `from` and `to` are days such as 2026-01-31, both included; the others "
        "can be repeated. `currency` converts all amounts to another currency than the reporting currency, such as "
        "`currency=EUR`, with the rates of each day ([exchange rates](exchange-rates.md)).",
        ANSWERS,
        "### Formats",
        FORMATS,
        table(("`Accept`", "decimals", "time and currency of the figures"), MEDIA),
        PROGRAM,
        code(PANDAS, "python"),
        "### Pages of lists",
        PAGES,
        "## Requests that change something",
        CHANGES,
        code(EXAMPLE, "sh"),
        "`POST /api/v1/sales` requires the token of a store, which is valid for no other request.",
        "## Errors",
        ERRORS,
    )


@contextmanager
def empty_portal() -> Iterator[Flask]:
    """The portal over an empty home, as long as its routes are read."""
    with tempfile.TemporaryDirectory() as home, open_app(Settings(home=Path(home))) as app:
        yield create_app(app)


def routes(flask: Flask) -> Iterator[Rule]:
    """Those for programs, by address, without the aliases of version 1."""
    for rule in sorted(flask.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        if rule.rule.startswith((API_ROOT, "/api/docs")) or rule.rule == "/healthz":
            yield rule


def _without_alias(flask: Flask) -> list[str]:
    """Paths of version 1, below its root, that do not exist without the version."""
    paths = {rule.rule for rule in flask.url_map.iter_rules()}
    return sorted(
        path.removeprefix(API_ROOT)
        for path in paths
        if path.startswith(API_ROOT) and path.replace(API_ROOT, API_ALIAS, 1) not in paths
    )


def request_of(rule: Rule) -> str:
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return f"{' '.join(methods)} {rule.rule}"


def _row(flask: Flask, rule: Rule) -> tuple[str, str, str]:
    access = access_of(flask, rule.endpoint)
    who = WORDS[access] if isinstance(access, Open) else access.value
    name = rule.rule.removeprefix(API_ROOT)
    if name in query_catalogue.query_names():
        return f"`{request_of(rule)}`", who, _says(query_catalogue.describe_query(name))
    words = inspect.getdoc(flask.view_functions[rule.endpoint]) or ""  # without the indentation that Python 3.13 omits
    return f"`{request_of(rule)}`", who, words


def _says(query: CatalogueQuery) -> str:
    """The first sentence of the query's description, and its parameters."""
    parameters = "; ".join(f"`{one.name}` ({', '.join(one.words) or one.description})" for one in query.parameters)
    first = query.description.partition(". ")[0].rstrip(".")
    return f"{first}; parameters: {parameters}" if parameters else first
