"""A short way for the sales of tills: requests that are accepted pass none of the hooks that pages and people need.

A till sends no cookie and has no rate limit. With the portal's hooks, a request for one sale takes three times as long.
Whatever is not accepted is handled by the portal, so that errors are the same.
"""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from portal import context, security
from portal.api import paths
from portal.api.tills import sales as store_sales
from tillstream.app import App

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESSES = frozenset(f"{root}sales" for root in (paths.ROOT, paths.ALIAS))
MAX_BODY = 8 << 20
"""Bytes of a request that is kept in memory until it is accepted; the portal handles larger ones."""


def register(portal: Flask, app: App) -> None:
    """Call before the proxies of `security.configure`. In a Google Cloud project, the portal logs every request."""
    if not app.settings.project:
        portal.wsgi_app = _SalesIntake(portal, app)  # type: ignore[method-assign]


class _SalesIntake:
    def __init__(self, portal: Flask, app: App) -> None:
        self._portal: WSGIApplication = portal.wsgi_app
        self._extensions = portal.extensions
        self._intake = _create_intake(app)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        size = _size(environ)
        if size is None:
            return self._portal(environ, start_response)
        body = environ["wsgi.input"].read(size)
        environ["wsgi.input"] = io.BytesIO(body)
        self._intake.extensions[context.EXTENSION] = self._extensions[context.EXTENSION]
        try:
            return self._intake.wsgi_app(dict(environ), start_response)
        except Exception:  # noqa: BLE001 - raised again by the portal, which has a response for each error
            environ["wsgi.input"] = io.BytesIO(body)
            return self._portal(environ, start_response)


def _size(environ: "WSGIEnvironment") -> int | None:
    """Bytes of the body of a till's request; None for any other request, also one of a page of another site."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in ADDRESSES or "HTTP_ORIGIN" in environ:
        return None
    length = environ.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() and int(length) <= MAX_BODY else None


def _create_intake(app: App) -> Flask:
    intake = Flask("portal.intake", static_folder=None)
    intake.json.sort_keys = False  # type: ignore[attr-defined]
    intake.config |= {"PROPAGATE_EXCEPTIONS": True, "TRAP_HTTP_EXCEPTIONS": True}
    context.record_audit_address(intake)
    for address in ADDRESSES:
        intake.add_url_rule(address, address, _send, methods=["POST"])
    security.protect(intake, app.ports)
    return intake


def _send() -> Any:
    """Raises for whatever is not accepted."""
    request.max_content_length = MAX_BODY
    return store_sales.send()
