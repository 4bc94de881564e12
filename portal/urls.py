"""Links: query strings with changes, addresses of the portal and of the API, and published endpoint names.

The operation ids of the OpenAPI document and the label `endpoint` of the Prometheus metrics are read by external
programs and do not change.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.context import tillstream
from portal.translation import _
from tillstream.model.errors import Rejected

LOOPBACK = ("localhost", "127.0.0.1", "::1")
API_ROOT, API_ALIAS = "/api/v1/", "/api/"

PUBLISHED_NAMES: dict[str, str] = {
    "api.docs_page": "api.manual",
    "changes.lines": "board.changed_lines",
    "changes.settlement": "board.settlement",
    "changes.show": "board.changes",
    "completeness.day": "board.day",
    "completeness.show": "board.completeness",
    "corrections.cell": "fixing.cell",
    "corrections.count": "fixing.count",
    "corrections.next_left": "fixing.next_left",
    "corrections.preview": "fixing.preview",
    "corrections.redo": "fixing.redo",
    "corrections.rows": "fixing.rows",
    "corrections.send": "fixing.send",
    "corrections.show": "fixing.show",
    "corrections.stamp": "fixing.stamp",
    "corrections.take": "fixing.take",
    "corrections.undo": "fixing.undo",
    "exports.table": "tables.export",
    "health.ready": "running.ready",
    "health.status": "running.status",
    "help.problems": "guide.problems",
    "measures.explanation": "why.show",
    "measures.explanation_data": "why.told",
    "review.decide": "board.decide",
    "review.waiting": "board.waiting",
    "sale_history.show": "board.sale",
    "search.show": "board.search",
    "storybook.show": "looks.storybook",
    "theme.choose": "looks.choose",
    "uploads.preview": "uploads.look",
    "uploads.preview_told": "uploads.look_told",
    "uploads.submit": "uploads.give",
    "uploads.submit_for_preview": "uploads.look_at",
}
"""endpoint → published name, where the two differ."""


def with_args(args: Mapping[str, Any], **changes: Any) -> str:
    """Query string of `args` with `changes`; empty values are dropped, lists repeat their name."""
    merged = {**args, **changes}
    pairs = [(name, value) for name, values in merged.items() for value in _several(values) if value not in ("", None)]
    return urlencode(pairs)


def _several(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]


def public_address() -> str:
    """The portal's address for links that leave it: from the settings, else the address that was called.

    Anybody can send any Host header, so without a setting only addresses of this machine are used. Raises `Rejected`.
    """
    settings = tillstream().settings
    if settings.public_url:
        return settings.public_url
    called = urlsplit(f"//{request.host}").hostname
    if called not in (*LOOPBACK, settings.host):
        raise Rejected(
            _(
                "The link cannot be created, because the address of the portal is not set. Ask the person who runs the "
                "server to set TILLSTREAM_PUBLIC_URL, for example to https://sales.example.com."
            )
        )
    return f"{request.scheme}://{request.host}"


def own_page(wanted: str) -> str:
    """The requested address if it is a page of the portal, else the dashboard. Prevents open redirects."""
    ours = (
        wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not any(ord(sign) < 32 for sign in wanted)
    )
    return wanted if ours else url_for("dashboard.show")


def go_to(endpoint: str, message: str = "", category: str = "done", /, **values: Any) -> ResponseReturnValue:
    """Lead to a page, which shows the message if there is one. values: of the address of the page."""
    if message:
        flash(message, category)
    return redirect(url_for(endpoint, **values), 303)


def register(app: Flask) -> None:
    app.add_template_global(with_args)


def api_link(endpoint: str, **values: Any) -> str:
    """Address of an endpoint of the API under the root that the request used."""
    address = url_for(endpoint, **values)
    return address if request.path.startswith(API_ROOT) else API_ALIAS + address.removeprefix(API_ROOT)


def published_name(endpoint: str) -> str:
    return PUBLISHED_NAMES.get(endpoint, endpoint)
